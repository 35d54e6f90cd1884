"""A reader thread: one work at a time, each on a snapshot of its own; several share one queue."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from stalwart.store.blob_files import BlobFiles
from stalwart.store.sql.session import Session
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.threads.engine import Engine
from stalwart.store.threads.work import Failed, Outcome, Queue, Work


class Reader:
    """Runs works from ``queue`` until it meets None. ``answer`` is called in the thread."""

    def __init__(
        self, queue: Queue, engine: Engine, files: BlobFiles, answer: Callable[[list[Outcome]], None]
    ) -> None:
        self._queue = queue
        self._engine = engine
        self._files = files
        self._answer = answer
        self._session: Session | None = None
        self._transaction: SqlTransaction | None = None

    def run(self) -> None:
        """The body of the thread."""
        while (work := self._queue.get()) is not None:
            if work.claim():
                self._answer([(work, self._outcome(work))])
        self._disconnect()

    def interrupt(self) -> None:
        """Break off the running statement, from another thread."""
        session = self._session
        if session is not None:
            with contextlib.suppress(Exception):  # the thread may be closing it just now
                session.interrupt()

    def _outcome(self, work: Work) -> Any:
        try:
            session = self._connected()
            session.begin_read()
            try:
                return work.function(self._transaction)  # type: ignore[arg-type]  # set by _connected
            finally:
                session.rollback()
        except BaseException as error:
            fault = self._engine.fault(error)
            if fault is None:
                return Failed(error)
            self._disconnect()
            fault.__cause__ = error
            return Failed(fault)

    def _connected(self) -> Session:
        if self._session is None:
            self._session = self._engine.open_reader()
            self._transaction = SqlTransaction(self._session, self._files)
        return self._session

    def _disconnect(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
