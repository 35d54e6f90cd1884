"""Whether properties say the same."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.comparing import instant, is_same, meaning
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import Moment
from stalwart.codec.icalendar.zones import Zones
from tests.codec.icalendar.objects import calendar

SAME = (
    ("DTSTART:20260101T090000Z", "DTSTART;TZID=Europe/Berlin:20260101T100000"),
    ("DTSTART;VALUE=DATE:20260101", "DTSTART:20260101"),
    ("EXDATE:20260101T090000Z,20260102T090000Z", "EXDATE;TZID=Europe/Berlin:20260102T100000,20260101T100000"),
    ("RDATE;VALUE=PERIOD:20260101T090000Z/PT1H", "RDATE;VALUE=PERIOD;TZID=UTC:20260101T090000/PT60M"),
    ("RRULE:FREQ=DAILY;INTERVAL=1", "RRULE:interval=1;freq=daily"),
    ("RRULE:RSCALE=CHINESE;FREQ=DAILY", "RRULE:rscale=chinese;FREQ=DAILY"),
    ("DURATION:PT90M", "DURATION:PT1H30M"),
    ("TRIGGER:-PT60M", "TRIGGER;RELATED=START:-PT1H"),
    ("SUMMARY:a\\,b", "SUMMARY;LANGUAGE=en:a,b"),
    ("CATEGORIES:a,b", "CATEGORIES:b,a"),
    ("ATTENDEE:mailto:A@example.com", "ATTENDEE;CN=A:MAILTO:a@example.com"),
    ("STATUS:confirmed", "STATUS:CONFIRMED"),
    ("DTSTART:rubbish", "DTSTART: rubbish"),
)
DIFFERENT = (
    ("DTSTART:20260101T090000Z", "DTSTART:20260101T090000"),
    ("DTSTART:20260101T000000", "DTSTART:20260101"),
    ("DURATION:P1D", "DURATION:PT24H"),
    ("TRIGGER:-PT1H", "TRIGGER;RELATED=END:-PT1H"),
    ("RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY;COUNT=2"),
    ("SUMMARY:a", "SUMMARY:A"),
    ("TRIGGER:20260101T090000Z", "TRIGGER:-PT1H"),
)


class ComparingTests(SynchronousTestCase):
    def test_properties(self) -> None:
        zones = Zones(calendar())
        for pairs, expected in ((SAME, True), (DIFFERENT, False)):
            for one, other in pairs:
                name = one.partition(":")[0].partition(";")[0]
                first, second = Property(name, one), Property(name, other)
                self.assertEqual(is_same(first, second, zones), expected, one)
                self.assertEqual(meaning(first, zones) == meaning(second, zones), expected, one)

    def test_none_is_the_same_as_none(self) -> None:
        zones = Zones(calendar())
        self.assertTrue(is_same(None, None, zones))
        self.assertFalse(is_same(None, Property("A", "A:1"), zones))

    def test_the_zones_of_two_objects_are_two(self) -> None:
        text = "BEGIN:VTIMEZONE\nTZID:Home\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:{0}\nTZOFFSETTO:{0}\n"
        text += "END:STANDARD\nEND:VTIMEZONE\n"
        one, other = (Zones(calendar(beside=text.format(each))) for each in ("+0100", "+0300"))
        item = Property("DTSTART", "DTSTART;TZID=Home:20260101T100000")
        self.assertFalse(is_same(item, item, one, other))
        self.assertTrue(is_same(item, item, one, one))

    def test_kinds_of_moments_do_not_mix(self) -> None:
        zones = Zones(calendar())
        self.assertEqual(instant(Moment(0, True), zones), ("day", 0))
        self.assertEqual(instant(Moment(0), zones), ("floating", 0))
        self.assertEqual(instant(Moment(0, tzid="UTC"), zones), ("instant", 0))
