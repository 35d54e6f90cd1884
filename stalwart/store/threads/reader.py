"""A reader thread: one work at a time, each on a snapshot of its own; several share one queue."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from stalwart.store.blob_files import BlobFiles
from stalwart.store.sql.session import Session
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.store import Transaction
from stalwart.store.threads.engine import Engine
from stalwart.store.threads.work import Failed, Outcome, Queue, Work


class Reader:
    """Runs works from ``queue`` until it meets None. ``answer`` is called in the thread."""

    def __init__(self, queue: Queue, engine: Engine, files: BlobFiles, answer: Callable[[list[Outcome]], None]) -> None:
        self._queue = queue
        self._engine = engine
        self._files = files
        self._answer = answer
        self._connection: tuple[Session, Transaction] | None = None

    def run(self) -> None:
        """The body of the thread."""
        while (work := self._queue.get()) is not None:
            if work.claim():
                self._answer([(work, self._outcome(work))])
        self._disconnect()

    def interrupt(self) -> None:
        """Break off the running statement, from another thread."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(Exception):  # the thread may be closing it just now
                connection[0].interrupt()

    def _outcome(self, work: Work) -> Any:
        try:
            session, transaction = self._connected()
            session.begin_read()
            try:
                return work.function(transaction)
            finally:
                session.rollback()
        except BaseException as error:
            fault = self._engine.fault(error)
            if fault is None:
                return Failed(error)
            self._disconnect()
            fault.__cause__ = error
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
