"""Coroutines run to their first wait."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.coroutines import Rest, begun


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
