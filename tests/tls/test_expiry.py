"""Certificates that end soon are told of, once a day, unless another one takes their place."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from stalwart.tls.expiry import FIRST_LOOK, INTERVAL, ExpiryWatch
from stalwart.tls.pairs import Pair

NOW = 1_800_000_000
DAY = 86_400


def pair(*names: str, begin: float = NOW - 60 * DAY, days: float = 90) -> Pair:
    """A certificate that is never looked into."""
    return Pair((b"",), b"", frozenset(names), int(begin), int(begin + days * DAY))


class ExpiryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.told: list[tuple[str, Any, Any]] = []
        telemetry.observe(lambda event, keys: self.told.append((event.id, keys["id"], keys["hostname"])))
        self.pairs: dict[int, Pair] = {}
        self.watch = ExpiryWatch(self.clock, telemetry, lambda: self.pairs)

    def test_nothing_is_said_of_certificates_with_time_left(self) -> None:
        self.pairs = {1: pair("a.test"), 2: pair("b.test", begin=NOW - 4 * DAY, days=6)}
        self.watch.check()
        self.assertEqual(self.told, [])

    def test_end_of_the_lifetime_is_told_in_time(self) -> None:
        self.pairs = {
            1: pair("a.test", "b.test", begin=NOW - 77 * DAY),
            2: pair("c.test", begin=NOW - 5.5 * DAY, days=6),
        }
        self.watch.check()
        expected = [("tls.certificate-expiring", "b", "a.test,b.test"), ("tls.certificate-expiring", "c", "c.test")]
        self.assertEqual(self.told, expected)

    def test_one_that_has_ended(self) -> None:
        self.pairs = {1: pair("a.test", begin=NOW - 91 * DAY)}
        self.watch.check()
        self.assertEqual(self.told, [("tls.certificate-expired", "b", "a.test")])

    def test_one_that_has_a_successor_for_some_names_is_told_of_for_the_others(self) -> None:
        old = pair("a.test", "b.test", begin=NOW - 80 * DAY)
        self.pairs = {1: old, 2: pair("a.test", begin=NOW - DAY)}
        self.watch.check()
        self.pairs = {1: old, 2: pair("a.test", "b.test", begin=NOW - DAY)}
        self.clock.advance(DAY)
        self.watch.check()
        self.assertEqual(self.told, [("tls.certificate-expiring", "b", "b.test")])

    def test_each_is_told_of_once_a_day(self) -> None:
        self.pairs = {1: pair("a.test", begin=NOW - 77 * DAY)}
        self.watch.start()
        self.watch.start()
        self.clock.advance(FIRST_LOOK)
        self.assertEqual(len(self.told), 1)
        self.clock.pump([INTERVAL] * 8)
        self.assertEqual(len(self.told), 3)
        self.watch.stop()
        self.watch.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
