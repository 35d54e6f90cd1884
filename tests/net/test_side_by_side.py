"""Several coroutines as one wait."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.side_by_side import side_by_side


async def _wait(on: Deferred[Any]) -> Any:
    return await on


class SideBySideTests(SynchronousTestCase):
    """Results, failures, cancelling."""

    def setUp(self) -> None:
        self.cancelled: list[int] = []
        self.parts: list[Deferred[Any]] = [
            Deferred(lambda _d, number=number: self.cancelled.append(number)) for number in range(3)
        ]
        self.whole = Deferred.fromCoroutine(side_by_side(*(_wait(part) for part in self.parts)))

    def test_results_keep_their_order(self) -> None:
        for number in (2, 0, 1):
            self.parts[number].callback(number)
        self.assertEqual(self.successResultOf(self.whole), [0, 1, 2])
        self.assertEqual(self.cancelled, [])

    def test_a_failure_is_itself_and_cancels_the_rest(self) -> None:
        self.parts[0].errback(ValueError("no"))
        self.failureResultOf(self.whole, ValueError)
        self.assertEqual(self.cancelled, [1, 2])

    def test_cancelling_cancels_all_and_stays_a_cancellation(self) -> None:
        self.whole.cancel()
        self.failureResultOf(self.whole, CancelledError)
        self.assertEqual(self.cancelled, [0, 1, 2])

    def test_two_failures_leave_nothing_unhandled(self) -> None:
        self.parts[1].errback(KeyError("second"))
        self.parts[0].errback(ValueError("first"))
        self.failureResultOf(self.whole, ValueError)
