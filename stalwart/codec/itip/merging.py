"""An organizer writes an object that he knew before some of the answers came: they are kept (RFC 6638 3.2.10).

Answers do not change Schedule-Tag, so a client that shows it does not have to have seen them. Where an instance is
moved, who has answered has not answered to that, and what the client writes stands.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.values import calendar_address
from stalwart.codec.itip.differences import changed_names
from stalwart.codec.itip.objects import read_object
from stalwart.codec.itip.outcomes import SchedulingRefused
from stalwart.codec.itip.participants import NEEDS_ACTION, attendees

_TIMES: Final = frozenset({"DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE"})


def with_answers(stored: Component, given: Component, own: frozenset[str]) -> Component | None:
    """``given`` with the answers of ``stored`` that it does not know; None if it knows all, or ``own`` addresses do not
    organize it.
    """
    merged = given.copy()
    try:
        before, after = read_object(stored), read_object(merged)
    except SchedulingRefused:
        return None
    if after.organizer is None or after.organizer.address not in own:
        return None
    is_changed = False
    for key, part in after.parts.items():
        earlier = before.parts.get(key)
        if earlier is None or changed_names(earlier, before.zones, part, after.zones, has_people=False) & _TIMES:
            continue
        known = attendees(earlier)
        for item in [each for each in part.properties if each.name == "ATTENDEE"]:
            said = known.get(calendar_address(item.value) or "")
            if said is None or said.address in own or said.participation == NEEDS_ACTION:
                continue
            if (item.parameter("PARTSTAT") or NEEDS_ACTION).strip().upper() == NEEDS_ACTION:
                part.exchange(item, item.with_parameter("PARTSTAT", said.participation))
                is_changed = True
    return merged if is_changed else None
