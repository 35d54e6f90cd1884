"""What people have to know."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.differences import (
    RESCHEDULING,
    SIGNIFICANT,
    changed_names,
    dates,
    has_other_people,
    says_of_people,
)
from tests.codec.itip.scripts import calendar

# Before, after, and what is different; "|" separates properties.
CHANGES = (
    ("SUMMARY:a", "SUMMARY:a", ""),
    ("SUMMARY:a", "SUMMARY;LANGUAGE=en:a", ""),
    ("SUMMARY:a", "SUMMARY:b", "SUMMARY"),
    ("SUMMARY:a", "", "SUMMARY"),
    ("DTSTART:20270701T100000Z", "DTSTART;TZID=Europe/Berlin:20270701T120000", ""),
    ("DTSTART:20270701T100000Z", "DTSTART:20270701T100000", "DTSTART"),
    ("DTSTART;VALUE=DATE:20270701", "DTSTART:20270701T000000Z", "DTSTART"),
    ("DTSTART:x", "DTSTART:y", "DTSTART"),
    ("DTEND:20270701T100000Z", "DURATION:PT1H", "DTEND DURATION"),
    ("DURATION:PT60M", "DURATION:PT1H", ""),
    ("RRULE:FREQ=DAILY", "RRULE:INTERVAL=1;FREQ=DAILY", ""),
    ("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY", "RRULE"),
    ("EXDATE:20270701T100000Z,20270702T100000Z", "EXDATE:20270702T100000Z|EXDATE:20270701T100000Z", ""),
    ("EXDATE:20270701T100000Z", "EXDATE:20270701T100000Z|EXDATE:20270702T100000Z", "EXDATE"),
    ("RDATE;VALUE=PERIOD:20270701T100000Z/PT1H", "RDATE;VALUE=PERIOD:20270701T100000Z/PT2H", "RDATE"),
    ("STATUS:CONFIRMED", "STATUS:confirmed", ""),
    ("COMMENT:a|X-A:b|CLASS:PUBLIC|TRANSP:OPAQUE", "COMMENT:c", ""),
    ("ATTACH:https://a.b/c", "ATTACH;FILENAME=c;MANAGED-ID=1:https://a.b/c", ""),
    ("ATTACH:https://a.b/c", "ATTACH:https://a.b/c|ATTACH:https://a.b/d", "ATTACH"),
    ("ATTENDEE:mailto:a@b.c", "ATTENDEE:MAILTO:A@b.c", ""),
    ("ATTENDEE:mailto:a@b.c", "ATTENDEE;CN=A;RSVP=TRUE:mailto:a@b.c", ""),
    ("ATTENDEE:mailto:a@b.c", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.c", "ATTENDEE"),
    ("ATTENDEE:mailto:a@b.c", "ATTENDEE;ROLE=CHAIR:mailto:a@b.c", "ATTENDEE"),
    ("ATTENDEE:mailto:a@b.c", 'ATTENDEE;DELEGATED-TO="mailto:d@b.c":mailto:a@b.c', "ATTENDEE"),
    ("ATTENDEE:mailto:a@b.c", "", "ATTENDEE"),
    ("LOCATION:a|PRIORITY:1|DESCRIPTION:x", "LOCATION:b|PRIORITY:2|DESCRIPTION:y", "DESCRIPTION LOCATION PRIORITY"),
)


def event(text: str) -> tuple[Component, Zones]:
    """An event of properties that "|" separates."""
    given = calendar("BEGIN:VEVENT\nUID:u\n" + text.replace("|", "\n") + "\nEND:VEVENT")
    return given.components[0], Zones(given)


class DifferenceTests(SynchronousTestCase):
    def test_changes(self) -> None:
        for old, new, expected in CHANGES:
            for before, after in ((old, new), (new, old)):
                found = changed_names(*event(before), *event(after))
                self.assertEqual(" ".join(sorted(found)), expected, (before, after))

    def test_people_can_be_left_out(self) -> None:
        one, other = event("ATTENDEE:mailto:a@b.c"), event("SUMMARY:x")
        self.assertEqual(changed_names(*one, *other, has_people=False), {"SUMMARY"})
        self.assertTrue(has_other_people(one[0], other[0]))
        self.assertFalse(has_other_people(one[0], event("ATTENDEE;PARTSTAT=DECLINED:mailto:a@b.c")[0]))
        self.assertEqual(list(says_of_people(one[0])), ["a@b.c"])

    def test_all_dates(self) -> None:
        found = dates(
            *(lambda part, zones: (part, "EXDATE", zones))(*event("EXDATE:20270701T100000Z|EXDATE:x|RDATE:y"))
        )
        self.assertEqual(len(found), 2)

    def test_what_reschedules_is_significant(self) -> None:
        self.assertLess(RESCHEDULING, SIGNIFICANT)
        self.assertLess({"SUMMARY", "ATTACH"}, SIGNIFICANT - RESCHEDULING)
