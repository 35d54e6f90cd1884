"""The values of calendars, address books and folders, and of what is in them, as the repositories hand them out.

Times are whole seconds since the epoch. An ETag says at which change its member got to be what it is, and has a mark of
the content in it, so that it stays true after a backup was restored (RFC 9110 8.8.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from msgspec import Struct

from stalwart.store.object_types import (
    ADDRESS_BOOK,
    CALENDAR,
    CALENDAR_EVENT,
    CALENDAR_EVENT_NOTIFICATION,
    CONTACT_CARD,
    FILE_NODE,
)

ITEMS: Final[Mapping[int, int]] = {
    CALENDAR: CALENDAR_EVENT,
    ADDRESS_BOOK: CONTACT_CARD,
    FILE_NODE: FILE_NODE,
    CALENDAR_EVENT_NOTIFICATION: CALENDAR_EVENT_NOTIFICATION,
}
"""What is in collections of a type. The last one has none: its items are in the home, which is the scheduling inbox."""


def home(type: int) -> int:
    """The number in which the members of a home are bound: no object has a negative one."""
    return -type


class Member(Struct, frozen=True, array_like=True, gc=False):
    """A name in a collection, and what lists show of what has it. ``seq`` is the last change of it or of its binding;
    ``dead`` ones are tombstones. ``data`` is there where it was asked for.
    """

    collection_id: int
    segment: str
    item_id: int
    type: int
    is_collection: bool
    added_seq: int
    seq: int
    dead: bool
    mark: int
    size: int
    created_at: int
    modified_at: int
    data: dict[str, Any] | None = None

    @property
    def etag(self) -> str:
        """Quoted and strong."""
        return f'"{self.seq:x}-{self.mark:x}"'


class Content(NamedTuple):
    """A member with the octets of its item."""

    member: Member
    octets: bytes


class Span(Struct, frozen=True):
    """When something happens, from the start of the first to the end of the last time. ``kind`` and ``periods`` are the
    caller's (``codec.icalendar``); ``alarm_at`` is when somebody has to be told next.
    """

    kind: int
    first_at: int
    last_at: int
    periods: bytes | None = None
    alarm_at: int | None = None


class Spanned(NamedTuple):
    """A member that may have something in the time that was asked for."""

    member: Member
    span: Span
    octets: bytes | None


class Placed(NamedTuple):
    """One of the places of an item; ``added_seq`` is the change with which it came there."""

    collection_id: int
    segment: str
    added_seq: int


class Question(NamedTuple):
    """Which items have a value of ``property`` for which ``conditions`` hold (``Collections.matching``)."""

    property: str
    conditions: tuple[tuple[str, str], ...] = ()
    every: bool = True


class NewItem(Struct, frozen=True):
    """An item to be kept: ``octets`` of calendar objects and cards, or ``blob`` (a hash) and ``size`` of a file.

    ``values`` are what it is found by, (property, folded value). ``held`` are blobs that are kept for it beside
    ``octets``; what was held of it before is let go of by whoever writes it (``Blobs.unlink``). ``size`` is theirs
    then.
    """

    mark: int
    octets: bytes | None = None
    blob: bytes | None = None
    size: int = 0
    uid: str | None = None
    data: Mapping[str, Any] | None = None
    span: Span | None = None
    values: tuple[tuple[str, str], ...] = ()
    held: tuple[bytes, ...] = ()


class Collection(Struct, frozen=True):
    """A calendar, an address book or a folder. ``seq`` is the last change of it, of its members or of their bindings,
    ``created_seq`` the one that made it; ``items`` are its live members.
    """

    account_id: int
    id: int
    type: int
    parent_id: int
    segment: str
    seq: int
    items: int
    created_seq: int
    data: dict[str, Any] | None


class FileNode(Struct, frozen=True):
    """A file or a folder by its number; ``parent_id`` is negative at the top (``home``). ``blob`` is the hash of the
    content of a file; it and ``data`` are there where they were asked for.
    """

    id: int
    parent_id: int
    name: str
    is_folder: bool
    size: int
    created_at: int
    modified_at: int
    blob: bytes | None = None
    data: dict[str, Any] | None = None


class NodeOrder(Enum):
    """In which order files and folders are listed: by the octets of their names, which is quickest, or as people expect
    (i;unicode-casemap, RFC 5051), equal names by their numbers.
    """

    SEGMENT = auto()
    NAME = auto()
    NAME_DESCENDING = auto()


class Lock(Struct, frozen=True):
    """A write lock (RFC 4918 6): ``path`` below the home, its segments with ``/`` in front; ``owner`` is XML."""

    token: int
    account_id: int
    home: int
    path: str
    user_id: int
    is_deep: bool
    is_shared: bool
    owner: str | None
    expires_at: int


class Grant(NamedTuple):
    """Rights that somebody has on an object of another account."""

    account_id: int
    object_id: int
    type: int
    grantee: int
    rights: int


class SharedType(NamedTuple):
    """In an account there are objects of a type on which somebody has just these rights."""

    account_id: int
    type: int
    rights: int


class Archived(Struct, frozen=True):
    """Something deleted that can still be had back: ``path`` where it was, ``items`` in it, itself counted."""

    id: int
    type: int
    path: str
    items: int
    size: int
    archived_at: int
    expires_at: int


class ArchivedItem(Struct, frozen=True):
    """One thing of it: ``path`` below it, empty for itself."""

    path: str
    type: int
    is_collection: bool
    created_at: int
    modified_at: int
    size: int
    blob: bytes | None
    octets: bytes | None
    data: dict[str, Any] | None
