"""The deadline over all waits."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery.lifetime import Expired, Lifetime


async def _wait(on: Deferred[str]) -> str:
    return await on


class LifetimeTests(SynchronousTestCase):
    """Limits are never longer than what is left."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.lifetime = Lifetime(self.clock, 10)

    def _limited(self, on: Deferred[str], seconds: float) -> Deferred[str]:
        return Deferred.fromCoroutine(self.lifetime.run(_wait(on), seconds))

    def test_an_operation_gets_its_own_limit(self) -> None:
        self.assertEqual(self.lifetime.limit(3), 3)

    def test_or_what_is_left(self) -> None:
        self.clock.advance(8)
        self.assertEqual(self.lifetime.limit(3), 2)

    def test_a_result_in_time_is_given_back(self) -> None:
        on: Deferred[str] = Deferred()
        running = self._limited(on, 3)
        on.callback("done")
        self.assertEqual(self.successResultOf(running), "done")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_too_late_cancels_and_says_so(self) -> None:
        cancelled: list[object] = []
        running = self._limited(Deferred(cancelled.append), 3)
        self.clock.advance(3)
        self.assertFalse(self.failureResultOf(running, Expired).value.lifetime)
        self.assertEqual(len(cancelled), 1)

    def test_the_end_of_the_lifetime_is_told_apart(self) -> None:
        self.clock.advance(8)
        running = self._limited(Deferred(), 30)
        self.clock.advance(2)
        self.assertTrue(self.failureResultOf(running, Expired).value.lifetime)

    def test_nothing_is_started_after_the_end(self) -> None:
        self.clock.advance(11)
        running = self._limited(Deferred(), 30)
        self.assertTrue(self.failureResultOf(running, Expired).value.lifetime)
