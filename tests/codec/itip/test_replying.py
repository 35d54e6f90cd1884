"""Answers on a web page."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip.replying import answer, current_answer, seen_by
from stalwart.errors import Invalid
from tests.codec.itip.scripts import NOW, calendar

SERIES = """BEGIN:VEVENT
UID:u
ATTENDEE;PARTSTAT=TENTATIVE:mailto:A@example.com
ATTENDEE:mailto:b@example.com
END:VEVENT
BEGIN:VEVENT
UID:u
RECURRENCE-ID:20270602T150000Z
ATTENDEE;CN=A:mailto:a@example.com
END:VEVENT"""


class AnswerTests(SynchronousTestCase):
    def test_all_components_have_the_answer(self) -> None:
        given = calendar(SERIES)
        answered = answer(given, "mailto:a@EXAMPLE.com", " accepted", NOW)
        assert answered is not None
        self.assertEqual((answered.previous, answered.is_changed), ("TENTATIVE", True))
        self.assertEqual(
            [each.line for part in answered.calendar.components for each in part.all("ATTENDEE")],
            [
                "ATTENDEE;PARTSTAT=ACCEPTED;X-SCHEDULE-ANSWERED=0-20260921T141320Z:mailto:A@example.com",
                "ATTENDEE:mailto:b@example.com",
                "ATTENDEE;CN=A;PARTSTAT=ACCEPTED;X-SCHEDULE-ANSWERED=0-20260921T141320Z:mailto:a@example.com",
            ],
        )
        self.assertEqual(given.text(), calendar(SERIES).text())
        self.assertEqual(current_answer(answered.calendar, "a@example.com"), "ACCEPTED")

    def test_the_same_answer_is_recorded(self) -> None:
        answered = answer(calendar(SERIES), "a@example.com", "DECLINED", NOW)
        assert answered is not None
        again = answer(answered.calendar, "a@example.com", "DECLINED", NOW)
        assert again is not None
        self.assertEqual((again.previous, again.is_changed), ("DECLINED", False))
        self.assertEqual(again.calendar.text(), answered.calendar.text())

    def test_who_takes_part_no_more(self) -> None:
        for address in ("c@example.com", "", "nobody"):
            self.assertIsNone(answer(calendar(SERIES), address, "ACCEPTED", NOW))
            self.assertIsNone(current_answer(calendar(SERIES), address))
        self.assertEqual(current_answer(calendar(SERIES), "b@example.com"), "NEEDS-ACTION")

    def test_guests_do_not_get_what_is_the_owners(self) -> None:
        event = calendar(
            "BEGIN:VEVENT\nUID:u\nDTSTART:20270601T150000Z\nREQUEST-STATUS:2.0;Success\n"
            "ATTENDEE;PARTSTAT=DECLINED;SCHEDULE-STATUS=1.2:mailto:a@example.com\n"
            "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT"
        )
        before = event.text()
        seen = seen_by(event, "A@example.com", NOW)
        assert seen is not None
        self.assertIn("ATTENDEE;PARTSTAT=DECLINED:mailto:a@example.com", seen.text())
        for word in ("VALARM", "SCHEDULE-STATUS", "REQUEST-STATUS", "METHOD"):
            self.assertNotIn(word, seen.text())
        self.assertEqual(event.text(), before)

    def test_who_is_invited_to_an_instance_sees_that_alone(self) -> None:
        alone = calendar(SERIES.replace("ATTENDEE;PARTSTAT=TENTATIVE:mailto:A@example.com\n", ""))
        for address, instances, exceptions in (("a@example.com", [True], 0), ("b@example.com", [False], 1)):
            seen = seen_by(alone, address, NOW)
            assert seen is not None
            self.assertEqual([each.has("RECURRENCE-ID") for each in seen.components], instances)
            self.assertEqual(len(seen.components[0].all("EXDATE")), exceptions)
        self.assertIsNone(seen_by(alone, "c@example.com", NOW))
        self.assertIsNone(seen_by(calendar(SERIES.replace("UID:u", "UID:v", 1)), "a@example.com", NOW))

    def test_what_is_no_answer(self) -> None:
        task = calendar(SERIES.replace("VEVENT", "VTODO"))
        for given in ("", "NEEDS-ACTION", "DELEGATED", "MAYBE", "COMPLETED", "IN-PROCESS"):
            self.assertRaises(Invalid, answer, calendar(SERIES), "a@example.com", given, NOW)
        for given in ("COMPLETED", "IN-PROCESS", "ACCEPTED"):
            self.assertIsNotNone(answer(task, "a@example.com", given, NOW))
