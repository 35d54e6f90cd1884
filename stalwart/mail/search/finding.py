"""The conditions of Email/query that look for text (RFC 8621 4.4.1), as sets of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from stalwart.codec.mime import headers
from stalwart.codec.mime.part import UnreadableTable, unpack
from stalwart.codec.search_header import OVERFLOW, has_field, name_word, narrowing
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

MOST_WORDS: Final = 200
"""Words that one search may look for; beginnings of words that are short count as several."""

_HEADER = ("header",)
_CHUNK = 200
_ALL = 1 << 31
_SHORT = 3
_COST_OF_SHORT = 10


class Finder:
    """Answers the conditions of one search, and bounds what they cost together; in a read transaction."""

    def __init__(self, tx: Transaction, account_id: int) -> None:
        self._tx = tx
        self._account_id = account_id
        self._found: dict[tuple[str, str | tuple[str, ...]], frozenset[int]] = {}
        self._words = MOST_WORDS
        self._headers = MOST_READ

    def find(self, test: str, value: str | Sequence[str]) -> frozenset[int]:
        """The e-mails for which a condition holds, among them some that are gone.

        The value of ``header`` is a name, or a name and a text. A blank text is in every e-mail. Raises Invalid if a
        text is too long, or if the search is too large.
        """
        key = test, value if isinstance(value, str) else tuple(value)
        known = self._found.get(key)
        if known is None:
            self._found[key] = known = self._with_field(value) if test == "header" else self._with_text(test, value)
        return known

    def _with_text(self, test: str, value: str | Sequence[str]) -> frozenset[int]:
        if not isinstance(value, str):
            raise Invalid(f"The condition {test} takes a text.", ("filter",))
        units = self._question(value)
        if units:
            return self._tx.mail_text.match(self._account_id, units, COLUMNS[test])
        return frozenset() if value.strip() else frozenset(self._tx.mail.matching(self._account_id, None, limit=_ALL))

    def _with_field(self, value: str | Sequence[str]) -> frozenset[int]:
        name, *rest = [value] if isinstance(value, str) else value
        name = name.strip()
        text = rest[0] if rest else None
        units = self._question(text or "")
        if text and text.strip() and not units:
            return frozenset()
        narrow = (_one(name_word(name)), *_narrowed(name, units))
        found = self._tx.mail_text.match(self._account_id, narrow, _HEADER)
        doubtful = self._tx.mail_text.match(self._account_id, (_one(OVERFLOW),), _HEADER)
        if not text or not text.strip():
            return (found - doubtful) | self._tested(doubtful, name, None, ())
        return self._tested(found | doubtful, name, text, units)

    def _question(self, text: str) -> tuple[Unit, ...]:
        units = question(text)
        self._words -= sum(map(_cost, units)) or 1
        if self._words < 0:
            raise Invalid(f"A search may look for {MOST_WORDS} words at most.", ("filter",))
        return units

    def _tested(self, ids: frozenset[int], name: str, text: str | None, units: Sequence[Unit]) -> frozenset[int]:
        """Those of the e-mails whose header really has the field."""
        self._headers -= len(ids)
        if self._headers < 0:
            raise Invalid(
                f"Too many messages have the field {name[:80]} for a search in it; look for rarer words.", ("filter",)
            )
        left = sorted(ids)
        found: set[int] = set()
        for begin in range(0, len(left), _CHUNK):
            rows = self._tx.mail.list_rows(self._account_id, left[begin : begin + _CHUNK], parts=True)
            for id, row in rows.items():
                data, fields = _header(self._tx, row)
                if has_field(data, fields, name, text, units):
                    found.add(id)
        return frozenset(found)


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


def _header(tx: Transaction, row: EmailRow) -> tuple[bytes, tuple[headers.Field, ...]]:
    try:
        root = unpack(row.parts or b"")
    except UnreadableTable:
        return b"", ()
    data = tx.blobs.get(row.blob, 0, root.header_end) or b""
    return data, headers.fields(data, root.header_begin, min(root.header_end, len(data)))
