"""The form of messages."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.messages import (
    cancel_part,
    exception,
    first_facts,
    message,
    message_calendar,
    named_zones,
    reply_part,
    request_part,
)
from stalwart.codec.itip.objects import read_object
from stalwart.codec.itip.participants import attendees
from tests.codec.itip.scripts import NOW, calendar

EVENT = """BEGIN:VEVENT
UID:u
DTSTAMP:20200101T000000Z
DTSTART;TZID=Europe/Berlin:20270601T150000
DTEND;TZID=Own:20270601T160000
RDATE;TZID=/x/America/New_York:20270701T150000
EXDATE;TZID=Nowhere:20270701T150000
SEQUENCE:4
CLASS:PRIVATE
CREATED:20200101T000000Z
ORGANIZER;SCHEDULE-AGENT=SERVER:mailto:o@example.com
ATTENDEE;SCHEDULE-STATUS=1.2:mailto:a@example.com
ATTENDEE;RSVP=FALSE:mailto:b@example.com
ATTENDEE;PARTSTAT=ACCEPTED:mailto:c@example.com
ATTENDEE:urn:x
REQUEST-STATUS:2.0;Success
BEGIN:VALARM
TRIGGER:-PT5M
END:VALARM
BEGIN:PARTICIPANT
UID:p
END:PARTICIPANT
END:VEVENT"""

OWN = """BEGIN:VTIMEZONE
TZID:Own
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Unused
END:VTIMEZONE
"""


def event() -> Component:
    """The event."""
    return calendar(EVENT).components[0]


def texts(part: Component, name: str) -> list[str]:
    """Its properties of a name."""
    return [each.line for each in part.all(name)]


class FormTests(SynchronousTestCase):
    def test_request(self) -> None:
        part = request_part(event(), NOW, sequence=5)
        self.assertEqual(texts(part, "DTSTAMP"), ["DTSTAMP:20260921T141320Z"])
        self.assertEqual(texts(part, "SEQUENCE"), ["SEQUENCE:5"])
        self.assertEqual(texts(part, "ORGANIZER"), ["ORGANIZER:mailto:o@example.com"])
        self.assertEqual(
            texts(part, "ATTENDEE"),
            [
                "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:a@example.com",
                "ATTENDEE;RSVP=FALSE:mailto:b@example.com",
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:c@example.com",
                "ATTENDEE:urn:x",
            ],
        )
        self.assertEqual((texts(part, "REQUEST-STATUS"), texts(part, "CLASS")), ([], ["CLASS:PRIVATE"]))
        self.assertEqual([each.name for each in part.components], ["PARTICIPANT"])
        part = request_part(event(), NOW, has_alarms=True)
        self.assertEqual([each.name for each in part.components], ["VALARM", "PARTICIPANT"])
        self.assertEqual(texts(part, "SEQUENCE"), ["SEQUENCE:4"])

    def test_cancel(self) -> None:
        part = cancel_part(event(), NOW, 9, ["c@example.com"])
        self.assertEqual(texts(part, "ATTENDEE"), ["ATTENDEE;PARTSTAT=ACCEPTED:mailto:c@example.com"])
        self.assertEqual(
            sorted({each.name for each in part.properties}),
            ["ATTENDEE", "CREATED", "DTEND", "DTSTAMP", "DTSTART", "ORGANIZER", "SEQUENCE", "STATUS", "UID"],
        )
        self.assertEqual((part.value("SEQUENCE"), part.value("STATUS"), part.components), ("9", "CANCELLED", []))
        self.assertEqual(len(cancel_part(event(), NOW, 9).all("ATTENDEE")), 4)

    def test_reply(self) -> None:
        own = attendees(event())["a@example.com"]
        part = reply_part(event(), NOW, own, "DECLINED")
        self.assertEqual(texts(part, "ATTENDEE"), ["ATTENDEE;PARTSTAT=DECLINED:mailto:a@example.com"])
        self.assertEqual(part.value("REQUEST-STATUS"), "2.0;Success")
        self.assertEqual(
            sorted({each.name for each in part.properties}),
            ["ATTENDEE", "DTEND", "DTSTAMP", "DTSTART", "ORGANIZER", "REQUEST-STATUS", "SEQUENCE", "UID"],
        )
        self.assertEqual(texts(reply_part(event(), NOW, own), "ATTENDEE"), ["ATTENDEE:mailto:a@example.com"])

    def test_reply_of_who_sends_another_one(self) -> None:
        part = event()
        text = part.text().replace("ATTENDEE;SCHEDULE", 'ATTENDEE;DELEGATED-TO="mailto:c@example.com";SCHEDULE')
        part = calendar(text).components[0]
        own = attendees(part)["a@example.com"]
        self.assertEqual(len(reply_part(part, NOW, own).all("ATTENDEE")), 2)
        declined = reply_part(part, NOW, own, "DECLINED")
        self.assertEqual(texts(declined, "ATTENDEE"), ["ATTENDEE;PARTSTAT=DECLINED:mailto:a@example.com"])

    def test_time_zones_that_are_named_come_along(self) -> None:
        source = calendar(OWN + EVENT)
        part = event()
        self.assertEqual(named_zones([part]), ["Europe/Berlin", "Own", "/x/America/New_York", "Nowhere"])
        made = message_calendar("REQUEST", [part], source, Zones(source))
        made = read_calendar(made.octets())
        self.assertEqual((made.value("METHOD"), made.value("VERSION"), made.has("PRODID")), ("REQUEST", "2.0", True))
        self.assertEqual(
            [each.value("TZID") for each in made.within("VTIMEZONE")], ["Europe/Berlin", "Own", "/x/America/New_York"]
        )
        before, after = Zones(source), Zones(made)
        for tzid in ("Europe/Berlin", "Own", "/x/America/New_York"):
            self.assertEqual(before.zone(tzid).offset(NOW), after.zone(tzid).offset(NOW))

    def test_exceptions(self) -> None:
        override = calendar(
            "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=A/B:20270601T150000\nEND:VEVENT"
        )
        self.assertEqual([each.line for each in exception(override.components[0])], ["EXDATE;TZID=A/B:20270601T150000"])
        self.assertEqual(exception(event()), [])

    def test_facts(self) -> None:
        source = read_object(calendar(EVENT))
        made = message("REPLY", "a@example.com", ["o@example.com"], source.parts, source, participation="ACCEPTED")
        self.assertEqual((made.sender, made.recipients, made.facts.instances), ("a@example.com", ("o@example.com",), 1))
        self.assertEqual(made.facts.participation, "ACCEPTED")
        facts = first_facts(source.parts, source, before=source)
        self.assertEqual((facts.changes, facts.before is not None), ((), True))
