"""What can be stored as a calendar object, and what is known of it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.checking import RefusedCalendarObject, check, impossible_rule, impossible_start
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.instances import sequence_of
from tests.codec.icalendar.objects import calendar


class FactTests(SynchronousTestCase):
    def test_facts(self) -> None:
        facts = check(
            calendar(
                "RECURRENCE-ID:20260102T100000Z\nSUMMARY:other\nSEQUENCE:4\nATTENDEE:mailto:c@example.com",
                "SUMMARY:Party\\, big\nLOCATION:Here\nDESCRIPTION:a\\nb\nSTATUS:confirmed\nTRANSP:Opaque\n"
                "CLASS:private\nSEQUENCE:2\nRRULE:FREQ=DAILY\n"
                "ORGANIZER:mailto:A@example.com\nATTENDEE:mailto:a@example.com\nATTENDEE:urn:x\nBEGIN:VALARM\nEND:VALARM",
                beside="METHOD:request\n",
            )
        )
        self.assertEqual((facts.uid, facts.kind, facts.method), ("one", "VEVENT", "REQUEST"))
        self.assertEqual((facts.summary, facts.location, facts.description), ("Party, big", "Here", "a\nb"))
        self.assertEqual((facts.status, facts.transparency, facts.classification), ("CONFIRMED", "OPAQUE", "PRIVATE"))
        self.assertEqual((facts.organizer, facts.attendees), ("a@example.com", ("c@example.com", "a@example.com")))
        self.assertEqual(
            (facts.sequence, facts.is_recurring, facts.has_alarms, facts.is_scheduling), (4, True, True, True)
        )

    def test_rules_that_can_be_none(self) -> None:
        self.assertEqual(impossible_rule(calendar("RRULE:FREQ=DAILY\nRRULE:FREQ=X")), "FREQ=X")
        self.assertIsNone(impossible_rule(calendar("RRULE:FREQ=DAILY\nEXRULE:FREQ=X")))

    def test_beginnings_that_are_no_time(self) -> None:
        for text, found in (("nonsense", "nonsense"), ("20260230T100000", "20260230T100000"), ("20260101", None)):
            self.assertEqual(impossible_start(calendar(f"DTSTART:{text}")), found)
        self.assertIsNone(impossible_start(calendar("DTSTART:x", kind="VTODO")))
        self.assertIsNone(impossible_start(calendar("SUMMARY:x")))

    def test_a_plain_object(self) -> None:
        facts = check(calendar("DTSTART:20260101T100000Z", kind="VTODO"), {"VTODO"})
        self.assertEqual((facts.kind, facts.method, facts.organizer, facts.attendees), ("VTODO", None, None, ()))
        self.assertEqual(
            (facts.sequence, facts.is_recurring, facts.has_alarms, facts.is_scheduling), (0, False, False, False)
        )

    def test_sequences(self) -> None:
        for text, expected in (("7", 7), (" 7 ", 7), ("-1", 0), ("x", 0), ("99999999999", 0), ("٣", 0)):
            self.assertEqual(sequence_of(calendar(f"SEQUENCE:{text}").components[0]), expected)


class RefusalTests(SynchronousTestCase):
    def refused(
        self, text: str, condition: str = "valid-calendar-object-resource", kinds: set[str] | None = None
    ) -> None:
        problem = self.assertRaises(
            RefusedCalendarObject, check, read_calendar(f"BEGIN:VCALENDAR\n{text}END:VCALENDAR\n".encode()), kinds
        )
        self.assertEqual(problem.condition, condition)
        self.assertTrue(str(problem).endswith("."))

    def test_each_instance_is_described_once(self) -> None:
        one, zone = "RECURRENCE-ID:20260102T100000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260102T110000"
        series = "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY"
        for parts in ((series, series), (series, one, one), (one, zone), ("", ""), (series, *["RECURRENCE-ID:x"] * 2)):
            problem = self.assertRaises(RefusedCalendarObject, check, calendar(*parts))
            self.assertEqual(problem.condition, "valid-calendar-object-resource", parts)
        day = "RECURRENCE-ID;VALUE=DATE:20260102"
        for parts in (
            (series, one, one.replace("02T", "03T")),
            (day, one),
            (one, one.replace("-ID", "-ID;RANGE=THISANDFUTURE")),
        ):
            self.assertEqual(check(calendar(*parts)).uid, "one")

    def test_what_is_no_object(self) -> None:
        self.refused("")
        self.refused("BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n")
        self.refused("BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VTODO\nUID:1\nEND:VTODO\n")
        self.refused("BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nEND:VEVENT\n")
        self.refused("BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\n")
        self.refused("BEGIN:VEVENT\nEND:VEVENT\n")
        self.refused("BEGIN:VEVENT\nUID: \nEND:VEVENT\n")
        self.refused(f"BEGIN:VEVENT\nUID:{'x' * 1025}\nEND:VEVENT\n")
        self.refused("BEGIN:VEVENT\nUID:1\nEND:VEVENT\n", "supported-calendar-component", {"VTODO"})
