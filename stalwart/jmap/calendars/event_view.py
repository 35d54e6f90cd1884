"""Events as clients see them: objects of calendars read as JSCalendar, with what JMAP adds (jmap.md 16.2).

A series is one event, and each of its instances one on request, under an id of its own. What is kept is read each time:
it takes less than a tenth of a millisecond, but for large ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from attrs import define, field

from stalwart.codec.caldav.selection import stored
from stalwart.codec.icalendar.discretion import PRIVATE
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.timezones import UTC, Zone, iana_zone
from stalwart.codec.icalendar.values import MalformedValue
from stalwart.codec.ids import encode_id
from stalwart.codec.jscalendar.values import Json, utc_seconds
from stalwart.errors import TooLarge
from stalwart.groupware.event_private import seen_by_sharee
from stalwart.groupware.traits import DRAFT
from stalwart.jmap.calendars.event_ids import base_of, recurrence_id_of
from stalwart.jmap.calendars.event_links import with_blob_ids
from stalwart.jmap.calendars.event_people import Identities, without_hidden
from stalwart.jmap.calendars.event_properties import BASE, CALENDAR_IDS, IS_DRAFT, IS_ORIGIN, NOT_MEMBERS
from stalwart.jmap.calendars.event_sight import EventSight, StoredEvent
from stalwart.jmap.standard.apart import apart
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.dates import UTCDate
from stalwart.jmap.standard.declaration import ANY
from stalwart.jmap.standard.scalars import Unfit
from stalwart.jmap.standard.source import Found
from stalwart.store.store import Transaction

WRITES: Final = "writes"
"""What is prepared where a call changes events: they are shown in full then."""
_LEFTOVERS: Final = "iCalendar"
LARGE: Final = 16 * 1024
"""Octets from which on it takes more than some milliseconds to read an event."""
_READ: Final = "read"
_MOST_READ: Final = 16
_MOST_OCTETS: Final = 4 << 20
"""Octets of events that one call reads."""


@define
class Looks:
    """How much a ``/get`` wants to see of large events, and in which zone floating times are meant."""

    before: int | None = None
    after: int | None = None
    reduces: bool = False
    zone: Zone = field(default=UTC)

    @classmethod
    def of(cls, asking: Asking) -> Looks:
        """By the arguments of a call. Raises ``MethodError`` ``invalidArguments``."""
        if WRITES in asking.prepared:
            return cls()
        reader = ArgumentReader(asking.rest)
        before, after = (_moment(reader, f"recurrenceOverrides{side}") for side in ("Before", "After"))
        return cls(before, after, reader.flag("reduceParticipants"), zone_argument(reader))


def zone_argument(reader: ArgumentReader) -> Zone:
    """The argument ``timeZone``, UTC without one. Raises ``MethodError`` ``invalidArguments``."""
    name = reader.text("timeZone")
    zone = UTC if name is None else iana_zone(name)
    if zone is None:
        raise invalid("timeZone", "must be the name of a time zone")
    return zone


def _moment(reader: ArgumentReader, name: str) -> int | None:
    text = reader.text(name)
    if text is None:
        return None
    try:
        return utc_seconds(UTCDate().read(text))
    except (Unfit, MalformedValue):
        raise invalid(name, "must be a UTCDate") from None


class EventView:
    """Reads events for one call in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, sight: EventSight) -> None:
        self._tx = tx
        self._asking = asking
        self._sight = sight
        self._looks = Looks.of(asking)
        self.identities = Identities(tx, asking, asking.account_id)
        user = sight.viewer.account_id
        self._reader = self.identities if sight.is_own else Identities(tx, asking, user)

    def found(self, numbers: Collection[int], names: Collection[str]) -> Found:
        """The events and instances that there are among these numbers, in their order, but for what cannot be shown."""
        events = self._sight.events(self._tx, list(dict.fromkeys(map(base_of, numbers))))
        if len(events) > 1 and sum(len(each.octets) for each in events.values()) > _MOST_OCTETS:
            raise TooLarge("That is more than one request gives; ask for fewer events at a time.")
        own = self.own(list(events))
        found: Found = []
        read: dict[int, Json | None] = {}
        for number in dict.fromkeys(numbers):
            base = base_of(number)
            if base not in events:
                continue
            with apart(self._asking.request):
                if base not in read:
                    read[base] = None
                    read[base] = self.event(events[base], own.get(base), with_rest=_LEFTOVERS in names)
                event = read[base]
                shown = None if event is None else self._part(event, number)
                if shown is not None:
                    found.append((number, self._shown(shown, events[base], number, names)))
        return found

    def own(self, ids: Iterable[int]) -> Mapping[int, Mapping[str, Any]]:
        """What who asks has of his own in these events."""
        if self._sight.is_own:
            return {}
        user = self._sight.viewer.account_id
        return self._tx.preferences.of_objects(self._asking.account_id, ids, user)

    def event(
        self, given: StoredEvent, own: Mapping[str, Any] | None = None, *, with_rest: bool = False
    ) -> Json | None:
        """An object as who asks sees it; None if it is none that clients of JMAP know, or not to be seen."""
        event = read_event(given.octets, with_rest=with_rest, known=self._asking.prepared)
        if event is None:
            return None
        if event["@type"] != "Group":
            event = with_blob_ids(event, given.data)
        if self._sight.is_own:
            return event
        is_private = given.guard == PRIVATE
        if event["@type"] == "Group":
            seen = (seen_by_sharee(entry, own or {}, is_private=is_private) for entry in event["entries"])
            entries = [each for each in seen if each is not None]
            return {**event, "entries": entries} if entries else None
        return seen_by_sharee(event, own or {}, is_private=is_private)

    def _part(self, event: Json, number: int) -> Json | None:
        """The event, or the instance of it."""
        recurrence_id = recurrence_id_of(number)
        if WRITES not in self._asking.prepared:
            event = self._reduced(event)
        if recurrence_id is None:
            return dict(first_of(event))
        return instance(event, recurrence_id)

    def told(self, event: Json) -> Json:
        """An event that was found for who changes it, as he is told of it."""
        return without_hidden(event, self._reader)

    def _reduced(self, event: Json) -> Json:
        if event["@type"] == "Group":
            return {**event, "entries": [self._reduced(each) for each in event["entries"]]}
        from stalwart.codec.jscalendar.occurrences import reduced

        event = without_hidden(event, self._reader)
        looks = self._looks
        if looks.before is None and looks.after is None and not looks.reduces:
            return event
        keeps = self._reader.has if looks.reduces else None
        return reduced(event, before=looks.before, after=looks.after, keeps=keeps, floating=looks.zone)

    def _shown(self, event: Json, given: StoredEvent, number: int, names: Collection[str]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        everything = ANY in names
        if everything or not NOT_MEMBERS.isdisjoint(names):
            is_instance = recurrence_id_of(number) is not None
            shown[BASE] = encode_id(given.id) if is_instance else None
            shown[CALENDAR_IDS] = {encode_id(each.collection_id): True for each in given.places}
            shown[IS_DRAFT] = bool(given.data.get(DRAFT))
            shown[IS_ORIGIN] = self.identities.is_origin(event)
            if not everything:
                shown = {name: value for name, value in shown.items() if name in names}
        if "utcStart" in names or "utcEnd" in names:
            shown |= {name: value for name, value in utc_times_of(event, self._looks.zone).items() if name in names}
        if everything:
            rest = {name: value for name, value in event.items() if name != _LEFTOVERS or name in names}
            return {**rest, **shown}
        return {**{name: event[name] for name in names if name in event}, **shown}


def utc_times_of(event: Json, zone: Zone) -> dict[str, Any]:
    """``utcStart`` and ``utcEnd``, null for what has no time."""
    from stalwart.codec.jscalendar.occurrences import utc_times

    try:
        times = utc_times(event, zone)
    except MalformedValue:
        times = {}
    return {name: times.get(name) for name in ("utcStart", "utcEnd")}


def read_event(octets: bytes, *, with_rest: bool = False, known: dict[str, Any] | None = None) -> Json | None:
    """An object of a calendar as JSCalendar, not to be changed in place; None if there is no event and no task in it.
    Large ones are kept in ``known``, which is what a call has prepared.
    """
    if known is None or with_rest or len(octets) <= LARGE:
        return _read_event(octets, with_rest)
    read: dict[bytes, Json | None] = known.setdefault(_READ, {})
    if octets not in read:
        if len(read) >= _MOST_READ:
            read.clear()
        read[octets] = _read_event(octets, False)
    return read[octets]


def _read_event(octets: bytes, with_rest: bool) -> Json | None:
    from stalwart.codec.jscalendar.series import NoEvent, event_of

    try:
        return event_of(stored(octets), has_leftovers=with_rest)
    except (NoEvent, MalformedCalendar):
        return None


def first_of(event: Json) -> Json:
    """What an object is shown as: of several instances without their series the first."""
    if event["@type"] != "Group":
        return event
    entry: Json = event["entries"][0]
    return entry


def instance(event: Json, recurrence_id: str) -> Json | None:
    """An instance that an event has, None if it has no such one."""
    from stalwart.codec.jscalendar.checking import InvalidEvent
    from stalwart.codec.jscalendar.occurrences import instance_of
    from stalwart.codec.jscalendar.overrides import rule_makes

    if event["@type"] == "Group":
        return next((dict(each) for each in event["entries"] if each.get("recurrenceId") == recurrence_id), None)
    if event.get("recurrenceId") is not None:
        return dict(event) if event["recurrenceId"] == recurrence_id else None
    overrides = event.get("recurrenceOverrides") or {}
    if event.get("recurrenceRule") is None and not overrides:
        return None
    try:
        if recurrence_id not in overrides and not rule_makes(event, recurrence_id):
            return None
        return instance_of(event, recurrence_id)
    except (InvalidEvent, MalformedValue):
        return None
