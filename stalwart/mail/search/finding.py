"""The conditions of Email/query that look for text (RFC 8621 4.4.1), as sets of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import thread_time
from typing import Final

from attrs import define, field, frozen

from stalwart.codec.mime import headers
from stalwart.codec.mime.part import root_of
from stalwart.codec.search_header import OVERFLOW, Header, name_word, narrowing
from stalwart.codec.search_terms import Row, Unit, question
from stalwart.errors import Invalid
from stalwart.store import Transaction
from stalwart.store.mail_rows import EmailRow

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("sender", "recipients", "copies", "blind_copies", "subject", "body", "names"),
    "from": ("sender",),
    "to": ("recipients",),
    "cc": ("copies",),
    "bcc": ("blind_copies",),
    "subject": ("subject",),
    "body": ("body",),
}
"""Where each condition looks."""

MOST_READ: Final = 20_000
"""Messages whose headers one search may have read."""

MOST_OCTETS: Final = 64 << 20
"""Octets of headers that one search may have read."""

LONGEST_HEADER: Final = 128 << 10
"""Octets of a header that are looked at; what stands behind them is not found."""

MOST_SECONDS: Final = 2.5
"""Seconds of work, of processor time, that the text conditions of one search may take."""

MOST_WORDS: Final = 200
"""Words that one search may look for; beginnings of words that are short count as several."""

_HEADER = ("header",)
_CHUNK = 100
_ALL = 1 << 31
_SHORT = 3
_COST_OF_SHORT = 10


Value = str | Sequence[str]
"""What a condition looks for: a text; for ``header`` a name, or a name and a text."""

_Key = tuple[str, str | tuple[str, ...]]


@define(eq=False)
class Patience:
    """What one search may still cost. Another thread may have it given up."""

    words: int = field(factory=lambda: MOST_WORDS)
    headers: int = field(factory=lambda: MOST_READ)
    octets: int = field(factory=lambda: MOST_OCTETS)
    is_over: bool = False


@frozen(eq=False)
class _Wanted:
    """A condition on a field, and the e-mails of which headers tell."""

    name: str
    text: str | None
    units: Sequence[Unit]
    ids: frozenset[int]
    found: set[int]


class Finder:
    """Answers the conditions of one search, and bounds what they cost together; in a read transaction.

    All conditions on fields among ``conditions`` are worked out with the first of them, so that a header is read once.
    """

    def __init__(
        self,
        tx: Transaction,
        account_id: int,
        conditions: Iterable[tuple[str, Value]] = (),
        patience: Patience | None = None,
    ) -> None:
        self._tx = tx
        self._account_id = account_id
        self._found: dict[_Key, frozenset[int]] = {}
        self._left = patience or Patience()
        self._end = thread_time() + MOST_SECONDS
        self._on_fields = [value for test, value in conditions if test == "header"]
        self._doubtful: frozenset[int] | None = None

    def find(self, test: str, value: Value) -> frozenset[int]:
        """The e-mails for which a condition holds, among them some that are gone.

        A blank text is in every e-mail. Raises Invalid if a text is too long, or if the search is too large.
        """
        key = _key(test, value)
        if key not in self._found:
            if test == "header":
                self._read_headers([value, *self._on_fields])
            else:
                self._found[key] = self._with_text(test, value)
        return self._found[key]

    def _with_text(self, test: str, value: Value) -> frozenset[int]:
        if not isinstance(value, str):
            raise Invalid(f"The condition {test} takes a text.", ("filter",))
        units = self._question(value)
        if units:
            return self._match(units, COLUMNS[test])
        return frozenset() if value.strip() else frozenset(self._tx.mail.matching(self._account_id, None, limit=_ALL))

    def _read_headers(self, values: Iterable[Value]) -> None:
        """Answer conditions on fields, all in one pass."""
        known: dict[_Key, frozenset[int]] = {}
        wanted: dict[_Key, _Wanted] = {}
        for value in values:
            key = _key("header", value)
            if key not in known and key not in self._found:
                known[key], wanted[key] = self._with_field(value)
        self._test([each for each in wanted.values() if each.ids])
        self._found |= {key: ids | wanted[key].found for key, ids in known.items()}

    def _with_field(self, value: Value) -> tuple[frozenset[int], _Wanted]:
        """What the index knows, and what is to be read in headers."""
        name, *rest = [value] if isinstance(value, str) else value
        name = name.strip()
        text = rest[0] if rest and rest[0].strip() else None
        units = self._question(text or "")
        nothing: frozenset[int] = frozenset()
        if text and not units:
            return nothing, _Wanted(name, text, units, nothing, set())
        found = self._match((_one(name_word(name)), *_narrowed(name, units)), _HEADER)
        if self._doubtful is None:
            self._doubtful = self._match((_one(OVERFLOW),), _HEADER)
        if text is None:
            return found - self._doubtful, _Wanted(name, None, (), self._doubtful, set())
        return nothing, _Wanted(name, text, units, found | self._doubtful, set())

    def _question(self, text: str) -> tuple[Unit, ...]:
        units = question(text)
        self._left.words -= sum(map(_cost, units)) or 1
        if self._left.words < 0:
            raise Invalid(f"A search may look for {MOST_WORDS} words at most.", ("filter",))
        return units

    def _match(self, units: Sequence[Unit], columns: Sequence[str]) -> frozenset[int]:
        self._go_on()
        return self._tx.mail_text.match(self._account_id, units, columns)

    def _test(self, wanted: Sequence[_Wanted]) -> None:
        """Note in each of ``wanted`` which of its e-mails have a header that really has the field."""
        left = sorted(frozenset[int]().union(*(each.ids for each in wanted)))
        self._left.headers -= len(left)
        if self._left.headers < 0:
            raise _too_large("many messages", wanted)
        for begin in range(0, len(left), _CHUNK):
            for id, row in self._tx.mail.list_rows(self._account_id, left[begin : begin + _CHUNK], parts=True).items():
                header = self._header(row, wanted)
                for each in wanted:
                    if id in each.ids:
                        self._go_on()
                        if header.has(each.name, each.text, each.units):
                            each.found.add(id)

    def _header(self, row: EmailRow, wanted: Sequence[_Wanted]) -> Header:
        root = root_of(row.parts)
        if root is None:
            return Header(b"", ())
        end = min(root.header_end, root.header_begin + LONGEST_HEADER)
        self._left.octets -= end - root.header_begin
        if self._left.octets < 0:
            raise _too_large("long headers", wanted)
        data = self._tx.blobs.get(row.blob, root.header_begin, end - root.header_begin) or b""
        return Header(data, headers.fields(data, 0, len(data)))

    def _go_on(self) -> None:
        if self._left.is_over or thread_time() > self._end:
            raise Invalid("The search takes too long; look for rarer words, or for fewer.", ("filter",))


def _key(test: str, value: Value) -> _Key:
    return test, value if isinstance(value, str) else tuple(value)


def _too_large(what: str, wanted: Iterable[_Wanted]) -> Invalid:
    names = ", ".join(dict.fromkeys(each.name[:80] for each in wanted))[:200]
    return Invalid(f"Too {what} to look for the field {names} in; look for rarer words, or for fewer.", ("filter",))


def _one(word: str) -> Unit:
    return (Row((word,)),)


def _narrowed(name: str, units: Iterable[Unit]) -> Iterator[Unit]:
    """What must be among the words of a header for the units to be in a field of it."""
    for unit in units:
        rows = [list(narrowing(name, row.words[:-1] if row.begins else row.words)) for row in unit]
        if len(rows) == 1:
            yield from map(_one, rows[0])
        elif all(rows):
            yield tuple(Row((max(words, key=len),)) for words in rows)


def _cost(unit: Unit) -> int:
    return max(_COST_OF_SHORT if row.begins and len(row.words[-1]) < _SHORT else 1 for row in unit)
