"""All rows of a PostgreSQL database (``store.moving.bulk``), by COPY in its binary format."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

import psycopg

from stalwart.errors import Conflict, Invalid, StalwartError
from stalwart.store.moving.bulk import IN_USE, Row
from stalwart.store.moving.tables import Table
from stalwart.store.postgresql.connection import Connection, without_nul
from stalwart.store.postgresql.engine import PostgreSqlEngine
from stalwart.store.postgresql.neighbours import living_nodes
from stalwart.store.sql.mail_words_tsvector import parts
from stalwart.store.sql.session import Session

_TYPES = {"BIGINT": "int8", "SMALLINT": "int2", "TEXT": "text", "BYTEA": "bytea"}
_TURNS = "SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 30000; SET maintenance_work_mem = '256MB'"
_NOT_TEXT = "22021"


class PostgreSqlBulk:
    """``Bulk`` for the database at ``address``, a connection string of libpq."""

    session: Session

    def __init__(self, address: str) -> None:
        self._engine = PostgreSqlEngine(address)
        self._is_open = False

    def prepare(self, newest: int | None = None) -> None:
        self._engine.prepare(int(time.time()), newest)

    def open(self, *, writes: bool) -> None:
        self.session = self._engine.open_writer() if writes else self._engine.open_reader()
        self._is_open = True
        if writes:
            self._driver.execute(_TURNS.encode())
            self.session.begin_write()
        else:
            self.session.begin_read()
            self.session.one("SELECT 1")  # the snapshot is taken by the first statement

    def refuse_others(self) -> None:
        names = living_nodes(self._driver)
        if names:
            raise Conflict(IN_USE.format(f"is in use by {', '.join(names)}"))

    def commit(self) -> None:
        self.session.commit()

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self.session.close()

    def rows(self, table: Table) -> Iterator[Row]:
        statement = f"COPY {table.name} ({table.names}) TO STDOUT (FORMAT BINARY)"
        with self._driver.cursor().copy(statement.encode()) as copy:
            copy.set_types([_TYPES[type] for _, type in table.columns])
            yield from copy.rows()

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        statement = f"COPY {table.name} ({table.names}) FROM STDIN (FORMAT BINARY)"
        try:
            with self._driver.cursor().copy(statement.encode()) as copy:
                copy.set_types([_TYPES[type] for _, type in table.columns])
                for row in rows:
                    copy.write_row(row)
        except psycopg.DataError as error:
            reason = (
                "a text with octets that PostgreSQL cannot keep" if error.sqlstate == _NOT_TEXT else "a wrong value"
            )
            raise Invalid(f"A row of {table.name} has {reason}.") from error
        except psycopg.errors.ProgramLimitExceeded as error:
            raise Invalid(
                f"A row of {table.name} has a value that is too long for PostgreSQL. If the store to read is of an"
                " older version of the server, start it once with this one first."
            ) from error

    def fit(self, row: Row) -> Row:
        is_odd = any(isinstance(value, str) and "\0" in value for value in row)
        return tuple(map(without_nul, row)) if is_odd else row

    def add_words(self, emails: Iterable[tuple[int, int, Sequence[str]]]) -> None:
        driver = self._driver
        driver.execute(b"DROP INDEX mail_words_words")  # made at once it costs a third
        statement = b"COPY mail_words (account_id, email_id, part, words) FROM STDIN"
        with driver.cursor().copy(statement) as copy:
            for account_id, email_id, words in emails:
                for part, vector in parts(account_id, words):
                    copy.write_row((account_id, email_id, part, vector))
        driver.execute(b"CREATE INDEX mail_words_words ON mail_words USING GIN (words)")

    def finish(self) -> None:
        self._driver.execute(b"ANALYZE")

    def fault(self, error: BaseException) -> StalwartError | None:
        return self._engine.fault(error)

    @property
    def _driver(self) -> psycopg.Connection[object]:
        connection = self.session.connection
        assert isinstance(connection, Connection)
        return connection.driver
