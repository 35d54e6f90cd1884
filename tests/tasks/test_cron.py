"""The next time of a schedule, across days, weeks and the days when clocks are changed."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.schema.blocks import Cron
from stalwart.tasks.cron import next_time

BERLIN = ZoneInfo("Europe/Berlin")
SCHEDULES = st.one_of(
    st.builds(lambda hour, minute: daily(hour, minute), st.integers(0, 23), st.integers(0, 59)),
    st.builds(lambda day, hour: weekly(day, hour), st.integers(0, 6), st.integers(0, 23)),
    st.builds(lambda minute: Cron.from_wire({"@type": "Hourly", "minute": minute}), st.integers(0, 59)),
)


def daily(hour: int, minute: int = 0) -> Any:
    return Cron.from_wire({"@type": "Daily", "hour": hour, "minute": minute})


def weekly(day: int, hour: int) -> Any:
    return Cron.from_wire({"@type": "Weekly", "day": day, "hour": hour, "minute": 0})


def hourly(minute: int) -> Any:
    return Cron.from_wire({"@type": "Hourly", "minute": minute})


class CronTests(SynchronousTestCase):
    """In Berlin: clocks go forward on 29 March 2026 at 2:00, back on 25 October at 3:00."""

    def next(self, schedule: Any, now: str) -> str:
        moment = datetime.fromisoformat(now).timestamp()
        return datetime.fromtimestamp(next_time(schedule, moment, BERLIN), BERLIN).isoformat()

    def test_daily_is_today_or_tomorrow(self) -> None:
        self.assertEqual(self.next(daily(2, 30), "2026-01-01T02:29:59+01:00"), "2026-01-01T02:30:00+01:00")
        self.assertEqual(self.next(daily(2, 30), "2026-01-01T02:30:00+01:00"), "2026-01-02T02:30:00+01:00")

    def test_weekly_counts_from_sunday(self) -> None:
        thursday = "2026-01-01T12:00:00+01:00"
        self.assertEqual(self.next(weekly(0, 4), thursday), "2026-01-04T04:00:00+01:00")
        self.assertEqual(self.next(weekly(1, 4), thursday), "2026-01-05T04:00:00+01:00")
        self.assertEqual(self.next(weekly(4, 4), thursday), "2026-01-08T04:00:00+01:00")
        self.assertEqual(self.next(weekly(4, 13), thursday), "2026-01-01T13:00:00+01:00")

    def test_hourly_is_this_hour_or_the_next(self) -> None:
        self.assertEqual(self.next(hourly(15), "2026-01-01T23:14:59+01:00"), "2026-01-01T23:15:00+01:00")
        self.assertEqual(self.next(hourly(15), "2026-01-01T23:15:00+01:00"), "2026-01-02T00:15:00+01:00")

    def test_time_that_is_skipped_comes_an_hour_later(self) -> None:
        self.assertEqual(self.next(daily(2, 30), "2026-03-29T00:00:00+01:00"), "2026-03-29T03:30:00+02:00")
        self.assertEqual(self.next(daily(2, 30), "2026-03-29T03:30:00+02:00"), "2026-03-30T02:30:00+02:00")

    def test_time_that_comes_twice_counts_once(self) -> None:
        self.assertEqual(self.next(daily(2, 30), "2026-10-25T00:00:00+02:00"), "2026-10-25T02:30:00+02:00")
        self.assertEqual(self.next(daily(2, 30), "2026-10-25T02:30:00+02:00"), "2026-10-26T02:30:00+01:00")

    def test_hourly_goes_on_through_the_hour_that_comes_twice(self) -> None:
        self.assertEqual(self.next(hourly(0), "2026-10-25T02:00:00+02:00"), "2026-10-25T02:00:00+01:00")

    def test_zone_of_the_process_is_the_default(self) -> None:
        before = os.environ.get("TZ")
        os.environ["TZ"] = "Europe/Berlin"
        time.tzset()
        try:
            moment = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
            self.assertEqual(next_time(daily(4), moment), next_time(daily(4), moment, BERLIN))
        finally:
            if before is None:
                del os.environ["TZ"]
            else:
                os.environ["TZ"] = before
            time.tzset()

    @given(SCHEDULES, st.floats(1.7e9, 1.9e9))
    def test_next_time_is_in_the_future_and_soon(self, schedule: Any, now: float) -> None:
        found = next_time(schedule, now, BERLIN)
        longest = {"Hourly": 1, "Daily": 25, "Weekly": 7 * 24 + 1}[schedule.tag] * 3600
        self.assertTrue(now < found <= now + longest)
