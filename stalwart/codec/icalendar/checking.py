"""Whether calendar data can be stored as a calendar object, and what is worth knowing of it (RFC 4791 4.1, 5.3.2.1)."""

from __future__ import annotations

from collections.abc import Container, Hashable
from typing import Final

from attrs import frozen

from stalwart.codec.icalendar.comparing import meaning
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import KINDS, sequence_of
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.rules import can_be_no_rule
from stalwart.codec.icalendar.values import (
    MalformedValue,
    calendar_address,
    calendar_addresses,
    moment_of,
    unescaped,
)
from stalwart.codec.icalendar.zones import Zones

_LONGEST_UID: Final = 1024
_TOLD: Final = frozenset({"SUMMARY", "LOCATION", "DESCRIPTION", "STATUS", "TRANSP", "CLASS"})


class RefusedCalendarObject(MalformedCalendar):
    """iCalendar that is no calendar object; ``condition`` is the element of the CalDAV name space that says why."""

    def __init__(self, text: str, condition: str = "valid-calendar-object-resource") -> None:
        super().__init__(text)
        self.condition = condition


@frozen
class ObjectFacts:
    """What is known of a calendar object without its time."""

    uid: str
    kind: str
    """VEVENT, VTODO, VJOURNAL, VFREEBUSY or VAVAILABILITY."""
    method: str | None
    """METHOD in upper case: a message, not an object (RFC 4791 4.1); whoever stores it takes it out before."""
    summary: str
    location: str
    description: str
    status: str
    transparency: str
    """TRANSP in upper case."""
    classification: str
    """CLASS in upper case."""
    sequence: int
    """The highest of all components."""
    organizer: str | None
    """The address of the first ORGANIZER that has one."""
    attendees: tuple[str, ...]
    """The addresses of all components, each once."""
    is_recurring: bool
    """Whether there is RRULE, RDATE or RECURRENCE-ID."""
    has_alarms: bool

    @property
    def is_scheduling(self) -> bool:
        """Whether people are invited by it (RFC 6638 3.1)."""
        return self.organizer is not None and bool(self.attendees)


def check(calendar: Component, kinds: Container[str] | None = None) -> ObjectFacts:
    """The facts of a calendar object, whose kind is one of ``kinds``. Raises RefusedCalendarObject."""
    components = [each for each in calendar.components if each.name in KINDS]
    if not components:
        raise RefusedCalendarObject("There is no event, task, journal entry, free-busy time or availability in it.")
    kind = components[0].name
    if any(each.name != kind for each in components):
        raise RefusedCalendarObject("A calendar object has components of one kind only.")
    if kinds is not None and kind not in kinds:
        raise RefusedCalendarObject(f"This calendar does not take {kind}.", "supported-calendar-component")
    if len(components) > 1:
        _check_instances(components, Zones(calendar))
    return facts_of(calendar, components)


def impossible_rule(calendar: Component) -> str | None:
    """An RRULE that cannot be one (RFC 4791 5.3.2.1 valid-calendar-data), as it is written; None if there is none."""
    items = (item for part in calendar.components if part.name in KINDS for item in part.all("RRULE"))
    return next((item.value for item in items if can_be_no_rule(item.value)), None)


def impossible_start(calendar: Component) -> str | None:
    """A DTSTART of an event that is no time at all, as it is written; None if there is none."""
    for part in calendar.components:
        item = part.first("DTSTART") if part.name == "VEVENT" else None
        if item is not None:
            try:
                moment_of(item)
            except MalformedValue:
                return item.value
    return None


def _check_instances(components: list[Component], zones: Zones) -> None:
    """A series, and each of its instances, has one component (RFC 4791 4.1). Raises RefusedCalendarObject."""
    seen: set[Hashable] = set()
    for each in components:
        item = each.first("RECURRENCE-ID")
        which = (meaning(item, zones), item.parameter("RANGE") is None) if item is not None else None
        if which in seen:
            raise RefusedCalendarObject("A calendar object describes each instance once, and the series once.")
        seen.add(which)


def facts_of(calendar: Component, components: list[Component]) -> ObjectFacts:
    """The facts of components of one kind. Raises RefusedCalendarObject."""
    uids = {(each.value("UID") or "").strip() for each in components}
    if len(uids) > 1:
        raise RefusedCalendarObject("All components of a calendar object have one and the same UID.")
    uid = uids.pop()
    if not uid or len(uid) > _LONGEST_UID:
        raise RefusedCalendarObject(f"A calendar object has a UID, of {_LONGEST_UID} characters at most.")
    master = next((each for each in components if not each.has("RECURRENCE-ID")), components[0])
    first: dict[str, str] = {}
    for item in master.properties:
        if item.name in _TOLD and item.name not in first:
            first[item.name] = item.value
    organizers = (item.value for each in components for item in each.properties if item.name == "ORGANIZER")
    method = calendar.value("METHOD")
    return ObjectFacts(
        uid=uid,
        kind=components[0].name,
        method=method.strip().upper() if method is not None else None,
        summary=unescaped(first.get("SUMMARY", "")),
        location=unescaped(first.get("LOCATION", "")),
        description=unescaped(first.get("DESCRIPTION", "")),
        status=first.get("STATUS", "").strip().upper(),
        transparency=first.get("TRANSP", "").strip().upper(),
        classification=first.get("CLASS", "").strip().upper(),
        sequence=max(sequence_of(each) for each in components),
        organizer=next((each for each in map(calendar_address, organizers) if each is not None), None),
        attendees=tuple(
            calendar_addresses(item for each in components for item in each.properties if item.name == "ATTENDEE")
        ),
        is_recurring=len(components) > 1
        or any(item.name in ("RRULE", "RDATE", "RECURRENCE-ID") for item in master.properties),
        has_alarms=any(inner.name == "VALARM" for each in components for inner in each.components),
    )
