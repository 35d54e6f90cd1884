"""E-mails as lists show them: the ready pieces of their rows put together as JSON, with no object made for a message.

What never changes of a message is in the row already, and so are its mailboxes and keywords. A piece that was too long
to be kept there is said to be missing, and is read from the message by ``view``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
from attrs import frozen
from msgspec import UNSET, UnsetType

from stalwart.codec.ids import encode_id
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.standard.dates import utc_date
from stalwart.mail.messages.fragment import FRAGMENT_NAMES, Fragment, read
from stalwart.store.mail_rows import EmailRow


@frozen
class _Column:
    """A property that a row has apart from the fragment: as JSON, once ``shown`` is what stands in ``form``."""

    attribute: str
    form: str
    shown: Callable[[Any], Any] | None = None


_COLUMNS: Final[Mapping[str, _Column]] = {
    "id": _Column("id", '"%s"', encode_id),
    "blobId": _Column("blob", '"%s"', lambda hash: str(BlobId(hash))),
    "threadId": _Column("thread_id", '"%s"', encode_id),
    "mailboxIds": _Column("mailboxes", "%s"),
    "keywords": _Column("keywords", "%s"),
    "size": _Column("size", "%d"),
    "receivedAt": _Column("received_at", '"%s"', utc_date),
}
_ATTRIBUTES: Final = {field.encode_name: field.name for field in msgspec.structs.fields(Fragment)}

ROW_NAMES: Final = frozenset((*_COLUMNS, *FRAGMENT_NAMES))
"""The properties that a row may have ready."""


class RowWriter:
    """Writes the properties ``names`` (all of ``ROW_NAMES``) of rows, ``id`` first."""

    def __init__(self, names: Iterable[str]) -> None:
        wanted = dict.fromkeys(("id", *names))
        columns = {name: _COLUMNS[name] for name in wanted if name in _COLUMNS}
        self._members = tuple(name for name in wanted if name not in _COLUMNS)
        self._values = _all_of([column.attribute for column in columns.values()])
        self._shown = [(place, each.shown) for place, each in enumerate(columns.values()) if each.shown is not None]
        self._columns = ",".join(f'"{name}":{column.form}' for name, column in columns.items())
        self._fragment = _all_of([_ATTRIBUTES[name] for name in self._members])
        self._whole = b"{%b" + b"".join(b',"%b":%%b' % name.encode() for name in self._members) + b"}"

    def line(self, row: EmailRow) -> bytes | None:
        """The object as JSON; None if a piece of it is missing."""
        if not self._members:
            return self._whole % self._begin(row)
        members = self._fragment(read(row.fragment))
        if UNSET in members:
            return None
        return self._whole % (self._begin(row), *members)

    def partly(self, row: EmailRow) -> tuple[bytes, list[str]]:
        """The object as JSON without what is missing, and the names of that."""
        members = self._fragment(read(row.fragment)) if self._members else ()
        pieces = [self._begin(row)]
        missing = []
        for name, value in zip(self._members, members, strict=True):
            if isinstance(value, UnsetType):
                missing.append(name)
            else:
                pieces.append(b'"%b":%b' % (name.encode(), value))
        return b"{" + b",".join(pieces) + b"}", missing

    def _begin(self, row: EmailRow) -> bytes:
        values = list(self._values(row))
        for place, shown in self._shown:
            values[place] = shown(values[place])
        return (self._columns % tuple(values)).encode()


def _all_of(attributes: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Their values as a tuple."""
    if len(attributes) > 1:
        return attrgetter(*attributes)
    return lambda struct: tuple(getattr(struct, each) for each in attributes)
