"""Answers on a web page."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip.replying import answer, current_answer
from stalwart.errors import Invalid
from tests.codec.itip.scripts import calendar

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
        answered = answer(given, "mailto:a@EXAMPLE.com", " accepted")
        assert answered is not None
        self.assertEqual((answered.previous, answered.is_changed), ("TENTATIVE", True))
        self.assertEqual(
            [each.line for part in answered.calendar.components for each in part.all("ATTENDEE")],
            [
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:A@example.com",
                "ATTENDEE:mailto:b@example.com",
                "ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a@example.com",
            ],
        )
        self.assertEqual(given.text(), calendar(SERIES).text())
        self.assertEqual(current_answer(answered.calendar, "a@example.com"), "ACCEPTED")

    def test_the_same_answer_is_recorded(self) -> None:
        answered = answer(calendar(SERIES), "a@example.com", "DECLINED")
        assert answered is not None
        again = answer(answered.calendar, "a@example.com", "DECLINED")
        assert again is not None
        self.assertEqual((again.previous, again.is_changed), ("DECLINED", False))
        self.assertEqual(again.calendar.text(), answered.calendar.text())

    def test_who_takes_part_no_more(self) -> None:
        for address in ("c@example.com", "", "nobody"):
            self.assertIsNone(answer(calendar(SERIES), address, "ACCEPTED"))
            self.assertIsNone(current_answer(calendar(SERIES), address))
        self.assertEqual(current_answer(calendar(SERIES), "b@example.com"), "NEEDS-ACTION")

    def test_what_is_no_answer(self) -> None:
        task = calendar(SERIES.replace("VEVENT", "VTODO"))
        for given in ("", "NEEDS-ACTION", "DELEGATED", "MAYBE", "COMPLETED", "IN-PROCESS"):
            self.assertRaises(Invalid, answer, calendar(SERIES), "a@example.com", given)
        for given in ("COMPLETED", "IN-PROCESS", "ACCEPTED"):
            self.assertIsNotNone(answer(task, "a@example.com", given))
