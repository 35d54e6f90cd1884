"""An organizer moves what people have answered to: they are asked anew (RFC 6638 3.2.8).

An answer is to a time. Who takes part in something that takes place at another time, or in more of it, has
NEEDS-ACTION again, also who has declined: another time may suit. What becomes shorter, or changes its place or its
text, leaves answers as they are, as do people whom the server does not write to (SCHEDULE-AGENT).
"""

from __future__ import annotations

from math import inf
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import instances_of
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.differences import changed_names
from stalwart.codec.itip.objects import Key, SchedulingObject, earlier, read_object
from stalwart.codec.itip.participants import NEEDS_ACTION, participant

_TIMES: Final = frozenset({"DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE"})

Time = tuple[int, int, bool]


def asked_anew(old: SchedulingObject, new: SchedulingObject, own: frozenset[str]) -> SchedulingObject | None:
    """``new`` with the answers taken back that were given to other times than it has; None if all of them stand.

    ``own`` are the addresses of the organizer, whose answer is not asked for.
    """
    moved = {id(part) for key, part in new.parts.items() if _is_moved(old, new, key, part)}
    if not moved:
        return None
    calendar = new.calendar.copy()
    is_changed = False
    for source, part in zip(new.calendar.components, calendar.components, strict=True):
        if id(source) in moved:
            is_changed |= _reset(part, own)
    return read_object(calendar) if is_changed else None


def _is_moved(old: SchedulingObject, new: SchedulingObject, key: Key, part: Component) -> bool:
    before = earlier(old, key, part, new.zones)
    if before is None:
        return False
    if not changed_names(before, old.zones, part, new.zones, has_people=False) & _TIMES:
        return False
    (times, known), (times_before, known_before) = _times(part, new.zones), _times(before, old.zones)
    known = min(known, known_before)
    return any(each[0] <= known for each in times - times_before)


def _times(part: Component, zones: Zones) -> tuple[set[Time], float]:
    """When a component takes place, or all instances of a series do; until when that is all of them, in UTC seconds."""
    alone = part
    if part.has("RECURRENCE-ID"):
        alone = part.copy()
        alone.remove("RECURRENCE-ID")
    found = instances_of([alone], zones)
    known = found.instances[-1].start if found.is_truncated and found.instances else inf
    return {(each.start, each.end, each.is_date) for each in found}, known


def _reset(part: Component, own: frozenset[str]) -> bool:
    is_changed = False
    for item in [each for each in part.properties if each.name == "ATTENDEE"]:
        each = participant(item)
        if each is None or not each.is_ours or each.address in own or each.participation == NEEDS_ACTION:
            continue
        part.exchange(item, item.with_parameter("PARTSTAT", NEEDS_ACTION))
        is_changed = True
    return is_changed
