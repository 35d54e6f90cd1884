"""Objects of single events that are written as a few lines."""

from __future__ import annotations

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.jscalendar.patches import patched
from stalwart.codec.jscalendar.series import calendar_of, event_of
from stalwart.codec.jscalendar.values import Json
from tests.codec.jscalendar.exports import event_text, octets

START = "DTSTART:20260101T100000Z"


def parsed(*lines: str) -> Component:
    """The calendar object with an event of these lines."""
    return read_calendar(octets(event_text(START, "DTSTAMP:20260101T000000Z", *lines)))


def read(*lines: str) -> Json:
    """The event of these lines."""
    return event_of(parsed(*lines))


def made(**members: object) -> Json:
    """A small event with these members."""
    return {
        "@type": "Event",
        "uid": "a",
        "updated": "2026-01-01T00:00:00Z",
        "start": "2026-01-01T10:00:00",
        "timeZone": "Etc/UTC",
        **members,
    }


def lines_of(calendar: Component) -> list[str]:
    """The unfolded lines of the event and of what is in it."""
    event = next(each for each in calendar.components if each.name in ("VEVENT", "VTODO"))
    return [item.line for part in event.walk() for item in part.properties][1:]


def written(**members: object) -> list[str]:
    """The lines that stand for these members."""
    plain = lines_of(calendar_of(made()))
    return [line for line in lines_of(calendar_of(made(**members))) if line not in plain]


def changed(lines: tuple[str, ...], patch: Json) -> list[str]:
    """The lines of an event after a change."""
    calendar = parsed(*lines)
    event = patched(event_of(calendar), patch)
    after = calendar_of(event, calendar)
    again = event_of(read_calendar(after.octets()))
    assert again == event, (again, event)
    return lines_of(after)[2:]
