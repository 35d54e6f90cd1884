"""``Reader``: a snapshot for each work, and a new connection after a fault."""

from __future__ import annotations

import sqlite3
import threading
from queue import SimpleQueue
from typing import Any

from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import Unavailable
from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.threads.holding import Holding
from stalwart.store.threads.reader import Reader
from stalwart.store.threads.work import Failed, Work
from tests.store.opened import opened, session_of
from tests.store.threads.test_writer import MemoryEngine


class SnapshotTests(TestCase):
    async def test_a_read_does_not_see_what_is_written_meanwhile(self) -> None:
        store = await opened(self)
        looked, written = threading.Event(), threading.Event()

        def look_twice(tx: Any) -> tuple[int, int]:
            before = tx.registry.count("Domain")
            looked.set()
            written.wait(10)
            return before, tx.registry.count("Domain")

        reading = store.read(look_twice)
        await store.write(lambda tx: (looked.wait(10), tx.registry.insert("Domain", {}, id=1)))
        written.set()
        self.assertEqual(await reading, (0, 0))
        self.assertEqual(await store.read(lambda tx: tx.registry.count("Domain")), 1)

    async def test_readers_do_not_wait_for_each_other(self) -> None:
        store = await opened(self)
        meet = threading.Barrier(4, timeout=10)
        reading = [store.read(lambda tx: meet.wait()) for _ in range(4)]
        self.assertEqual(sorted([await each for each in reading]), [0, 1, 2, 3])


class GoneEngine(MemoryEngine):
    """A database that is gone for good; each attempt takes ``seconds``."""

    def __init__(self, now: list[float], seconds: float) -> None:
        super().__init__([])
        self.now, self.seconds, self.attempts = now, seconds, 0

    def open_reader(self) -> Any:
        self.attempts += 1
        self.now[0] += self.seconds
        raise Unavailable("The data store cannot be reached.")

    def repeats(self, error: BaseException) -> bool:
        return isinstance(error, Unavailable)

    def fault(self, error: BaseException) -> Any:
        return Unavailable("The data store cannot be reached.")


class ReaderTests(SynchronousTestCase):
    def test_works_that_waited_for_the_same_attempt_fail_with_it(self) -> None:
        now = [100.0]
        engine = GoneEngine(now, 10.0)
        works = [Work(lambda tx: None, 0.0) for _ in range(5)]
        queue: Any = SimpleQueue()
        for work in (*works, None):
            queue.put(work)
        answers: list[Any] = []
        holding = Holding(lambda: False, lambda: now[0], lambda seconds: None)
        Reader(queue, engine, MemoryBlobFiles(), answers.extend, holding).run()
        self.assertEqual([outcome.error.detail for _, outcome in answers], ["The data store cannot be reached."] * 5)
        self.assertEqual((engine.attempts, now[0]), (5, 150.0))  # of which the first work had all

    def test_a_fault_costs_the_connection(self) -> None:
        def damaged(tx: Any) -> None:
            error = sqlite3.DatabaseError("malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

        works = [Work(damaged, 0.0), Work(lambda tx: session_of(tx), 0.0)]
        queue: Any = SimpleQueue()
        for work in (*works, None):
            queue.put(work)
        answers: list[Any] = []
        engine = MemoryEngine([])
        Reader(queue, engine, MemoryBlobFiles(), answers.extend).run()
        outcomes = dict(answers)
        self.assertIsInstance(outcomes[works[0]], Failed)
        self.assertIsInstance(outcomes[works[0]].error, Unavailable)
        self.assertIs(outcomes[works[1]], engine.sessions[1])
        self.assertTrue(all(session.closed for session in engine.sessions))
