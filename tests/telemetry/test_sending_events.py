"""The events of sending are known to everybody who lists events, by the names of the reference."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.counter_names import COUNTERS
from stalwart.telemetry import sending_events
from stalwart.telemetry.events import Event, declared_events
from stalwart.telemetry.fields import FIELDS


class SendingEventTests(SynchronousTestCase):
    """Names, and fields whose kind is known."""

    def test_they_are_listed(self) -> None:
        found = [value for value in vars(sending_events).values() if isinstance(value, Event)]
        self.assertEqual(len(found), 9)
        self.assertLessEqual(set(found), set(declared_events()))
        uncounted = {each.id for each in found} - set(COUNTERS)
        self.assertEqual(uncounted, {"delivery.auth", "delivery.missing-outbound-hostname"})
        for each in found:
            self.assertLessEqual(set(each.fields), set(FIELDS), each.id)
