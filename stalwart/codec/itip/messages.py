"""The form of scheduling messages (RFC 5546 3, RFC 6047): what is in a REQUEST, ADD, CANCEL, REPLY."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import evolve

from stalwart.codec.caldav.free_busy import PRODID
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import MalformedValue, escaped, moment_of, time_text
from stalwart.codec.icalendar.zones import Zones, named_zone, zone_component
from stalwart.codec.itip.facts import Facts, facts_of
from stalwart.codec.itip.objects import Key, SchedulingObject, earlier
from stalwart.codec.itip.outcomes import ItipMessage, Method
from stalwart.codec.itip.participants import (
    DECLINED,
    NEEDS_ACTION,
    Participant,
    attendees,
    participant,
    without_scheduling,
)

_CANCELLED: Final = frozenset(
    {
        "ORGANIZER",
        "ATTENDEE",
        "UID",
        "SUMMARY",
        "DTSTART",
        "DTEND",
        "DURATION",
        "DUE",
        "RECURRENCE-ID",
        "CREATED",
        "LAST-MODIFIED",
        "DESCRIPTION",
        "LOCATION",
    }
)
REPLIED: Final = frozenset(
    {
        "SEQUENCE",
        "UID",
        "ORGANIZER",
        "RECURRENCE-ID",
        "DTSTART",
        "DTEND",
        "DURATION",
        "DUE",
        "SUMMARY",
        "DESCRIPTION",
    }
)
PROGRESS: Final = ("STATUS", "PERCENT-COMPLETE", "COMPLETED")
"""How far a task is: what its attendees may say, and reply (RFC 5546 3.4.3)."""

_LONGEST_SPAN: Final = 366 * 86_400
_MOST_ZONES: Final = 20


def message_calendar(method: Method, parts: Iterable[Component], source: Component, zones: Zones) -> Component:
    """VCALENDAR of a message, with the time zones that its components name."""
    parts = list(parts)
    calendar = Component(
        "VCALENDAR",
        [Property.made("VERSION", "2.0"), Property.made("PRODID", PRODID), Property.made("METHOD", method)],
    )
    calendar.components = [*_zones(parts, source, zones), *parts]
    return calendar


def request_part(component: Component, now: int, *, sequence: int | None = None, has_alarms: bool = False) -> Component:
    """A component of REQUEST or ADD, or of what is added to a message like it."""
    properties = []
    for item in component.properties:
        if item.name == "REQUEST-STATUS":
            continue
        if item.name in ("ATTENDEE", "ORGANIZER"):
            item = without_scheduling(item)
            if item.name == "ATTENDEE":
                item = _asked(item)
        properties.append(item)
    inner = [each.copy() for each in component.components if has_alarms or each.name != "VALARM"]
    made = Component(component.name, properties, inner)
    made.set("DTSTAMP", time_text(now, is_utc=True))
    if sequence is not None:
        made.set("SEQUENCE", str(sequence))
    return made


def cancel_part(component: Component, now: int, sequence: int, only: Iterable[str] | None = None) -> Component:
    """A component of CANCEL; with ``only`` these attendees are named (RFC 5546 3.2.5)."""
    named = None if only is None else frozenset(only)
    properties = []
    for item in component.properties:
        if item.name not in _CANCELLED:
            continue
        if item.name in ("ATTENDEE", "ORGANIZER"):
            if item.name == "ATTENDEE" and named is not None:
                each = participant(item)
                if each is None or each.address not in named:
                    continue
            item = without_scheduling(item)
        properties.append(item)
    made = Component(component.name, properties)
    made.set("DTSTAMP", time_text(now, is_utc=True))
    made.set("SEQUENCE", str(sequence))
    made.set("STATUS", "CANCELLED")
    return made


def reply_part(component: Component, now: int, me: Participant, participation: str | None = None) -> Component:
    """A component of REPLY: what one attendee answers, with those that the attendee has named instead."""
    people = attendees(component) if me.delegated_to else {}
    named = [each.item for address, each in people.items() if address in me.delegated_to and address != me.address]
    own = me.item if participation is None else me.item.with_parameter("PARTSTAT", participation)
    if participation == DECLINED:
        own = own.without_parameters("DELEGATED-TO", "RSVP")
        named = []
    wanted = REPLIED | set(PROGRESS) if component.name == "VTODO" and participation is None else REPLIED
    properties = [
        without_scheduling(item) if item.name == "ORGANIZER" else item
        for item in component.properties
        if item.name in wanted
    ]
    made = Component(component.name, properties)
    made.put(*(without_scheduling(item) for item in (own, *named)))
    made.set("DTSTAMP", time_text(now, is_utc=True))
    made.set("REQUEST-STATUS", f"2.0;{escaped('Success')}")
    return made


def exception(part: Component) -> list[Property]:
    """EXDATE of an instance that somebody is not invited to."""
    item = part.first("RECURRENCE-ID")
    if item is None:
        return []
    given = {name: values for name, values in item.parameters.items() if name in ("TZID", "VALUE")}
    return [Property.made("EXDATE", item.value, given)]


def message(
    method: Method,
    sender: str,
    recipients: Iterable[str],
    parts: Mapping[Key, Component],
    source: SchedulingObject,
    *,
    facts: Facts | None = None,
    participation: str = "",
) -> ItipMessage:
    """A message, with facts of its first component unless they are known."""
    calendar = message_calendar(method, parts.values(), source.calendar, source.zones)
    facts = facts or first_facts(parts, source, participation=participation)
    return ItipMessage(method, sender, tuple(recipients), calendar, evolve(facts, instances=len(parts)))


def first_facts(
    parts: Mapping[Key, Component],
    source: SchedulingObject,
    *,
    before: SchedulingObject | None = None,
    participation: str = "",
) -> Facts:
    """The facts of the first of some components, and of what it was before."""
    key, first = next(iter(parts.items()))
    return facts_of(
        first,
        source.zones,
        instances=len(parts),
        participation=participation,
        before=earlier(before, key, first, source.zones) if before is not None else None,
        zones_before=before.zones if before is not None else None,
    )


def named_zones(parts: Iterable[Component]) -> list[str]:
    """The TZIDs that components name, each once."""
    found: dict[str, None] = {}
    for part in parts:
        for component in part.walk():
            for item in component.properties:
                if ";" in item.raw:
                    tzid = item.parameter("TZID")
                    if tzid:
                        found[tzid] = None
    return list(found)


def _asked(item: Property) -> Property:
    """An attendee who has said nothing is asked (RFC 5546 3.2.2)."""
    each = participant(item)
    if each is None or each.has_participation or each.refuses_mail:
        return item
    return item.with_parameter("PARTSTAT", NEEDS_ACTION)


def _zones(parts: Sequence[Component], source: Component, zones: Zones) -> list[Component]:
    known: dict[str, Component] = {}
    for each in source.components:
        if each.name == "VTIMEZONE":
            known.setdefault((each.value("TZID") or "").strip(), each)
    found: list[Component] = []
    for tzid in named_zones(parts):
        own = known.get(tzid.strip())
        if own is None and len(found) < _MOST_ZONES:
            zone = named_zone(tzid)
            own = zone_component(zone.name, _first_instant(parts, zones) - _LONGEST_SPAN) if zone is not None else None
            if own is not None:
                own.set("TZID", escaped(tzid))
        if own is not None:
            found.append(own)
    return found


def _first_instant(parts: Iterable[Component], zones: Zones) -> int:
    found = []
    for each in parts:
        item = each.first("DTSTART") or each.first("DUE")
        if item is not None:
            try:
                found.append(zones.utc(moment_of(item)))
            except MalformedValue:
                continue
    return max(min(found, default=0), 0)
