"""A connection with its dialect: the only thing that the repositories talk to. Belongs to one thread."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Protocol, TypeVar

from stalwart.store.sql.dialect import Dialect
from stalwart.store.sql.marks import LONGEST_INSERT, marks
from stalwart.store.sql.recall import Recall, reads, table_of
from stalwart.store.watch import FIRST

T = TypeVar("T")

_MOST_ROWS = 256
"""Rows of a table that wait for others."""


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

    def unmark(self, mark: str) -> bool:
        """Forget ``mark`` alone, if it has not been sent; whether it had not."""


class TransactionLost(Exception):
    """The database has rolled the whole transaction back by itself (disk full, I/O error); the cause is attached."""


class Session:
    """Runs statements, with values apart from the text, and marks where transactions begin and end."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._noted: dict[int, dict[int, int]] = {}
        self._untouched = False  # nothing was written since the innermost savepoint
        self._depth = 0  # of the innermost savepoint with a mark of its own
        self._nested = 0  # savepoints that are open
        self._is_open = False  # a transaction is
        self._broken: BaseException | None = None  # what the database said, since when it obeys nothing of the work
        self._recall = Recall()
        self._settled: dict[tuple[str, Hashable], tuple[Any, ...]] = {}
        self._added: dict[tuple[str, str], list[Sequence[Any]]] = {}
        self._far: FarConnection | None = connection if hasattr(connection, "later") else None  # type: ignore[assignment]
        self.dialect = dialect

    @property
    def connection(self) -> Any:
        """The connection itself, for what moves many rows at once."""
        self._write_pending()
        self._recall.clear()
        return self._connection

    def run(self, statement: str, *values: Any) -> Cursor:
        """Execute a shared statement."""
        return self._executed(statement, values)

    def later(self, statement: str, *values: Any) -> None:
        """Execute a shared statement of which only a failure is of interest; that may be met with a later statement, at
        the end of the outermost savepoint at the latest.
        """
        if self._far is None:
            self._executed(statement, values)
            return
        if (self._settled or self._added) and (reads(statement) or self._has_pending(table_of(statement))):
            self._write_pending()
        self._recall.written(statement)
        self._untouched = False
        self._put_off(statement, values)

    def add(self, insert: str, *row: Any, then: str = "") -> None:
        """As ``later``, for a row that nothing in the transaction has written yet, by ``insert``, which ends before
        VALUES, with ``then`` behind them: rows of a table go together. What is recalled of the table stays, but for
        what the caller forgets.
        """
        rows = self._added.setdefault((insert, then), [])
        rows.append(row)
        if len(rows) >= _MOST_ROWS:
            self._write_pending()

    def settle(self, statement: str, *values: Any, of: Hashable, more: int | None = None) -> None:
        """As ``later``, once for all that is said ``of`` something before the next statement that is executed: with the
        ``values`` that were given last, behind the sum of all ``more`` if there are any.

        What is recalled of the table stays: it holds nothing that such a statement changes.
        """
        self._recall.counted(statement)
        key = (statement, of)
        if more is not None:
            former = self._settled.get(key)
            values = (more if former is None else former[0] + more, *values)
        self._settled[key] = values

    def recalled(self, tables: str, key: Hashable, ask: Callable[[], T]) -> T:
        """What ``ask`` reads of these tables alone, or has read in this transaction since they were written to; who
        reads counters, which ``settle`` writes, names them as a table with ``#`` behind it. Nobody changes the answer.
        """
        return self._recall.get(tables, key, ask) if self._is_open else ask()

    @property
    def recall(self) -> Recall:
        """All that may be recalled."""
        if not self._is_open:
            self._recall.clear()
        return self._recall

    def one(self, statement: str, *values: Any) -> Any:
        """The first row as a tuple, or None."""
        return self._executed(statement, values).fetchone()

    def tally(self, statement: str, *values: Any) -> Any:
        """As ``one``, for a statement that writes nothing but counters: what is recalled of its table stays."""
        return self._executed(statement, values, self._recall.counted).fetchone()

    def all(self, statement: str, *values: Any) -> list[Any]:
        """All rows as tuples."""
        return self._executed(statement, values).fetchall()

    def changed(self, statement: str, *values: Any) -> int:
        """Execute, and answer how many rows it touched."""
        return self._executed(statement, values).rowcount

    def begin_read(self) -> None:
        """Open a snapshot that refuses writes where the database knows how."""
        self._begin_anew(True)
        self._send_later(self.dialect.begin_read)

    def begin_write(self) -> None:
        """Open a transaction that may write."""
        self._begin_anew(True)
        self._connection.execute(self.dialect.begin_write)

    def begin_migration(self) -> None:
        """Open a transaction that only one process has at a time."""
        self._begin_anew(True)
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
        self._write_pending()
        self._begin_anew(False)
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget the transaction."""
        self._begin_anew(False)
        if self._far is not None and self._far.drop(self.dialect.begin_read):
            return
        self._connection.execute("ROLLBACK")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """All of the block or nothing of it, inside a transaction; may be nested.

        One that would begin where the one around it did shares its mark.
        """
        shared, settled = self._untouched, dict(self._settled)
        added = [(key, rows, len(rows)) for key, rows in self._added.items()]
        if not shared:
            self._depth += 1
            self._send_later(f"SAVEPOINT work{self._depth}")
            self._untouched = True
        self._nested += 1
        try:
            yield
            if self._nested == 1:
                self._flush()
        except TransactionLost:
            raise
        except BaseException as error:
            self._recall.clear()
            self._settled = settled
            self._added = {key: rows[:count] for key, rows, count in added}
            if self._broken is None or self._nested == 1:
                self._broken = None
                self._back_to_savepoint(shared, error)
            else:
                self._depth -= not shared
            self._untouched = shared
            self._noted = {id: dict.fromkeys(types, 0) for id, types in self._noted.items()}
            raise
        finally:
            self._nested -= 1
        if not shared:
            self._untouched = False
            self._release()
            self._depth -= 1

    def interrupt(self) -> None:
        """Break off the running statement; the one method for other threads."""
        self._connection.interrupt()

    def close(self) -> None:
        """Close the connection; an open transaction is forgotten."""
        self._connection.close()

    def _executed(self, statement: str, values: Any, forget: Callable[[str], None] | None = None) -> Cursor:
        self._write_pending()
        if not statement.startswith("SELECT"):
            self._untouched = False
            (forget or self._recall.written)(statement)
        return self._told(self._connection.execute, statement, values)

    def _put_off(self, statement: str, values: Any) -> None:
        self._told(self._connection.execute if self._far is None else self._far.later, statement, values)

    def _told(self, tell: Callable[[str, Any], T], statement: str, values: Any) -> T:
        """Of statements that go together nobody knows which failed, and in which savepoint: the work is over."""
        try:
            return tell(self.dialect.statement(statement), values)
        except BaseException as error:
            if self._far is not None and self._nested:
                self._broken = error
            raise

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

    def _begin_anew(self, is_open: bool) -> None:
        """Nothing is known of the transaction that is begun, or what was is over."""
        self._is_open = is_open
        self._untouched, self._depth, self._settled, self._broken = False, 0, {}, None
        self._added = {}
        self._recall.clear()

    def _has_pending(self, table: str) -> bool:
        return any(table_of(statement) == table for statement, _ in (*self._settled, *self._added))

    def _write_pending(self) -> None:
        """Run what was put off until now."""
        if not self._settled and not self._added:
            return
        self._untouched = False
        settled, self._settled = self._settled, {}
        added, self._added = self._added, {}
        for (insert, then), rows in added.items():
            for count, values in _in_powers(rows):
                self._put_off(f"{insert} VALUES {marks(len(rows[0]), count)}{then}", values)
        for (statement, _), last in settled.items():
            self._put_off(statement, last)

    def _release(self) -> None:
        """End the innermost savepoint with a mark of its own; where nothing of it has been sent, it was none."""
        mark = f"SAVEPOINT work{self._depth}"
        if self._far is None or not self._far.unmark(mark):
            self._mark(self._send_later, f"RELEASE {mark}", None)

    def _flush(self) -> None:
        """What was written by a work fails in it."""
        self._write_pending()
        if self._broken is not None:
            raise self._broken
        if self._far is not None:
            self._far.flush()

    def _mark(self, send: Callable[[str], object], statement: str, reason: BaseException | None) -> None:
        try:
            send(statement)
        except Exception as error:
            raise TransactionLost from (reason or error)


def _in_powers(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[int, list[Any]]]:
    """The values of so many rows, in few different numbers of rows, so that prepared statements are found again."""
    start = 0
    while start < len(rows):
        count = min(LONGEST_INSERT, 1 << ((len(rows) - start).bit_length() - 1))
        yield count, list(chain.from_iterable(rows[start : start + count]))
        start += count
