"""When the alarms of a calendar object go off (RFC 5545 3.6.6, RFC 9074)."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Final, NamedTuple

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import Expansion, Instance
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.spans import packed
from stalwart.codec.icalendar.timezones import Zone
from stalwart.codec.icalendar.values import DAY, Duration, MalformedValue, duration, moment, moment_of
from stalwart.codec.icalendar.zones import Zones

LIMIT: Final = 10_000
_MOST_ALARMS: Final = 50
"""In one component."""
_MOST_REPETITIONS: Final = 50


class Alarm(NamedTuple):
    """One time at which an alarm goes off."""

    at: int
    """UTC seconds."""
    alarm: Component
    """The VALARM."""
    component: Component
    """What it is in."""
    instance: Instance | None
    """What it is for; None if its time does not depend on one."""


def alarms(expansion: Expansion, *, limit: int = LIMIT) -> list[Alarm]:
    """The times at which the alarms of an object go off, with their repetitions, sorted."""
    found: list[Alarm] = []
    relative: dict[int, list[_Relative]] = {}
    components = {id(each.component): each.component for each in expansion.instances}
    components.update((id(each), each) for each in expansion.undated)
    for key, component in components.items():
        relative[key] = []
        for alarm in component.within("VALARM")[:_MOST_ALARMS]:
            trigger = alarm.first("TRIGGER")
            if trigger is None:
                continue
            try:
                absolute = _absolute(trigger, expansion.zones)
                if absolute is not None:
                    found += [Alarm(at, alarm, component, None) for at in _repeated(absolute, alarm)]
                else:
                    relative[key].append(_relative(trigger, alarm, component, expansion.zones))
            except MalformedValue:
                continue
    if any(relative.values()):
        for instance in expansion.instances:
            for each in relative[id(instance.component)]:
                found += [Alarm(at, each.alarm, instance.component, instance) for at in each.times(instance)]
            if len(found) >= limit:
                break
    found.sort(key=itemgetter(0))
    return found[:limit]


def next_alarms(expansion: Expansion, after: int) -> list[Alarm]:
    """The alarms that go off next after a moment, all at one time; not those that are acknowledged (RFC 9074 6)."""
    nearest: list[Alarm] = []
    for each in alarms(expansion):
        if nearest and each.at > nearest[0].at:
            break
        if each.at > after and not _is_acknowledged(each):
            nearest.append(each)
    return nearest


def alarm_table(expansion: Expansion) -> bytes:
    """The same times for ``spans.overlaps`` and ``spans.next_start``: what RFC 4791 9.9 asks of VALARM."""
    return packed([(each.at, each.at) for each in alarms(expansion)])


class _Relative(NamedTuple):
    """A trigger before or after each instance."""

    alarm: Component
    by: Duration
    zone: Zone
    is_from_end: bool

    def times(self, instance: Instance) -> Iterator[int]:
        """When it goes off for an instance: nominal days on its clock, then exact seconds."""
        at = instance.end if self.is_from_end else instance.start
        if self.by.days:
            local = self.zone.local(at) if self.is_from_end else instance.start_local
            at = self.zone.utc(local + self.by.days * DAY)
        return _repeated(at + self.by.seconds, self.alarm)


def _relative(trigger: Property, alarm: Component, component: Component, zones: Zones) -> _Relative:
    start = component.first("DTSTART") or component.first("DUE")
    zone = zones.of(moment_of(start)) if start is not None else zones.floating
    return _Relative(alarm, duration(trigger.value), zone, (trigger.parameter("RELATED") or "").upper() == "END")


def _absolute(trigger: Property, zones: Zones) -> int | None:
    value = trigger.value.strip()
    return zones.utc(moment(value, trigger.parameter("TZID"))) if value[:1].isdigit() else None


def _repeated(at: int, alarm: Component) -> Iterator[int]:
    """A time and its repetitions (RFC 5545 3.8.6.2)."""
    yield at
    count, pause = alarm.value("REPEAT"), alarm.value("DURATION")
    if count is None or pause is None or not count.strip().isdecimal():
        return
    try:
        step = duration(pause).length
    except MalformedValue:
        return
    if step > 0:
        for index in range(1, min(int(count.strip()[:6]), _MOST_REPETITIONS) + 1):
            yield at + index * step


def _is_acknowledged(given: Alarm) -> bool:
    item = given.alarm.first("ACKNOWLEDGED")
    if item is None:
        return False
    try:
        return moment_of(item).local >= given.at
    except MalformedValue:
        return False
