"""A scheduling message as text, until somebody writes its mail: the message, and behind it the object that it changes,
two iCalendar objects in a row (RFC 5545 3.4)."""

from __future__ import annotations

from typing import cast

from stalwart.codec.icalendar.components import Component, read_calendars
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.itip.facts import facts_of
from stalwart.codec.itip.objects import earlier, read_object
from stalwart.codec.itip.outcomes import ItipMessage, Method, SchedulingRefused


def kept_text(message: ItipMessage, before: Component | None) -> str:
    """A message that changes ``before``."""
    text = message.calendar.text()
    return text + before.text() if before is not None and message.facts.before is not None else text


def restored(text: str, sender: str, recipients: tuple[str, ...]) -> ItipMessage:
    """The message of ``kept_text``. Raises MalformedCalendar."""
    octets = text.encode()
    calendars = read_calendars(octets, max_octets=max(len(octets), 1), is_lenient=True)
    if not calendars:
        raise MalformedCalendar("There is no VCALENDAR.")
    try:
        before = read_object(calendars[1]) if len(calendars) > 1 else None
        said = read_object(calendars[0], before)
    except SchedulingRefused as refused:
        raise MalformedCalendar(refused.detail) from refused
    method = cast(Method, (calendars[0].value("METHOD") or "").strip().upper())
    key, first = next(iter(said.parts.items()))
    answer = said.people(key).get(sender)
    facts = facts_of(
        first,
        said.zones,
        instances=len(said.parts),
        participation=answer.participation if answer is not None and method in ("REPLY", "COUNTER") else "",
        before=earlier(before, key, first, said.zones) if before is not None else None,
        zones_before=before.zones if before is not None else None,
    )
    return ItipMessage(method, sender, recipients, calendars[0], facts)
