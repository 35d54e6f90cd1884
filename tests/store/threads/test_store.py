"""``ThreadedStore``: starting, closing and being stuck, on real threads."""

from __future__ import annotations

import threading
import time
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, gatherResults
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from stalwart.errors import Invalid, Unavailable
from stalwart.store.sql.queue import SqlQueue
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR
from tests.store.opened import file_store, opened, session_of

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n"


def store_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("store-")]


class ThreadedStoreTests(TestCase):
    timeout = 20

    async def test_no_thread_is_left_behind(self) -> None:
        store = file_store(self.mktemp(), readers=3)
        await store.start()
        self.assertEqual(len(store_threads()), 4)
        await store.close()
        self.assertEqual(store_threads(), [])

    async def test_before_the_start_everything_is_refused(self) -> None:
        store = file_store(self.mktemp())
        await self.assertFailure(store.read(lambda tx: None), Unavailable)
        await store.close()

    async def test_what_was_accepted_before_the_close_is_done(self) -> None:
        path = self.mktemp()
        store = file_store(path)
        await store.start()
        writing = [store.write(lambda tx, n=n: tx.registry.insert("Domain", {}, id=n)) for n in range(200)]
        reading = [store.read(lambda tx: tx.registry.count("Role")) for _ in range(50)]
        closing = store.close()
        await gatherResults([*writing, *reading])
        await closing
        again = await opened(self, path)
        self.assertEqual(await again.read(lambda tx: tx.registry.count("Domain")), 200)

    async def test_a_store_is_started_once(self) -> None:
        store = await opened(self)
        await self.assertFailure(store.start(), Unavailable)
        await store.close()
        await self.assertFailure(store.start(), Unavailable)

    async def test_all_who_wait_for_the_close_are_told(self) -> None:
        store = await opened(self)
        await gatherResults([store.close(), store.close()])

    async def test_a_close_during_the_start_ends_both(self) -> None:
        store = file_store(self.mktemp())
        starting = store.start()
        closing = store.close()
        await self.assertFailure(starting, Unavailable)
        await closing
        self.assertEqual(store_threads(), [])

    async def test_a_failed_start_leaves_nothing_running(self) -> None:
        store = file_store("/dev/null/x")
        await self.assertFailure(store.start(), Invalid)
        await store.close()
        self.assertEqual(store_threads(), [])

    async def test_a_work_cancelled_in_the_queue_is_not_run(self) -> None:
        store = await opened(self)
        gate = threading.Event()
        blocking = store.write(lambda tx: gate.wait(10))
        unwanted = store.write(lambda tx: tx.registry.insert("Domain", {}, id=1))
        unwanted.cancel()
        await self.assertFailure(unwanted, CancelledError)
        gate.set()
        await blocking
        self.assertEqual(await store.read(lambda tx: tx.registry.count("Domain")), 0)

    async def test_a_full_queue_is_unavailable(self) -> None:
        store = await opened(self, queue_limit=2)
        gate, begun = threading.Event(), threading.Event()
        first = store.write(lambda tx: (begun.set(), gate.wait(10)))
        begun.wait(10)
        waiting = [store.write(lambda tx: None) for _ in range(2)]
        await self.assertFailure(store.write(lambda tx: None), Unavailable)
        gate.set()
        await gatherResults([first, *waiting])

    async def test_ping_returns_although_the_writer_is_stuck(self) -> None:
        store = await opened(self, ping_timeout=0.1)
        gate = threading.Event()
        stuck = store.write(lambda tx: gate.wait(10))
        began = time.monotonic()
        error = await self.assertFailure(store.ping(), Unavailable)
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("0.1 seconds", error.detail)
        gate.set()
        await stuck
        await store.write(lambda tx: None)

    async def test_ping_waits_for_no_values(self) -> None:
        store = await opened(self)
        gate = threading.Event()
        stuck = [store.blob_work(lambda files: gate.wait(20)) for _ in range(8)]
        await store.ping()
        gate.set()
        await gatherResults(stuck)

    async def test_ping_writes_now_and_then(self) -> None:
        store = await opened(self)
        problem: list[str] = []

        def begin(*_: Any) -> Any:
            problem.append("asked")
            raise Unavailable("The disk is full.")

        self.patch(type(store.blob_files), "begin", begin)
        error = await self.assertFailure(store.ping(), Unavailable)
        self.assertEqual(error.detail, "The disk is full.")
        await self.assertFailure(store.ping(), Unavailable)
        self.patch(SqlQueue, "prove", begin)
        await self.assertFailure(store.ping(), Unavailable)
        self.assertEqual(len(problem), 3, "what failed is tried again at once")

    async def test_ping_leaves_nothing(self) -> None:
        store = await opened(self)
        await store.ping()
        self.patch(SqlQueue, "prove", lambda *_: self.fail("again so soon"))
        await store.ping()
        self.assertEqual(await store.blob_work(lambda files: files.discard_unfinished(time.time() + 1)), 0)

    async def test_a_stuck_work_fails_after_the_time_of_patience(self) -> None:
        store = await opened(self, patience=0.1)
        gate = threading.Event()
        await self.assertFailure(store.read(lambda tx: gate.wait(10)), Unavailable)
        gate.set()

    async def test_a_query_that_nobody_waits_for_ends(self) -> None:
        telemetry = Telemetry()
        store = await opened(self, patience=0.1, readers=1, telemetry=telemetry)
        await self.assertFailure(store.read(lambda tx: session_of(tx).all(ENDLESS)), Unavailable)
        self.assertEqual(await store.read(lambda tx: tx.registry.count("Domain")), 0, "the one reader is free")
        dropped = store.read(lambda tx: session_of(tx).all(ENDLESS))
        await deferLater(reactor, 0.02, lambda: None)
        dropped.cancel()
        await self.assertFailure(dropped, CancelledError)
        self.assertEqual(await store.read(lambda tx: tx.registry.count("Domain")), 0)
        self.assertEqual(telemetry.counters[STORE_ERROR.id], 0)

    async def test_a_stuck_query_does_not_hold_up_the_close(self) -> None:
        store = file_store(self.mktemp(), close_timeout=0.1)
        await store.start()
        stuck = store.read(lambda tx: session_of(tx).all(ENDLESS))
        began = time.monotonic()
        closing = store.close()
        await self.assertFailure(stuck, Unavailable)
        await closing
        self.assertLess(time.monotonic() - began, 2)
        for thread in threading.enumerate():
            if thread.name.startswith("store-"):
                thread.join(5)
        self.assertEqual(store_threads(), [])

    async def test_a_full_disk_is_said_and_survived(self) -> None:
        telemetry = Telemetry()
        store = await opened(self, telemetry=telemetry)
        await store.write(lambda tx: session_of(tx).run("PRAGMA max_page_count = 1"))
        big: dict[str, Any] = {"x": "y" * 1_000_000}
        error = await self.assertFailure(store.write(lambda tx: tx.registry.insert("Domain", big, id=1)), Unavailable)
        self.assertEqual(error.detail, "The disk that holds the data store is full.")
        self.assertEqual(telemetry.counters[STORE_ERROR.id], 1)
        await store.write(lambda tx: session_of(tx).run("PRAGMA max_page_count = 1000000"))
        await store.write(lambda tx: tx.registry.insert("Domain", big, id=1))
