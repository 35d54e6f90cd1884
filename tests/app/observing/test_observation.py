"""What watches the server: order, what only one process does, figures as the settings allow."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.observing.observation import SENDING, Observation


class FakePart:
    def __init__(self, name: str, done: list[str], closing: Any = None) -> None:
        self._name, self._done, self._closing = name, done, closing

    def start(self) -> None:
        self._done.append(f"{self._name} starts")

    def close(self) -> Any:
        self._done.append(f"{self._name} closes")
        return self._closing


class ObservationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.done: list[str] = []
        self.slow: Deferred[None] = Deferred()
        figures: Any = object()
        self.clock = Clock()
        parts = (FakePart("first", self.done, self.slow), FakePart("second", self.done))
        self.observation = Observation(
            self.clock, figures, FakePart("logs", self.done), parts, (FakePart("leader", self.done),)
        )

    def test_parts_start_in_order_and_leaders_when_they_lead(self) -> None:
        self.observation.start()
        self.assertEqual(self.done, ["logs starts", "first starts", "second starts"])
        self.observation.lead()
        self.assertEqual(self.done[3:], ["leader starts"])

    def test_parts_close_together_and_logs_when_all_have(self) -> None:
        closing = Deferred.fromCoroutine(self.observation.close())
        self.assertEqual(self.done, ["leader closes", "first closes", "second closes"])
        self.slow.callback(None)
        self.successResultOf(closing)
        self.assertEqual(self.done[3:], ["logs closes"])

    def test_one_that_does_not_close_is_not_waited_for_long(self) -> None:
        closing = Deferred.fromCoroutine(self.observation.close())
        self.clock.advance(SENDING)
        self.successResultOf(closing)
        self.assertEqual(self.done[3:], ["logs closes"])

    def test_one_that_fails_to_close_is_told_of(self) -> None:
        closing = Deferred.fromCoroutine(self.observation.close())
        self.slow.errback(ZeroDivisionError())
        self.successResultOf(closing)
        self.assertEqual(self.done[3:], ["logs closes"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
