"""The events of clusters are known to everybody who lists events, by the names of the reference."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import cluster_events
from stalwart.telemetry.events import Event, declared_events


class ClusterEventTests(SynchronousTestCase):
    def test_they_are_listed(self) -> None:
        found = [value for value in vars(cluster_events).values() if isinstance(value, Event)]
        self.assertTrue(found)
        self.assertLessEqual(set(found), set(declared_events()))
