"""The writer thread: takes what waits, runs it in one transaction, commits once, then answers all (group
commit).

Each work is isolated by a savepoint, so a failing one takes nothing with it and leaves nothing. Nobody is
told of success before the commit is durable. A commit that fails, fails every work of its batch, unless the engine says
that this passes: then all of it is run again on another connection, or found to be durable though the answer got lost.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable
from queue import Empty
from typing import Any

from stalwart.store.blob_files import BlobFiles
from stalwart.store.sql.session import Session, TransactionLost
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.store import Transaction
from stalwart.store.threads.engine import Engine
from stalwart.store.threads.holding import Holding
from stalwart.store.threads.pace import Pace
from stalwart.store.threads.work import Failed, Outcome, Queue, Work
from stalwart.store.watch import FIRST

_BATCH = 500
_SPAN = 0.05


class Writer:
    """Runs works from ``queue`` until it meets None. ``answer`` is called in the thread, once per commit, or ``tell``
    in its place if objects have changed, with their states by account and type.
    """

    def __init__(
        self,
        queue: Queue,
        engine: Engine,
        files: BlobFiles,
        answer: Callable[[list[Outcome]], None],
        tell: Callable[[list[Outcome], dict[int, dict[int, int]]], None] | None = None,
        holding: Holding | None = None,
    ) -> None:
        self.begun_at: float | None = None
        """When the transaction that runs was begun (``time.monotonic``)."""
        self._queue = queue
        self._engine = engine
        self._files = files
        self._answer = answer
        self._tell = tell or (lambda outcomes, changed: answer(outcomes))
        self._changed: dict[int, dict[int, int]] = {}
        self._connection: tuple[Session, Transaction] | None = None
        self._pace = Pace()
        self._is_last = False
        self._holding = holding or Holding()

    def run(self) -> None:
        """The body of the thread."""
        while not self._is_last:
            works = self._take()
            while works:
                outcomes = self._commit(works)
                changed, self._changed = self._changed, {}
                if changed:
                    self._tell(outcomes, changed)
                else:
                    self._answer(outcomes)
        self._disconnect()

    def interrupt(self) -> None:
        """Break off the running statement, from another thread."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(Exception):  # the thread may be closing it just now
                connection[0].interrupt()

    def _take(self) -> deque[Work]:
        """What waits or is about to come, at least one and at most a batch, or nothing at the end."""
        works: deque[Work] = deque()
        self._pace.begin(crowded=not self._queue.empty())
        work = self._queue.get()
        self._gather(works, work, lambda: self._next(len(works)))
        return works

    def _gather(self, works: deque[Work], work: Work | None, more: Callable[[], Work | None]) -> None:
        """Add ``work``, and what there is ``more``, until there is nothing (Empty), or the end."""
        with contextlib.suppress(Empty):
            while work is not None:
                works.append(work)
                if len(works) >= _BATCH:
                    return
                work = more()
            self._is_last = True

    def _join(self, works: deque[Work]) -> None:
        """Take in what has come while other processes wrote."""
        if not self._is_last and len(works) < _BATCH:
            with contextlib.suppress(Empty):
                self._gather(works, self._queue.get_nowait(), self._queue.get_nowait)

    def _next(self, count: int) -> Work | None:
        """One more for a batch of ``count``. Raises Empty if there is none."""
        with contextlib.suppress(Empty):
            return self._queue.get_nowait()
        left = self._pace.left(count)
        if left <= 0:
            raise Empty
        return self._queue.get(timeout=left)

    def _commit(self, works: deque[Work]) -> list[Outcome]:
        """Run works until the batch has taken its span, so that slow ones do not keep quick ones waiting."""
        outcomes: list[Outcome] = []
        is_unknown = False
        while True:
            self.begun_at = begun = time.monotonic()
            try:
                session, transaction = self._connected()
                session.begin_write()
                self._join(works)
                if is_unknown and self._engine.was_committed(session):
                    session.rollback()
                else:
                    is_unknown = False
                    self._run_all(session, transaction, outcomes, works)
                    is_unknown = True
                    self._engine.commit(session)
                    self._pace.done(len(outcomes), time.monotonic() - begun)
                self._holding.found()
                return outcomes
            except BaseException as error:
                self._disconnect()
                reason = (error.__cause__ or error) if isinstance(error, TransactionLost) else error
                if self._engine.repeats(reason) and self._holding.waits():
                    continue
                self._changed = {id: dict.fromkeys(types, 0) for id, types in self._changed.items()}  # who knows
                return self._all_failed(outcomes, works, reason)
            finally:
                self.begun_at = None

    def _run_all(self, session: Session, transaction: Transaction, outcomes: list[Outcome], works: deque[Work]) -> None:
        """Those that ran before, if there are any, and then new ones; ``outcomes`` become theirs."""
        again = [work for work, _ in outcomes if not work.stopped]
        outcomes[:] = [(work, None) for work in again]
        self._changed = {}
        for place, work in enumerate(again):
            outcomes[place] = (work, self._isolated(session, transaction, work))
        end = time.monotonic() + _SPAN
        while works:
            work = works.popleft()
            if work.claim():
                outcomes.append((work, None))
                outcomes[-1] = (work, self._isolated(session, transaction, work))
            if time.monotonic() > end:
                break

    def _isolated(self, session: Session, transaction: Transaction, work: Work) -> Any:
        try:
            with session.savepoint():
                result = work.function(transaction)
            for account_id, states in session.noted().items():
                held = self._changed.setdefault(account_id, states)
                if held is not states:
                    held.update({type: state for type, state in states.items() if type != FIRST or type not in held})
            return result
        except TransactionLost:
            raise
        except BaseException as error:
            session.noted()
            return Failed(self._explained(error))

    def _all_failed(self, outcomes: list[Outcome], works: deque[Work], error: BaseException) -> list[Outcome]:
        """Those that ran, and those that would have run into the same."""
        touched = [work for work, _ in outcomes]
        touched += [work for work in works if work.claim()]
        works.clear()
        return [(work, Failed(self._explained(error))) for work in touched]

    def _explained(self, error: BaseException) -> BaseException:
        fault = self._engine.fault(error)
        if fault is None:
            return error
        fault.__cause__ = error
        return fault

    def _connected(self) -> tuple[Session, Transaction]:
        if self._connection is None:
            session = self._engine.open_writer()
            self._connection = (session, SqlTransaction(session, self._files))
        return self._connection

    def _disconnect(self) -> None:
        """Also the surest way to forget a transaction that went wrong."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection[0].close()
