"""The events of reminders are known to everybody who lists events, by the names of the reference."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.counter_names import COUNTERS
from stalwart.telemetry import alarm_events
from stalwart.telemetry.events import Event, declared_events


class AlarmEventTests(SynchronousTestCase):
    def test_they_are_listed(self) -> None:
        found = [value for value in vars(alarm_events).values() if isinstance(value, Event)]
        self.assertTrue(found)
        self.assertLessEqual(set(found), set(declared_events()))
        self.assertLessEqual({"calendar.alarm-sent", "calendar.alarm-failed"}, set(COUNTERS))
