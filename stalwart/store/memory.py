"""The store in memory: the same repositories over an SQLite connection without a file, run at once in the
caller's thread.

For tests and for bootstrap mode, where nothing may be written. Every Deferred it returns has already fired.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from twisted.internet.defer import Deferred, fail, succeed

from stalwart.errors import Unavailable
from stalwart.store.blob_files import BlobFiles, MemoryBlobFiles
from stalwart.store.known_states import KnownStates
from stalwart.store.neighbours import Neighbours
from stalwart.store.sql.dialect import SQLITE
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sql.session import Session, TransactionLost
from stalwart.store.sql.transaction import SqlTransaction
from stalwart.store.sqlite.connection import MemoryConnection, connect_memory, fault, refuse_writes
from stalwart.store.store import Transaction
from stalwart.store.watch import Observer, Watch

T = TypeVar("T")


class MemoryStore:
    """``store.Store`` that forgets everything when it is closed; usable without ``start``.

    It begins with the rows of ``like``, if that is given.
    """

    def __init__(self, clock: Callable[[], float] = time.time, like: MemoryStore | None = None) -> None:
        self.blob_files: BlobFiles = MemoryBlobFiles(clock)
        self._connection = connect_memory()
        (_tables() if like is None else like._connection).backup(self._connection)
        self._session = Session(self._connection, SQLITE)
        self._transaction: Transaction = SqlTransaction(self._session, self.blob_files)
        self._watch = Watch()
        self.states = KnownStates()
        self.neighbours: Neighbours | None = None
        self._closed = False

    def start(self) -> Deferred[None]:
        return succeed(None)

    def close(self) -> Deferred[None]:
        if not self._closed:
            self._closed = True
            self._session.close()
        return succeed(None)

    def read(self, work: Callable[[Transaction], T]) -> Deferred[T]:
        if self._closed:
            return _closed()
        refuse_writes(self._session, True)
        try:
            return self._run(self._session.begin_read, work)
        finally:
            refuse_writes(self._session, False)

    def write(self, work: Callable[[Transaction], T]) -> Deferred[T]:
        if self._closed:
            return _closed()
        return self._run(self._session.begin_write, work)

    def blob_work(self, work: Callable[[BlobFiles], T], *, writes: bool = False) -> Deferred[T]:
        if self._closed:
            return _closed()
        try:
            return succeed(work(self.blob_files))
        except Exception as error:
            return fail(error)

    def watch(self, observer: Observer, *, ahead: bool = False) -> Callable[[], None]:
        return self._watch.add(observer, ahead=ahead)

    def ping(self) -> Deferred[None]:
        return self.read(lambda transaction: None)

    def _run(self, begin: Callable[[], None], work: Callable[[Transaction], T]) -> Deferred[T]:
        begin()
        try:
            result = work(self._transaction)
        except TransactionLost as lost:  # so there is nothing to roll back
            return fail(_explained(lost.__cause__ or lost))
        except Exception as error:
            self._session.rollback()
            self._session.noted()
            return fail(_explained(error))
        self._session.commit()
        answered = succeed(result)
        changed = self._session.noted()
        if changed:
            self.states.note(changed)
            self._watch.tell_ahead(changed)
            self._watch.tell(changed)
        return answered


@cache
def _tables() -> MemoryConnection:
    """The tables of this version with nothing in them: to copy them takes a twentieth of making them."""
    made = connect_memory()
    migrate(Session(made, SQLITE), load_migrations(SQLITE), 0)
    return made


def _closed() -> Deferred[T]:
    return fail(Unavailable("The data store is closed."))


def _explained(error: BaseException) -> BaseException:
    sentence = fault(error)
    if sentence is None:
        return error
    sentence.__cause__ = error
    return sentence
