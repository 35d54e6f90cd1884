"""Searching in header fields (RFC 8621 4.4.1, ``header``): words that narrow a search down, and the test itself.

The index has the names of all fields and most words of their values, each once and in no order: whoever looks for a
field gets messages that may have it, reads their headers and tests them. Digests, signatures and the numbers of trace
fields are left out of the index, not out of the test. Fields of message ids are compared as a whole.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Final

from stalwart.codec.mime import headers
from stalwart.codec.mime.encoded_words import composed, decode, unfold
from stalwart.codec.mime.headers import Field
from stalwart.codec.search_terms import Unit, fold, matches, terms

OVERFLOW: Final = "\ue001"
"""The word of a header with more words than the index takes: it may have anything."""

_NAME: Final = "\ue002"
_BETWEEN = " ; "  # no word reaches across
_MOST_NAMES = 500
_MOST_WORDS = 2000
_MOST_OCTETS = 64 << 10
_LONGEST_WORD = 20
_TRACE = ("arc-", "x-google-", "x-ms-", "x-microsoft-", "x-forefront-", "x-sg-", "x-ses-", "x-gm-")
_TRACES = frozenset(
    (
        *("received", "x-received", "dkim-signature", "domainkey-signature", "authentication-results", "received-spf"),
        *("autocrypt", "face", "x-face", "feedback-id", "list-unsubscribe", "x-original-authentication-results"),
    )
)
_IDENTIFIERS = frozenset(("message-id", "in-reply-to", "references", "resent-message-id"))
_BRACKETED = re.compile(r"<([^<>]*)>")
_LETTERS = re.compile(rf"[a-z]{{1,{_LONGEST_WORD}}}\Z")
_LONGEST_NAME = 200
_NAME_TABLE = {code: chr(0xE100 + code) for code in range(256) if not chr(code).isalnum() or code > 127}


def header_words(data: bytes, fields: Iterable[Field]) -> str:
    """The words of a header that the index takes, with blanks between them."""
    names: set[str] = set()
    values: dict[bool, list[str]] = {False: [], True: []}
    left = _MOST_OCTETS
    for field in fields:
        name = field.name.lower()
        left -= field.end - field.begin
        if left < 0 or len(names) == _MOST_NAMES:
            break
        names.add(name)
        values[_is_trace(name)].append(_value(data, field))
    words = {word for trace, texts in values.items() for word in _kept(trace, terms(_BETWEEN.join(texts)))}
    full = left < 0 or len(names) == _MOST_NAMES or len(words) > _MOST_WORDS
    found = [*map(name_word, sorted(names)), *sorted(words)[:_MOST_WORDS]]
    return " ".join([*found, OVERFLOW] if full else found)


@functools.lru_cache(maxsize=1024)
def name_word(name: str) -> str:
    """The word that says that there is a field of this name."""
    return _NAME + name.lower()[:_LONGEST_NAME].translate(_NAME_TABLE)


def narrowing(name: str, words: Iterable[str]) -> Iterator[str]:
    """Those of the words of a field's value that the index has."""
    return _kept(_is_trace(name.lower()), words)


class Header:
    """A header that is tested for several conditions: each field is read and taken apart once."""

    def __init__(self, data: bytes, fields: Iterable[Field]) -> None:
        self._data = data
        self._fields: dict[str, list[Field]] = {}
        for field in fields:
            self._fields.setdefault(field.name.lower(), []).append(field)
        self._terms: dict[str, list[list[str]]] = {}

    def has(self, name: str, text: str | None, units: Iterable[Unit]) -> bool:
        """Whether there is a field of this name, with ``text`` in its value if given; ``units`` is its question."""
        lower = name.lower()
        found = self._fields.get(lower)
        if found is None or text is None:
            return found is not None
        if lower in _IDENTIFIERS:
            wanted = fold(text.strip().removeprefix("<").removesuffix(">"))
            return any(wanted in _identifiers(_value(self._data, field)) for field in found)
        values = self._terms.get(lower)
        if values is None:
            self._terms[lower] = values = [terms(_value(self._data, field)) for field in found]
        wanted_units = tuple(units)
        return any(matches(wanted_units, value) for value in values)


def _is_trace(lower: str) -> bool:
    return lower in _TRACES or lower.startswith(_TRACE)


def _kept(trace: bool, words: Iterable[str]) -> Iterator[str]:
    if trace:
        return (word for word in words if _LETTERS.match(word))
    return (word for word in words if not "\ue000" <= word[0] <= "\uf8ff")


def _identifiers(value: str) -> list[str]:
    found = _BRACKETED.findall(value) or value.split()
    return [fold("".join(each.split())) for each in found]


def _value(data: bytes, field: Field) -> str:
    raw = data[field.begin : min(field.end, field.begin + headers.LONGEST)]
    text = unfold(headers.text(raw))
    return text.strip() if text.isascii() and "=?" not in text else composed(decode(text, lenient=True)).strip()
