"""Which events of an account somebody sees, in which of its calendars, and what he may do there (jmap.md 14)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.groupware.guarded_events import EVERYTHING, Discretion
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.viewers import WRITING, Viewer, writing_rights
from stalwart.jmap.sharing.seeing import Passage
from stalwart.store.collection_rows import Member
from stalwart.store.store import Transaction

_FEW = 8


@frozen
class StoredEvent:
    """A calendar object: ``places`` are those in calendars that are seen, ``data`` what is kept beside it."""

    id: int
    places: tuple[Member, ...]
    octets: bytes
    data: Mapping[str, Any]
    guard: str | None = None
    """How it is guarded against who asks (``codec.icalendar.discretion``)."""


@frozen
class EventSight:
    """What ``viewer`` sees of an account. ``rights`` are his on the calendars whose events he may read."""

    account_id: int
    viewer: Viewer
    is_own: bool
    rights: Mapping[int, Rights]
    discretion: Discretion = EVERYTHING

    @classmethod
    def of(cls, tx: Transaction, viewer: Viewer, account_id: int) -> EventSight:
        """In one transaction."""
        calendars = [each.id for each in tx.collections.of_type(account_id, CALENDARS.type)]
        held = viewer.rights_on_some(tx, account_id, calendars)
        seen = {id: rights for id, rights in held.items() if Rights.READ_ITEMS in rights}
        is_own = viewer.belongs_to(account_id)
        discretion = EVERYTHING if is_own or not seen else Discretion.of(tx, account_id)
        return cls(account_id, viewer, is_own, seen, discretion)

    def places(self, tx: Transaction, ids: Iterable[int]) -> dict[int, tuple[Member, ...]]:
        """Where those of the objects are that he sees, by number."""
        found: dict[int, tuple[Member, ...]] = {}
        secret = self.discretion.secret
        for id in ids:
            if id in secret:
                continue
            listed = tx.collections.places(self.account_id, id)
            seen = tuple(
                each for each in listed if each.collection_id in self.rights and each.type == CALENDARS.item_type
            )
            if seen:
                found[id] = seen
        return found

    def events(self, tx: Transaction, ids: Collection[int]) -> dict[int, StoredEvent]:
        """Those of the objects that he sees, by number."""
        places: dict[int, tuple[Member, ...]] = {}
        octets: dict[int, bytes] = {}
        if len(ids) > max(_FEW, len(self.rights)):
            for calendar in self.rights:
                for member, content in tx.collections.item_contents(self.account_id, calendar, ids):
                    places[member.item_id] = (*places.get(member.item_id, ()), member)
                    octets[member.item_id] = content
        else:
            places = self.places(tx, ids)
            octets = tx.collections.octets_of(self.account_id, places)
        found = {}
        secret = self.discretion.secret
        for id, where in places.items():
            row = tx.objects.get(self.account_id, id)
            if row is not None and id in octets and id not in secret:
                found[id] = StoredEvent(id, where, octets[id], row.data or {}, self.discretion.how(id))
        return found

    def all(self, tx: Transaction, limit: int) -> list[int]:
        """The numbers of all objects that he sees, in order."""
        if self.is_own:
            return [row.id for row in tx.objects.list(self.account_id, CALENDARS.item_type, limit=limit)]
        found: set[int] = set()
        for calendar in self.rights:
            after = ""
            while members := tx.collections.members(self.account_id, calendar, after=after, limit=1000):
                found.update(each.item_id for each in members)
                after = members[-1].segment
        return sorted(found.difference(self.discretion.secret))[:limit]

    def held(self, tx: Transaction, id: int, *, gone: Collection[int] = ()) -> Rights:
        """What he may do with an object: what one of the calendars that it is in lets him do, and as for writing it,
        what all do, seen or not, but for those that it is taken from.
        """
        places = tx.collections.places(self.account_id, id)
        there = [self.rights.get(each.collection_id, Rights.NONE) for each in places if each.collection_id not in gone]
        somewhere = reduce(or_, there, Rights.NONE)
        own = Rights.MODIFY_PRIVATE if Rights.MODIFY_ITEMS in somewhere else Rights.NONE
        return somewhere & ~WRITING | writing_rights(there) | own

    def passage(self, tx: Transaction, since: int) -> Passage | None:
        """What has come into his sight since a state, and left it; None: nobody knows any more."""

        def was_seen(id: int) -> bool:
            """Whether something that is secret was in a calendar that he sees: it may not have been secret."""
            return id in self.discretion.secret and any(
                each.collection_id in self.rights and each.added_seq <= since
                for each in tx.collections.places(self.account_id, id)
            )

        return Passage.of(tx, self.account_id, self.rights, lambda ids: self.places(tx, ids), since, was_seen)
