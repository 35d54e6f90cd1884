"""Calendar objects for tests of scheduling."""

from __future__ import annotations

from stalwart.codec.icalendar.components import Component, read_calendar

INVITED = """ORGANIZER;CN=Alice:mailto:alice@example.test
ATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:alice@example.test
ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.test
ATTENDEE:mailto:guest@elsewhere.test"""


def octets(*lines: str, kind: str = "VEVENT", start: str = "DTSTART;TZID=Europe/Berlin:20260105T120000") -> bytes:
    """A calendar object of one component with these lines, some of which may hold several."""
    every = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", f"BEGIN:{kind}", "UID:lunch-1"),
        *(["DTSTAMP:20260101T000000Z", start] if start else ["DTSTAMP:20260101T000000Z"]),
        *(line for each in lines for line in each.split("\n")),
        *(f"END:{kind}", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(every).encode()


def calendar(*lines: str, **given: str) -> Component:
    """The same, read."""
    return read_calendar(octets(*lines, **given))
