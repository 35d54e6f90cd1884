"""Searches wait for each other, and not for long."""

from __future__ import annotations

from inspect import signature

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import TooMany, Unavailable
from stalwart.mail.search import turns
from stalwart.mail.search.turns import AT_ONCE, PATIENCE, Turns
from stalwart.store.threads.store import ThreadedStore


class TurnsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.running: dict[str, Deferred[None]] = {}
        self.begun: list[Deferred[None]] = []
        self.addCleanup(self.end_all)

    def end_all(self) -> None:
        """Leave nothing that waits: what is collected in the middle of it may wake the next, which is gone too."""
        for each in self.begun:
            each.cancel()
            each.addErrback(lambda failure: failure.trap(CancelledError) and None)

    def begin(self, name: str) -> Deferred[None]:
        """A search of the account that is the first digit of ``name``."""

        async def search() -> None:
            async with self.turns.of(int(name[0])):
                self.running[name] = Deferred()
                try:
                    await self.running[name]
                finally:
                    del self.running[name]

        self.begun.append(Deferred.fromCoroutine(search()))
        return self.begun[-1]

    def end(self, name: str) -> None:
        self.running[name].callback(None)

    def now(self) -> str:
        return " ".join(sorted(self.running))

    def test_an_account_has_one_at_a_time(self) -> None:
        all = [self.begin(name) for name in ("1a", "1b", "1c", "2a")]
        self.assertEqual(self.now(), "1a 2a")
        for name, following in (("1a", "1b 2a"), ("1b", "1c 2a"), ("1c", "2a"), ("2a", "")):
            self.end(name)
            self.assertEqual(self.now(), following)
        for each in all:
            self.successResultOf(each)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_there_are_few_in_all(self) -> None:
        for name in ("1a", "2a", "3a", "4a"):
            self.begin(name)
        self.assertEqual(self.now(), "1a 2a")
        self.end("2a")
        self.assertEqual(self.now(), "1a 3a")

    def test_half_of_the_readers_are_left_to_others(self) -> None:
        readers = signature(ThreadedStore).parameters["readers"].default
        self.assertLessEqual(AT_ONCE, readers // 2)

    def test_accounts_take_turns_whoever_has_many(self) -> None:
        for name in ("1a", "1b", "1c", "2a", "2b", "2c", "3a"):
            self.begin(name)
        self.end("1a")
        self.assertEqual(self.now(), "2a 3a")
        self.end("2a")
        self.assertEqual(self.now(), "1b 3a")
        self.end("1b")
        self.assertEqual(self.now(), "2b 3a")

    def test_a_fault_ends_a_turn(self) -> None:
        failed, waiting = self.begin("1a"), self.begin("1b")
        self.running["1a"].errback(ValueError())
        self.failureResultOf(failed, ValueError)
        self.end("1b")
        self.successResultOf(waiting)

    def test_waiting_has_an_end(self) -> None:
        first, second = self.begin("1a"), self.begin("1b")
        self.clock.advance(PATIENCE)
        self.failureResultOf(second, Unavailable)
        self.assertEqual(self.now(), "1a")
        self.end("1a")
        self.successResultOf(first)
        self.begin("1c")
        self.assertEqual(self.now(), "1c")

    def test_who_leaves_waits_no_more_and_gives_the_turn_on(self) -> None:
        first, second, _third = (self.begin(name) for name in ("1a", "1b", "1c"))
        second.cancel()
        self.failureResultOf(second, CancelledError)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual(self.now(), "1c")

    def test_many_that_end_at_once(self) -> None:
        ended: list[int] = []

        async def search(account_id: int, work: Deferred[None] | None) -> None:
            async with self.turns.of(account_id):
                ended.append(account_id)
                if work is not None:
                    await work

        first: Deferred[None] = Deferred()
        all = [Deferred.fromCoroutine(search(1, first))]
        all += [Deferred.fromCoroutine(search(1, None)) for _ in range(turns.OF_ACCOUNT)]
        second: Deferred[None] = Deferred()
        all.append(Deferred.fromCoroutine(search(2, second)))
        all += [Deferred.fromCoroutine(search(account, None)) for account in range(3, 1000)]
        first.callback(None)
        second.callback(None)
        for each in all:
            self.successResultOf(each)
        self.assertEqual(ended[:4], [1, 2, 3, 4])
        self.assertEqual(len(ended), len(all))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_few_of_an_account_wait(self) -> None:
        self.patch(turns, "OF_ACCOUNT", 2)
        for name in ("1a", "1b", "1c"):
            self.begin(name)
        self.failureResultOf(self.begin("1d"), TooMany)
        self.begin("2a")
        self.assertEqual(self.now(), "1a 2a")
