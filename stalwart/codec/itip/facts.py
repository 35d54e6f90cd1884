"""What a mail tells of a scheduling message: facts without words. Whoever writes mail has the words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

from stalwart.codec.icalendar.components import Component, end_property
from stalwart.codec.icalendar.instances import sequence_of
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.timezones import Zone
from stalwart.codec.icalendar.values import (
    DAY,
    FIRST,
    LAST,
    Duration,
    MalformedValue,
    Moment,
    calendar_address,
    duration,
    moment_of,
    unescaped,
)
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.differences import changed_names

MOST_GUESTS: Final = 200
LONGEST_TEXT: Final = 4096


@frozen
class When:
    """A time."""

    local: int
    """Seconds on its own clock."""
    utc: int
    is_date: bool
    is_floating: bool
    zone: Zone = field(repr=False)
    """The clock; that of UTC has no name."""


@frozen
class Guest:
    """Somebody who is invited."""

    address: str
    name: str
    """CN, or empty."""
    participation: str
    """PARTSTAT in upper case, NEEDS-ACTION if there is none."""
    is_organizer: bool


@frozen
class Change:
    """One property that says something else than before."""

    name: str
    """In upper case; ATTENDEE if people were added, removed, or have answered. Of these, and of ATTACH, there is no
    text.
    """
    old: str
    new: str
    """Texts, unescaped; for times ``Facts.start`` and ``end`` of this one and ``Facts.before`` say more."""


@frozen
class Facts:
    """Of the component that a message is about: the series, or the first of its instances."""

    uid: str
    kind: str
    """VEVENT or VTODO mostly."""
    summary: str
    description: str
    location: str
    status: str
    sequence: int
    start: When | None
    end: When | None
    """DTEND, DUE, or what DURATION makes."""
    rule: str | None
    """The value of RRULE; of the series, not of a single instance."""
    recurrence: When | None
    """Which instance, if it is one."""
    instances: int
    """How many components the message has."""
    organizer: Guest | None
    guests: tuple[Guest, ...]
    """The first ``MOST_GUESTS`` of them."""
    comment: str
    participation: str = ""
    """What the sender of a REPLY or COUNTER answers."""
    before: Facts | None = None
    """The same as it was, if it is an update."""
    changes: tuple[Change, ...] = ()
    """What is different from before."""


def facts_of(
    component: Component,
    zones: Zones,
    *,
    instances: int = 1,
    participation: str = "",
    before: Component | None = None,
    zones_before: Zones | None = None,
) -> Facts:
    """The facts of a component, and of what it was before."""
    earlier: Facts | None = None
    changes: tuple[Change, ...] = ()
    if before is not None:
        zones_before = zones_before or zones
        earlier = facts_of(before, zones_before)
        names = changed_names(before, zones_before, component, zones)
        changes = tuple(Change(name, _text(before, name), _text(component, name)) for name in sorted(names))
    start, end = _times(component, zones)
    recurrence = component.first("RECURRENCE-ID")
    organizer = component.first("ORGANIZER")
    address = (calendar_address(organizer.value) or "") if organizer is not None else ""
    return Facts(
        uid=(component.value("UID") or "").strip(),
        kind=component.name,
        summary=_text(component, "SUMMARY"),
        description=_text(component, "DESCRIPTION"),
        location=_text(component, "LOCATION"),
        status=_text(component, "STATUS").upper(),
        sequence=sequence_of(component),
        start=start,
        end=end,
        rule=component.value("RRULE"),
        recurrence=_when(recurrence, zones) if recurrence is not None else None,
        instances=instances,
        organizer=_guest(organizer, address, address) if organizer is not None and address else None,
        guests=tuple(_guests(component.properties, address)),
        comment=_text(component, "COMMENT"),
        participation=participation,
        before=earlier,
        changes=changes,
    )


def _text(component: Component, name: str) -> str:
    if name in ("ATTENDEE", "ATTACH"):
        return ""
    value = component.value(name)
    return unescaped(value[:LONGEST_TEXT]).strip() if value else ""


def _guests(items: Iterable[Property], organizer: str) -> list[Guest]:
    guests: dict[str, Guest] = {}
    for item in items:
        if item.name == "ATTENDEE":
            address = calendar_address(item.value)
            if address is not None and address not in guests:
                guests[address] = _guest(item, address, organizer)
                if len(guests) >= MOST_GUESTS:
                    break
    return list(guests.values())


def _guest(item: Property, address: str, organizer: str) -> Guest:
    answer = (item.parameter("PARTSTAT") or "NEEDS-ACTION").upper()
    return Guest(address, (item.parameter("CN") or "")[:LONGEST_TEXT].strip(), answer, address == organizer)


def _times(component: Component, zones: Zones) -> tuple[When | None, When | None]:
    start_item, length = component.first("DTSTART"), component.first("DURATION")
    end_item = component.first(end_property(component))
    start = _when(start_item, zones) if start_item is not None else None
    if end_item is not None:
        return start, _when(end_item, zones)
    if start is not None and length is not None:
        try:
            return start, _later(start, duration(length.value))
        except MalformedValue:
            return start, None
    return start, None


def _later(start: When, lasts: Duration) -> When:
    local = min(max(start.local + lasts.days * DAY, FIRST + DAY), LAST - DAY)
    utc = min(max(start.zone.utc(local) + lasts.seconds, FIRST + DAY), LAST - DAY)
    return When(start.zone.local(utc), utc, start.is_date, start.is_floating, start.zone)


def _when(item: Property, zones: Zones) -> When | None:
    try:
        given: Moment = moment_of(item)
    except MalformedValue:
        return None
    return When(given.local, zones.utc(given), given.is_date, given.is_floating, zones.of(given))
