"""Answers that are given again while nothing has changed: lists that clients ask for whenever they look for news.

Kept are answers about what belongs to who asks, made of properties that change only with the state of what is listed;
what others share, locks, quotas and rights are none of these.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from attrs import define

from stalwart.codec.dav.multistatus import CONTENT_TYPE
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import On, properties
from stalwart.groupware.kinds import ADDRESS_BOOKS, KINDS, Kind
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.web.answers import Answer
from stalwart.web.recent_values import RecentValues, States

_LONGEST_BODY: Final = 8192
_LONGEST_FIELD: Final = 128
_PERMISSIONS: Final = ("davSyncCollection",)
_ACTIONS: Final = ("PropFind", "Query", "MultiGet")
_SORTS: Final = {
    "cal": On.CALENDAR | On.EVENT,
    "card": On.BOOK | On.CARD,
    "file": On.FOLDER | On.FILE,
}


@define
class Keeping:
    """One request whose answer may be known, or be kept."""

    values: RecentValues
    kind: Kind
    key: Hashable
    account_id: int
    moment: int | None = None
    states: States = ()

    @classmethod
    def of(cls, asking: Asking, body: bytes) -> Keeping | None:
        """For a request about something in the own home, under its usual name; None for others."""
        if asking.kept is None:
            asking.kept = (cls._of(asking, body),)
        (kept,) = asking.kept
        return kept

    @classmethod
    def _of(cls, asking: Asking, body: bytes) -> Keeping | None:
        access, target = asking.access, asking.target
        kind = KINDS.get(target.service)
        if kind is None or not target.segments or target.account != access.login or len(body) > _LONGEST_BODY:
            return None
        exchange = asking.exchange
        if exchange.header("if") is not None:
            return None
        fields = tuple(exchange.header(called) for called in ("depth", "prefer", "brief"))
        if kind is ADDRESS_BOOKS:
            fields = (*fields, exchange.header("accept"))  # it chooses the version of cards
        if any(field is not None and len(field) > _LONGEST_FIELD for field in fields):
            return None
        limits = asking.tools.settings.of(WebDav)
        held = tuple(access.may(each) for each in (*_PERMISSIONS, *(f"{kind.stem}{each}" for each in _ACTIONS)))
        key = (exchange.method, access.account_id, target, fields, body, limits.max_results, held)
        return cls(asking.tools.recent, kind, key, access.account_id)

    async def answer(self) -> Answer | None:
        """The answer, if it is known and still good."""
        found = self.values.find(self.key)
        if found is not None and await self.values.stands(found):
            return Answer(207, found.value, CONTENT_TYPE)
        return None

    def prepare(self) -> None:
        """To be called before the store is read for an answer that may be kept."""
        self.moment = self.values.moment()

    def begin(self, tx: Transaction, found: Resource, wanted: PropertyRequest) -> None:
        """Note of which state the answer is, if it can be kept at all."""
        self.states = ()
        if found.account_id == self.account_id and found.level is Level.COLLECTION and is_lasting(wanted, self.kind):
            self.states = self._read(tx)

    def end(self, tx: Transaction, *, at_once: bool = False) -> bool:
        """Whether the whole answer is of one state; ``at_once`` if all of it was read since ``begin``."""
        return bool(self.states) and (at_once or self.states == self._read(tx))

    def keep(self, body: bytes) -> None:
        """Keep the answer; called after ``end`` was true."""
        self.values.keep(self.key, self.account_id, self.states, self.moment, body, len(body))

    def _read(self, tx: Transaction) -> States:
        collections, items = tx.collections.states(self.account_id, self.kind.type)
        return tuple(sorted({(self.kind.type, collections), (self.kind.item_type, items)}))


def is_lasting(wanted: PropertyRequest, kind: Kind) -> bool:
    """Whether all that is asked for changes with the state of the home only."""
    if wanted.kind != "prop":
        return False
    declared, sorts = properties(), _SORTS[kind.service]
    live = (declared[called] for called in wanted.names if called in declared)
    return not any(each.on & sorts & ~each.lasting for each in live)
