"""Runs a query that an administrator wrote against an SQLite file, and keeps it from doing anything but reading.

The file is opened read-only for each query, so one that is replaced is noticed. SQLite's authorizer lets a statement
read tables and call functions; writing, ATTACH and PRAGMA are refused while it is compiled. In the server's own data
store, and in whatever file turns out to be it, the server's tables cannot be read either: they hold hashes and keys.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stalwart.errors import StalwartError, Unavailable
from stalwart.store.sql.dialect import SQLITE
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sqlite.connection import fault, open_memory

MOST_ROWS = 1000
LONGEST_VALUE = 1 << 20

_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock: well below a millisecond."""

_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))
_REFUSED_FUNCTIONS = frozenset(("load_extension", "fts3_tokenizer"))
_REFUSED = "It may only read, and none of the server's own tables."
_TOO_SLOW = "It took too long and was broken off."

Row = dict[str, Any]
"""A value by the name of its column, in lower case."""


class SqliteSource:
    """The file ``path``, queried from any thread; ``own`` is the file of the server's data store, if it is one."""

    def __init__(self, path: str | os.PathLike[str], own: str | os.PathLike[str] | None = None) -> None:
        self._path = Path(path)
        self._own = own
        self._hidden: frozenset[str] | None = None

    def rows(self, query: str, value: str, timeout: float, is_stopped: Callable[[], bool]) -> list[Row]:
        """What ``query`` finds with ``value`` for ``$1``, within ``timeout`` seconds.

        Raises Unavailable with a sentence for the administrator.
        """
        ends = time.monotonic() + timeout
        late = False

        def enough() -> bool:
            nonlocal late
            late = is_stopped() or time.monotonic() > ends
            return late

        try:
            with closing(self._opened(timeout)) as connection:
                connection.set_progress_handler(enough, _STEPS)
                return _read(connection, query, value)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise Unavailable(_TOO_SLOW) if late else _explained(error) from error

    def _opened(self, timeout: float) -> sqlite3.Connection:
        path, hidden = self._path, frozenset[str]()
        if self._own is not None and _same_file(path, self._own):
            # Under another name (a hard link) the file would have a write-ahead log of its own.
            path, hidden = Path(self._own), self._hidden_tables()
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=timeout, isolation_level=None
        )
        try:
            connection.execute("PRAGMA query_only=ON")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            connection.text_factory = _text
            connection.set_authorizer(_authorizer(hidden))
        except BaseException:
            connection.close()
            raise
        return connection

    def _hidden_tables(self) -> frozenset[str]:
        if self._hidden is None:
            self._hidden = own_tables()
        return self._hidden


def own_tables() -> frozenset[str]:
    """The names, in lower case, of all tables that this version makes in its data store."""
    session = open_memory()
    try:
        migrate(session, load_migrations(SQLITE), 0)
        return frozenset(name.lower() for (name,) in session.all(SQLITE.list_tables))
    finally:
        session.close()


def _authorizer(hidden: frozenset[str]) -> Callable[..., int]:
    def judge(action: int, first: str | None, second: str | None, _database: str | None, _inner: str | None) -> int:
        if action not in _READING:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _REFUSED_FUNCTIONS:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and _is_hidden((first or "").lower(), hidden):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return judge


def _is_hidden(table: str, hidden: frozenset[str]) -> bool:
    """SQLite's own tables show what is in every other: pages, definitions, statistics."""
    return table in hidden or table.startswith(("sqlite_", "pragma_", "dbstat"))


def _read(connection: sqlite3.Connection, query: str, value: str) -> list[Row]:
    with closing(connection.execute(query, {"1": value})) as cursor:
        if cursor.description is None:
            raise Unavailable("It gives no rows.")
        names = [column[0].lower() for column in cursor.description]
        found = cursor.fetchmany(MOST_ROWS + 1)
    if len(found) > MOST_ROWS:
        raise Unavailable(f"It gives more than {MOST_ROWS} rows.")
    return [dict(zip(names, row, strict=True)) for row in found]


def _explained(error: Exception) -> StalwartError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_AUTH or str(error) == "not authorized":  # at times the code is that of a retry
        return Unavailable(_REFUSED)
    if code == sqlite3.SQLITE_TOOBIG:
        return Unavailable("It gives a value that is too long.")
    known = fault(error) if isinstance(error, sqlite3.Error) else None
    return known or Unavailable(f"It cannot be run: {str(error).rstrip('.')}.")


def _same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False  # what is not there is not opened


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")
