"""Events of which others see less than their owner, or nothing, found by what they are indexed by: so lists of what is
shared need not be read to know what is left out of them.

What of an object is for others is said by ``codec.icalendar.discretion``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, TypeVar

from attrs import field, frozen

from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.rights import CHANGING, Rights
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.discretion import PRIVATE, SECRET, IsMe, for_others, guarded, may_be_guarded
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.groupware.homes import Homes
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction
from stalwart.store.collection_rows import Content, Member

GUARDED: Final = "guarded"
"""The property of the index."""
_SURE: Final = frozenset({"secret", "private", "hidden"})
_PAGE: Final = 200
_One = TypeVar("_One", Member, Content)


def guard_values(calendar: Component, octets: bytes) -> tuple[tuple[str, str], ...]:
    """What an object is indexed by."""
    how = guarded(calendar) if may_be_guarded(octets) else None
    return () if how is None else ((GUARDED, how),)


@frozen
class Discretion:
    """What of the events of an account is not for who looks: by their numbers, how they are guarded."""

    guards: Mapping[int, str] = field(factory=dict)

    @classmethod
    def of(cls, tx: Transaction, account_id: int) -> Discretion:
        """For somebody whose account it is not. Events that an older version has indexed are read."""
        found = tx.collections.index.values(account_id, GUARDED)
        unsure = [id for id, how in found.items() if how not in _SURE]
        for begin in range(0, len(unsure), _PAGE):
            read = tx.collections.octets_of(account_id, unsure[begin : begin + _PAGE])
            for id, octets in read.items():
                found[id] = _how(octets) or ""
        return cls({id: how for id, how in found.items() if how})

    def how(self, id: int) -> str | None:
        """How an event is guarded; None if it is not."""
        return self.guards.get(id)

    def hides(self, id: int) -> bool:
        """Whether an event is not there for who looks, or only when it is."""
        return self.guards.get(id) in (PRIVATE, SECRET)

    @property
    def secret(self) -> Collection[int]:
        """The events that are not there for who looks."""
        return {id for id, how in self.guards.items() if how == SECRET}

    def members(self, members: list[Member]) -> list[Member]:
        """Those that are there for who looks."""
        return [each for each in members if self.guards.get(each.item_id) != SECRET] if self.guards else members

    def rights(self, id: int, held: Rights) -> Rights:
        """What may be done with an event by who has these rights: what is private is not changed by others."""
        return held & ~CHANGING if self.hides(id) else held

    def seen(self, id: int, octets: bytes, is_me: IsMe) -> bytes:
        """An event as who looks sees it; without anything, if he does not."""
        how = self.guards.get(id)
        return octets if how is None else seen(octets, how, is_me)

    def all_seen(self, contents: Iterable[tuple[int, bytes]], is_me: IsMe) -> dict[int, bytes]:
        """Those of the events that are there for who looks, as he sees them."""
        return {id: self.seen(id, octets, is_me) for id, octets in contents if self.guards.get(id) != SECRET}


EVERYTHING: Final = Discretion()
"""Nothing is left out."""


def seen(octets: bytes, how: str, is_me: IsMe) -> bytes:
    """An object that is guarded as others see it."""
    try:
        made = for_others(stored(octets), how, is_me)
    except MalformedCalendar:
        return b""
    return b"" if made is None else made.octets()


def _how(octets: bytes) -> str | None:
    try:
        return guarded(stored(octets))
    except MalformedCalendar:
        return SECRET


def is_one_of(tx: Transaction, homes: Homes, viewer: Viewer) -> Callable[[str], bool]:
    """Whether addresses are those of somebody, or of a group that he belongs to."""
    known: dict[str, bool] = {}

    def is_me(address: str) -> bool:
        if address not in known:
            home = homes.find_address(tx, address)
            known[address] = home is not None and home.account_id in viewer.grantees
        return known[address]

    return is_me
