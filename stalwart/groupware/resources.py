"""What a URL of DAV names: a home, a collection, an item, or a place where there is nothing yet.

A resource is what one transaction sees; it is not kept.
"""

from __future__ import annotations

from base64 import b32encode
from enum import Enum
from secrets import token_bytes

from attrs import evolve, field, frozen

from stalwart.codec.dav.rights import Rights
from stalwart.codec.icalendar.discretion import SECRET
from stalwart.groupware.guarded_events import EVERYTHING, Discretion
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS, FILES, Kind
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member


class Level(Enum):
    """How deep a resource is, and whether it is there."""

    HOME = "home"
    COLLECTION = "collection"
    ITEM = "item"
    ABSENT = "absent"
    """Nothing has the name, but what it would be in is there."""
    ORPHAN = "orphan"
    """What it would be in is not there, or holds nothing."""


@frozen
class Resource:
    """A resource below the home of an account. ``parents`` are the collections above it, from the home on; ``member``
    is what has the name, None for homes and where nothing is. ``rights`` are those of who asked, on what counts for it:
    the collection, or the file itself, and for writing an event or a card all collections that it is in;
    ``parent_rights`` those on the collection that it is in.
    """

    kind: Kind
    home: Home
    segments: tuple[str, ...]
    level: Level
    parents: tuple[Member, ...] = ()
    member: Member | None = None
    rights: Rights = Rights.NONE
    parent_rights: Rights = Rights.NONE
    is_own: bool = field(default=False)
    discretion: Discretion = EVERYTHING
    """What of the events here is not for who asked."""
    is_taken: bool = False
    """Whether there is something all the same that who asked does not see."""

    @property
    def account_id(self) -> int:
        """Whose it is."""
        return self.home.account_id

    @property
    def name(self) -> str:
        """The last name in the URL; empty for homes."""
        return self.segments[-1] if self.segments else ""

    @property
    def place(self) -> int:
        """The number of the collection that it is in, or would be."""
        return self.parents[-1].item_id if self.parents else self.kind.home

    @property
    def inside(self) -> int:
        """The number that its members are bound in; it is a home or a collection."""
        return self.kind.home if self.member is None else self.member.item_id

    @property
    def scheduling_rights(self) -> Rights:
        """What says whether who asks may have people told of the events that it is, or that are in it."""
        return self.rights if self.level is Level.COLLECTION else self.parent_rights

    @property
    def path(self) -> str:
        """Its names with slashes in front: what locks are known by."""
        return "".join(f"/{segment}" for segment in self.segments)


def new_name() -> str:
    """A name in URLs that nothing has: 16 small letters and digits, of 80 random bits."""
    return b32encode(token_bytes(10)).decode().lower()


def locate(
    tx: Transaction, viewer: Viewer, kind: Kind, home: Home, segments: tuple[str, ...], *, is_new: bool = False
) -> Resource:
    """The resource that these names lead to; nothing has the last one if that ``is_new``, made up just now."""
    is_own = viewer.belongs_to(home.account_id)
    if not segments:
        rights = Rights.all() if is_own else Rights.NONE
        return Resource(kind, home, segments, Level.HOME, rights=rights, is_own=is_own)
    walked = tuple(tx.collections.walk(home.account_id, kind.home, segments[: len(segments) - is_new]))
    above = len(segments) - 1
    parents, member = walked[:above], walked[above] if len(walked) > above else None
    if member is not None:
        level = Level.COLLECTION if member.is_collection else Level.ITEM
    else:
        is_there = len(parents) == above and all(parent.is_collection for parent in parents)
        level = Level.ABSENT if is_there and above <= kind.deepest else Level.ORPHAN
    parent = parents[-1].item_id if level is not Level.ORPHAN and parents else None
    if is_own:
        return Resource(kind, home, segments, level, parents, member, Rights.all(), Rights.all(), is_own=True)
    wanted = [id for id in (parent, member.item_id if member is not None else None) if id is not None]
    granted = viewer.rights_on_some(tx, home.account_id, wanted)
    above_it = granted.get(parent, Rights.NONE) if parent is not None else Rights.NONE
    on_it = granted.get(member.item_id, Rights.NONE) if member is not None else Rights.NONE
    if level is Level.ITEM and kind is not FILES:
        assert member is not None  # it is an item
        on_it = viewer.rights_in(tx, home.account_id, member.item_id, above_it)
    found = Resource(kind, home, segments, level, parents, member, on_it, above_it)
    return found if kind is not CALENDARS or level is Level.ORPHAN else _discreet(tx, found)


def _discreet(tx: Transaction, found: Resource) -> Resource:
    """A calendar of somebody else, or an event in it, with what of it is not for all; what is secret is not there."""
    found = evolve(found, discretion=Discretion.of(tx, found.account_id))
    how = found.discretion.how(found.member.item_id) if found.member is not None else None
    if found.member is None or how is None:
        return found
    if how == SECRET:
        return evolve(found, level=Level.ABSENT, member=None, rights=Rights.NONE, is_taken=True)
    return evolve(found, rights=found.discretion.rights(found.member.item_id, found.rights))
