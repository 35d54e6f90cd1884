"""All rows of an SQLite database (``store.moving.bulk``)."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stalwart.errors import Conflict, Invalid, StalwartError
from stalwart.store.moving.bulk import IN_USE, Row
from stalwart.store.moving.tables import Table
from stalwart.store.sql.mail_words_fts5 import Fts5Words
from stalwart.store.sql.session import Session
from stalwart.store.sqlite.engine import SqliteEngine, lock_of

_FETCHED = 1000
_LONGEST = 200
_PAGE_CACHE_KIB = 65536


class SqliteBulk:
    """``Bulk`` for the file ``path``."""

    session: Session

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = SqliteEngine(path)
        self._is_open = False
        self._lock = -1

    def prepare(self, newest: int | None = None) -> None:
        self._engine.prepare(int(time.time()), newest)

    def open(self, *, writes: bool) -> None:
        if not self.path.exists():
            raise Invalid(f"There is no data store {self.path}.")
        self.session = self._engine.open_writer() if writes else self._engine.open_reader()
        self._is_open = True
        self.session.run(f"PRAGMA cache_size=-{_PAGE_CACHE_KIB}")
        if writes:
            self.session.begin_write()
        else:
            self.session.begin_read()
            self.session.all("SELECT COUNT(*) FROM sqlite_master")  # the snapshot is taken by the first statement

    def refuse_others(self) -> None:
        try:
            self._lock = os.open(lock_of(self.path), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:  # no server ever had it; and who makes the file now need not be the one who serves
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._lock, _LONGEST, 0).decode("ascii", "replace").partition(" ")[0]
            raise Conflict(IN_USE.format(f"{self.path} is in use by the server with process id {holder}")) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    def commit(self) -> None:
        self.session.commit()

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self.session.close()
        if self._lock >= 0:
            lock, self._lock = self._lock, -1
            os.close(lock)

    def rows(self, table: Table) -> Iterator[Row]:
        cursor = self.session.connection.execute(f"SELECT {table.names} FROM {table.name}")
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        self.session.connection.executemany(f"INSERT INTO {table.name}({table.names}) VALUES ({marks})", rows)

    def fit(self, row: Row) -> Row:
        return row

    def add_words(self, emails: Iterable[tuple[int, int, Sequence[str]]]) -> None:
        index = Fts5Words(self.session)
        for account_id, email_id, words in emails:
            index.add(account_id, email_id, words)

    def finish(self) -> None:
        self.session.run("PRAGMA optimize")
        self.session.all("PRAGMA wal_checkpoint(TRUNCATE)")

    def fault(self, error: BaseException) -> StalwartError | None:
        return self._engine.fault(error)
