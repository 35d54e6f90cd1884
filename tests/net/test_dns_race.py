"""Staggered attempts: order, limits, and what becomes of the losers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.dns_race import Exhausted, race


class Race(SynchronousTestCase):
    """Attempts that the test ends one by one."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cancelled: list[int] = []
        self.attempts: list[Deferred[str]] = []

    def starts(self, count: int) -> Iterator[Callable[[], Deferred[str]]]:
        for number in range(count):
            yield partial(self.start, number)

    def start(self, number: int) -> Deferred[str]:
        self.attempts.append(Deferred(lambda _: self.cancelled.append(number)))
        return self.attempts[-1]

    def run_race(self, count: int = 3, width: int = 2) -> Deferred[str]:
        return race(self.clock, self.starts(count), stagger=1.0, width=width)

    def test_first_success_ends_the_others(self) -> None:
        outcome = self.run_race()
        self.clock.advance(1)
        self.attempts[1].callback("second")
        self.assertEqual(self.successResultOf(outcome), "second")
        self.assertEqual((self.cancelled, self.clock.getDelayedCalls()), ([0], []))

    def test_failure_starts_the_next_at_once(self) -> None:
        outcome = self.run_race()
        self.attempts[0].errback(ValueError("no"))
        self.attempts[1].callback("second")
        self.assertEqual(self.successResultOf(outcome), "second")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_width_is_not_exceeded(self) -> None:
        self.run_race(count=5).addErrback(lambda _: None)
        self.clock.pump([1.0] * 10)
        self.assertEqual(len(self.attempts), 2)

    def test_width_of_one_never_staggers(self) -> None:
        self.run_race(width=1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_place_of_a_failed_attempt_is_taken(self) -> None:
        self.run_race(count=5)
        self.clock.advance(1)
        self.attempts[0].errback(ValueError("no"))
        self.assertEqual(len(self.attempts), 3)

    def test_all_failures_are_reported_in_order(self) -> None:
        outcome = self.run_race(count=2)
        self.clock.advance(1)
        self.attempts[1].errback(ValueError("b"))
        self.attempts[0].errback(ValueError("a"))
        errors = self.failureResultOf(outcome, Exhausted).value.errors
        self.assertEqual([str(error) for error in errors], ["b", "a"])

    def test_no_attempts_are_exhausted_at_once(self) -> None:
        self.assertEqual(self.failureResultOf(self.run_race(count=0), Exhausted).value.errors, ())

    def test_many_immediate_failures_do_not_nest_too_deep(self) -> None:
        starts = iter([lambda: fail(ValueError("no"))] * 40)
        self.failureResultOf(race(self.clock, starts, stagger=1.0, width=2), Exhausted)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_immediate_success_leaves_no_timer(self) -> None:
        outcome = race(self.clock, iter([lambda: succeed("at once")]), stagger=1.0, width=2)
        self.assertEqual(self.successResultOf(outcome), "at once")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancelling_cancels_all(self) -> None:
        outcome = self.run_race()
        self.clock.advance(1)
        outcome.cancel()
        self.failureResultOf(outcome, CancelledError)
        self.assertEqual((sorted(self.cancelled), self.clock.getDelayedCalls()), ([0, 1], []))
