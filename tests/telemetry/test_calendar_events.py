"""The events of calendars are known to everybody who lists events, by the names of the reference."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.counter_names import COUNTERS
from stalwart.telemetry import calendar_events
from stalwart.telemetry.events import Event, declared_events


class CalendarEventTests(SynchronousTestCase):
    def test_they_are_listed(self) -> None:
        found = [value for value in vars(calendar_events).values() if isinstance(value, Event)]
        self.assertTrue(found)
        self.assertLessEqual(set(found), set(declared_events()))
        self.assertLessEqual({each.id for each in found}, set(COUNTERS))
