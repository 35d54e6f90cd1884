"""How late timers are."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import REACTOR_LATENCY
from stalwart.telemetry.reactor_latency import INTERVAL, ReactorLatency


class ReactorLatencyTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.telemetry, self.clock = Telemetry(), Clock()
        self.latency = ReactorLatency(self.telemetry, self.clock)

    def numbers(self) -> list[float]:
        (found,) = self.telemetry.book.read([REACTOR_LATENCY])[REACTOR_LATENCY].values()
        return found

    def test_lateness_is_measured(self) -> None:
        self.latency.start()
        self.clock.advance(INTERVAL)
        self.clock.advance(INTERVAL + 2.0)
        total, *counts = self.numbers()
        self.assertAlmostEqual(total, 2.0)
        self.assertEqual((counts[0], counts[-2], sum(counts)), (1, 1, 2))

    def test_end(self) -> None:
        self.latency.close()
        self.latency.start()
        self.latency.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
