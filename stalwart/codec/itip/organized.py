"""What an attendee writes of a meeting that somebody else organizes: its times, and what the others have answered, stay
as the organizer has told them (RFC 6638 3.2.2.1).

Nothing is refused for that: clients write what they have read a while ago. A component of a higher SEQUENCE is a newer
revision, which a client has got by mail and this server has not, and stands as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import sequence_of
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.differences import changed_names, says_of
from stalwart.codec.itip.objects import Key, SchedulingObject, derived, lean, read_object
from stalwart.codec.itip.participants import Participant, attendees, one_of
from stalwart.codec.itip.updating import take_zones

TIMES: Final = frozenset({"DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE"})
_SERIES: Final = TIMES | {"SEQUENCE"}


def as_organized(old: SchedulingObject, new: SchedulingObject, addresses: frozenset[str]) -> SchedulingObject | None:
    """``new`` with what is not the attendee's, who has ``addresses``, as ``old`` has it; None if that is so already."""
    calendar = new.calendar.copy()
    keys = {id(part): key for key, part in new.parts.items()}
    pairs = zip(new.calendar.components, calendar.components, strict=True)
    parts = {keys[id(source)]: copy for source, copy in pairs if id(source) in keys}
    series = lean(old, _SERIES)
    is_changed = False
    for key, part in parts.items():
        before = old.parts.get(key) or _of_series(series, old, key, part, new.zones)
        if before is None or sequence_of(part) > sequence_of(before):
            continue
        is_changed |= _put_times_back(part, new.zones, before, old.zones)
        if key in old.parts and sequence_of(part) < sequence_of(before):
            part.set("SEQUENCE", str(sequence_of(before)))
            is_changed = True
        is_changed |= _put_answers_back(part, old.people(key if key in old.parts else None), addresses)
    if not is_changed:
        return None
    take_zones(calendar, old.calendar)
    return read_object(calendar)


def _of_series(
    series: SchedulingObject, old: SchedulingObject, key: Key, part: Component, zones: Zones
) -> Component | None:
    """What an instance is in the series, that has got a component of its own now."""
    recurrence = part.first("RECURRENCE-ID")
    if recurrence is None or not old.has_instance(key):
        return None
    return derived(series, recurrence, zones)


def _put_times_back(part: Component, zones: Zones, before: Component, zones_before: Zones) -> bool:
    changed = changed_names(before, zones_before, part, zones, has_people=False) & TIMES
    for name in changed:
        items = before.all(name)
        if items:
            part.put(*items)
        else:
            part.remove(name)
    return bool(changed)


def _put_answers_back(part: Component, known: Mapping[str, Participant], addresses: frozenset[str]) -> bool:
    said, own = attendees(part), set(addresses)
    for me in (one_of(known, addresses), one_of(said, addresses)):
        own.update(me.delegated_to if me is not None else ())
    instead = {
        id(now.item): known[address].item
        for address, now in said.items()
        if address not in own and address in known and says_of(known[address]) != says_of(now)
    }
    if instead:
        part.properties = [instead.get(id(each), each) for each in part.properties]
    return bool(instead)
