"""Shared work: one run for many waiters, and who may end it."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.flights import Flights
from tests.leftovers import end


class Sharing(SynchronousTestCase):
    """Waiters come and go."""

    def setUp(self) -> None:
        self.flights: Flights[str, str] = Flights(lambda error: ValueError(str(error)))
        self.begun = 0
        self.cancelled = 0
        self.work: Deferred[str] = Deferred(self.cancel)

    def cancel(self, _: object) -> None:
        self.cancelled += 1

    async def begin(self) -> str:
        self.begun += 1
        return await self.work

    def join(self, key: str = "a") -> Deferred[str]:
        joined = self.flights.join(key, self.begin)
        self.addCleanup(end, joined)
        return joined

    def test_work_is_done_once(self) -> None:
        first, second = self.join(), self.join()
        self.work.callback("done")
        self.assertEqual((self.successResultOf(first), self.successResultOf(second)), ("done", "done"))
        self.assertEqual((self.begun, len(self.flights)), (1, 0))

    def test_later_waiter_begins_anew(self) -> None:
        self.join()
        self.work.callback("done")
        self.work = Deferred()
        self.join()
        self.assertEqual(self.begun, 2)

    def test_leaving_waiter_does_not_disturb_the_others(self) -> None:
        first, second = self.join(), self.join()
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.work.callback("done")
        self.assertEqual((self.successResultOf(second), self.cancelled), ("done", 0))

    def test_last_waiter_to_leave_ends_the_work(self) -> None:
        first, second = self.join(), self.join()
        first.cancel()
        second.cancel()
        self.failureResultOf(first, CancelledError)
        self.failureResultOf(second, CancelledError)
        self.assertEqual((self.cancelled, len(self.flights)), (1, 0))

    def test_each_waiter_gets_an_error_of_its_own(self) -> None:
        first, second = self.join(), self.join()
        self.work.errback(KeyError("gone"))
        errors = [self.failureResultOf(one, ValueError).value for one in (first, second)]
        self.assertIsNot(errors[0], errors[1])

    def test_work_that_ends_at_once_is_delivered(self) -> None:
        self.work.callback("done")
        self.assertEqual(self.successResultOf(self.join()), "done")
        self.assertEqual(len(self.flights), 0)
