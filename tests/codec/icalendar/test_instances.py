"""Instances: what a calendar object means on the time line."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.alarms import alarm_table, next_alarms
from stalwart.codec.icalendar.checking import RefusedCalendarObject, check
from stalwart.codec.icalendar.comparing import meaning
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.instances import instances, instances_of, kind_of
from stalwart.codec.icalendar.recurring import Budget
from stalwart.codec.icalendar.spans import overlaps
from stalwart.codec.icalendar.time_ranges import span_table
from stalwart.codec.icalendar.zones import Zones
from tests.codec.icalendar.objects import calendar, seconds, starts, written, zone

DAILY = "DTSTART:20260101T100000Z\nDTEND:20260101T110000Z\nRRULE:FREQ=DAILY;COUNT=4\n"


class SingleTests(SynchronousTestCase):
    def test_ends(self) -> None:
        for lines, end in (
            ("DTSTART:20260101T100000Z\nDTEND:20260101T113000Z", "2026-01-01 11:30"),
            ("DTSTART:20260101T100000Z\nDURATION:PT2H", "2026-01-01 12:00"),
            ("DTSTART:20260101T100000Z", "2026-01-01 10:00"),
            ("DTSTART:20260101T100000Z\nDTEND:20260101T113000Z\nDURATION:PT0S", "2026-01-01 11:30"),
            ("DTSTART:20260101T100000Z\nDTEND:20250101T113000Z", "2026-01-01 10:00"),
            ("DTSTART:20260101T100000Z\nDURATION:-PT2H", "2026-01-01 10:00"),
            ("DTSTART;VALUE=DATE:20260101", "2026-01-02 00:00"),
            ("DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260103", "2026-01-03 00:00"),
            ("DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260101", "2026-01-02 00:00"),
            ("DTSTART;VALUE=DATE:20260101\nDURATION:P1W", "2026-01-08 00:00"),
            (
                "DTSTART;TZID=Europe/Berlin:20260101T100000\nDTEND;TZID=America/New_York:20260101T100000",
                "2026-01-01 15:00",
            ),
            # Without a zone an end is in that of its start.
            ("DTSTART;TZID=Europe/Berlin:20260101T100000\nDTEND:20260101T110000", "2026-01-01 10:00"),
            ("DTSTART:20260101T100000Z\nDTEND:20260101T110000", "2026-01-01 11:00"),
            # RFC 5545 3.3.6: a day is a day, whatever the clock does; 24 hours are 24 hours.
            ("DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:P1D", "2026-03-29 10:00"),
            ("DTSTART;TZID=Europe/Berlin:20260328T120000\nDURATION:PT24H", "2026-03-29 11:00"),
        ):
            (instance,) = instances(calendar(lines))
            self.assertEqual(written(instance.end), end, lines)
            self.assertIsNone(instance.recurrence_id)

    def test_floating_times_are_in_the_zone_of_the_reader(self) -> None:
        for lines in (
            "DTSTART:20260101T100000",
            "DTSTART;VALUE=DATE:20260101",
            "DTSTART;TZID=Nonsense:20260101T100000",
        ):
            (here,) = instances(calendar(lines), zone_for_floating=zone("Asia/Tokyo"))
            (there,) = instances(calendar(lines))
            self.assertEqual(there.start - here.start, 9 * 3600)
            self.assertEqual(here.is_floating, "TZID" not in lines)
        (instance,) = instances(calendar("DTSTART:20260101T100000Z"), zone_for_floating=zone("Asia/Tokyo"))
        self.assertEqual((written(instance.start), instance.is_floating), ("2026-01-01 10:00", False))

    def test_what_has_no_time(self) -> None:
        expansion = instances(calendar("SUMMARY:x"))
        self.assertEqual((len(expansion), len(expansion.undated)), (0, 1))
        self.assertEqual(len(instances(calendar("SUMMARY:x", kind="X-KIND"))), 0)
        self.assertIsNone(kind_of(calendar("SUMMARY:x", kind="X-KIND")))

    def test_what_cannot_be_read_is_named(self) -> None:
        expansion = instances(calendar("DTSTART:20260101T100000Z\nDTEND:later\nRRULE:FREQ=OFTEN\nRDATE:x\nEXDATE:y"))
        self.assertEqual(starts(expansion), ["2026-01-01 10:00"])
        self.assertEqual(len(expansion.problems), 4)


class SeriesTests(SynchronousTestCase):
    def test_a_series_keeps_its_time_of_day(self) -> None:
        found = instances(
            calendar("DTSTART;TZID=Europe/Berlin:20260327T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4")
        )
        self.assertEqual(
            starts(found), ["2026-03-27 09:00", "2026-03-28 09:00", "2026-03-29 08:00", "2026-03-30 08:00"]
        )
        self.assertEqual({each.end - each.start for each in found}, {3600})
        self.assertTrue(found.is_recurring)

    def test_a_series_in_utc_stays_there(self) -> None:
        found = instances(
            calendar("DTSTART:20260327T100000Z\nRRULE:FREQ=DAILY;COUNT=4"), zone_for_floating=zone("Europe/Berlin")
        )
        self.assertEqual({each.split()[1] for each in starts(found)}, {"10:00"})

    def test_a_time_that_the_clock_skips_is_shifted(self) -> None:
        found = instances(calendar("DTSTART;TZID=Europe/Berlin:20260328T023000\nRRULE:FREQ=DAILY;COUNT=3"))
        self.assertEqual(starts(found), ["2026-03-28 01:30", "2026-03-29 01:30", "2026-03-30 00:30"])

    def test_a_time_that_the_clock_shows_twice_is_the_first(self) -> None:
        found = instances(calendar("DTSTART;TZID=Pacific/Auckland:20260404T023000\nRRULE:FREQ=DAILY;COUNT=2"))
        self.assertEqual(starts(found), ["2026-04-03 13:30", "2026-04-04 13:30"])

    def test_until_is_on_the_clock_of_the_series(self) -> None:
        for lines in (
            "DTSTART;TZID=America/New_York:20260101T090000\nRRULE:FREQ=DAILY;UNTIL=20260103T140000Z",
            "DTSTART;TZID=America/New_York:20260101T090000\nRRULE:FREQ=DAILY;UNTIL=20260103",
            "DTSTART;TZID=America/New_York:20260101T090000\nRRULE:FREQ=DAILY;UNTIL=20260103T090000",
            "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;UNTIL=20260103",
            "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;UNTIL=20260103T235959Z",
        ):
            self.assertEqual(len(instances(calendar(lines))), 3, lines)

    def test_several_rules_add_up(self) -> None:
        found = instances(
            calendar("DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY;COUNT=2\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=2")
        )
        self.assertEqual(starts(found), ["2026-01-01 10:00", "2026-01-02 10:00", "2026-01-03 10:00"])

    def test_dates_are_added(self) -> None:
        found = instances(
            calendar(
                "DTSTART;TZID=Europe/Berlin:20260101T100000\nDTEND;TZID=Europe/Berlin:20260101T110000\n"
                "RDATE:20260201T090000Z,20260101T090000Z\nRDATE;VALUE=PERIOD:20260301T090000Z/PT3H,20260302T090000Z/20260302T091000Z\n"
                "RDATE;VALUE=DATE:20260401\nRDATE;TZID=Asia/Tokyo:20260501T100000"
            )
        )
        self.assertEqual(
            [(written(each.start), (each.end - each.start) // 60) for each in found],
            [
                ("2026-01-01 09:00", 60),
                ("2026-02-01 09:00", 60),
                ("2026-03-01 09:00", 180),
                ("2026-03-02 09:00", 10),
                ("2026-04-01 08:00", 60),
                ("2026-05-01 01:00", 60),
            ],
        )

    def test_dates_are_taken_away(self) -> None:
        for exception in (
            "EXDATE:20260102T100000Z",
            "EXDATE;VALUE=DATE:20260102",
            "EXDATE;TZID=Europe/Berlin:20260102T110000",
            "EXRULE:FREQ=DAILY;BYMONTHDAY=2",
        ):
            found = instances(calendar(DAILY + exception))
            self.assertEqual(starts(found), ["2026-01-01 10:00", "2026-01-03 10:00", "2026-01-04 10:00"], exception)
        days = instances(calendar("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260101T000000Z"))
        self.assertEqual(starts(days), ["2026-01-02 00:00", "2026-01-03 00:00"])

    def test_a_date_without_a_zone_is_on_the_clock_of_the_series(self) -> None:
        lines = "DTSTART;TZID=Europe/Berlin:20260101T100000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260102T100000"
        for reader in ("Asia/Tokyo", "UTC"):
            found = instances(calendar(lines), zone_for_floating=zone(reader))
            self.assertEqual(starts(found), ["2026-01-01 09:00", "2026-01-03 09:00"])

    def test_a_foreign_rule_leaves_the_first(self) -> None:
        found = instances(calendar("DTSTART;VALUE=DATE:20260101\nRRULE:RSCALE=CHINESE;FREQ=YEARLY"))
        self.assertEqual(starts(found), ["2026-01-01 00:00"])


class OverrideTests(SynchronousTestCase):
    def test_an_override_replaces_whatever_its_sequence(self) -> None:
        found = instances(
            calendar(
                DAILY + "SEQUENCE:5",
                "RECURRENCE-ID:20260102T100000Z\nDTSTART:20260102T150000Z\nDURATION:PT2H\nSEQUENCE:1",
            )
        )
        self.assertEqual(
            starts(found), ["2026-01-01 10:00", "2026-01-02 15:00", "2026-01-03 10:00", "2026-01-04 10:00"]
        )
        moved = found.instances[1]
        self.assertTrue(moved.is_override)
        self.assertEqual((written(moved.recurrence_id or 0), moved.end - moved.start), ("2026-01-02 10:00", 7200))
        self.assertEqual(found.instances[2].recurrence_id, found.instances[2].start)

    def test_recurrence_ids_name_instances_in_any_form(self) -> None:
        master = "DTSTART;TZID=Europe/Berlin:20260101T100000\nRRULE:FREQ=DAILY;COUNT=3"
        for item in (
            ":20260102T090000Z",
            ";TZID=Europe/Berlin:20260102T100000",
            ";TZID=America/New_York:20260102T040000",
            ";VALUE=DATE:20260102",
        ):
            found = instances(calendar(master, f"RECURRENCE-ID{item}\nSUMMARY:changed"))
            self.assertEqual(starts(found), ["2026-01-01 09:00", "2026-01-02 09:00", "2026-01-03 09:00"], item)
            self.assertEqual([each.is_override for each in found], [False, True, False], item)
            self.assertEqual(written(found.instances[1].recurrence_local or 0), "2026-01-02 10:00")
        days = instances(
            calendar(
                "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY;COUNT=2",
                "RECURRENCE-ID:20260102T120000Z\nDTSTART;VALUE=DATE:20260109",
            ),
            zone_for_floating=zone("Asia/Tokyo"),
        )
        self.assertEqual([each.is_override for each in days], [False, True])

    def test_an_override_without_an_instance_stays(self) -> None:
        orphan = "RECURRENCE-ID:20260601T100000Z\nDTSTART:20260601T120000Z"
        self.assertEqual(starts(instances(calendar(DAILY, orphan)))[-1], "2026-06-01 12:00")
        (alone,) = instances(calendar(orphan))
        self.assertEqual((written(alone.recurrence_id or 0), alone.is_override), ("2026-06-01 10:00", True))
        self.assertEqual(len(instances(calendar("DTSTART:20260101T100000Z", orphan))), 2)

    def test_of_two_overrides_of_an_instance_the_newer_counts(self) -> None:
        first = "RECURRENCE-ID:20260102T100000Z\nDTSTART:20260102T150000Z\nSEQUENCE:2"
        second = "RECURRENCE-ID:20260102T100000Z\nDTSTART:20260102T160000Z\nSEQUENCE:1"
        for one, other in ((first, second), (second, first)):
            self.assertEqual(starts(instances(calendar(DAILY, one, other)))[1], "2026-01-02 15:00")

    def test_this_and_future(self) -> None:
        found = instances(
            calendar(
                DAILY,
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20260102T100000Z\nDTSTART:20260102T120000Z\nDTEND:20260102T123000Z",
                "RECURRENCE-ID:20260104T100000Z\nDTSTART:20260104T080000Z\nDTEND:20260104T090000Z",
            )
        )
        self.assertEqual(
            starts(found), ["2026-01-01 10:00", "2026-01-02 12:00", "2026-01-03 12:00", "2026-01-04 08:00"]
        )
        self.assertEqual([(each.end - each.start) // 60 for each in found], [60, 30, 30, 60])
        self.assertEqual(written(found.instances[2].recurrence_id or 0), "2026-01-03 10:00")

    def test_this_and_future_across_a_change_of_the_clock(self) -> None:
        found = instances(
            calendar(
                "DTSTART;TZID=Europe/Berlin:20260327T100000\nRRULE:FREQ=DAILY;COUNT=3",
                "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260328T100000\nDTSTART;TZID=Europe/Berlin:20260328T120000",
            )
        )
        self.assertEqual(starts(found), ["2026-03-27 09:00", "2026-03-28 11:00", "2026-03-29 10:00"])

    def test_a_zone_of_the_object_serves_all(self) -> None:
        found = calendar("DTSTART:20260101T100000Z")
        self.assertEqual(len(instances_of(found.components, Zones(found))), 1)
        self.assertEqual(len(instances_of([], Zones(found))), 0)


class BoundTests(SynchronousTestCase):
    def test_a_series_has_3000_instances_and_its_later_part_is_found(self) -> None:
        series = calendar("DTSTART:20100101T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")
        found = instances(series)
        self.assertEqual((len(found), found.is_truncated), (3000, True))
        later = instances(series, since=seconds("2026-06-01 10:30"), limit=5)
        self.assertIn("2026-06-01 10:00", starts(later))
        self.assertEqual(len(later), 5)

    def test_a_series_for_ever_goes_on_for_136_years(self) -> None:
        found = instances(calendar("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY"))
        self.assertEqual((len(found), found.is_truncated), (137, False))
        self.assertEqual(starts(found)[-1], "2162-01-01 00:00")

    def test_more_dates_than_anybody_needs(self) -> None:
        dates = ",".join(
            f"20{index % 90 + 10}{index % 12 + 1:02}{index % 28 + 1:02}T{index % 24:02}{index % 60:02}00Z"
            for index in range(25_000)
        )
        found = instances(calendar(f"DTSTART:20200101T000000Z\nRDATE:{dates}"), limit=100)
        self.assertEqual((len(found), found.is_truncated), (100, True))
        self.assertEqual(starts(found), sorted(starts(found)))

    def test_a_budget_that_is_spent_is_told(self) -> None:
        found = instances(
            calendar("DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), budget=Budget(100)
        )
        self.assertEqual((len(found), found.is_truncated), (1, True))

    def test_ends_of_the_calendar(self) -> None:
        for lines in (
            "DTSTART;TZID=America/New_York:99991231T235959\nDURATION:P999999999W\nRRULE:FREQ=DAILY",
            "DTSTART;TZID=Asia/Tokyo:00010101T000000\nRRULE:FREQ=WEEKLY;BYDAY=SU;WKST=WE\nRDATE;TZID=Europe/Berlin:99991231T235959",
            "DTSTART;VALUE=DATE:99991231\nRRULE:FREQ=YEARLY;BYWEEKNO=1,53",
        ):
            found = instances(calendar(lines), zone_for_floating=zone("Europe/Berlin"))
            self.assertTrue(
                overlaps(span_table(found).packed, found.instances[0].start, found.instances[0].start + 1), lines
            )

    def test_thousands_of_overrides(self) -> None:
        overrides = [
            f"RECURRENCE-ID;RANGE=THISANDFUTURE:2026{index % 12 + 1:02}{index % 28 + 1:02}T{index % 24:02}0000Z\n"
            "DTSTART:20260101T000000Z"
            for index in range(4000)
        ]
        found = instances(calendar("DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY", *overrides))
        self.assertLessEqual(len(found), 3000)


_VALUES = (
    *(
        "20260101",
        "20260328T023000",
        "20260102T100000Z",
        "99991231T235959",
        "00010101T000000",
        "20260230",
        "",
        "x,,;\\",
    ),
    *("P1D", "-PT15M", "P999999999W", "20260102T100000Z/PT1H", "20260102T100000Z/20260101T100000Z,20260101"),
    *(
        "FREQ=DAILY;COUNT=3",
        "FREQ=SECONDLY",
        "FREQ=YEARLY;BYDAY=53MO",
        "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=FR",
        "FREQ=DAILY",
    ),
    *(
        "FREQ=WEEKLY;UNTIL=20270101",
        "RSCALE=X;FREQ=DAILY",
        "FREQ=HOURLY;BYYEARDAY=-366",
        "+0100",
        "-2359",
        "3",
        "mailto:a@b",
    ),
)
_NAMES = (
    *(
        "DTSTART",
        "DTEND",
        "DUE",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "EXRULE",
        "RECURRENCE-ID",
        "COMPLETED",
        "CREATED",
    ),
    *(
        "FREEBUSY",
        "TRIGGER",
        "REPEAT",
        "SEQUENCE",
        "UID",
        "ATTENDEE",
        "TZOFFSETFROM",
        "TZOFFSETTO",
        "TZID",
        "ACKNOWLEDGED",
    ),
)
_PARAMETERS = ("", ";TZID=Europe/Berlin", ";TZID=Home", ";VALUE=DATE", ";RANGE=THISANDFUTURE", ";RELATED=END", ';X="')
_LINES = st.lists(
    st.tuples(st.sampled_from(_NAMES), st.sampled_from(_PARAMETERS), st.sampled_from(_VALUES)).map(
        lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}\n"
    ),
    max_size=7,
).map("".join)
_COMPONENTS = st.lists(
    st.tuples(st.sampled_from(("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")), _LINES, _LINES).map(
        lambda parts: f"BEGIN:{parts[0]}\n{parts[1]}BEGIN:VALARM\n{parts[2]}END:VALARM\nEND:{parts[0]}\n"
    ),
    max_size=3,
).map("".join)
_ZONE = st.lists(_LINES, max_size=2).map(
    lambda parts: (
        "BEGIN:VTIMEZONE\nTZID:Home\n"
        + "".join(f"BEGIN:STANDARD\n{each}END:STANDARD\n" for each in parts)
        + "END:VTIMEZONE\n"
    )
)


class AnyTests(SynchronousTestCase):
    """Whatever a calendar says, it means something, and soon."""

    @settings(max_examples=150)
    @given(_ZONE, _COMPONENTS)
    def test_any_object_is_expanded(self, beside: str, components: str) -> None:
        found = read_calendar(f"BEGIN:VCALENDAR\n{beside}{components}END:VCALENDAR\n".encode())
        expansion = instances(found, zone_for_floating=zone("Europe/Berlin"), budget=Budget(5000), limit=50)
        self.assertLessEqual(len(expansion), 50)
        begun = [each.start for each in expansion]
        self.assertEqual(begun, sorted(begun))
        self.assertTrue(all(each.end >= each.start for each in expansion))
        table = span_table(expansion)
        overlaps(table.packed, table.first, table.last)
        alarm_table(expansion)
        next_alarms(expansion, 0)
        for component in found.walk():
            for item in component.properties:
                hash(meaning(item, expansion.zones))
        try:
            check(found)
        except RefusedCalendarObject as problem:
            self.assertTrue(problem.condition)
