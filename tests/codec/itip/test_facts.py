"""What a mail tells."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.facts import LONGEST_TEXT, MOST_GUESTS, Change, Guest, facts_of
from tests.codec.itip.scripts import calendar


def event(text: str, kind: str = "VEVENT"):  # type: ignore[no-untyped-def]
    """A component and its zones."""
    given = calendar(f"BEGIN:{kind}\nUID:u\n{text}\nEND:{kind}")
    return given.components[0], Zones(given)


class FactTests(SynchronousTestCase):
    def test_facts(self) -> None:
        facts = facts_of(
            *event(
                "SUMMARY:Lunch\\, long\nDESCRIPTION:a\\nb\nLOCATION:Here\nSTATUS:confirmed\nSEQUENCE:3\nCOMMENT:hm\n"
                "DTSTART;TZID=Europe/Berlin:20270701T120000\nDURATION:PT90M\nRRULE:FREQ=DAILY\n"
                "ORGANIZER;CN=O:mailto:o@b.c\nATTENDEE;CN=O;PARTSTAT=ACCEPTED:mailto:o@b.c\nATTENDEE:mailto:a@b.c\n"
                "ATTENDEE:mailto:A@b.c\nATTENDEE:x"
            ),
            instances=2,
            participation="ACCEPTED",
        )
        self.assertEqual(
            (facts.uid, facts.kind, facts.summary, facts.description), ("u", "VEVENT", "Lunch, long", "a\nb")
        )
        self.assertEqual((facts.location, facts.status, facts.sequence, facts.comment), ("Here", "CONFIRMED", 3, "hm"))
        self.assertEqual((facts.rule, facts.instances, facts.participation), ("FREQ=DAILY", 2, "ACCEPTED"))
        assert facts.start is not None and facts.end is not None
        self.assertEqual((facts.start.zone.name, facts.end.local - facts.start.local), ("Europe/Berlin", 5400))
        self.assertEqual(facts.start.local - facts.start.utc, 7200)
        self.assertEqual(facts.organizer, Guest("o@b.c", "O", "NEEDS-ACTION", True))
        self.assertEqual(
            facts.guests, (Guest("o@b.c", "O", "ACCEPTED", True), Guest("a@b.c", "", "NEEDS-ACTION", False))
        )
        self.assertEqual((facts.before, facts.changes, facts.recurrence), (None, (), None))

    def test_changes(self) -> None:
        before = event("SUMMARY:a\nDTSTART:20270701T100000Z\nATTENDEE:mailto:a@b.c")
        facts = facts_of(
            *event("SUMMARY:b\nDTSTART:20270701T110000Z\nRECURRENCE-ID:20270701T100000Z"),
            before=before[0],
            zones_before=before[1],
        )
        self.assertEqual(
            facts.changes,
            (
                Change("ATTENDEE", "", ""),
                Change("DTSTART", "20270701T100000Z", "20270701T110000Z"),
                Change("SUMMARY", "a", "b"),
            ),
        )
        assert facts.before is not None and facts.before.start is not None and facts.recurrence is not None
        self.assertEqual(facts.before.summary, "a")
        self.assertEqual(facts.recurrence.utc, facts.before.start.utc)

    def test_days_and_tasks(self) -> None:
        facts = facts_of(*event("DTSTART;VALUE=DATE:20270701\nDUE;VALUE=DATE:20270703", "VTODO"))
        assert facts.start is not None and facts.end is not None
        self.assertTrue(facts.start.is_date and facts.start.is_floating)
        self.assertEqual(facts.end.local - facts.start.local, 2 * 86400)

    def test_what_cannot_be_read(self) -> None:
        for text in ("", "DTSTART:x\nDTEND:y", "DTSTART:20270701T100000Z\nDURATION:x", "ORGANIZER:nobody"):
            facts = facts_of(*event(text))
            self.assertIsNone(facts.end)
            self.assertIsNone(facts.organizer)

    def test_all_of_it_is_bounded(self) -> None:
        people = "\n".join(f"ATTENDEE;CN={'x' * 9}:mailto:a{number}@b.c" for number in range(2 * MOST_GUESTS))
        for lasts in ("P999999999D", "-P999999999W", "PT999999999H"):
            start = "DTSTART;TZID=Europe/Berlin:20270701T100000"
            facts = facts_of(*event(f"SUMMARY:{'x' * 9000}\n{people}\n{start}\nDURATION:{lasts}"))
            self.assertEqual((len(facts.summary), len(facts.guests)), (LONGEST_TEXT, MOST_GUESTS))
            self.assertIsNotNone(facts.end)
