"""The events of refusals are events like others, and the reference has them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.counter_names import COUNTERS
from stalwart.telemetry import refusal_events
from stalwart.telemetry.events import Event, declared_events
from stalwart.telemetry.fields import FIELDS


class RefusalEventTests(SynchronousTestCase):
    def test_they_are_listed(self) -> None:
        found = [value for value in vars(refusal_events).values() if isinstance(value, Event)]
        self.assertEqual(len(found), 4)
        self.assertLessEqual(set(found), set(declared_events()))
        self.assertLessEqual({each.id for each in found}, set(COUNTERS))
        for each in found:
            self.assertLessEqual(set(each.fields), set(FIELDS), each.id)
