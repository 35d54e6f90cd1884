"""PostgreSQL connections as the store wants them, and what PostgreSQL's errors mean to an administrator."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import adapters, errors
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown, TextLoader

from stalwart.errors import Invalid, Unavailable, Unreachable

_UNREACHABLE = "The data store cannot be reached."
logging.getLogger("psycopg").setLevel(logging.ERROR)  # it warns of what it raises as well

OLDEST = 150000
"""PostgreSQL 15."""

_STATEMENTS = 512
"""Statements that a connection keeps prepared."""

_MARKS = ("SAVEPOINT ", "RELEASE ")
_MOST_WAITING = 100
"""Statements that are gathered for one turn."""

_CLASSES = {
    "08": "The connection to the data store broke.",
    "28": "The data store refuses the user name or the password.",
    "3D": "The database of the data store is not there.",
    "53": "The server of the data store is short of memory, disk or connections.",
    "57": "The data store is shutting down, starting or has ended the query.",
    "58": "The server of the data store reports an error of its system.",
    "XX": "The data store is damaged; restore a backup.",
}
"""By the class of SQLSTATE (PostgreSQL's appendix A)."""

_SENTENCES = {
    "53100": "The disk that holds the data store is full.",
    "53300": "The server of the data store has no connection left.",
    "57014": "The data store was closed before it answered.",
    "57P01": "The data store is shutting down.",
    "57P03": "The data store is starting.",
    "25006": "The data store can only be read: it is a standby server, or recovering.",
    "25P03": "The data store ended a transaction that took too long.",
    "40001": "The data store had to give this up for something at the same time. Please try again.",
    "40P01": "The data store had to give this up for something at the same time. Please try again.",
    "55P03": "The data store is locked by another process.",
    "42501": "The data store may not be used: permission denied.",
}
"""By SQLSTATE; these go before their classes."""


_COMING = {_UNREACHABLE, _CLASSES["08"], *(_SENTENCES[state] for state in ("57P01", "57P03", "25006"))}
"""What may be over in a moment."""


class Connection:
    """``sql.session.Connection`` over psycopg: plain statements go to the server as they are, others are prepared."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, Sequence[Any]]] = []
        self._failures = 0
        self._is_doubtful = False  # which statements the server has prepared

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        """Run it after what waits, in one turn with that; several statements at once only without values, and where
        nothing waits.
        """
        if not self._waiting:
            answer = self._run(statement, values)
            if self._is_doubtful and statement.startswith("ROLLBACK"):
                self._prepare_anew()
            return answer
        waiting, self._waiting = self._waiting, []
        try:
            with self._connection.pipeline():
                for each in waiting:
                    self._run(*each)
                return self._run(statement, values)
        except psycopg.Error:
            self._is_doubtful = True
            raise

    def _prepare_anew(self) -> None:
        """What came after a statement that failed was not prepared, though psycopg counts on it. It forgets that with
        this statement, which it looks at only if it has not seen the text before.
        """
        self._failures += 1
        self._run(f"DEALLOCATE ALL -- {self._failures}", ())
        self._is_doubtful = False

    def later(self, statement: str, values: Sequence[Any] = (), /) -> None:
        """See ``sql.session.FarConnection``; many that wait go by themselves, but none with a mark."""
        if len(self._waiting) < _MOST_WAITING or statement.startswith(_MARKS):
            self._waiting.append((statement, values))
        else:
            self.execute(statement, values)

    def flush(self) -> None:
        """See ``sql.session.FarConnection``."""
        if not all(statement.startswith(_MARKS) for statement, _ in self._waiting):
            self.execute(*self._waiting.pop())

    def drop(self, mark: str | None = None, *, with_mark: bool = True) -> bool:
        """See ``sql.session.FarConnection``."""
        marks = [place for place, (statement, _) in enumerate(self._waiting) if statement == mark]
        kept = 0 if not marks else marks[-1] + (not with_mark)
        del self._waiting[kept:]
        return bool(marks)

    def unmark(self, mark: str) -> bool:
        """See ``sql.session.FarConnection``."""
        for place in range(len(self._waiting) - 1, -1, -1):
            if self._waiting[place][0] == mark:
                del self._waiting[place]
                return True
        return False

    @property
    def driver(self) -> psycopg.Connection[Any]:
        """psycopg's connection, where nothing waits any more."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self._run(*each)
        return self._connection

    def _run(self, statement: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
        cursor = psycopg.RawCursor(self._connection)
        if not values:
            return cursor.execute(statement.encode(), prepare=False)
        try:
            return cursor.execute(statement.encode(), values)
        except psycopg.DataError as error:
            if error.sqlstate is not None:  # the server's
                raise
            return cursor.execute(statement.encode(), [without_nul(value) for value in values])

    def interrupt(self) -> None:
        """Cut it, so that whoever waits for its answer waits no more; the one method for other threads. It never waits:
        to have the server asked for the same may take as long as what is broken off.
        """
        with self._lock:
            cut(self._connection)

    def close(self) -> None:
        """Close it, whatever state it is in."""
        with self._lock:
            self._connection.close()


def without_nul(value: Any) -> Any:
    """The same, but for texts with the character 0, which PostgreSQL does not have: U+FFFD stands for it, in what is
    kept and in what is looked for.
    """
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


class WholeNumbers(Loader):
    """What sums of numbers are: whole numbers, which the server calls numeric."""

    def load(self, data: Any) -> int | float:
        """A number of Python's."""
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


def _adapters() -> AdaptersMap:
    """Numbers are BIGINT, so that a statement is prepared once; what a text is, the server knows from its place. JSON
    is text: whoever asked for it knows what is in it.
    """
    made = AdaptersMap(adapters)
    made.register_dumper(int, Int8Dumper)
    made.register_dumper(str, StrDumperUnknown)
    made.register_loader("numeric", WholeNumbers)
    made.register_loader("json", TextLoader)
    made.register_loader("jsonb", TextLoader)
    return made


_ADAPTERS = _adapters()


def connect(address: str, settings: str) -> Connection:
    """A connection for the store. See ``connect_plainly``."""
    return Connection(connect_plainly(address, settings))


def connect_plainly(address: str, settings: str) -> psycopg.Connection[Any]:
    """A connection by ``address`` (of libpq) in autocommit mode, of several hosts to the one that is written to;
    ``settings`` is run first.

    Raises Unavailable, and Invalid for a server that is too old, or a database of another encoding than UTF8.
    """
    try:
        connection = psycopg.connect(address, autocommit=True, context=_context(), target_session_attrs="read-write")
    except psycopg.Error as error:
        raise fault(error) or Unreachable(_UNREACHABLE) from error
    try:
        if connection.info.server_version < OLDEST:
            raise Invalid(f"PostgreSQL {connection.info.server_version // 10000} is too old; 15 is needed.")
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise Invalid(f"The database has the encoding {encoding}; make it with ENCODING 'UTF8' TEMPLATE template0.")
        connection.prepared_max = _STATEMENTS
        connection.execute(settings.encode())
    except BaseException:
        connection.close()
        raise
    return connection


def cut(connection: psycopg.Connection[Any]) -> None:
    """End its line, from any thread that knows that nobody closes it just now."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


class _Context:
    """What psycopg takes adapters from."""

    adapters = _ADAPTERS
    connection = None


def _context() -> Any:
    return _Context


def fault(error: BaseException) -> Unavailable | None:
    """The sentence for an error that lies outside the program; None for a bug. Addresses and names are left out. It is
    Unreachable if the same may work in a moment.
    """
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate or getattr(error.diag, "sqlstate", None) or ""
    sentence = _SENTENCES.get(state) or _CLASSES.get(state[:2])
    if sentence is None and not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        sentence = _UNREACHABLE if isinstance(error, errors.ConnectionTimeout) else _broken(error)
    if sentence is None:
        return None
    return Unreachable(sentence) if sentence in _COMING else Unavailable(sentence)


def passes(error: BaseException) -> bool:
    """Whether what failed may be asked again, on another connection: this one is gone, the server is no longer the one
    that is written to, or it had to give something up.
    """
    if isinstance(error, Unavailable):
        return error.__cause__ is not None and passes(error.__cause__)
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | psycopg.InternalError):
        return False
    state = error.sqlstate or ""
    if not state:
        return not isinstance(error, psycopg.InternalError)
    return state in _PASSING or (state[:2] in ("08", "57") and state != "57014")


_PASSING = ("25P03", "40001", "40P01", "53300")
"""By SQLSTATE: a transaction that was ended, what is given up for others, no connection left."""


_REFUSED = ("authentication failed", "no password supplied", "no pg_hba.conf entry")


def _broken(error: psycopg.Error) -> str:
    """Errors of libpq itself have a text only."""
    said = str(error)
    if any(each in said for each in _REFUSED) or ("does not exist" in said and "role" in said):
        return _CLASSES["28"]
    if "too many clients" in said or "connection slots" in said or "too many connections" in said:
        return _SENTENCES["53300"]
    if "does not exist" in said and "database" in said:
        return _CLASSES["3D"]
    if "certificate" in said or "SSL" in said:
        return "The data store cannot be reached over TLS."
    if "starting up" in said or "shutting down" in said:
        return _SENTENCES["57P03" if "starting up" in said else "57P01"]
    if "is not in a writable state" in said or "read-write" in said:
        return _SENTENCES["25006"]
    if "closed" in said or "terminat" in said or "lost" in said:
        return _CLASSES["08"]
    return _UNREACHABLE
