"""Places for pushes: how many of one account, how many of all, and what becomes of slow ones."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.push.places import AT_ONCE, MOST_SLOW, OF_ACCOUNT, SLOW_AFTER, Place, PushPlaces
from tests.leftovers import end


class PlacesCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.places = PushPlaces(self.clock)

    def take(self, account_id: int) -> Deferred[Place]:
        taking = Deferred.fromCoroutine(self.places.acquire(account_id))
        self.addCleanup(end, taking)
        return taking

    def many(self, count: int) -> list[Deferred[Place]]:
        """Of accounts with one push each."""
        return [self.take(100 + number) for number in range(count)]


class PlacesTests(PlacesCase):
    def test_of_one_account_only_some(self) -> None:
        taken = [self.take(1) for _ in range(OF_ACCOUNT + 2)]
        self.assertEqual([each.called for each in taken], [True] * OF_ACCOUNT + [False] * 2)
        self.assertTrue(self.take(2).called, "others do not wait for that")
        self.places.release(self.successResultOf(taken[0]))
        self.assertEqual([each.called for each in taken[OF_ACCOUNT:]], [True, False])

    def test_of_all_only_some(self) -> None:
        taken = self.many(AT_ONCE + 1)
        self.assertFalse(taken[-1].called)
        self.places.release(self.successResultOf(taken[0]))
        self.assertTrue(taken[-1].called)

    def test_slow_ones_keep_nobody_waiting(self) -> None:
        slow = self.many(AT_ONCE)
        quick = self.take(1)
        self.clock.advance(SLOW_AFTER)
        self.assertTrue(quick.called)
        for each in slow:
            self.places.release(self.successResultOf(each))
        self.assertEqual(sum(each.called for each in self.many(AT_ONCE + 5)), AT_ONCE - 1, "each place is there once")

    def test_slow_ones_have_a_limit(self) -> None:
        taken = self.many(MOST_SLOW + 2 * AT_ONCE)
        for _ in range(10):
            self.clock.advance(SLOW_AFTER)
        self.assertEqual(sum(each.called for each in taken), MOST_SLOW + AT_ONCE)
        self.places.release(self.successResultOf(taken[0]))
        self.clock.advance(SLOW_AFTER)
        self.assertEqual(sum(each.called for each in taken), MOST_SLOW + AT_ONCE + 1)

    def test_of_a_slow_account_still_only_some(self) -> None:
        taken = [self.take(1) for _ in range(OF_ACCOUNT + 2)]
        self.clock.advance(SLOW_AFTER)
        self.assertFalse(taken[-1].called)

    def test_nothing_is_left(self) -> None:
        taken = self.many(AT_ONCE + 1)
        waiting = taken.pop()
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        for each in taken:
            self.places.release(self.successResultOf(each))
        self.assertEqual((self.places._accounts, self.clock.getDelayedCalls()), ({}, []))
        self.assertEqual(sum(each.called for each in self.many(AT_ONCE + 1)), AT_ONCE)
