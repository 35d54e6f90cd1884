"""A calendar object as scheduling sees it: one organizer, and instances by when the series has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from attrs import Factory, define

from stalwart.codec.icalendar.comparing import instant
from stalwart.codec.icalendar.components import Component, end_property
from stalwart.codec.icalendar.instances import KINDS, Instance, instances_of
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import (
    DAY,
    MalformedValue,
    Moment,
    Period,
    calendar_address,
    moment_of,
    moment_text,
    moments_of,
)
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.outcomes import MOST_INSTANCES, SchedulingRefused
from stalwart.codec.itip.participants import Participant, attendees, participant

Key = tuple[str, int | str] | None
"""Which instance: a day, an instant, or None for the series. Text of it, if it cannot be read."""

SCHEDULED: Final = ("VEVENT", "VTODO")
"""What people can be invited to."""

_MOST_LOOKS: Final = 8
"""How often one instance is looked for in a series that has too many to know all."""

_SERIES_ONLY: Final = ("RRULE", "RDATE", "EXDATE", "EXRULE")


@define
class SchedulingObject:
    """Components of one UID and kind with an organizer."""

    calendar: Component
    uid: str
    kind: str
    organizer: Participant | None
    """The one of all components; None if there is none that can be written to."""
    parts: dict[Key, Component]
    """The series (or the single event) at None, and what replaces its instances."""
    zones: Zones
    start: tuple[Moment, Zones] | None
    """When the series starts, and on whose clock."""
    _people: dict[Key, dict[str, Participant]] = Factory(dict)
    _series: set[Key] | None = None
    _looks: int = 0

    @property
    def master(self) -> Component | None:
        """The component without RECURRENCE-ID."""
        return self.parts.get(None)

    def key(self, recurrence: Property) -> Key:
        """Which instance a RECURRENCE-ID means."""
        return key_of(Component(self.kind, [recurrence]), self.zones, self.start)

    def people(self, key: Key) -> dict[str, Participant]:
        """The attendees of a component by address; nobody, if there is no such component."""
        found = self._people.get(key)
        if found is None:
            part = self.parts.get(key)
            found = attendees(part) if part is not None else {}
            self._people[key] = found
        return found

    def invited(self) -> dict[str, Participant]:
        """All attendees, as the first component says that has them."""
        found: dict[str, Participant] = {}
        for key in self.parts:
            for address, each in self.people(key).items():
                found.setdefault(address, each)
        return found

    def can_have(self, key: Key) -> bool:
        """Whether there can be such an instance: it is one of the series, or nobody knows the series."""
        return self.master is None or self.has_instance(key)

    def has_instance(self, key: Key) -> bool:
        """Whether the series comes by at that time, of itself."""
        master = self.master
        if master is None or key is None or isinstance(key[1], str):
            return False
        if not master.has("RRULE") and not master.has("RDATE"):
            return False
        if self._series is None:
            expansion = instances_of([master], self.zones)
            self._series = {_key_in_series(each) for each in expansion}
            self._looks = _MOST_LOOKS if expansion.is_truncated else 0
        if key in self._series:
            return True
        if not self._looks:
            return False
        self._looks -= 1
        since = key[1] * DAY if key[0] == "day" else key[1]
        return any(_key_in_series(each) == key for each in instances_of([master], self.zones, since=since))


def _key_in_series(given: Instance) -> Key:
    if given.is_date:
        return "day", given.start_local // DAY
    return ("floating", given.start_local) if given.is_floating else ("instant", given.start)


def read_object(calendar: Component, series: SchedulingObject | None = None) -> SchedulingObject:
    """A calendar object, or a message about the instances of ``series``. Raises SchedulingRefused."""
    components = [each for each in calendar.components if each.name in KINDS]
    if not components:
        raise SchedulingRefused("WRONG_MESSAGE", "There is nothing in it that people could be invited to.")
    kind = components[0].name
    if any(each.name != kind for each in components):
        raise SchedulingRefused("WRONG_MESSAGE", "There are components of several kinds in it.")
    uids = {(each.value("UID") or "").strip() for each in components}
    if len(uids) > 1 or not all(uids):
        raise SchedulingRefused("WRONG_MESSAGE", "All components have to have one and the same UID.")
    zones = Zones(calendar)
    start = _start_of(components, zones, series)
    parts: dict[Key, Component] = {}
    for each in components:
        key = key_of(each, zones, start)
        if key in parts:
            raise SchedulingRefused("WRONG_MESSAGE", "The same instance is in it twice.")
        parts[key] = each
    if None in parts:
        parts = {None: parts.pop(None), **parts}
    return SchedulingObject(calendar, uids.pop(), kind, _organizer(components), parts, zones, start)


def key_of(component: Component, zones: Zones, start: tuple[Moment, Zones] | None) -> Key:
    """Which instance a component is, of a series that starts then."""
    item = component.first("RECURRENCE-ID")
    if item is None:
        return None
    try:
        given = moment_of(item)
    except MalformedValue:
        return "text", item.value.strip()[:255]
    if start is None:
        return instant(given, zones)
    first, series_zones = start
    if first.is_date:
        return "day", given.local // DAY
    if given.is_date:
        # A day of a series that has times: the instance on that day, as ``icalendar.instances`` takes it.
        given = first._replace(local=given.local + first.local % DAY)
        return instant(given, series_zones)
    if given.is_floating and not first.is_floating:
        return "instant", series_zones.of(first).utc(given.local)
    if first.is_floating and not given.is_floating:
        return "floating", series_zones.floating.local(zones.utc(given))
    return instant(given, zones)


def derived(source: SchedulingObject, recurrence: Property, zones: Zones) -> Component | None:
    """A component that says of one instance what the series does; None if that cannot be said."""
    master = source.master
    if master is None:
        return None
    try:
        at = moment_of(recurrence)
        item = master.first("DTSTART")
        start = moment_of(item) if item is not None else None
    except MalformedValue:
        return None
    if start is None or item is None:
        return None
    part = master.copy()
    part.remove(*_SERIES_ONLY)
    try:
        moved = start._replace(local=_on_clock(at, start, zones, source.zones))
        part.put(item.with_value(moment_text(moved)))
        _move_end(part, start, moved, source.zones)
    except (MalformedValue, ValueError, OverflowError):
        return None
    written = item.with_value(moment_text(moved))
    parameters = {name: values for name, values in written.parameters.items() if name in ("TZID", "VALUE")}
    recurrence = Property.made("RECURRENCE-ID", written.value, parameters)
    at_index = next(index for index, each in enumerate(part.properties) if each.name == "DTSTART")
    part.properties.insert(at_index, recurrence)
    return part


def _on_clock(at: Moment, start: Moment, zones: Zones, series_zones: Zones) -> int:
    """The time of an instance on the clock of its series."""
    if start.is_date:
        return at.local // DAY * DAY
    if at.is_date:
        return at.local + start.local % DAY
    return at.local if at.is_floating else series_zones.of(start).local(zones.utc(at))


def octets_of(part: Component) -> int:
    """About how large a component is."""
    return sum(len(item.raw) for each in part.walk() for item in each.properties)


def lean(source: SchedulingObject, names: frozenset[str]) -> SchedulingObject:
    """Its series alone, with the first property of each of these names: to derive many instances of."""
    found: dict[str, Property] = {}
    for item in source.master.properties if source.master is not None else ():
        if item.name in names:
            found.setdefault(item.name, item)
    return _with_master(source, found.values())


def without_people(source: SchedulingObject) -> SchedulingObject:
    """Its series alone, without attendees and alarms."""
    properties = source.master.properties if source.master is not None else ()
    return _with_master(source, (item for item in properties if item.name != "ATTENDEE"))


def _with_master(source: SchedulingObject, properties: Iterable[Property]) -> SchedulingObject:
    parts: dict[Key, Component] = {None: Component(source.kind, properties)} if source.master is not None else {}
    return SchedulingObject(
        source.calendar, source.uid, source.kind, source.organizer, parts, source.zones, source.start
    )


def exceptions(master: Component) -> Iterator[Property]:
    """EXDATE, each as RECURRENCE-ID."""
    for item in master.all("EXDATE"):
        try:
            dates = moments_of(item)
        except MalformedValue:
            continue
        parameters = {name: item.parameters[name] for name in ("TZID", "VALUE") if name in item.parameters}
        for each in dates:
            given = each.start if isinstance(each, Period) else each
            yield Property.made("RECURRENCE-ID", moment_text(given), parameters)


def earlier(source: SchedulingObject, key: Key, part: Component, zones: Zones) -> Component | None:
    """What an instance was before: in a component of its own, or as the series had it."""
    known = source.parts.get(key)
    recurrence = part.first("RECURRENCE-ID")
    if known is not None or recurrence is None:
        return known
    return derived(source, recurrence, zones)


def _move_end(part: Component, start: Moment, moved: Moment, zones: Zones) -> None:
    """DTEND or DUE as far behind the start as in the series."""
    item = part.first(end_property(part))
    if item is None:
        return
    end = moment_of(item)
    if end.is_date or start.is_date:
        later = end.local + moved.local - start.local
    else:
        lasts = zones.utc(end) - zones.utc(start)
        later = zones.of(end).local(zones.utc(moved) + lasts)
    part.put(item.with_value(moment_text(end._replace(local=later))))


def is_cancelled(part: Component) -> bool:
    """STATUS:CANCELLED."""
    return (part.value("STATUS") or "").strip().upper() == "CANCELLED"


def bounded(keys: Iterable[Key]) -> list[Key]:
    """Instances that one message is about. Raises SchedulingRefused if they are too many."""
    found = list(keys)
    if len(found) > MOST_INSTANCES:
        raise SchedulingRefused("WRONG_MESSAGE", f"More than {MOST_INSTANCES} instances change at once.")
    return found


def _start_of(
    components: Iterable[Component], zones: Zones, series: SchedulingObject | None
) -> tuple[Moment, Zones] | None:
    master = next((each for each in components if not each.has("RECURRENCE-ID")), None)
    if master is None and series is not None:
        master, zones = series.master, series.zones
    item = master.first("DTSTART") if master is not None else None
    if item is None:
        return None
    try:
        return moment_of(item), zones
    except MalformedValue:
        return None


def _organizer(components: Iterable[Component]) -> Participant | None:
    found: dict[str, Participant] = {}
    unread: set[str] = set()
    for component in components:
        for item in component.properties:
            if item.name == "ORGANIZER":
                each = participant(item)
                if each is not None:
                    found.setdefault(each.address, each)
                else:
                    unread.add(calendar_address(item.value) or item.value.strip())
    if len(found) > 1:
        raise SchedulingRefused("SEVERAL_ORGANIZERS", "All components have to have the same organizer.")
    return next(iter(found.values()), None)
