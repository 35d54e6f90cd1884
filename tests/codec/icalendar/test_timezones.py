"""Zones as tables: what zoneinfo says, faster."""

from __future__ import annotations

import zoneinfo
from datetime import UTC as UTC_ZONE
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar import timezones
from stalwart.codec.icalendar.timezones import UTC, Transition, YearlyDay, Zone, iana_names, iana_zone
from tests.codec.icalendar.objects import seconds, written, zone

_EPOCH = datetime(1970, 1, 1)
_NAMES = sorted(set(iana_names().values()) - {"UTC", "GMT"})


class ZoneTests(SynchronousTestCase):
    @settings(max_examples=200)
    @given(st.sampled_from(_NAMES), st.integers(-3 * 10**9, 7 * 10**9))
    def test_zoneinfo_says_the_same(self, name: str, moment: int) -> None:
        ours, theirs = zone(name), zoneinfo.ZoneInfo(name)
        aware = (_EPOCH + timedelta(seconds=moment)).replace(tzinfo=UTC_ZONE).astimezone(theirs)
        self.assertEqual(timedelta(seconds=ours.offset(moment)), aware.utcoffset())
        self.assertEqual(ours.local(moment), moment + ours.offset(moment))
        wall = (_EPOCH + timedelta(seconds=moment)).replace(tzinfo=theirs)
        self.assertEqual(timedelta(seconds=moment - ours.utc(moment)), wall.utcoffset())

    def test_a_time_that_is_skipped_counts_on_from_before(self) -> None:
        self.assertEqual(written(zone("Europe/Berlin").utc(seconds("2026-03-29 02:30"))), "2026-03-29 01:30")
        self.assertEqual(written(zone("America/New_York").utc(seconds("2007-03-11 02:30"))), "2007-03-11 07:30")

    def test_of_a_time_that_is_shown_twice_the_first_is_meant(self) -> None:
        self.assertEqual(written(zone("Europe/Berlin").utc(seconds("2026-10-25 02:30"))), "2026-10-25 00:30")
        self.assertEqual(written(zone("Pacific/Auckland").utc(seconds("2026-04-05 02:30"))), "2026-04-04 13:30")

    def test_many_times_are_the_same_as_one_by_one(self) -> None:
        for name in ("Europe/Berlin", "Asia/Kolkata", "Africa/Casablanca", "Australia/Lord_Howe"):
            times = list(range(seconds("2024-01-01 00:30"), seconds("2060-01-01 00:00"), 5 * 86_400))
            times += times[:3]
            self.assertEqual(zone(name).utc_all(times), [zone(name).utc(each) for each in times])
        self.assertEqual(UTC.utc_all([3, 1]), [3, 1])
        self.assertEqual(UTC.utc_all([]), [])

    def test_names_are_found_in_any_case_and_nothing_else_is(self) -> None:
        self.assertEqual(zone("europe/BERLIN").name, "Europe/Berlin")
        self.assertIs(zone("utc"), UTC)
        for name in ("", "../../etc/passwd", "/etc/localtime", "Europe", "Nowhere/Land", "x" * 1000, "Europe/Berlin\0"):
            self.assertIsNone(iana_zone(name), name)

    def test_the_package_serves_where_the_system_has_no_zones(self) -> None:
        self.patch(timezones.zoneinfo, "TZPATH", ())
        octets = timezones._database("Europe/Berlin")
        self.assertIsNotNone(octets)
        self.assertEqual(timezones._read("x", octets or b"").offset(seconds("2026-07-01 00:00")), 7200)
        self.assertIsNone(timezones._database("Nowhere/Land"))

    def test_changes_within_a_time(self) -> None:
        changes = zone("Europe/Berlin").changes(seconds("2050-01-01 00:00"), seconds("2051-01-01 00:00"))
        self.assertEqual(
            [(written(each.at), each.before, each.after, each.name, each.is_dst) for each in changes],
            [
                ("2049-10-31 01:00", 7200, 3600, "CET", False),
                ("2050-03-27 01:00", 3600, 7200, "CEST", True),
                ("2050-10-30 01:00", 7200, 3600, "CET", False),
            ],
        )

    def test_a_zone_of_transitions(self) -> None:
        given_ = Zone("x", [Transition(1000, 0, 3600), Transition(9000, 3600, 0)])
        self.assertEqual([given_.offset(each) for each in (0, 999, 1000, 8999, 9000)], [0, 0, 3600, 3600, 0])

    def test_days_of_the_year(self) -> None:
        for day, year, expected in (
            (YearlyDay(0, 59, 0, 0), 2024, "2024-02-29 00:00"),
            (YearlyDay(0, 60, 1, 0), 2024, "2024-03-01 00:00"),
            (YearlyDay(0, 60, 1, 0), 2025, "2025-03-01 00:00"),
            (YearlyDay(0, 59, 1, 0), 2024, "2024-02-28 00:00"),
            (YearlyDay(3, 5, 0, 3600), 2026, "2026-03-29 01:00"),
            (YearlyDay(12, 1, 3, -3600), 2026, "2026-12-01 23:00"),
        ):
            self.assertEqual(written(day.local(year)), expected)
