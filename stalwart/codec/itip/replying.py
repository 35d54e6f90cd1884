"""An attendee answers without a message, on a web page: the organizer's own copy is changed."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.discretion import hides_people, without_people
from stalwart.codec.icalendar.instances import KINDS, sequence_of
from stalwart.codec.icalendar.values import calendar_address, time_text
from stalwart.codec.itip.messages import exception, message_calendar, request_part
from stalwart.codec.itip.objects import read_object
from stalwart.codec.itip.outcomes import SchedulingRefused
from stalwart.codec.itip.participants import participant, with_last_answer
from stalwart.errors import Invalid

ANSWERS: Final = frozenset({"ACCEPTED", "DECLINED", "TENTATIVE"})
TASK_ANSWERS: Final = ANSWERS | {"COMPLETED", "IN-PROCESS"}
"""RFC 5545 3.2.12: what can be answered to a task."""


@frozen
class Answered:
    """An answer is recorded."""

    calendar: Component
    """The organizer's object as it is to be stored."""
    previous: str
    """What was answered before, of the first component that has the attendee; NEEDS-ACTION at first."""
    is_changed: bool
    """Whether anything is different; the same answer is as good."""


def seen_by(calendar: Component, attendee: str, now: int) -> Component | None:
    """What an attendee has been told of an organizer's object: the series without the instances that others are invited
    to, or single instances; no alarms, nothing of how it was sent. None if the attendee takes part no more, or the
    object is none that people are invited to.
    """
    try:
        source = read_object(calendar)
    except SchedulingRefused:
        return None
    address = calendar_address(attendee) or ""
    parts = {key: request_part(part, now) for key, part in source.parts.items() if address in source.people(key)}
    if hides_people(source.calendar):
        parts = {key: without_people(part, address.__eq__) for key, part in parts.items()}
    if not parts:
        return None
    for key, part in source.parts.items():
        if None in parts and key not in parts:
            parts[None].properties += exception(part)
    seen = message_calendar("REQUEST", parts.values(), calendar, source.zones)
    seen.remove("METHOD")
    return seen


def answer(calendar: Component, attendee: str, participation: str, now: int) -> Answered | None:
    """Set PARTSTAT of an attendee in all components, at ``now`` (UTC seconds); None if the attendee takes part no more.

    Raises Invalid if it is no answer to such an object: COMPLETED and IN-PROCESS are for tasks.
    """
    participation = participation.strip().upper()
    changed = calendar.copy()
    address = calendar_address(attendee)
    previous: str | None = None
    is_changed = False
    for component in changed.components:
        if component.name not in KINDS:
            continue
        if participation not in (TASK_ANSWERS if component.name == "VTODO" else ANSWERS):
            raise Invalid("This is no answer to an invitation of this kind.")
        for index, item in enumerate(component.properties):
            each = participant(item) if item.name == "ATTENDEE" and address is not None else None
            if each is None or each.address != address:
                continue
            previous = each.participation if previous is None else previous
            if each.participation != participation or not each.has_participation:
                item = item.with_parameter("PARTSTAT", participation)
                at = time_text(now, is_utc=True)
                component.properties[index] = with_last_answer(item, sequence_of(component), at)
                is_changed = True
    return Answered(changed, previous, is_changed) if previous is not None else None


def current_answer(calendar: Component, attendee: str) -> str | None:
    """PARTSTAT of an attendee, in the first component that has one; None if the attendee takes part no more."""
    address = calendar_address(attendee)
    for component in calendar.components if address is not None else ():
        for item in component.all("ATTENDEE") if component.name in KINDS else ():
            each = participant(item)
            if each is not None and each.address == address:
                return each.participation
    return None
