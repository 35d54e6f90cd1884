"""What is kept beside an object answers as the object itself would, or says that it has to be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.conditions import CompFilter, TimeRange
from stalwart.codec.caldav.filter import Hint, compiled
from stalwart.codec.caldav.free_busy import Busy, busy_times
from stalwart.codec.caldav.time_index import TimeIndex, TimeQuestion, kind_of, time_index
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.instances import instances
from stalwart.codec.icalendar.timezones import UTC, Zone, iana_zone
from tests.codec.caldav.appendix_b import OBJECTS, calendar, event

KINDS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY")
_FOUND = iana_zone("Europe/Berlin")
assert _FOUND is not None
BERLIN: Zone = _FOUND
DAY = 86_400
NEW_YEAR = moment("20060101T000000Z")


def index(octets: bytes, limit: int = 3000) -> TimeIndex:
    return time_index(instances(read_calendar(octets), limit=limit))


def met(found: TimeIndex, start: int, end: int, zone: Zone = UTC, kind: str = "VEVENT") -> bool | None:
    question = TimeQuestion(Hint(frozenset({kind}), start, end), zone)
    return question.meets(found.code, found.first, found.last, found.table)


class TimeIndexTests(SynchronousTestCase):
    def test_single_times_take_no_table(self) -> None:
        self.assertIsNone(index(OBJECTS["abcd1.ics"]).table)
        self.assertIsNotNone(index(OBJECTS["abcd2.ics"]).table)
        self.assertEqual(kind_of(index(OBJECTS["abcd4.ics"]).code), "VTODO")

    @given(st.sampled_from(sorted(OBJECTS)), st.integers(-48, 240), st.integers(1, 100), st.sampled_from(KINDS))
    def test_answers_as_the_object_would(self, name: str, hours: int, length: int, kind: str) -> None:
        start = NEW_YEAR + hours * 3600
        end = start + length * 3600
        asked = compiled(CompFilter("VCALENDAR", comps=(CompFilter(kind, time_range=TimeRange(start, end)),)))
        for zone in (UTC, BERLIN):
            found = met(index(OBJECTS[name]), start, end, zone, kind)
            expected = asked.matches(read_calendar(OBJECTS[name]), zone)
            self.assertTrue(found is None or found == expected, (name, start, end, kind, zone))

    def test_floating_times_are_asked_in_the_zone_of_the_question(self) -> None:
        found = index(event("a", "DTSTART:20260701T100000", "DURATION:PT1H"))
        eight, ten = moment("20260701T080000Z"), moment("20260701T100000Z")
        self.assertEqual((met(found, eight, eight + 60), met(found, eight, eight + 60, BERLIN)), (False, True))
        self.assertEqual((met(found, ten, ten + 60), met(found, ten, ten + 60, BERLIN)), (True, False))
        rows = TimeQuestion(Hint(start=eight, end=ten), BERLIN).rows
        self.assertEqual(rows, (eight - DAY, ten + DAY))
        self.assertEqual(TimeQuestion(Hint(), BERLIN).rows, (None, None))

    def test_where_zones_are_mixed_or_a_series_goes_on_the_object_is_read(self) -> None:
        mixed = index(
            calendar(
                "BEGIN:VEVENT\nUID:a\nDTSTART:20260101T100000\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n"
                "BEGIN:VEVENT\nUID:a\nDTSTART:20260102T120000Z\nRECURRENCE-ID:20260102T100000\nEND:VEVENT\n"
            )
        )
        self.assertIsNone(met(mixed, 0, 1))
        daily = index(event("a", "DTSTART:20260101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"), limit=10)
        ten = moment("20260105T100000Z")
        self.assertIs(met(daily, ten, ten + 60), True)
        self.assertIs(met(daily, ten + 3600, ten + 7200), False)
        self.assertIsNone(met(daily, ten + 100 * DAY, ten + 101 * DAY))
        self.assertIs(met(daily, ten, ten + 60, kind="VTODO"), False)

    def test_a_yearly_series_is_found_decades_later(self) -> None:
        yearly = index(event("a", "DTSTART;VALUE=DATE:19700301", "RRULE:FREQ=YEARLY"))
        late = moment("20550301T120000Z")
        self.assertIs(met(yearly, late, late + 60), True)
        self.assertIs(met(yearly, late + DAY, late + DAY + 60), False)

    def test_busy_times_without_reading(self) -> None:
        question = TimeQuestion(Hint(frozenset(KINDS), NEW_YEAR, NEW_YEAR + 30 * DAY))
        for name, octets in OBJECTS.items():
            found = index(octets)
            known = question.busy(found.code, found.first, found.last, found.table)
            expected = list(busy_times(instances(read_calendar(octets)), NEW_YEAR, NEW_YEAR + 30 * DAY))
            if known is not None:
                self.assertEqual(list(known), expected, name)
            self.assertEqual(known is None, name == "abcd8.ics", name)

    def test_busy_times_that_differ_or_float_are_read(self) -> None:
        question = TimeQuestion(Hint(frozenset(KINDS), NEW_YEAR, NEW_YEAR + 30 * DAY))
        differing = OBJECTS["abcd2.ics"].replace(b"SUMMARY:Event #2 bis\r\n", b"STATUS:TENTATIVE\r\n", 1)
        floating = event("a", "DTSTART:20060104T100000", "DURATION:PT1H")
        for octets in (differing, floating):
            found = index(octets)
            self.assertIsNone(question.busy(found.code, found.first, found.last, found.table))
        self.assertEqual(Busy(3), Busy.UNAVAILABLE)
