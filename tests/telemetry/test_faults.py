"""Work that nobody waits for: it can be ended, and what breaks in it is told."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_ERROR, Event
from stalwart.telemetry.faults import Works, tell_fault


class FaultTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.telemetry = Telemetry()
        self.told: list[dict[str, Any]] = []
        self.telemetry.observe(self._keep, RESOURCE_ERROR.level)
        self.works = Works(self.telemetry)

    def _keep(self, event: Event, values: dict[str, Any]) -> None:
        self.assertEqual(event.id, RESOURCE_ERROR.id)
        self.told.append(values)

    async def _wait(self, waited: Deferred[None], ended: list[str]) -> None:
        try:
            await waited
        finally:
            ended.append("over")

    def test_a_fault_says_what_it_is_where_and_during_what(self) -> None:
        try:
            raise KeyError("lost")
        except KeyError:
            tell_fault(self.telemetry, Failure(), path="/x")
        [told] = self.told
        self.assertEqual((told["reason"], told["path"]), ("KeyError: 'lost'", "/x"))
        self.assertIn("test_faults", told["trace"])

    def test_what_breaks_is_told_at_once_or_later(self) -> None:
        async def broken() -> None:
            raise ValueError("no")

        self.assertIsNone(self.successResultOf(self.works.run(broken())))
        waited: Deferred[None] = Deferred()
        running = self.works.run(self._wait(waited, []))
        self.assertNoResult(running)
        waited.errback(ValueError("late"))
        self.assertIsNone(self.successResultOf(running))
        self.assertEqual([each["reason"] for each in self.told], ["ValueError: no", "ValueError: late"])

    def test_all_that_are_under_way_are_cancelled_and_that_is_no_fault(self) -> None:
        ended: list[str] = []
        for _ in range(2):
            self.works.run(self._wait(Deferred(), ended))
        self.works.cancel()
        self.assertEqual((ended, self.told), (["over"] * 2, []))

    def test_what_has_ended_is_not_cancelled(self) -> None:
        cancelled: list[Deferred[None]] = []
        waited: Deferred[None] = Deferred(cancelled.append)
        self.works.run(self._wait(waited, []))
        waited.callback(None)
        self.works.cancel()
        self.assertEqual(cancelled, [])
