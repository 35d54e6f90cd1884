"""One request as the methods of DAV see it: who asks for what, with which fields, and what they may use to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import define, field
from msgspec.structs import replace

from stalwart.codec.caldav.selection import Allowance
from stalwart.codec.dav.conditions import Preconditions, read_preconditions
from stalwart.codec.dav.paths import Target
from stalwart.codec.dav.request_fields import Depth, Preferences, depth, preferences
from stalwart.config.collaboration.webdav import WebDav
from stalwart.config.settings import Settings
from stalwart.dav.refusals import Refused
from stalwart.directory.access import Access
from stalwart.groupware.attaching import Attaching
from stalwart.groupware.bin import Bin
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.contacts import Contacts
from stalwart.groupware.files import Files
from stalwart.groupware.granting import Granting, is_within_reach
from stalwart.groupware.guarded_events import is_one_of
from stalwart.groupware.homes import Home, Homes
from stalwart.groupware.kinds import KINDS, Kind
from stalwart.groupware.placing import Placing
from stalwart.groupware.resources import Resource, locate
from stalwart.groupware.viewers import Viewer
from stalwart.store import Store, Transaction
from stalwart.store.collection_rows import Lock, Member
from stalwart.web.exchange import Exchange
from stalwart.web.recent_values import RecentValues

T = TypeVar("T")

UNLIMITED_UPLOADS = "unlimitedUploads"
_LARGEST = 256 << 20  # of what is held in memory
_MOST_KEPT, _LARGEST_KEPT = 16 << 20, 1 << 20  # octets of answers


@define
class Tools:
    """What all methods may use; the composition root fills it."""

    store: Store
    settings: Settings
    homes: Homes
    files: Files
    bin: Bin
    clock: Any
    events: CalendarObjects
    placing: Placing
    contacts: Contacts
    attaching: Attaching
    granting: Granting = field(init=False)
    recent: RecentValues = field(init=False)

    @granting.default
    def _granting(self) -> Granting:
        return Granting(self.settings)

    @recent.default
    def _recent(self) -> RecentValues:
        return RecentValues(self.store.states, most=_MOST_KEPT, largest=_LARGEST_KEPT)


@define
class Asking:
    """A request for ``target``. ``access`` is who proved himself, ``viewer`` the same as collections see him."""

    exchange: Exchange
    target: Target
    tools: Tools
    access: Access
    viewer: Viewer
    kept: Any = None
    """What keeps the answer (``dav.keeping``), once that was asked for."""
    instances: Allowance = field(factory=Allowance, init=False)
    """How many instances of events the answer may still give as a property."""
    _document: bytes | None = field(default=None, init=False)
    _home: Home | None = field(default=None, init=False)
    _preconditions: Preconditions | None = field(default=None, init=False)
    _locks: tuple[Transaction, int, int, list[Lock]] | None = field(default=None, init=False)

    @classmethod
    def of(cls, exchange: Exchange, target: Target, tools: Tools) -> Asking:
        """The request of an exchange that has passed the front."""
        access = exchange.access
        assert access is not None  # the route says so
        return cls(exchange, target, tools, access, Viewer.of(access))

    @property
    def now(self) -> int:
        """Seconds since the epoch."""
        return int(self.tools.clock.seconds())

    @property
    def kind(self) -> Kind:
        """What the service keeps. Raises Refused (405) for services that keep nothing."""
        kind = KINDS.get(self.target.service)
        if kind is None:
            raise Refused(405)
        return kind

    def field(self, called: str) -> str | None:
        """A header field by its lower-case name."""
        return self.exchange.header(called)

    @property
    def depth(self) -> Depth | None:
        """The field Depth."""
        return depth(self.field("depth"))

    @property
    def preferences(self) -> Preferences:
        """The fields Prefer and Brief."""
        return preferences(self.field("prefer"), self.field("brief"))

    @property
    def preconditions(self) -> Preconditions:
        """The conditional fields. Raises MalformedField."""
        if self._preconditions is None:
            names = ("if", "if-match", "if-none-match", "if-unmodified-since")
            self._preconditions = read_preconditions(*map(self.field, names))
        return self._preconditions

    def locks(self, tx: Transaction, account_id: int, kind: Kind) -> list[Lock]:
        """The locks in a home, read once in a transaction; not for who changes them."""
        known = self._locks
        if known is None or known[0] is not tx or known[1:3] != (account_id, kind.type):
            found = tx.locks.of_account(account_id, kind.type, self.now)
            known = self._locks = (tx, account_id, kind.type, found)
        return known[3]

    async def document(self) -> bytes:
        """The body, where it is one to be read as a whole. Raises TooLarge."""
        if self._document is None:
            limits = self.tools.settings.of(WebDav)
            unlimited = self.access.may(UNLIMITED_UPLOADS)
            self._document = await self.exchange.body(_LARGEST if unlimited else limits.request_max_size)
        return self._document

    def require(self, action: str) -> None:
        """Whether the account may use this method at all: ``davCalPut`` for ``Put``. Raises Refused (403)."""
        if not self.access.may(f"{self.kind.stem}{action}"):
            raise Refused(403)

    def seen(self, tx: Transaction, found: Resource, id: int, octets: bytes) -> bytes:
        """An event as who asks sees it, which is ``found`` or in it."""
        if found.discretion.how(id) is None:
            return octets
        return found.discretion.seen(id, octets, is_one_of(tx, self.tools.homes, self.viewer))

    def listed(self, tx: Transaction, above: Resource, members: list[Member]) -> list[Member]:
        """What of the members of a collection is there for who asks, as large as he sees it."""
        found, how = above.discretion.members(members), above.discretion.how
        guarded = [each.item_id for each in found if how(each.item_id) is not None]
        if not guarded:
            return found
        read = tx.collections.octets_of(above.account_id, guarded)
        sizes = {id: len(self.seen(tx, above, id, octets)) for id, octets in read.items()}
        return [replace(each, size=sizes.get(each.item_id, each.size)) for each in found]

    def home(self, tx: Transaction, target: Target | None = None) -> Home:
        """The home that the request, or another URL, is about. Raises Refused (404)."""
        home = self._find(tx, target or self.target)
        if home is None:
            raise Refused(404)
        return home

    def _find(self, tx: Transaction, target: Target) -> Home | None:
        """The own home is known; that of the request is looked for until it is found."""
        if target.account == self.access.login and self.access.kind == "user":
            return Home(self.access.account_id, self.access.login)
        if target is not self.target:
            return self.within_reach(tx, self.tools.homes.find(tx, target))
        if self._home is None:
            self._home = self.within_reach(tx, self.tools.homes.find(tx, target))
        return self._home

    def within_reach(self, tx: Transaction, home: Home | None) -> Home | None:
        """``home``, unless it is one of another tenant: of those nobody is told that they are there."""
        if home is None or self.viewer.belongs_to(home.account_id):
            return home
        return home if is_within_reach(tx, self.viewer.account_id, home.account_id) else None

    def resource(self, tx: Transaction, target: Target | None = None) -> Resource:
        """What the request, or another URL, names. Raises Refused: 404, or 403 where nothing may be seen at all."""
        wanted = target or self.target
        kind = KINDS.get(wanted.service)
        if kind is None or wanted.account is None:
            raise Refused(405)
        home = self.home(tx, wanted)
        found = locate(tx, self.viewer, kind, home, wanted.segments)
        if not found.is_own and (_is_hidden(found) or not self._sees_something(tx, kind, home)):
            raise Refused(403)
        return found

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Read, after the collections that homes begin with were made where somebody looks first."""
        kind = KINDS.get(self.target.service)
        if kind is None or self.target.account is None:
            return await self.tools.store.read(work)
        homes = self.tools.homes

        def looking(tx: Transaction) -> tuple[bool, T | None]:
            home = self._find(tx, self.target)
            if home is not None:
                if homes.lacks_first(tx, kind, home.account_id):
                    return True, None
                homes.begun(kind, home.account_id)
            return False, work(tx)

        lacking, found = await self.tools.store.read(looking)
        if not lacking:
            return found  # type: ignore[return-value]
        return await self.write(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Write, after the collections that homes begin with were made."""
        kind = KINDS.get(self.target.service)

        def writing(tx: Transaction) -> T:
            home = self._find(tx, self.target)
            if kind is not None and home is not None:
                self.tools.homes.make_first(tx, kind, home)
            return work(tx)

        return await self.tools.store.write(writing)

    def _sees_something(self, tx: Transaction, kind: Kind, home: Home) -> bool:
        granted = tx.shares.granted(self.viewer.grantees, home.account_id)
        return any(grant.type == kind.type for grant in granted)


def _is_hidden(found: Resource) -> bool:
    """Whether somebody may not even know if there is something: it is in what was not shared with him."""
    return bool(found.segments) and not found.rights and not found.parent_rights
