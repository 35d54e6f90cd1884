"""Figures for whoever tells them: what the settings allow, a store that does not answer, readings of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unavailable
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_SUCCESS, TELEMETRY_PROMETHEUS_ERROR
from stalwart.telemetry.figures.families import Family
from stalwart.telemetry.figures.gathering import PATIENCE, Figures, Reading, readings
from stalwart.telemetry.measures import DNS_LOOKUP_DURATION


class FiguresTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.telemetry, self.clock = Telemetry(), Clock()
        self.answer: Any = {"user.count": 3}
        self.refused: set[str | None] = set()
        self.figures = Figures(self.telemetry, self.clock, self.count, lambda id: id not in self.refused)

    async def count(self) -> Mapping[str, int]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return await self.answer if isinstance(self.answer, Deferred) else self.answer

    def found(self) -> dict[str, Family]:
        gathering = Deferred.fromCoroutine(self.figures.families())
        self.clock.advance(0)
        return {each.name: each for each in self.successResultOf(gathering)}

    def test_everything(self) -> None:
        found = self.found()
        self.assertEqual(found["stalwart_accounts"].samples, (({}, 3.0),))
        self.assertIn("stalwart_build_info", found)

    def test_only_what_is_wanted(self) -> None:
        self.refused = {"auth.success", "user.count"}
        found = self.found()
        self.assertNotIn("stalwart_auth_success", found)
        self.assertNotIn("stalwart_accounts", found)
        self.assertIn("stalwart_auth_failed", found)

    def test_store_that_fails_is_told_of_and_done_without(self) -> None:
        self.answer = Unavailable("away")
        self.assertNotIn("stalwart_accounts", self.found())
        self.assertEqual(self.telemetry.counters[TELEMETRY_PROMETHEUS_ERROR.id], 1)

    def test_store_that_is_silent_is_not_waited_for(self) -> None:
        self.answer = Deferred()
        gathering = Deferred.fromCoroutine(self.figures.families())
        self.clock.advance(PATIENCE - 0.1)
        self.assertNoResult(gathering)
        self.clock.advance(0.2)
        self.assertIn("stalwart_build_info", {each.name for each in self.successResultOf(gathering)})
        self.assertEqual(self.telemetry.counters[TELEMETRY_PROMETHEUS_ERROR.id], 1)

    def test_readings_are_in_units_of_the_reference(self) -> None:
        self.telemetry.emit(AUTH_SUCCESS)
        self.telemetry.series(DNS_LOOKUP_DURATION).observe(0.25)
        self.telemetry.series(DNS_LOOKUP_DURATION).observe(0.5)
        found = {each.id: each for each in readings(self.found().values())}
        self.assertEqual(found["auth.success"], Reading("auth.success", "counter", 1))
        self.assertEqual(found["user.count"], Reading("user.count", "gauge", 3))
        self.assertEqual(found["dns.lookup-time"], Reading("dns.lookup-time", "histogram", 2, 750))
        self.assertNotIn(None, found)
