"""What watches the server: order, what only one process does, figures as the settings allow."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.observation import Observation


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
        parts = (FakePart("first", self.done), FakePart("second", self.done, self.slow))
        self.observation = Observation(figures, parts, (FakePart("leader", self.done),))

    def test_parts_start_in_order_and_leaders_when_they_lead(self) -> None:
        self.observation.start()
        self.assertEqual(self.done, ["first starts", "second starts"])
        self.observation.lead()
        self.assertEqual(self.done[2:], ["leader starts"])

    def test_parts_close_in_reverse_and_are_waited_for(self) -> None:
        closing = Deferred.fromCoroutine(self.observation.close())
        self.assertEqual(self.done, ["leader closes", "second closes"])
        self.slow.callback(None)
        self.successResultOf(closing)
        self.assertEqual(self.done[2:], ["first closes"])
