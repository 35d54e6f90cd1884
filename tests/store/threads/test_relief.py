"""``Relief``: what waits behind a long read runs elsewhere, and short ones stay together."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.store.threads.relief import BUSY, PERIOD, STUCK, Relief
from stalwart.store.threads.work import Work
from tests.store.opened import opened


class ReliefTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.queue: Any = SimpleQueue()
        self.others: Any = SimpleQueue()
        self.settled: list[Any] = []
        self.first, *self.readers = (SimpleNamespace(running=None, finished=lambda: ["done"]) for _ in range(3))
        self.first.spent = lambda: self.clock.seconds() * self.busy
        self.busy = 2 * BUSY / PERIOD
        arguments: Any = (self.clock, self.first, self.queue, self.readers, self.others)
        self.relief = Relief(*arguments, self.settled.extend)

    def put(self, count: int) -> None:
        for _ in range(count):
            self.queue.put(Work(lambda tx: None, 0.0))
        self.relief.expect()

    def test_behind_short_works_nothing_moves(self) -> None:
        self.put(3)
        for _ in range(3):
            self.first.running = Work(lambda tx: None, 0.0)
            self.clock.advance(PERIOD)
        self.assertEqual((self.others.qsize(), self.settled), (0, []))

    def test_a_work_that_waits_for_the_interpreter_is_not_long(self) -> None:
        self.busy = BUSY / STUCK / 2
        self.put(3)
        self.first.running = Work(lambda tx: None, 0.0)
        self.clock.pump([PERIOD] * 4)
        self.assertEqual(self.others.qsize(), 0)

    def test_a_work_that_is_stuck_is_long(self) -> None:
        self.busy = 0
        self.put(3)
        self.first.running = Work(lambda tx: None, 0.0)
        self.clock.pump([PERIOD] * round(STUCK / PERIOD + 2))
        self.assertEqual(self.others.qsize(), 3)

    def test_a_work_that_computes_for_long_is_long(self) -> None:
        self.put(3)
        self.first.running = Work(lambda tx: None, 0.0)
        self.clock.pump([PERIOD, PERIOD])
        self.assertEqual((self.queue.qsize(), self.others.qsize(), self.settled), (0, 3, ["done"]))

    def test_behind_a_long_work_nothing_waits_for_the_next_look(self) -> None:
        self.put(1)
        self.first.running = Work(lambda tx: None, 0.0)
        self.clock.pump([PERIOD, PERIOD])
        self.put(2)
        self.assertEqual((self.queue.qsize(), self.others.qsize()), (0, 3))

    def test_only_idle_readers_are_given_more(self) -> None:
        self.put(100)
        self.first.running = self.readers[0].running = Work(lambda tx: None, 0.0)
        self.clock.pump([PERIOD] * 5)
        self.assertEqual(self.others.qsize(), 4)

    def test_what_was_moved_comes_back_if_only_the_first_is_free(self) -> None:
        self.put(3)
        self.first.running = Work(lambda tx: None, 0.0)
        self.clock.pump([PERIOD, PERIOD])
        self.readers[0].running = self.readers[1].running = Work(lambda tx: None, 0.0)
        self.clock.pump([PERIOD])
        self.assertEqual((self.queue.qsize(), self.others.qsize()), (0, 3))
        self.first.running = None
        self.clock.pump([PERIOD])
        self.assertEqual((self.queue.qsize(), self.others.qsize()), (3, 0))

    def test_it_looks_only_while_there_is_work(self) -> None:
        self.relief.expect()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(PERIOD)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_the_end_takes_the_timer_away(self) -> None:
        self.relief.end()
        self.relief.expect()
        self.relief.end()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class LongReadTests(TestCase):
    timeout = 20

    async def test_neither_those_before_nor_those_behind_wait_for_a_long_read(self) -> None:
        store = await opened(self)
        gate = threading.Event()
        before = store.read(lambda tx: 1)
        long = store.read(lambda tx: gate.wait(10))
        behind = [store.read(lambda tx, n=n: n) for n in range(20)]
        self.assertEqual(await before, 1)
        self.assertEqual([await each for each in behind], list(range(20)))
        gate.set()
        self.assertTrue(await long)
