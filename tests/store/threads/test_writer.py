"""``Writer``: one commit for what waits, and no work harmed by its neighbour."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import StalwartError, Unavailable
from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.sql.dialect import SQLITE
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sql.session import Session
from stalwart.store.sqlite.connection import fault, open_memory
from stalwart.store.threads.work import Failed, Work
from stalwart.store.threads.writer import Writer
from tests.store.opened import session_of


class CountingSession(Session):
    """Counts commits, and fails those it is told to."""

    def __init__(self, inner: Session, fail: list[Exception]) -> None:
        super().__init__(inner._connection, inner.dialect)
        self.commits = 0
        self.closed = False
        self._fail = fail

    def commit(self) -> None:
        if self._fail:
            raise self._fail.pop()
        super().commit()
        self.commits += 1

    def close(self) -> None:
        self.closed = True
        super().close()


class MemoryEngine:
    """Every connection is an empty database of its own."""

    def __init__(self, fail: list[Exception]) -> None:
        self.fail = fail
        self.sessions: list[CountingSession] = []

    def prepare(self, now: int) -> None:
        raise NotImplementedError

    def open_writer(self) -> Session:
        inner = open_memory()
        migrate(inner, load_migrations(SQLITE), 0)
        session = CountingSession(inner, self.fail)
        self.sessions.append(session)
        return session

    def has_news(self) -> bool:
        return False

    longest: float | None = None

    def commit(self, session: Session) -> None:
        session.commit()

    def was_committed(self, session: Session) -> bool:
        return False

    def repeats(self, error: BaseException) -> bool:
        return False

    open_reader = open_writer

    def fault(self, error: BaseException) -> StalwartError | None:
        return Unavailable("The disk is full.") if isinstance(error, OSError) else fault(error)


def bump(tx: Any) -> int:
    return tx.counters.increment("b", 10)


def broken(tx: Any) -> None:
    bump(tx)
    raise KeyError("broken")


class WriterTests(SynchronousTestCase):
    def run_writer(self, *functions: Callable[[Any], Any], fail: Exception | None = None) -> None:
        """Run them all, as if they had waited together."""
        self.works = [Work(function, 0.0) for function in functions]
        self.answers: list[list[Any]] = []
        queue: Any = SimpleQueue()
        for work in self.works:
            queue.put(work)
        queue.put(None)
        self.engine = MemoryEngine([fail] if fail else [])
        self.prepare_works()
        Writer(queue, self.engine, MemoryBlobFiles(), self.answers.append).run()

    def prepare_works(self) -> None:
        """For tests that tamper with works before they run."""

    def results(self) -> list[Any]:
        flat = {work: outcome for batch in self.answers for work, outcome in batch}
        return [flat.get(work, "dropped") for work in self.works]

    def test_what_waits_is_committed_once(self) -> None:
        self.run_writer(*[bump] * 100)
        self.assertEqual(self.results(), list(range(1, 101)))
        self.assertEqual(self.engine.sessions[0].commits, 1)

    def test_a_batch_has_an_upper_bound(self) -> None:
        self.run_writer(*[bump] * 501)
        self.assertEqual(self.results()[-1], 501)
        self.assertEqual([len(batch) for batch in self.answers], [500, 1])

    def run_joined(self, count: int) -> list[int]:
        """How many works each commit is of, where all but the first come while others write."""
        queue: Any = SimpleQueue()
        queue.put(Work(bump, 0.0))
        late: list[Work | None] = [*(Work(bump, 0.0) for _ in range(count - 1)), None]
        begin = CountingSession.begin_write

        def turn(session: CountingSession) -> None:
            while late:
                queue.put(late.pop(0))
            begin(session)

        self.patch(CountingSession, "begin_write", turn)
        answers: list[list[Any]] = []
        Writer(queue, MemoryEngine([]), MemoryBlobFiles(), answers.append).run()
        return [len(batch) for batch in answers]

    def test_what_comes_while_others_write_is_in_the_same_commit(self) -> None:
        self.assertEqual(self.run_joined(10), [10])

    def test_such_a_batch_has_an_upper_bound_too(self) -> None:
        self.assertEqual(self.run_joined(600), [500, 100])

    def test_a_failing_work_fails_alone(self) -> None:
        self.run_writer(bump, broken, bump)
        first, second, third = self.results()
        self.assertEqual((first, third), (1, 2))
        self.assertIsInstance(second.error, KeyError)

    def test_a_dropped_work_is_not_run(self) -> None:
        self.prepare_works = lambda: self.assertTrue(self.works[1].claim())  # type: ignore[method-assign]
        self.run_writer(bump, bump, bump)
        self.assertEqual(self.results(), [1, "dropped", 2])

    def test_a_failed_commit_fails_its_whole_batch(self) -> None:
        self.run_writer(bump, broken, bump, fail=OSError("full"))
        self.assertEqual([type(result.error) for result in self.results()], [Unavailable] * 3)
        self.assertTrue(self.engine.sessions[0].closed)

    def test_after_a_failed_commit_the_writer_goes_on(self) -> None:
        self.run_writer(*[bump] * 501, fail=OSError("full"))
        self.assertIsInstance(self.results()[0], Failed)
        self.assertEqual(self.results()[-1], 1)
        self.assertEqual(len(self.engine.sessions), 2)

    def test_a_transaction_that_the_database_gave_up_fails_its_batch(self) -> None:
        def lose(tx: Any) -> None:
            session_of(tx).rollback()
            raise OSError("full")

        self.run_writer(bump, lose, bump)
        self.assertEqual([type(result.error) for result in self.results()], [Unavailable] * 3)

    def test_slow_works_do_not_keep_their_followers_waiting(self) -> None:
        def slow(tx: Any) -> None:
            time.sleep(0.06)

        self.run_writer(slow, bump)
        self.assertEqual([len(batch) for batch in self.answers], [1, 1])

    def test_the_connection_is_closed_at_the_end(self) -> None:
        self.run_writer(bump)
        self.assertTrue(self.engine.sessions[0].closed)
