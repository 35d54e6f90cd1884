"""The events of reports are known to everybody who lists events, by the names of the reference where it has them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.counter_names import COUNTERS
from stalwart.telemetry import report_events
from stalwart.telemetry.events import Event, declared_events

OURS = {"incoming-report.error", "outgoing-report.error"}


class ReportEventTests(SynchronousTestCase):
    def test_they_are_listed(self) -> None:
        found = [value for value in vars(report_events).values() if isinstance(value, Event)]
        self.assertLessEqual(set(found), set(declared_events()))
        self.assertEqual({each.id for each in found} - set(COUNTERS), OURS)
