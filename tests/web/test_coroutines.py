"""Coroutines run to their first wait."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.coroutines import Rest, Running, begun


async def sum_of(*waits: Deferred[int]) -> int:
    total = 0
    for wait in waits:
        total += await wait
    return total


async def awaited(work: Any) -> Any:
    return await work


class BegunTests(SynchronousTestCase):
    """``begun``."""

    def test_what_never_waits_is_done(self) -> None:
        done: Deferred[int] = Deferred()
        done.callback(3)
        self.assertEqual(begun(sum_of(done)), 3)

    def test_errors_before_the_first_wait_are_raised(self) -> None:
        failed: Deferred[int] = Deferred()
        failed.errback(KeyError("x"))
        self.assertRaises(KeyError, begun, sum_of(failed))

    def test_the_rest_goes_on_through_all_its_waits(self) -> None:
        one: Deferred[int] = Deferred()
        two: Deferred[int] = Deferred()
        rest = begun(sum_of(one, two))
        self.assertIsInstance(rest, Rest)
        result = Deferred.fromCoroutine(awaited(rest))
        one.callback(1)
        self.assertNoResult(result)
        two.callback(2)
        self.assertEqual(self.successResultOf(result), 3)

    def test_errors_later_are_raised_to_who_awaits(self) -> None:
        one: Deferred[int] = Deferred()
        result = Deferred.fromCoroutine(awaited(begun(sum_of(one))))
        one.errback(KeyError("x"))
        self.failureResultOf(result, KeyError)

    def test_cancelling_reaches_what_it_waits_for(self) -> None:
        cancelled = []
        one: Deferred[int] = Deferred(cancelled.append)
        result = Deferred.fromCoroutine(awaited(begun(sum_of(one))))
        result.cancel()
        self.failureResultOf(result, CancelledError)
        self.assertEqual(cancelled, [one])


PLACE: ContextVar[str] = ContextVar("place", default="nowhere")


class RunningTests(SynchronousTestCase):
    """``Running``."""

    def test_it_fires_with_the_result(self) -> None:
        for begin in (lambda work: work, begun):
            one: Deferred[int] = Deferred()
            two: Deferred[int] = Deferred()
            running = Running(begin(sum_of(one, two)))
            one.callback(1)
            self.assertNoResult(running)
            two.callback(2)
            self.assertEqual(self.successResultOf(running), 3)

    def test_what_never_waits_has_fired(self) -> None:
        self.assertEqual(self.successResultOf(Running(sum_of())), 0)

    def test_errors_are_its_failure(self) -> None:
        one: Deferred[int] = Deferred()
        running = Running(sum_of(one))
        one.errback(KeyError("x"))
        self.failureResultOf(running, KeyError)
        self.assertIsNone(self.successResultOf(one))

    def test_rests_in_coroutines_go_on_too(self) -> None:
        one: Deferred[int] = Deferred()
        running = Running(awaited(begun(sum_of(one))))
        one.errback(KeyError("x"))
        self.failureResultOf(running, KeyError)

    def test_cancelling_reaches_what_it_waits_for(self) -> None:
        cancelled = []
        one: Deferred[int] = Deferred(cancelled.append)
        running = Running(sum_of(one))
        running.cancel()
        self.failureResultOf(running, CancelledError)
        self.assertEqual(cancelled, [one])

    def test_who_is_cancelled_may_still_finish(self) -> None:
        one: Deferred[int] = Deferred()
        two: Deferred[int] = Deferred()

        async def careful() -> int:
            try:
                return await one
            except CancelledError:
                return await two

        running = Running(careful())
        running.cancel()
        self.assertNoResult(running)
        two.callback(5)
        self.assertEqual(self.successResultOf(running), 5)
        running.cancel()

    def test_it_has_a_context_of_its_own(self) -> None:
        one: Deferred[None] = Deferred()
        seen = []

        async def work() -> None:
            PLACE.set("inside")
            await one
            seen.append(PLACE.get())

        before = PLACE.set("outside")
        running = Running(work())
        self.assertEqual(PLACE.get(), "outside")
        PLACE.reset(before)
        one.callback(None)
        self.successResultOf(running)
        self.assertEqual(seen, ["inside"])
