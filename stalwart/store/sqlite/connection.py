"""SQLite connections as the store wants them, and what SQLite's error codes mean to an administrator."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

from stalwart.errors import Invalid, Unavailable
from stalwart.store.sql.dialect import SQLITE
from stalwart.store.sql.session import Session

_OLDEST = (3, 35, 0)  # the first with RETURNING
_CACHED_STATEMENTS = 512
_PAGE_CACHE_KIB = 8192
_LOG_LIMIT = 64 << 20

MemoryConnection = sqlite3.Connection
"""As `connect_memory` makes it."""

_SENTENCES = {
    sqlite3.SQLITE_BUSY: "The data store is locked by another process.",
    sqlite3.SQLITE_LOCKED: "The data store is locked by another process.",
    sqlite3.SQLITE_PERM: "The data store may not be used: permission denied.",
    sqlite3.SQLITE_READONLY: "The data store cannot be written.",
    sqlite3.SQLITE_CANTOPEN: "The data store cannot be opened.",
    sqlite3.SQLITE_IOERR: "The disk of the data store reports an error.",
    sqlite3.SQLITE_CORRUPT: "The data store is damaged; restore a backup.",
    sqlite3.SQLITE_NOTADB: "The data store is not an SQLite database, or it is damaged.",
    sqlite3.SQLITE_FULL: "The disk that holds the data store is full.",
    sqlite3.SQLITE_NOMEM: "There is not enough memory for the data store.",
    sqlite3.SQLITE_INTERRUPT: "The data store was closed before it answered.",
}


def fault(error: BaseException) -> Unavailable | None:
    """The sentence for an SQLite error that lies outside the program; None for a bug. Paths are left out."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    sentence = _SENTENCES.get(code) if isinstance(error, sqlite3.Error) else None
    return Unavailable(sentence) if sentence else None


def connect(path: Path, *, synchronous: str, busy_timeout: float) -> sqlite3.Connection:
    """A connection to an existing file, in autocommit mode. ``synchronous`` is FULL, NORMAL, EXTRA or OFF."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,
        cached_statements=_CACHED_STATEMENTS,
    )
    try:
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{_PAGE_CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit={_LOG_LIMIT}")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_memory() -> MemoryConnection:
    """A connection to an empty database in memory, which any thread may use."""
    check_version()
    return sqlite3.connect(
        ":memory:", isolation_level=None, cached_statements=_CACHED_STATEMENTS, check_same_thread=False
    )


def open_memory() -> Session:
    """An empty database in memory."""
    return Session(connect_memory(), SQLITE)


def refuse_writes(session: Session, refuse: bool) -> None:
    """Make the connection refuse writes, or accept them again."""
    session.run(f"PRAGMA query_only={int(refuse)}")


def use_write_ahead_log(session: Session, patience: float) -> None:
    """Switch to WAL, which stays with the file. Waits while others hold it; SQLite itself does not."""
    end = time.monotonic() + patience
    while True:
        try:
            mode = session.one("PRAGMA journal_mode=WAL")[0]
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise Invalid("The file system of the data store does not support a write-ahead log; use a local disk.")


def check_version() -> None:
    """Raises Invalid if the SQLite library is too old."""
    if sqlite3.sqlite_version_info < _OLDEST:
        raise Invalid(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 is needed.")
