"""calendar-data gives what was asked for and nothing else (RFC 4791 7.8.1 to 7.8.4, 9.6)."""

from __future__ import annotations

import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.conditions import CalendarData, CompSelection, PropSelection, TimeRange
from stalwart.codec.caldav.selection import Allowance, Selected, is_whole, select, stored
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.timezones import UTC, iana_zone
from tests.codec.caldav.appendix_b import OBJECTS, calendar, event

HEAD = "BEGIN:VCALENDAR VERSION:2.0 PRODID:-//Example Corp.//CalDAV Client//EN"


def within(start: str, end: str) -> TimeRange:
    return TimeRange(moment(start), moment(end))


def comp(name: str, *inner: CompSelection, props: str = "", **given: Any) -> CompSelection:
    return CompSelection(name, comps=inner, props=tuple(map(PropSelection, props.split())), **given)


class SelectionTests(SynchronousTestCase):
    def given(self, octets: bytes, **wanted: Any) -> str:
        return self.shown(select(octets, CalendarData(**wanted)))

    def shown(self, selected: Selected) -> str:
        text = selected.octets.decode()
        self.assertTrue(text.endswith("END:VCALENDAR\r\n"))
        return text.removesuffix("END:VCALENDAR\r\n").replace("\r\n", " ").strip()

    def test_all_is_as_it_is_kept(self) -> None:
        octets = OBJECTS["abcd1.ics"]
        for wanted in (None, CalendarData(), CalendarData(comp=comp("VCALENDAR"))):
            self.assertTrue(is_whole(wanted))
            self.assertIs(select(octets, wanted).octets, octets)

    def test_components_and_properties(self) -> None:
        wanted = comp("VCALENDAR", comp("VEVENT", props="SUMMARY UID DTSTART DTEND DURATION"), props="VERSION")
        self.assertEqual(
            self.given(OBJECTS["abcd3.ics"], comp=wanted),
            f"{HEAD} BEGIN:VEVENT DTSTART;TZID=US/Eastern:20060104T100000 DURATION:PT1H SUMMARY:Event #3"
            " UID:DC6C50A017428C5216A2F1CD@example.com END:VEVENT",
        )
        zones = self.given(OBJECTS["abcd3.ics"], comp=comp("VCALENDAR", comp("VTIMEZONE")))
        self.assertIn("BEGIN:STANDARD", zones)
        self.assertNotIn("VEVENT", zones)

    def test_names_only_everything_and_what_is_inside(self) -> None:
        octets = OBJECTS["abcd5.ics"]
        bare = CompSelection("VTODO", props=(PropSelection("DUE", novalue=True),))
        self.assertIn("BEGIN:VTODO DUE;TZID=US/Eastern: END:VTODO", self.given(octets, comp=comp("VCALENDAR", bare)))
        whole = self.given(octets, comp=comp("VCALENDAR", comp("VTODO")))
        self.assertIn("BEGIN:VALARM", whole)
        self.assertIn("SEQUENCE:1", whole)
        outer = self.given(octets, comp=comp("VCALENDAR", comp("VTODO", all_props=True)))
        self.assertIn("SEQUENCE:1", outer)
        self.assertNotIn("VALARM", outer)
        inner = self.given(octets, comp=comp("VCALENDAR", comp("VTODO", props="UID", all_comps=True)))
        self.assertIn("BEGIN:VALARM", inner)
        self.assertNotIn("SEQUENCE", inner)
        self.assertIn("VTIMEZONE", self.given(octets, comp=CompSelection("VCALENDAR", all_comps=True)))

    def test_limited_to_overrides_of_a_time(self) -> None:
        found = self.given(OBJECTS["abcd2.ics"], limit_recurrence_set=within("20060103T000000Z", "20060105T000000Z"))
        self.assertIn("RRULE:FREQ=DAILY;COUNT=5", found)
        self.assertIn("SUMMARY:Event #2 bis ", found)
        self.assertNotIn("bis bis", found)
        # One that was moved away is told where it was.
        moved = calendar(
            "BEGIN:VEVENT\nUID:a\nDTSTART:20260101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
            "BEGIN:VEVENT\nUID:a\nDTSTART:20270101T100000Z\nRECURRENCE-ID:20260103T100000Z\nSUMMARY:away\nEND:VEVENT\n"
        )
        found = self.given(moved, limit_recurrence_set=within("20260103T000000Z", "20260104T000000Z"))
        self.assertIn("SUMMARY:away", found)
        found = self.given(moved, limit_recurrence_set=within("20260104T000000Z", "20260105T000000Z"))
        self.assertNotIn("SUMMARY:away", found)

    def test_expanded_into_instances(self) -> None:
        found = self.given(OBJECTS["abcd2.ics"], expand=within("20060103T000000Z", "20060105T000000Z"))
        self.assertEqual(
            found,
            f"{HEAD} BEGIN:VEVENT DTSTART:20060103T170000Z RECURRENCE-ID:20060103T170000Z DTSTAMP:20060206T001121Z"
            " DURATION:PT1H SUMMARY:Event #2 UID:00959BC664CA650E933C892C@example.com END:VEVENT"
            " BEGIN:VEVENT DTSTART:20060104T190000Z RECURRENCE-ID:20060104T170000Z DTSTAMP:20060206T001121Z"
            " DURATION:PT1H SUMMARY:Event #2 bis UID:00959BC664CA650E933C892C@example.com END:VEVENT",
        )
        single = self.given(OBJECTS["abcd3.ics"], expand=within("20060103T000000Z", "20060105T000000Z"))
        self.assertIn("BEGIN:VEVENT DTSTART:20060104T150000Z ATTENDEE", single)
        self.assertNotIn("RECURRENCE-ID", single)
        self.assertNotIn("VTIMEZONE", single)

    def test_expanded_ends_are_in_utc_days_stay_days_and_what_floats_floats(self) -> None:
        january = within("20260101T000000Z", "20260201T000000Z")
        zoned = event("a", "DTSTART;TZID=Europe/Berlin:20260105T100000", "DTEND;TZID=Europe/Berlin:20260105T113000")
        self.assertIn("DTSTART:20260105T090000Z DTEND:20260105T103000Z", self.given(zoned, expand=january))
        days = event("a", "DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260107", "RRULE:FREQ=WEEKLY;COUNT=2")
        found = self.given(days, expand=january)
        self.assertIn("DTSTART;VALUE=DATE:20260112 RECURRENCE-ID;VALUE=DATE:20260112 DTEND;VALUE=DATE:20260114", found)
        berlin = iana_zone("Europe/Berlin")
        assert berlin is not None
        floating = event("a", "DTSTART:20260105T100000", "DTEND:20260105T110000", "RRULE:FREQ=DAILY;COUNT=2")
        selected = select(floating, CalendarData(expand=january), berlin)
        self.assertIn(
            "DTSTART:20260106T100000 RECURRENCE-ID:20260106T100000 DTEND:20260106T110000", self.shown(selected)
        )
        self.assertEqual(selected.instances, 2)
        self.assertIn("DTSTART;VALUE=DATE:20260112", self.shown(select(days, CalendarData(expand=january), berlin)))

    def test_expanded_durations_are_exact(self) -> None:
        berlin = "DTSTART;TZID=Europe/Berlin:20271030T120000"
        for lines, expected in (
            (("DTSTART:20270601T120000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20270603T120000Z/PT30M"), "PT1H PT30M"),
            (("DTSTART:20270601T120000Z", "DURATION:PT60M", "RRULE:FREQ=DAILY;COUNT=2"), "PT60M PT60M"),
            ((berlin, "DURATION:P1D"), "PT25H"),
            ((berlin, "DURATION:P1D", "RRULE:FREQ=DAILY;COUNT=2"), "PT25H P1D"),
            ((berlin, "DURATION:PT24H"), "PT24H"),
            (("DTSTART:20270601T120000", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20270603T120000/PT2H"), "PT1H PT2H"),
            (("DTSTART;VALUE=DATE:20271030", "DURATION:P2D"), "P2D"),
        ):
            found = self.given(event("a", *lines), expand=within("20270101T000000Z", "20280101T000000Z"))
            self.assertEqual(re.findall(r" DURATION:(\S+)", found), expected.split(), lines)
            self.assertNotIn("DTEND", found)

    def test_only_what_is_in_the_range_is_expanded_however_long_the_series(self) -> None:
        daily = event("a", "DTSTART:20000101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
        selected = select(daily, CalendarData(expand=within("20300101T000000Z", "20300601T000000Z")), limit=3000)
        self.assertEqual(selected.instances, 151)
        over = select(daily, CalendarData(expand=within("20000101T000000Z", "20300601T000000Z")), limit=100)
        self.assertEqual((over.instances, over.is_cut, selected.is_cut), (100, True, False))
        exactly = select(daily, CalendarData(expand=within("20300101T000000Z", "20300601T000000Z")), limit=151)
        self.assertEqual((exactly.instances, exactly.is_cut), (151, False))
        none = select(daily, CalendarData(expand=within("19990101T000000Z", "19990601T000000Z")))
        self.assertEqual((self.shown(none), none.instances), (HEAD, 0))

    def test_what_instances_hold_is_bounded(self) -> None:
        long = event("a", "DTSTART:20260101T100000Z", "RRULE:FREQ=DAILY", "SUMMARY:" + "x" * 1000)
        wanted = CalendarData(expand=within("20260101T000000Z", "20260201T000000Z"))
        selected = select(long, wanted, most_octets=9500)
        self.assertEqual((selected.instances, selected.is_cut), (8, True))
        self.assertEqual(select(long, wanted).instances, 31)

    def test_an_answer_gives_so_many_instances(self) -> None:
        wanted = CalendarData(expand=within("20260101T000000Z", "20260201T000000Z"))

        def given(allowance: Allowance, count: int) -> bool:
            octets = event("a", "DTSTART:20260101T100000Z", f"RRULE:FREQ=DAILY;COUNT={count}")
            return allowance.select(octets, wanted, UTC, limit=10) is not None

        allowance = Allowance(12)
        self.assertEqual([given(allowance, count) for count in (10, 3, 2, 1)], [True, False, True, False])
        few = Allowance(cut=2)
        self.assertEqual([given(few, count) for count in (11, 1, 11, 1)], [False, True, False, False])
        small = Allowance(octets=300)
        self.assertEqual([given(small, 1), given(small, 10)], [True, False])

    def test_tasks_without_a_time_are_given_too(self) -> None:
        task = event("a", "SUMMARY:some time", kind="VTODO")
        self.assertIn("SUMMARY:some time", self.given(task, expand=within("20260101T000000Z", "20260201T000000Z")))
        due = event("a", "DUE:20260105T100000Z", "SUMMARY:then", kind="VTODO")
        found = self.given(due, expand=within("20260101T000000Z", "20260201T000000Z"))
        self.assertIn("BEGIN:VTODO DUE:20260105T100000Z UID:a", found)

    def test_free_and_busy_times_of_a_range(self) -> None:
        found = self.given(OBJECTS["abcd8.ics"], limit_freebusy_set=within("20060102T000000Z", "20060103T000000Z"))
        self.assertEqual(found.count("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20060102T100000Z/20060102T120000Z"), 1)
        self.assertEqual(found.count(" FREEBUSY"), 1)
        several = event("a", "FREEBUSY:20260101T100000Z/PT1H,20260102T100000Z/PT1H", kind="VFREEBUSY")
        found = self.given(several, limit_freebusy_set=within("20260102T000000Z", "20260103T000000Z"))
        self.assertIn("FREEBUSY:20260102T100000Z/PT1H END", found)

    def test_what_cannot_be_read_is_given_as_it_is(self) -> None:
        wanted = CalendarData(expand=within("20260101T000000Z", "20260201T000000Z"))
        self.assertEqual(select(b"no calendar", wanted).octets, b"no calendar")
        self.assertRaises(MalformedCalendar, stored, b"no calendar")
