"""Queries in threads: which are taken, when they end, and what is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import Unavailable
from stalwart.store import queries
from stalwart.store.queries import LONGEST, QueryThreads, SynchronousQueries, query_problem
from stalwart.telemetry import Telemetry


class ProblemTests(SynchronousTestCase):
    def assert_problem(self, query: str, why: str) -> None:
        self.assertIn(why, query_problem(query) or "")

    def test_queries_that_may_be(self) -> None:
        for query in (
            "SELECT a FROM b WHERE c = $1",
            " select a from b where c = $1 ; ",
            "-- people\nSELECT ';' AS x, a FROM b WHERE c=$1 /* ; */",
            "WITH x AS (SELECT 1) SELECT * FROM x WHERE 'it''s;' <> $1",
            'SELECT "a;b", [c;d], `e;f` FROM t WHERE g = $1',
        ):
            self.assertIsNone(query_problem(query), query)

    def test_other_statements(self) -> None:
        for query in ("DELETE FROM b WHERE c = $1", "", "-- SELECT $1", "SELECTED $1", "PRAGMA x=$1"):
            self.assert_problem(query, "one SELECT")

    def test_several_statements(self) -> None:
        self.assert_problem("SELECT a FROM b WHERE c = $1; DELETE FROM b", "one statement")

    def test_no_place_for_the_address(self) -> None:
        for query in ("SELECT a FROM b", "SELECT a FROM b WHERE c = '$1'", "SELECT $10 AS a", "SELECT 1 -- $1"):
            self.assert_problem(query, "has no $1")

    def test_length(self) -> None:
        self.assert_problem(f"SELECT '{'x' * LONGEST}' WHERE a = $1", "characters")


class FakeSource:
    """Answers what it is asked; ``slow`` queries wait until they are to stop."""

    def __init__(self) -> None:
        self.running = threading.Event()

    def rows(self, query: str, value: str, timeout: float, is_stopped: Callable[[], bool]) -> list[dict[str, Any]]:
        if query == "broken":
            raise Unavailable("The data store is damaged; restore a backup.")
        if query == "bug":
            raise KeyError(query)
        if query == "slow":
            self.running.set()
            while not is_stopped():
                threading.Event().wait(0.005)
        return [{"value": value, "thread": threading.current_thread().name}]


class ThreadTests(TestCase):
    timeout = 10

    def setUp(self) -> None:
        self.source = FakeSource()
        self.queries = self.open()

    def open(self, **options: Any) -> QueryThreads:
        made = QueryThreads(self.source, reactor, Telemetry(), **options)
        self.addCleanup(made.close)
        return made

    async def test_rows_come_from_another_thread(self) -> None:
        (row,) = await self.queries.run("SELECT", "x")
        self.assertEqual(row["value"], "x")
        self.assertNotEqual(row["thread"], threading.current_thread().name)

    async def test_many_at_once(self) -> None:
        found = await gatherResults([self.queries.run("SELECT", str(number)) for number in range(50)])
        self.assertEqual([rows[0]["value"] for rows in found], [str(number) for number in range(50)])

    async def test_errors_name_the_database(self) -> None:
        for name, wanted in (
            (None, "The data store is damaged; restore a backup."),
            ("of the directory Staff", "The database of the directory Staff is damaged; restore a backup."),
        ):
            problem = await self.assertFailure(self.open(name=name).run("broken", ""), Unavailable)
            self.assertEqual(problem.detail, wanted)

    async def test_fault_stays_a_fault(self) -> None:
        await self.assertFailure(self.queries.run("bug", ""), KeyError)

    async def test_no_thread_without_a_query(self) -> None:
        before = threading.active_count()
        await self.open().close()
        self.assertEqual(threading.active_count(), before)

    async def test_closing_breaks_off_what_runs_and_leaves_no_thread(self) -> None:
        before = threading.active_count()
        slow = [self.queries.run("slow", "") for _ in range(3)]
        self.source.running.wait(5)
        closing = [self.queries.close(), self.queries.close()]
        for waiting in slow:
            await self.assertFailure(waiting, Unavailable)
        await gatherResults(closing)
        self.assertEqual(threading.active_count(), before)
        await self.assertFailure(self.queries.run("SELECT", ""), Unavailable)

    async def test_number_of_those_who_wait_is_bounded(self) -> None:
        self.patch(queries, "_WAITING", 1)
        runner = self.open()
        asked = [runner.run("slow", "") for _ in range(10)]
        refused = [each for each in asked if each.called]
        self.assertGreater(len(refused), 0)
        closing = runner.close()
        for waiting in asked:
            await self.assertFailure(waiting, Unavailable)
        await closing

    async def test_whoever_leaves_is_not_answered(self) -> None:
        slow = self.queries.run("slow", "")
        self.source.running.wait(5)
        slow.cancel()
        await self.queries.close()
        self.assertTrue(slow.called)
        slow.addErrback(lambda _: None)

    async def test_stuck_thread_is_left_behind(self) -> None:
        self.patch(queries, "_CLOSE_TIMEOUT", 0.01)
        stuck = threading.Event()
        self.addCleanup(stuck.set)
        self.source.rows = lambda *_: stuck.wait(5)  # type: ignore[assignment, method-assign, return-value]
        runner = self.open()
        waiting = runner.run("SELECT", "")
        closing = runner.close()
        await self.assertFailure(waiting, Unavailable)
        await closing
        stuck.set()
        ended: Deferred[None] = Deferred()
        reactor.callLater(0.05, ended.callback, None)  # type: ignore[attr-defined]
        await ended


class TwinTests(SynchronousTestCase):
    def test_works_at_once(self) -> None:
        twin = SynchronousQueries(FakeSource())
        self.assertEqual(self.successResultOf(twin.run("SELECT", "x"))[0]["value"], "x")
        self.failureResultOf(twin.run("broken", ""), Unavailable)
        self.successResultOf(twin.close())
