"""VTIMEZONE for the zones that a calendar object uses (RFC 5545 3.6.5): added where they are missing, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import DAY, MalformedValue, moment_of
from stalwart.codec.icalendar.zones import zone_component as iana_component
from stalwart.codec.jscalendar.zone_names import ZoneNames, zone_component

_TIMES: Final = frozenset({"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE", "EXDATE"})
_YEAR: Final = 366 * DAY


def used_zones(calendar: Component) -> dict[str, Component]:
    """The TZIDs in the times of events and tasks, each with the first component that has it."""
    found: dict[str, Component] = {}
    for component in calendar.components:
        if component.name != "VTIMEZONE":
            for item in component.properties:
                if item.name in _TIMES and ";" in item.raw:
                    tzid = item.parameter("TZID")
                    if tzid is not None:
                        found.setdefault(tzid, component)
    return found


def put_custom(calendar: Component, zones: Any) -> None:
    """Add the custom zones that are not there; those that are none are left out, and found when the event is judged."""
    if not isinstance(zones, dict) or len(zones) > 100:
        return
    present = _tzids(calendar)
    for name, given in zones.items():
        if name[1:] not in present:
            try:
                _insert(calendar, zone_component(name, given))
            except MalformedValue:
                continue


def put_missing(calendar: Component, used: Mapping[str, Component], names: ZoneNames) -> None:
    """Add those of the IANA database that are used and not there."""
    present = _tzids(calendar)
    for tzid, component in used.items():
        if tzid not in present:
            start = _first(component, names)
            recurs = component.has("RRULE") or component.has("RDATE")
            made = iana_component(tzid, start - DAY, None if recurs else start + _YEAR)
            if made is not None:
                _insert(calendar, made)


def drop_unused(calendar: Component, tzids: Collection[str]) -> None:
    """Take out those that were used, and are not any more."""
    if tzids:
        calendar.components = [
            each for each in calendar.components if each.name != "VTIMEZONE" or each.value("TZID") not in tzids
        ]


def _tzids(calendar: Component) -> set[str | None]:
    return {each.value("TZID") for each in calendar.components if each.name == "VTIMEZONE"}


def _first(component: Component, names: ZoneNames) -> int:
    item: Property | None = component.first("DTSTART") or component.first("DUE")
    try:
        return names.zones.utc(moment_of(item)) if item is not None else 0
    except MalformedValue:
        return 0


def _insert(calendar: Component, made: Component) -> None:
    """Before the first component that is no VTIMEZONE."""
    at = next((index for index, each in enumerate(calendar.components) if each.name != "VTIMEZONE"), None)
    calendar.components.insert(len(calendar.components) if at is None else at, made)
