"""When somebody is busy, and the VFREEBUSY that says so (RFC 4791 7.10, RFC 5545 3.6.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import Expansion, Instance
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.time_ranges import meets, periods_of
from stalwart.codec.icalendar.values import time_text

PRODID: Final = "-//stalwart//calendars//EN"


class Busy(IntEnum):
    """What an event means for the time of its owner. The numbers are on disk."""

    BUSY = 0
    TENTATIVE = 1
    FREE = 2
    UNAVAILABLE = 3


_TYPES: Final = {Busy.BUSY: "BUSY", Busy.TENTATIVE: "BUSY-TENTATIVE", Busy.UNAVAILABLE: "BUSY-UNAVAILABLE"}
_BY_TYPE: Final = {**{type: busy for busy, type in _TYPES.items()}, "FREE": Busy.FREE}


def busy_of(component: Component) -> Busy:
    """What a component makes of its time; only events count (RFC 4791 7.10)."""
    if component.name != "VEVENT" or (component.value("TRANSP") or "").strip().upper() == "TRANSPARENT":
        return Busy.FREE
    status = (component.value("STATUS") or "").strip().upper()
    if status == "CANCELLED":
        return Busy.FREE
    return Busy.TENTATIVE if status == "TENTATIVE" else Busy.BUSY


def busy_times(expansion: Expansion, start: int, end: int) -> Iterator[tuple[Busy, int, int]]:
    """The times in a range at which an object makes somebody busy."""
    if expansion.kind == "VFREEBUSY":
        components = {id(each.component): each.component for each in expansion}
        components.update((id(each), each) for each in expansion.undated)
        for component in components.values():
            for item in component.all("FREEBUSY"):
                type = (item.parameter("FBTYPE") or "BUSY").upper()
                busy = _BY_TYPE.get(type, Busy.BUSY)
                for first, last in periods_of(item, expansion.zones):
                    if busy is not Busy.FREE and first < end and last > start:
                        yield busy, first, last
        return
    for busy, each in busy_instances(expansion, start, end):
        yield busy, each.start, each.end


def busy_instances(expansion: Expansion, start: int, end: int) -> Iterator[tuple[Busy, Instance]]:
    """The instances of an event in a range that make somebody busy."""
    known: dict[int, Busy] = {}
    for each in expansion:
        key = id(each.component)
        if key not in known:
            known[key] = busy_of(each.component)
        busy = known[key]
        if busy is not Busy.FREE and meets(expansion, each, start, end):
            yield busy, each


def merged(periods: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Periods sorted and joined where they touch; instants are none."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(periods):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def free_busy(
    within: tuple[int, int] | None,
    times: Iterable[tuple[Busy, int, int]],
    stamp: int,
    *,
    method: str | None = None,
    properties: Iterable[Property] = (),
) -> Component:
    """A calendar with one VFREEBUSY. Without a range nothing is said in it. ``properties`` come behind the times: who
    has asked whom (RFC 6638 5).
    """
    calendar = Component("VCALENDAR", [Property.made("VERSION", "2.0"), Property.made("PRODID", PRODID)])
    if method is not None:
        calendar.set("METHOD", method)
    answer = Component("VFREEBUSY")
    calendar.components.append(answer)
    if within is not None:
        for name, moment in (("DTSTART", within[0]), ("DTEND", within[1]), ("DTSTAMP", stamp)):
            answer.set(name, time_text(moment, is_utc=True))
        by_type: dict[Busy, list[tuple[int, int]]] = {}
        for busy, start, end in times:
            by_type.setdefault(busy, []).append((start, end))
        for busy, type in _TYPES.items():
            periods = merged(by_type.get(busy, ()))
            if periods:
                written = ",".join(f"{time_text(a, is_utc=True)}/{time_text(b, is_utc=True)}" for a, b in periods)
                answer.properties.append(Property.made("FREEBUSY", written, {"FBTYPE": type}))
    answer.properties += properties
    return calendar
