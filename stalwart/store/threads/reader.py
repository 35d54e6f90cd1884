"""A reader thread: one work at a time, each on a snapshot of its own; several may share one queue.

Works that wait are run in a row and answered together, because waking the reactor costs more than a short one. If a
work among them takes long, ``Relief`` has the answers before it fetched and what waits behind it run elsewhere.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import Empty
from threading import Lock, get_ident
from time import monotonic
from typing import Any

from stalwart.store.blob_files import BlobFiles
from stalwart.store.sql.session import Session
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.store import Transaction
from stalwart.store.threads.engine import Engine
from stalwart.store.threads.holding import Holding
from stalwart.store.threads.work import Failed, Outcome, Queue, Work

ROW = 0.0005
"""Seconds after which the works that were run in a row are answered."""


class Reader:
    """Runs works from ``queue`` until it meets None. ``answer`` is called in the thread."""

    def __init__(
        self,
        queue: Queue,
        engine: Engine,
        files: BlobFiles,
        answer: Callable[[Iterable[Outcome]], None],
        holding: Holding | None = None,
    ) -> None:
        self.running: Work | None = None
        self._clock: int | None = None
        self._queue = queue
        self._engine = engine
        self._files = files
        self._answer = answer
        self._finished: deque[Outcome] = deque()
        self._connection: tuple[Session, Transaction] | None = None
        self._turn = Lock()
        self._holding = holding or Holding()
        self._lost: BaseException | None = None

    def run(self) -> None:
        """The body of the thread."""
        if hasattr(time, "pthread_getcpuclockid"):  # not everywhere; without it, only what is stuck is long
            self._clock = time.pthread_getcpuclockid(get_ident())
        try:
            while (work := self._queue.get()) is not None:
                if not self._row(work):
                    break
            self._disconnect()
        finally:
            with self._turn:
                self._clock = None

    def spent(self) -> float:
        """Seconds that the thread has computed; from another thread."""
        with self._turn:
            return 0.0 if self._clock is None else time.clock_gettime(self._clock)

    def finished(self) -> Iterator[Outcome]:
        """What is done and not yet fetched; for the reactor thread."""
        while self._finished:
            yield self._finished.popleft()

    def _row(self, work: Work | None) -> bool:
        """Run works until no more wait, or time is up; False if the thread is to end."""
        end = monotonic() + ROW
        while work is not None:
            if work.claim():
                with self._turn:
                    self.running = work
                self._finished.append((work, self._outcome(work)))
            if monotonic() > end:
                break
            try:
                work = self._queue.get_nowait()
            except Empty:
                break
        self.running = None
        if self._finished:
            self._answer(self.finished())
        return work is not None

    def stop(self, work: Work) -> None:
        """Break off the running statement if it is of ``work``, from another thread."""
        with self._turn:
            if self.running is work:
                self.interrupt()

    def interrupt(self) -> None:
        """Break off the running statement, from another thread."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(Exception):  # the thread may be closing it just now
                connection[0].interrupt()

    def _outcome(self, work: Work) -> Any:
        while True:
            if self._lost is not None and self._holding.rests():
                return Failed(self._lost)
            try:
                session, transaction = self._connected()
                session.begin_read()
                try:
                    result = work.function(transaction)
                finally:
                    session.rollback()
                self._holding.found()
                return result
            except BaseException as error:
                fault = self._engine.fault(error)
                passes = self._engine.repeats(error)
                if passes or (fault is not None and not work.stopped):
                    self._disconnect()
                if passes and not work.stopped and self._holding.waits():
                    continue
                if fault is None:
                    return Failed(error)
                fault.__cause__ = error
                self._lost = fault if passes else None
                return Failed(fault)

    def _connected(self) -> tuple[Session, Transaction]:
        if self._connection is None:
            session = self._engine.open_reader()
            self._connection = (session, SqlTransaction(session, self._files))
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection[0].close()
