"""Whether two properties say the same, however they are written: what is significant is what is meant (RFC 6638)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.rules import rule
from stalwart.codec.icalendar.values import (
    DAY,
    MalformedValue,
    Moment,
    Period,
    calendar_address,
    duration,
    moment_of,
    moments_of,
    text_list,
    unescaped,
)
from stalwart.codec.icalendar.zones import Zones


def meaning(item: Property, zones: Zones) -> Hashable:
    """What a property says, without its other parameters: dates as instants, rules and lists in one form."""
    read = _MEANINGS.get(item.name)
    if read is None:
        return unescaped(item.value.strip())
    try:
        return read(item, zones)
    except MalformedValue:
        return item.value.strip()


def is_same(one: Property | None, other: Property | None, zones: Zones, other_zones: Zones | None = None) -> bool:
    """Whether two properties of one name say the same; none is the same as none."""
    if one is None or other is None:
        return one is other
    if one.raw == other.raw and other_zones is None:
        return True
    return meaning(one, zones) == meaning(other, other_zones or zones)


def instant(given: Moment, zones: Zones) -> tuple[str, int]:
    """A moment to compare with others: days with days, floating times with floating times, and instants."""
    if given.is_date:
        return "day", given.local // DAY
    return ("floating", given.local) if given.is_floating else ("instant", zones.utc(given))


def _moment(item: Property, zones: Zones) -> Hashable:
    return instant(moment_of(item), zones)


def _moments(item: Property, zones: Zones) -> Hashable:
    return frozenset(_one(each, zones) for each in moments_of(item))


def _one(given: Moment | Period, zones: Zones) -> Hashable:
    if isinstance(given, Moment):
        return instant(given, zones)
    end = given.end
    return instant(given.start, zones), instant(end, zones) if isinstance(end, Moment) else end


def _duration(item: Property, zones: Zones) -> Hashable:
    return duration(item.value)


def _trigger(item: Property, zones: Zones) -> Hashable:
    if item.value.strip()[:1].isdigit():
        return _moment(item, zones)
    return duration(item.value), (item.parameter("RELATED") or "START").upper()


def _rule(item: Property, zones: Zones) -> Hashable:
    read = rule(item.value)
    return item.value.strip().upper() if read.is_foreign else read.text()


def _address(item: Property, zones: Zones) -> Hashable:
    return calendar_address(item.value) or item.value.strip()


def _list(item: Property, zones: Zones) -> Hashable:
    return frozenset(each.strip() for each in text_list(item.value))


def _token(item: Property, zones: Zones) -> Hashable:
    return item.value.strip().upper()


_MEANINGS: Final[dict[str, Callable[[Property, Zones], Hashable]]] = {
    **dict.fromkeys(("DTSTART", "DTEND", "DUE", "COMPLETED", "CREATED", "DTSTAMP", "LAST-MODIFIED"), _moment),
    **dict.fromkeys(("RECURRENCE-ID", "ACKNOWLEDGED"), _moment),
    **dict.fromkeys(("RDATE", "EXDATE", "FREEBUSY"), _moments),
    "DURATION": _duration,
    "TRIGGER": _trigger,
    **dict.fromkeys(("RRULE", "EXRULE"), _rule),
    **dict.fromkeys(("ATTENDEE", "ORGANIZER"), _address),
    **dict.fromkeys(("CATEGORIES", "RESOURCES"), _list),
    **dict.fromkeys(("STATUS", "TRANSP", "CLASS", "METHOD", "ACTION"), _token),
}
