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
"""Messages whose headers one condition may have read."""

_HEADER = ("header",)
_CHUNK = 200
_ALL = 1 << 31


def find(tx: Transaction, account_id: int, test: str, value: str | Sequence[str]) -> frozenset[int]:
    """The e-mails for which a condition holds, among them some that are gone.

    The value of ``header`` is a name, or a name and a text. A blank text is in every e-mail. Raises Invalid if the text
    is too long, or more than ``MOST_READ`` headers would have to be read.
    """
    if test == "header":
        return _with_field(tx, account_id, value)
    if not isinstance(value, str):
        raise Invalid(f"The condition {test} takes a text.", ("filter",))
    units = question(value)
    if units:
        return tx.mail_text.match(account_id, units, COLUMNS[test])
    return frozenset() if value.strip() else frozenset(tx.mail.matching(account_id, None, limit=_ALL))


def _with_field(tx: Transaction, account_id: int, value: str | Sequence[str]) -> frozenset[int]:
    name, *rest = [value] if isinstance(value, str) else value
    name = name.strip()
    text = rest[0] if rest else None
    units = question(text) if text else ()
    if text and text.strip() and not units:
        return frozenset()
    narrow = (_one(name_word(name)), *_narrowed(name, units))
    found = tx.mail_text.match(account_id, narrow, _HEADER)
    doubtful = tx.mail_text.match(account_id, (_one(OVERFLOW),), _HEADER)
    if not text or not text.strip():
        return (found - doubtful) | _tested(tx, account_id, doubtful, name, None, ())
    return _tested(tx, account_id, found | doubtful, name, text, units)


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


def _tested(
    tx: Transaction, account_id: int, ids: frozenset[int], name: str, text: str | None, units: Sequence[Unit]
) -> frozenset[int]:
    """Those of the e-mails whose header really has the field."""
    if len(ids) > MOST_READ:
        raise Invalid(
            f"Too many messages have the field {name[:80]} for a search in it; look for rarer words.", ("filter",)
        )
    left = sorted(ids)
    found: set[int] = set()
    for begin in range(0, len(left), _CHUNK):
        rows = tx.mail.list_rows(account_id, left[begin : begin + _CHUNK], parts=True)
        for id, row in rows.items():
            data, fields = _header(tx, row)
            if has_field(data, fields, name, text, units):
                found.add(id)
    return frozenset(found)


def _header(tx: Transaction, row: EmailRow) -> tuple[bytes, tuple[headers.Field, ...]]:
    try:
        root = unpack(row.parts or b"")
    except UnreadableTable:
        return b"", ()
    data = tx.blobs.get(row.blob, 0, root.header_end) or b""
    return data, headers.fields(data, root.header_begin, min(root.header_end, len(data)))
