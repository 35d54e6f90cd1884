"""The events of the queue are events like others."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import queue_events
from stalwart.telemetry.events import Event, declared_events


class QueueEventTests(SynchronousTestCase):
    def test_they_are_declared(self) -> None:
        own = [value for value in vars(queue_events).values() if isinstance(value, Event)]
        self.assertGreater(len(own), 15)
        self.assertLessEqual({each.id for each in own}, {each.id for each in declared_events()})
        self.assertEqual({each.category for each in own}, {"queue", "delivery"})
