"""What a database must bring so that all of it can be read and written: ``sqlite.bulk``, ``postgresql.bulk``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from stalwart.errors import StalwartError
from stalwart.store.moving.tables import Table
from stalwart.store.sql.session import Session

Row = Sequence[Any]
IN_USE = "The data store {}. Stop it first: it would go on with what it remembers."

_encode = msgspec.msgpack.Encoder().encode
_MASK = (1 << 64) - 1


class Tally:
    """How many rows there are, and the sum of their digests, whatever their order."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: Row) -> None:
        """One more row."""
        self.rows += 1
        self._sum += _digest(row)

    def change(self, row: Row, into: Row) -> None:
        """A row that was added is another one."""
        self._sum += _digest(into) - _digest(row)

    def __add__(self, other: Tally) -> Tally:
        made = Tally()
        made.rows, made._sum = self.rows + other.rows, self._sum + other._sum
        return made

    @property
    def value(self) -> tuple[int, str]:
        """What two tables of the same rows have in common."""
        return self.rows, f"{self._sum & _MASK:016x}"

    def over(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, counted as they pass."""
        for row in rows:
            self.add(row)
            yield row


def _digest(row: Row) -> int:
    return int.from_bytes(hashlib.blake2b(_encode(tuple(row)), digest_size=8).digest(), "big")


class Bulk(Protocol):
    """A database, all of whose rows are to be read or written; blocking. Errors of the driver are explained by
    ``fault``.
    """

    session: Session

    def prepare(self, newest: int | None = None) -> None:
        """Make the tables of the schema ``newest``, or of this version. Raises Invalid or Unavailable."""

    def open(self, *, writes: bool) -> None:
        """Connect, and begin the one transaction: a snapshot, or one that writes."""

    def refuse_others(self) -> None:
        """Raises Conflict if a server uses it, which is open. On SQLite none may begin to before it is closed."""

    def commit(self) -> None:
        """Make what was written durable."""

    def close(self) -> None:
        """Disconnect; what was not committed is forgotten."""

    def rows(self, table: Table) -> Iterator[Row]:
        """All rows, without holding them all."""

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        """Insert rows."""

    def fit(self, row: Row) -> Row:
        """The row as the database can keep it: itself, or another one."""

    def add_words(self, emails: Iterable[tuple[int, int, Sequence[str]]]) -> None:
        """Index e-mails (account, id, words of each column), in an index that is empty."""

    def finish(self) -> None:
        """Have the planner know what there is now; after the commit."""

    def fault(self, error: BaseException) -> StalwartError | None:
        """The sentence for an error that lies outside the program; None for a bug."""
