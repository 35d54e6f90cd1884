"""Answers that a client has not seen outlive what it writes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.itip.merging import with_answers

OWN = frozenset(("a@x.test",))


def event(
    *answers: str, summary: str = "Lunch", start: str = "20270101T100000Z", organizer: str = "a@x.test"
) -> Component:
    people = "".join(
        f"ATTENDEE;CN={name}{f';PARTSTAT={answer}' if answer else ''}:mailto:{name}@x.test\r\n"
        for name, answer in zip("abcd", answers, strict=False)
    )
    return read_calendar(
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:{start}\r\nSUMMARY:{summary}\r\n"
        f"ORGANIZER:mailto:{organizer}\r\n{people}END:VEVENT\r\nEND:VCALENDAR\r\n".encode()
    )


class MergingTests(SynchronousTestCase):
    def test_what_was_answered_meanwhile_stays(self) -> None:
        stored = event("DECLINED", "ACCEPTED", "TENTATIVE", "NEEDS-ACTION")
        given = event("ACCEPTED", "NEEDS-ACTION", "", "", summary="Dinner")
        found = with_answers(stored, given, OWN)
        assert found is not None
        self.assertEqual(found.text(), event("ACCEPTED", "ACCEPTED", "TENTATIVE", "", summary="Dinner").text())
        self.assertIn("CN=b;PARTSTAT=NEEDS-ACTION", given.text())

    def test_what_the_client_says_of_them_stands(self) -> None:
        self.assertIsNone(with_answers(event("", "ACCEPTED"), event("", "DECLINED"), OWN))

    def test_nobody_has_answered_to_another_time(self) -> None:
        self.assertIsNone(with_answers(event("", "ACCEPTED"), event("", "", start="20270102T100000Z"), OWN))

    def test_only_for_organizers_and_of_those_who_are_invited(self) -> None:
        stored, given = event("", "ACCEPTED", organizer="z@x.test"), event("", "", organizer="z@x.test")
        self.assertIsNone(with_answers(stored, given, OWN))
        self.assertIsNone(with_answers(event(""), event("", ""), OWN))
        self.assertIsNone(with_answers(read_calendar(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"), event(""), OWN))
