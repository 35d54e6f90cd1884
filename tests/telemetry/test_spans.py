"""Spans: numbers that grow and differ, and who inherits which."""

from __future__ import annotations

import time

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.spans import current, inside, moment_of, new_span, trace_id


class SpansTests(SynchronousTestCase):
    def test_numbers_differ_and_grow_with_time(self) -> None:
        spans = [new_span() for _ in range(1000)]
        self.assertEqual(len(set(spans)), 1000)
        self.assertLess(max(spans), new_span(time.time() + 1))
        self.assertTrue(all(0 < span < 2**63 for span in spans))
        self.assertAlmostEqual(moment_of(new_span(1_800_000_000.25)), 1_800_000_000.25, places=2)

    def test_what_is_begun_inside_stays_inside(self) -> None:
        gate: Deferred[None] = Deferred()
        seen: list[int | None] = []

        async def work() -> None:
            seen.append(current())
            await gate
            seen.append(current())

        with inside(7):
            Deferred.fromCoroutine(work())
            with inside(8):
                self.assertEqual(current(), 8)
            self.assertEqual(current(), 7)
        self.assertIsNone(current())
        gate.callback(None)
        self.assertEqual(seen, [7, 7])
        self.assertIsNone(current())

    def test_trace_id(self) -> None:
        self.assertEqual(trace_id(255), "0" * 30 + "ff")
