"""A message that waits as text says the same afterwards."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.itip.deciding import on_change
from stalwart.codec.itip.kept import kept_text, restored
from stalwart.codec.itip.outcomes import ItipMessage, Options

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Europe/Berlin:20270101T100000\r\nDURATION:PT1H\r\nSUMMARY:{}\r\nORGANIZER:mailto:a@x.test\r\n"
    "ATTENDEE;PARTSTAT={}:mailto:b@x.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def event(summary: str = "Lunch", answer: str = "NEEDS-ACTION") -> Component:
    return read_calendar(EVENT.format(summary, answer).encode())


class KeptTests(SynchronousTestCase):
    def sent(self, old: Component | None, new: Component | None, who: str = "a@x.test") -> ItipMessage:
        (message,) = on_change(old, new, Options(frozenset((who,)), 1_700_000_000, is_tagged=True)).messages
        back = restored(kept_text(message, old), message.sender, message.recipients)
        self.assertEqual((back.method, back.recipients), (message.method, message.recipients))
        self.assertEqual(back.calendar.text(), message.calendar.text())
        self.assertEqual(back.facts, message.facts)
        return back

    def test_an_invitation(self) -> None:
        self.assertIsNone(self.sent(None, event()).facts.before)

    def test_a_change(self) -> None:
        facts = self.sent(event(), event("Dinner")).facts
        assert facts.before is not None
        self.assertEqual((facts.summary, facts.before.summary), ("Dinner", "Lunch"))
        self.assertEqual([each.name for each in facts.changes], ["SUMMARY"])

    def test_an_answer(self) -> None:
        self.assertEqual(self.sent(event(), event(answer="ACCEPTED"), "b@x.test").facts.participation, "ACCEPTED")

    def test_a_cancellation(self) -> None:
        self.sent(event(), None)

    def test_what_is_no_message(self) -> None:
        for text in (
            "",
            "words",
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
            EVENT.replace("UID:1\r\n", ""),
        ):
            with self.assertRaises(MalformedCalendar):
                restored(text, "a@x.test", ())
