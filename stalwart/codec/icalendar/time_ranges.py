"""The spans of a calendar object as RFC 4791 9.9 counts them, for the table that is kept beside it.

The RFC has a table for each kind, with "less" and "not greater" in places that differ; in whole seconds these become
spans that are a second longer at the one end or the other, so that one test serves all kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import Expansion, Instance
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.spans import BEGINNING, END, SpanTable, packed
from stalwart.codec.icalendar.values import MalformedValue, Moment, Period, moment_of, moments_of
from stalwart.codec.icalendar.zones import Zones

_MOST_PERIODS: Final = 20_000


def span_table(expansion: Expansion) -> SpanTable:
    """What the store keeps of an object, to say without reading it whether it is in a time range."""
    spans_of = _SPANS.get(expansion.kind, _event)
    spans = [span for instance in expansion.instances for span in spans_of(instance, expansion.zones)]
    if expansion.kind == "VTODO":
        spans += [_undated_task(each, expansion.zones) for each in expansion.undated]
    elif expansion.kind == "VFREEBUSY":
        spans += [span for each in expansion.undated for span in busy_periods(each, expansion.zones)]
    elif expansion.kind == "VAVAILABILITY":
        spans += [(BEGINNING, _end_of(each, expansion.zones)) for each in expansion.undated]
    floating = [each.is_floating for each in expansion.instances]
    is_floating = bool(floating) and all(floating)
    return SpanTable(
        kind=expansion.kind,
        first=min((start for start, _ in spans), default=BEGINNING),
        last=END if expansion.is_truncated else max((max(span) for span in spans), default=BEGINNING),
        packed=packed(spans),
        is_floating=is_floating,
        is_mixed=any(floating) and not is_floating,
        is_truncated=expansion.is_truncated,
    )


def spans_of(expansion: Expansion, instance: Instance) -> list[tuple[int, int]]:
    """The spans of one instance, to be asked as those of ``span_table`` are."""
    return list(_SPANS.get(expansion.kind, _event)(instance, expansion.zones))


def meets(expansion: Expansion, instance: Instance, start: int, end: int) -> bool:
    """Whether an instance is in a time range of UTC seconds (RFC 4791 9.9)."""
    return any(
        first < end and (last > start or first == last == start) for first, last in spans_of(expansion, instance)
    )


def _event(instance: Instance, zones: Zones) -> Iterator[tuple[int, int]]:
    yield instance.start, instance.end


def _task(instance: Instance, zones: Zones) -> Iterator[tuple[int, int]]:
    """The table of VTODO, where DTSTART or DUE is."""
    start, end, component = instance.start, instance.end, instance.component
    if not component.has("DTSTART") and instance.recurrence_id is None:
        yield start - 1, start
    elif component.has("DUE"):
        yield (start, end) if end > start else (start - 1, start + 1)
    elif component.has("DURATION"):
        yield (start if end > start else start - 1), end + 1
    else:
        yield start, start


def _undated_task(component: Component, zones: Zones) -> tuple[int, int]:
    """The table of VTODO, where neither is."""
    completed, created = _instant(component, "COMPLETED", zones), _instant(component, "CREATED", zones)
    if completed is not None and created is not None:
        return min(completed, created) - 1, max(completed, created) + 1
    if completed is not None:
        return completed - 1, completed + 1
    return (created, END) if created is not None else (BEGINNING, END)


def _instant(component: Component, name: str, zones: Zones) -> int | None:
    item = component.first(name)
    try:
        return zones.utc(moment_of(item)) if item is not None else None
    except MalformedValue:
        return None


def _free_busy(instance: Instance, zones: Zones) -> Iterator[tuple[int, int]]:
    if instance.component.has("DTEND") and instance.component.has("DTSTART"):
        yield instance.start, instance.end + 1
    else:
        yield from busy_periods(instance.component, zones)


def busy_periods(component: Component, zones: Zones) -> Iterator[tuple[int, int]]:
    """The periods of all FREEBUSY of a VFREEBUSY (RFC 5545 3.8.2.6)."""
    for item in component.all("FREEBUSY"):
        yield from periods_of(item, zones)


def periods_of(item: Property, zones: Zones) -> list[tuple[int, int]]:
    """The periods of one FREEBUSY; none, if one of them cannot be read."""
    try:
        found = [_period(each, zones) for each in moments_of(item)[:_MOST_PERIODS]]
    except MalformedValue:
        return []
    return [each for each in found if each is not None]


def _period(given: Moment | Period, zones: Zones) -> tuple[int, int] | None:
    if isinstance(given, Moment):
        return None
    start = zones.utc(given.start)
    if isinstance(given.end, Moment):
        return start, max(start, zones.utc(given.end))
    return start, start + max(0, given.end.length)


def _available(instance: Instance, zones: Zones) -> Iterator[tuple[int, int]]:
    """RFC 7953 3.1: without DTEND and DURATION it never ends."""
    component = instance.component
    is_open = not (component.has("DTEND") or component.has("DURATION"))
    yield instance.start, END if is_open else instance.end


def _end_of(component: Component, zones: Zones) -> int:
    end = _instant(component, "DTEND", zones)
    return END if end is None else end


_SPANS: Final[dict[str, Callable[[Instance, Zones], Iterator[tuple[int, int]]]]] = {
    "VTODO": _task,
    "VFREEBUSY": _free_busy,
    "VAVAILABILITY": _available,
}
