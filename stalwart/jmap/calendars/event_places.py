"""The calendars that an event is in: put there, moved, taken away, as over CalDAV (jmap.md 16.2).

Locks of WebDAV hold here too; as nobody can show a token, what is locked is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_hex
from typing import Final

from stalwart.codec.dav.rights import Rights
from stalwart.errors import NotFound
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.locking import Touch, is_locked
from stalwart.groupware.resources import Resource, locate
from stalwart.jmap.calendars.event_properties import CALENDAR_IDS
from stalwart.jmap.calendars.event_refusals import forbidden, refusals, wrong
from stalwart.jmap.calendars.event_sight import EventSight, StoredEvent
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.store.collection_rows import Member
from stalwart.store.store import Transaction

_OWN: Final = Rights.MODIFY_ITEMS_OWN
_LOCKED: Final = "Somebody has locked it over WebDAV."


class EventPlaces:
    """Places of events in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, sight: EventSight) -> None:
        self._tx = tx
        self._asking = asking
        self._sight = sight
        self._objects: CalendarObjects = asking.services["calendar_objects"]
        self._home: Home = asking.services["homes"].get(tx, asking.account_id) or Home(asking.account_id, "")
        self.address = self._home.address

    def wanted(self, ids: Mapping[str, bool]) -> list[int]:
        """The calendars of these ids. Raises ``SetRefused``."""
        if not ids:
            raise wrong("An event is in one calendar at least.", CALENDAR_IDS)
        numbers = {id: number_of(id) for id in ids}
        unknown = [f"{CALENDAR_IDS}/{id}" for id, number in numbers.items() if number not in self._sight.rights]
        if unknown:
            raise wrong("There is no such calendar.", *unknown)
        return [number for number in numbers.values() if number is not None]

    def require(self, calendar: int, wanted: Rights, *, owns: bool, text: str) -> None:
        """Raises ``SetRefused`` ``forbidden`` for who may not do that in a calendar."""
        held = self._sight.rights.get(calendar, Rights.NONE)
        if wanted not in held and not (_OWN in held and owns):
            raise forbidden(text)

    def require_private(self, given: StoredEvent, *, owns: bool) -> None:
        """The same for what people have of their own in an event."""
        held = self._sight.held(self._tx, given.id)
        if Rights.MODIFY_PRIVATE not in held and not (_OWN in held and owns):
            raise forbidden("You may keep nothing of your own in this calendar.")

    def writable(self, given: StoredEvent) -> Member:
        """The place through which an event is written: one where who asks may."""
        rights = self._sight.rights
        for each in given.places:
            if Rights.MODIFY_ITEMS in rights[each.collection_id]:
                return each
        return given.places[0]

    def at(self, member: Member) -> Resource:
        """What has the name, as it is written. Raises ``SetRefused`` where it is locked."""
        return self._located(member.collection_id, member.segment, Touch.ITSELF)

    def free(self, calendar: int, segment: str | None = None) -> Resource:
        """A place for something new."""
        if segment is None or self._tx.collections.member(self._asking.account_id, calendar, segment) is not None:
            segment = f"{token_hex(16)}.ics"
        return self._located(calendar, segment, Touch.ITSELF | Touch.NAME)

    def link(self, id: int, calendar: int) -> None:
        """Show an object in another calendar as well. Raises Violation."""
        places = self._tx.collections.places(self._asking.account_id, id)
        if not places:
            raise NotFound
        source, to = self._located(places[0].collection_id, places[0].segment), self.free(calendar, places[0].segment)
        self._asking.services["placing"].copy(self._tx, source, to, None, self._asking.now)

    def rearrange(self, given: StoredEvent, ids: Mapping[str, bool], *, owns: bool) -> None:
        """Have an event in these calendars, of those that are seen, and in no others of them."""
        wanted = self.wanted(ids)
        there = {each.collection_id: each for each in given.places}
        added = [each for each in wanted if each not in there]
        gone = [each for id, each in there.items() if id not in wanted]
        for calendar in added:
            self.require(calendar, Rights.ADD_ITEMS, owns=owns, text="Nothing may be added to this calendar.")
        if added:
            self._require_linking(given, {member.collection_id for member in gone}, owns=owns)
        for member in gone:
            text = "Nothing may be taken from this calendar."
            self.require(member.collection_id, Rights.REMOVE_ITEMS, owns=owns, text=text)
        with refusals():
            while added and gone:
                member, calendar = gone.pop(), added.pop()
                source = self._located(member.collection_id, member.segment, Touch.ITSELF | Touch.NAME)
                to = self.free(calendar, member.segment)
                self._asking.services["placing"].move(self._tx, source, to, self._asking.now)
            for calendar in added:
                self.link(given.id, calendar)
            for member in gone:
                self.remove(member, owns=owns, sends=False)

    def _require_linking(self, given: StoredEvent, gone: set[int], *, owns: bool) -> None:
        """Who may write in one more calendar could write the event: so who puts it there may do so where it stays."""
        held = self._sight.held(self._tx, given.id, gone=gone)
        if Rights.MODIFY_ITEMS not in held and not (_OWN in held and owns):
            raise forbidden("You may not change this event, so not put it into another calendar either.")

    def remove(self, member: Member, *, owns: bool, sends: bool) -> None:
        """Take an event from a calendar, and tell people if ``sends``. Raises Violation, ``SetRefused``."""
        self.require(member.collection_id, Rights.REMOVE_ITEMS, owns=owns, text="You may not destroy this event.")
        found = self._located(member.collection_id, member.segment, Touch.ITSELF | Touch.NAME | Touch.BELOW)
        who, now = self._sight.viewer.account_id, self._asking.now
        if sends:
            self._objects.withdraw(self._tx, found, user_id=who, now=now)
        else:
            self._objects.note_going(self._tx, found, user_id=who, now=now)
        self._asking.services["bin"].remove(self._tx, found, now)

    def _located(self, calendar: int, segment: str, touch: Touch | None = None) -> Resource:
        path = self._tx.collections.path(self._asking.account_id, calendar) or ()
        found = locate(self._tx, self._sight.viewer, CALENDARS, self._home, (*path, segment))
        if touch is not None and is_locked(self._tx, found, touch, self._asking.now):
            raise forbidden(_LOCKED)
        return found
