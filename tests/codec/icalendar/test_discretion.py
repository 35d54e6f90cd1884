"""What of events others see. Tests ``stalwart.codec.icalendar.discretion``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar import discretion
from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.discretion import HIDDEN, PRIVATE, SECRET, for_others, guarded, with_hidden

TESTED = discretion
HIDES = "JSPROP;JSPTR=hideAttendees:true"
PEOPLE = ("ORGANIZER:mailto:o@x.test", *(f"ATTENDEE:mailto:{each}@x.test" for each in ("o", "a", "b")))


def calendar(*lines: str, more: str = "") -> Component:
    """An event with these lines."""
    text = "\n".join(["BEGIN:VEVENT", "UID:u", "DTSTART:20270101T100000Z", *lines, "END:VEVENT"])
    return read_calendar(f"BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-CALNAME:x\n{text}\n{more}END:VCALENDAR\n".encode())


def is_a(address: str) -> bool:
    return address == "a@x.test"


class GuardTests(SynchronousTestCase):
    def test_how_events_are_guarded(self) -> None:
        for lines, how in (
            ((), None),
            (("CLASS:public",), None),
            (("class:Private",), PRIVATE),
            (("CLASS:CONFIDENTIAL",), SECRET),
            (("CLASS:X-WHATEVER",), PRIVATE),
            (('JSPROP;JSPTR=privacy:"secret"',), SECRET),
            (("CLASS:PRIVATE", 'JSPROP;JSPTR=privacy:"public"'), PRIVATE),
            ((HIDES,), HIDDEN),
            ((HIDES, "CLASS:PRIVATE"), PRIVATE),
            (("JSPROP;JSPTR=hideAttendees:false",), None),
        ):
            made = calendar(*lines)
            self.assertEqual(guarded(made), how, lines)
            self.assertTrue(how is None or discretion.may_be_guarded(made.octets()), lines)

    def test_folds_hide_nothing(self) -> None:
        for octets in (b"CLA\r\n SS:PRIVATE", b"JSPROP;JSPTR=hideAtt\n\tendees:true"):
            self.assertTrue(discretion.may_be_guarded(octets), octets)

    def test_the_strictest_component_counts(self) -> None:
        secret = "BEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20270102T100000Z\nCLASS:CONFIDENTIAL\nEND:VEVENT\n"
        self.assertEqual(guarded(calendar("CLASS:PRIVATE", more=secret)), SECRET)

    def test_of_private_events_times_are_seen(self) -> None:
        alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:PT0S\nEND:VALARM"
        lines = ("CLASS:PRIVATE", "SUMMARY:s", "X-A:s", "ATTACH:http://s.test/", *PEOPLE, alarm)
        made = for_others(calendar(*lines, more="BEGIN:X-S\nX-S:1\nEND:X-S\n"), PRIVATE, is_a)
        assert made is not None
        text = "BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20270101T100000Z\r\nCLASS:PRIVATE\r\nEND:VEVENT"
        self.assertEqual(made.text(), f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{text}\r\nEND:VCALENDAR\r\n")
        self.assertIsNone(for_others(calendar(), SECRET, is_a))

    def test_hidden_people(self) -> None:
        whole = calendar(*PEOPLE, HIDES, 'JSPROP;JSPTR=participants/x/name:"b"', "SUMMARY:s")
        seen = for_others(whole, HIDDEN, is_a)
        assert seen is not None
        text = seen.text()
        self.assertEqual([each in text for each in ("o@x", "a@x", "b@x", "participants", "SUMMARY:s")], [1, 1, 0, 0, 1])
        again = with_hidden(seen, whole, is_a)
        self.assertEqual(sorted(again.text().splitlines()), sorted(whole.text().splitlines()))
        stripped = calendar(*PEOPLE[:1], "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@x.test")
        kept = with_hidden(stripped, whole, is_a).text()
        self.assertEqual([each in kept for each in ("b@x", "ACCEPTED", "hideAttendees")], [1, 1, 1])
        taken = with_hidden(calendar("ORGANIZER:mailto:a@x.test"), whole, is_a)
        self.assertEqual([each.value for each in taken.components[0].all("ORGANIZER")], ["mailto:o@x.test"])
        owner = for_others(whole, HIDDEN, "o@x.test".__eq__)
        assert owner is not None
        self.assertEqual(owner.text(), whole.text())
