"""What of a calendar object a client is given: some components and properties, its instances one by one, or only what
is in a time range (RFC 4791 9.6, spec/dav.md 5.3).

Properties of VCALENDAR are given always: without VERSION and PRODID it would be no calendar.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from attrs import define

from stalwart.codec.caldav.conditions import CalendarData, CompSelection, TimeRange
from stalwart.codec.icalendar.components import Component, end_property, read_calendars
from stalwart.codec.icalendar.instances import KINDS, LIMIT, Expansion, Instance, instances
from stalwart.codec.icalendar.lines import MalformedCalendar, Property
from stalwart.codec.icalendar.spans import END
from stalwart.codec.icalendar.time_ranges import meets, periods_of
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.values import DAY, Duration, MalformedValue, day_text, duration, duration_text, time_text
from stalwart.codec.icalendar.zones import Zones

_NOT_EXPANDED: Final = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE", "DTSTART", "DTEND", "DUE", "RECURRENCE-ID"})
_FIRST_TRY: Final = 64
"""Instances that are reckoned before it is known that there are more in the range."""
MOST_OCTETS: Final = 32 << 20
"""Octets that the instances of one object may have."""


class Selected(NamedTuple):
    """What is given of one object; ``instances`` are those that it was made into, ``is_cut`` if there are more."""

    octets: bytes
    instances: int = 0
    is_cut: bool = False


@define
class Allowance:
    """What one answer may still give of instances that objects are made into; ``cut`` counts objects that had more."""

    instances: int = 10 * LIMIT
    octets: int = MOST_OCTETS
    cut: int = 10

    def select(self, octets: bytes, wanted: CalendarData, zone: Zone, *, limit: int) -> bytes | None:
        """The instances of an object, ``limit`` at most; None if it has more, or no more may be given."""
        if self.cut <= 0:
            return None
        selected = select(octets, wanted, zone, limit=min(limit, self.instances), most_octets=self.octets)
        if selected.is_cut:
            self.cut -= 1
            return None
        self.instances -= selected.instances
        self.octets = max(0, self.octets - len(selected.octets))
        return selected.octets


def is_whole(wanted: CalendarData | None) -> bool:
    """Whether objects are given as they are kept."""
    return wanted is None or (
        (wanted.comp is None or wanted.comp.whole)
        and wanted.expand is None
        and wanted.limit_recurrence_set is None
        and wanted.limit_freebusy_set is None
    )


def select(
    octets: bytes,
    wanted: CalendarData | None,
    zone: Zone = UTC,
    *,
    limit: int = LIMIT,
    most_octets: int = MOST_OCTETS,
) -> Selected:
    """What is wanted of a stored object; ``zone`` is the one of floating times. It is made into ``limit`` instances
    and ``most_octets`` at most.
    """
    if wanted is None or is_whole(wanted):
        return Selected(octets)
    try:
        calendar = stored(octets)
    except MalformedCalendar:
        return Selected(octets)
    return of_calendar(calendar, wanted, zone, limit=limit, most_octets=most_octets)


def stored(octets: bytes) -> Component:
    """A calendar object that was taken before. Raises MalformedCalendar, where what is kept was not."""
    calendars = read_calendars(octets, max_octets=max(len(octets), 1), is_lenient=True)
    if not calendars:
        raise MalformedCalendar("There is no VCALENDAR.")
    return calendars[0]


def of_calendar(
    calendar: Component,
    wanted: CalendarData,
    zone: Zone = UTC,
    *,
    limit: int = LIMIT,
    most_octets: int = MOST_OCTETS,
) -> Selected:
    """The same of one that is read already; it is not changed."""
    found, count, is_cut = calendar, 0, False
    if wanted.expand is not None:
        found, count, is_cut = _expanded(calendar, wanted.expand, zone, limit, most_octets)
    elif wanted.limit_recurrence_set is not None:
        found = _limited(calendar, wanted.limit_recurrence_set, zone, limit)
    if wanted.limit_freebusy_set is not None:
        found = _busy_within(found, wanted.limit_freebusy_set, zone)
    if wanted.comp is not None and not wanted.comp.whole:
        inner = found.components if wanted.comp.all_comps else _chosen(found.components, wanted.comp.comps)
        found = _like(found, found.properties, inner)
    return Selected(found.octets(), count, is_cut)


def _like(component: Component, properties: Iterable[Property], components: Iterable[Component]) -> Component:
    return Component(component.name, properties, components)


# Components and properties


def _chosen(components: Iterable[Component], wanted: Iterable[CompSelection]) -> list[Component]:
    by_name = {each.name: each for each in reversed(tuple(wanted))}
    return [_part(each, by_name[each.name]) for each in components if each.name in by_name]


def _part(component: Component, wanted: CompSelection) -> Component:
    if wanted.whole:
        return component
    properties = component.properties
    if not wanted.all_props:
        bare = {each.name: each.novalue for each in wanted.props}
        properties = [
            Property(item.name, f"{item.head}:") if bare[item.name] else item
            for item in properties
            if item.name in bare
        ]
    inner = component.components if wanted.all_comps else _chosen(component.components, wanted.comps)
    return _like(component, properties, inner)


# Instances


def _expanded(
    calendar: Component, within: TimeRange, zone: Zone, limit: int, most_octets: int
) -> tuple[Component, int, bool]:
    """The instances in a time range, each as a component of its own, in UTC (RFC 4791 9.6.5); how many, and whether
    there are more.
    """
    start, end = _sides(within)
    expansion, met, has_more = _expansion(calendar, start, end, zone, limit)
    count = _within(met, limit, most_octets)
    found = [_instance(each, expansion.zones) for each in met[:count]]
    found += (_like(each, _settled(each), each.components) for each in expansion.undated)
    others = [each for each in calendar.components if each.name != expansion.kind and each.name != "VTIMEZONE"]
    return _like(calendar, calendar.properties, [*others, *found]), count, has_more or count < len(met)


def _within(found: list[Instance], limit: int, most_octets: int) -> int:
    """How many of these may be given."""
    sizes: dict[int, int] = {}
    left = most_octets
    for number, each in enumerate(found[:limit]):
        key = id(each.component)
        if key not in sizes:
            sizes[key] = len(each.component.octets())
        left -= sizes[key]
        if left < 0:
            return number
    return min(len(found), limit)


def _expansion(
    calendar: Component, start: int, end: int, zone: Zone, limit: int
) -> tuple[Expansion, list[Instance], bool]:
    """The instances that are in a time range, without those long after it, and whether there are more than ``limit``;
    those that end shortly before it do not count.
    """
    most = min(_FIRST_TRY, limit + 1)
    while True:
        expansion = instances(calendar, zone_for_floating=zone, since=start, limit=most)
        met = [each for each in expansion if meets(expansion, each, start, end)]
        goes_on = expansion.is_truncated and len(expansion) >= most and expansion.instances[-1].start < end
        if not goes_on or len(met) > limit or most > limit + LIMIT:
            return expansion, met, goes_on
        most = min(8 * most, limit + LIMIT + 1)


def _settled(component: Component) -> list[Property]:
    return [item for item in component.properties if item.name not in ("RRULE", "RDATE", "EXDATE", "EXRULE")]


def _instance(instance: Instance, zones: Zones) -> Component:
    component = instance.component
    end_name = end_property(component)
    has_start = component.has("DTSTART") or component.name != "VTODO"
    properties = []
    if has_start:
        properties.append(_moment("DTSTART", instance, instance.start, instance.start_local, zones))
    if instance.recurrence_id is not None:
        local = instance.recurrence_local
        assert local is not None  # both are there or none
        properties.append(_moment("RECURRENCE-ID", instance, instance.recurrence_id, local, zones))
    if component.has(end_name) and not component.has("DURATION"):
        lasting = instance.end - instance.start
        if instance.is_date or instance.is_floating:
            local = zones.floating.local(instance.end) if lasting else instance.start_local
        else:
            local = instance.start_local + lasting
        properties.append(_moment(end_name, instance, instance.end, local, zones))
    for item in component.properties:
        if item.name == "DURATION" and has_start:
            properties.append(_lasting(item, instance, zones))
        elif item.name not in _NOT_EXPANDED:
            properties.append(item)
    return _like(component, properties, component.components)


def _lasting(item: Property, instance: Instance, zones: Zones) -> Property:
    """DURATION of an instance, which is exact where its start is in UTC: days of the zone may have other than 24 hours
    (RFC 5545 3.3.6), and a PERIOD of RDATE lasts as long as it says (RFC 5545 3.8.5.2).
    """
    if instance.is_date:
        return item
    lasting = instance.end - instance.start
    if instance.is_floating:
        lasting = zones.floating.local(instance.end) - instance.start_local
    try:
        is_said = duration(item.value).length == lasting
    except MalformedValue:
        return item
    return item if is_said else item.with_value(duration_text(Duration(0, lasting)))


def _moment(name: str, instance: Instance, utc: int, local: int, zones: Zones) -> Property:
    """A date stays one and what floats goes on floating; all else is in UTC."""
    if instance.is_date:
        return Property.made(name, day_text(local // DAY * DAY), {"VALUE": "DATE"})
    if instance.is_floating:
        return Property.made(name, time_text(local))
    return Property.made(name, time_text(utc, is_utc=True))


def _limited(calendar: Component, within: TimeRange, zone: Zone, limit: int) -> Component:
    """Without the components that replace instances which neither are nor were in the time range (RFC 4791 9.6.6)."""
    overrides = [each for each in calendar.components if each.name in KINDS and each.has("RECURRENCE-ID")]
    if not overrides:
        return calendar
    start, end = _sides(within)
    expansion = instances(calendar, zone_for_floating=zone, limit=limit)
    masters = [each for each in calendar.components if each.name == expansion.kind and not each.has("RECURRENCE-ID")]
    lasting = max((each.end - each.start for each in expansion if not each.is_override), default=0)
    met: set[int] = set()
    for each in expansion:
        if each.is_override and id(each.component) not in met:
            replaced = each.recurrence_id
            was_there = bool(masters) and replaced is not None and replaced < end and replaced + lasting > start
            if was_there or meets(expansion, each, start, end):
                met.add(id(each.component))
    kept = [
        each
        for each in calendar.components
        if each.name != expansion.kind or not each.has("RECURRENCE-ID") or id(each) in met
    ]
    return _like(calendar, calendar.properties, kept)


# Free and busy times


def _busy_within(calendar: Component, within: TimeRange, zone: Zone) -> Component:
    """Without the periods of FREEBUSY outside of the time range (RFC 4791 9.6.7)."""
    start, end = _sides(within)
    zones = Zones(calendar, zone)

    def limited(component: Component) -> Component:
        if component.name != "VFREEBUSY":
            return component
        properties = []
        for item in component.properties:
            if item.name != "FREEBUSY":
                properties.append(item)
                continue
            pieces, spans = item.value.split(","), periods_of(item, zones)
            if len(pieces) != len(spans):
                properties.append(item)
                continue
            kept = [piece for piece, (first, last) in zip(pieces, spans, strict=True) if first < end and last > start]
            if kept:
                properties.append(item if len(kept) == len(pieces) else item.with_value(",".join(kept)))
        return _like(component, properties, component.components)

    return _like(calendar, calendar.properties, map(limited, calendar.components))


def _sides(within: TimeRange) -> tuple[int, int]:
    return within.start or 0, END if within.end is None else within.end
