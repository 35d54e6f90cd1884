"""A resource as properties see it, inside the transaction that lists it."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from stalwart.codec.dav.paths import Service, encode_segment, href, service_href
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.dav.rights import Rights
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import On
from stalwart.groupware.homes import DISPLAY_NAME, Home
from stalwart.groupware.kinds import KINDS, Kind
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Collection, Lock, Member
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION

INBOX, OUTBOX = "inbox", "outbox"
_NOTICE = CALENDAR_EVENT_NOTIFICATION
_BEGINNING = 1634515200  # 2021-10-18: when inboxes and outboxes of all accounts say that they were made

_ON_COLLECTIONS = {"cal": On.CALENDAR, "card": On.BOOK, "file": On.FOLDER}
_ON_ITEMS = {"cal": On.EVENT, "card": On.CARD, "file": On.FILE}


def kept_on(kind: Kind, is_collection: bool) -> On:
    """What properties of a collection or an item are on."""
    return (_ON_COLLECTIONS if is_collection else _ON_ITEMS)[kind.service]


@define
class Shown:
    """``href`` is its canonical path. ``home`` is None for services and for principals' collection; ``member`` for what
    is no collection or item of ``kind``. ``octets`` are those of an item where ``wanted`` asks for them.
    """

    tx: Transaction
    asking: Asking
    on: On
    href: bytes
    wanted: PropertyRequest
    home: Home | None = None
    kind: Kind | None = None
    segments: tuple[str, ...] = ()
    member: Member | None = None
    rights: Rights = Rights.NONE
    is_own: bool = False
    octets: bytes | None = None
    _collection: Collection | None = field(default=None, init=False)
    _personal: dict[str, Any] | None = field(default=None, init=False)

    @property
    def account_id(self) -> int:
        """Whose it is; only for what is in a home."""
        assert self.home is not None
        return self.home.account_id

    @property
    def data(self) -> dict[str, Any]:
        """What is known of a collection or an item beside its content, or kept on a home."""
        if self.member is not None:
            return self.member.data or {}
        if self.on is On.HOME and self.kind is not None:
            return self.tx.preferences.get(self.account_id, self.kind.home, self.account_id) or {}
        return {}

    @property
    def collection(self) -> Collection | None:
        """The row of a collection."""
        if self._collection is None and self.member is not None and self.member.is_collection:
            self._collection = self.tx.collections.get(self.account_id, self.member.item_id)
        return self._collection

    @property
    def personal(self) -> dict[str, Any]:
        """What who asks sees of a collection in his own way, on top of what its owner has set."""
        if self._personal is None:
            assert self.member is not None
            own = self.tx.preferences.get(self.account_id, self.member.item_id, self.asking.viewer.account_id)
            self._personal = self.data | (own or {})
        return self._personal

    @property
    def display_name(self) -> str | None:
        """What people call it."""
        named = self.personal if self.on in On.CALENDAR | On.BOOK else self.data
        called = named.get(DISPLAY_NAME)
        return called if isinstance(called, str) else None

    @property
    def locks(self) -> list[Lock]:
        """The locks on it, and the infinite ones above it."""
        if self.kind is None:
            return []
        path = "".join(f"/{segment}" for segment in self.segments)
        found = self.asking.locks(self.tx, self.account_id, self.kind)
        return [lock for lock in found if lock.path == path or (lock.is_deep and path.startswith(f"{lock.path}/"))]


class Showing:
    """Makes ``Shown`` of what a request lists, in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, wanted: PropertyRequest) -> None:
        self._tx = tx
        self._asking = asking
        self._wanted = wanted

    @property
    def wanted(self) -> PropertyRequest:
        """What is asked for."""
        return self._wanted

    def service(self, service: Service) -> Shown:
        """A collection of homes, or of principals."""
        kind = KINDS.get(service)
        return Shown(self._tx, self._asking, On.SERVICE, service_href(service).encode(), self._wanted, kind=kind)

    def principal(self, home: Home) -> Shown:
        """An account as a principal."""
        path = href("pal", home.address).encode()
        is_own = self._asking.viewer.belongs_to(home.account_id)
        return Shown(self._tx, self._asking, On.PRINCIPAL, path, self._wanted, home, is_own=is_own)

    def scheduling(self, home: Home, *segments: str) -> Shown:
        """The home of scheduling of an account, with a segment its inbox or outbox, which no row stands for."""
        path = href("itip", home.address, *segments).encode()
        on, member = On.HOME, None
        if segments:
            on = On.INBOX if segments[0] == INBOX else On.OUTBOX
            member = Member(0, segments[0], 0, _NOTICE, True, 0, 0, False, 0, 0, _BEGINNING, _BEGINNING)
        given = (self._tx, self._asking, on, path, self._wanted, home, None, segments, member, Rights.all())
        return Shown(*given, is_own=True)

    def notice(self, home: Home, member: Member, octets: bytes | None = None) -> Shown:
        """What is in an inbox."""
        path = href("itip", home.address, INBOX, member.segment, collection=False).encode()
        segments = (INBOX, member.segment)
        given = (self._tx, self._asking, On.NOTICE, path, self._wanted, home, None, segments, member, Rights.all())
        return Shown(*given, is_own=True, octets=octets)

    def resource(self, found: Resource, octets: bytes | None = None) -> Shown:
        """A home, a collection or an item that a URL has led to."""
        on = On.HOME if found.level is Level.HOME else kept_on(found.kind, found.level is Level.COLLECTION)
        member = found.member
        path = href(found.kind.service, found.home.address, *found.segments, collection=on not in On.ITEM)
        return Shown(
            *(self._tx, self._asking, on, path.encode(), self._wanted, found.home, found.kind, found.segments),
            *(member, found.rights, found.is_own, octets),
        )

    def members(self, above: Resource, members: list[Member], rights: dict[int, Rights] | None) -> list[Shown]:
        """Members of a home or a collection; ``rights`` are those on each, None for those of ``above`` on all."""
        base = href(above.kind.service, above.home.address, *above.segments).encode()
        found = []
        for member in members:
            on = kept_on(above.kind, member.is_collection)
            path = b"%b%b%b" % (base, encode_segment(member.segment).encode(), b"/" if member.is_collection else b"")
            held = above.rights if rights is None else rights.get(member.item_id, Rights.NONE)
            segments = (*above.segments, member.segment)
            found.append(
                Shown(
                    *(self._tx, self._asking, on, path, self._wanted, above.home, above.kind, segments, member, held),
                    is_own=above.is_own,
                )
            )
        return found
