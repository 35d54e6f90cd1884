"""A connection with its dialect: the only thing that the repositories talk to. Belongs to one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from stalwart.store.sql.dialect import Dialect
from stalwart.store.watch import FIRST


class Cursor(Protocol):
    """As much of a DB-API cursor as is used."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """A DB-API connection in autocommit mode, where transactions are begun by statement."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...


class FarConnection(Connection, Protocol):
    """A connection to a server that is asked less often: what is ``later`` goes there with the next statement."""

    def later(self, statement: str, values: Sequence[Any] = (), /) -> None:
        """Run it before the next one, which fails if this does."""

    def flush(self) -> None:
        """Send what is left but for marks that begin and end savepoints."""

    def drop(self, mark: str | None = None, *, with_mark: bool = True) -> bool:
        """Forget what has not been sent, but what is before ``mark`` if that has not been sent; whether it had not."""


class TransactionLost(Exception):
    """The database has rolled the whole transaction back by itself (disk full, I/O error); the cause is attached."""


class Session:
    """Runs statements, with values apart from the text, and marks where transactions begin and end."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._noted: dict[int, dict[int, int]] = {}
        self._untouched = False  # nothing was written since the innermost savepoint
        self._depth = 0  # of the innermost savepoint with a mark of its own
        self._far: FarConnection | None = connection if hasattr(connection, "later") else None  # type: ignore[assignment]
        self.dialect = dialect

    @property
    def connection(self) -> Any:
        """The connection itself, for what moves many rows at once."""
        return self._connection

    def run(self, statement: str, *values: Any) -> Cursor:
        """Execute a shared statement."""
        return self._executed(statement, values)

    def later(self, statement: str, *values: Any) -> None:
        """Execute a shared statement of which only a failure is of interest; that may be met with a later statement, at
        the end of the innermost savepoint at the latest.
        """
        if self._far is None:
            self._executed(statement, values)
            return
        self._untouched = False
        self._far.later(self.dialect.statement(statement), values)

    def one(self, statement: str, *values: Any) -> Any:
        """The first row as a tuple, or None."""
        return self._executed(statement, values).fetchone()

    def all(self, statement: str, *values: Any) -> list[Any]:
        """All rows as tuples."""
        return self._executed(statement, values).fetchall()

    def changed(self, statement: str, *values: Any) -> int:
        """Execute, and answer how many rows it touched."""
        return self._executed(statement, values).rowcount

    def begin_read(self) -> None:
        """Open a snapshot that refuses writes where the database knows how."""
        self._send_later(self.dialect.begin_read)

    def begin_write(self) -> None:
        """Open a transaction that may write."""
        self._untouched, self._depth = False, 0
        self._connection.execute(self.dialect.begin_write)

    def begin_migration(self) -> None:
        """Open a transaction that only one process has at a time."""
        for statement in self.dialect.begin_migration:
            self._connection.execute(statement)

    def note(self, account_id: int, type: int, state: int) -> None:
        """Objects of this type of an account have changed, or will have when the transaction is durable."""
        noted = self._noted.setdefault(account_id, {})
        if state > noted.get(type, 0):
            noted[type] = state

    def doubt(self, account_id: int, type: int) -> None:
        """What the state is has to be read."""
        self._noted.setdefault(account_id, {})[type] = 0

    def took(self, account_id: int, number: int) -> None:
        """The account has given a change number away, and maybe some after it."""
        self._noted.setdefault(account_id, {}).setdefault(FIRST, number)

    def noted(self) -> dict[int, dict[int, int]]:
        """The states by account and type that were noted since this was asked last, and the first number of each
        account. Where a savepoint was rolled back they are more than have changed, and 0 where they are uncertain.
        """
        noted = self._noted
        if noted:
            self._noted = {}
        return noted

    def commit(self) -> None:
        """Make the transaction durable."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction."""
        if self._far is not None and self._far.drop(self.dialect.begin_read):
            return
        self._connection.execute("ROLLBACK")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """All of the block or nothing of it, inside a transaction; may be nested.

        One that would begin where the one around it did shares its mark.
        """
        shared = self._untouched
        if not shared:
            self._depth += 1
            self._send_later(f"SAVEPOINT work{self._depth}")
            self._untouched = True
        try:
            yield
            self._flush()
        except TransactionLost:
            raise
        except BaseException as error:
            self._back_to_savepoint(shared, error)
            self._untouched = shared
            self._noted = {id: dict.fromkeys(types, 0) for id, types in self._noted.items()}
            raise
        if not shared:
            self._untouched = False
            self._mark(self._send_later, f"RELEASE SAVEPOINT work{self._depth}", None)
            self._depth -= 1

    def interrupt(self) -> None:
        """Break off the running statement; the one method for other threads."""
        self._connection.interrupt()

    def close(self) -> None:
        """Close the connection; an open transaction is forgotten."""
        self._connection.close()

    def _executed(self, statement: str, values: Any) -> Cursor:
        if self._untouched and not statement.startswith("SELECT"):
            self._untouched = False
        return self._connection.execute(self.dialect.statement(statement), values)

    def _back_to_savepoint(self, shared: bool, reason: BaseException) -> None:
        """Undo what was done since; a mark of its own goes, too."""
        depth, self._depth = self._depth, self._depth - (not shared)
        if self._far is not None and self._far.drop(f"SAVEPOINT work{depth}", with_mark=not shared):
            return
        self._mark(self._connection.execute, f"ROLLBACK TO SAVEPOINT work{depth}", reason)
        if not shared:
            self._mark(self._send_later, f"RELEASE SAVEPOINT work{depth}", reason)

    def _send_later(self, statement: str) -> None:
        if self._far is not None:
            self._far.later(statement)
        else:
            self._connection.execute(statement)

    def _flush(self) -> None:
        """What was written in a savepoint fails in it."""
        if self._far is not None:
            self._far.flush()

    def _mark(self, send: Callable[[str], object], statement: str, reason: BaseException | None) -> None:
        try:
            send(statement)
        except Exception as error:
            raise TransactionLost from (reason or error)
