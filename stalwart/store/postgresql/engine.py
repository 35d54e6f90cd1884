"""The PostgreSQL engine: a database that several nodes use, migrated by the first that comes.

One node writes at a time: each takes a lock of the transaction, so that what was read in a write is as it is until the
commit, as on SQLite; group commit makes up for it. Readers never wait. A node that hangs in a write is cut off by the
server after ``IDLE_LIMIT``.
"""

from __future__ import annotations

import psycopg

from stalwart.errors import Invalid, StalwartError, Unavailable
from stalwart.store.postgresql.connection import connect, fault
from stalwart.store.sql.dialect import POSTGRESQL
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sql.session import Session

IDLE_LIMIT = 20_000
"""Milliseconds that a transaction may be open without a statement."""
LOCK_LIMIT = 30_000
"""Milliseconds that a write waits for its turn."""

_ALL = "SET synchronous_commit = on; SET client_min_messages = error; SET timezone = 'UTC'; SET jit = off"


class PostgreSqlEngine:
    """``threads.engine.Engine`` for the database at ``address``, a connection string of libpq."""

    def __init__(self, address: str) -> None:
        self._address = address

    def prepare(self, now: int, newest: int | None = None) -> None:
        try:
            session = self.open_writer()
            try:
                migrate(session, load_migrations(POSTGRESQL, newest=newest), now)
            finally:
                session.close()
        except psycopg.Error as error:
            sentence = fault(error) or Unavailable(f"The data store cannot be prepared: {_first_line(error)}.")
            raise sentence from error
        except Invalid as error:
            raise Invalid(f"{error.detail} (PostgreSQL)") from error

    def open_writer(self) -> Session:
        limits = f"SET idle_in_transaction_session_timeout = {IDLE_LIMIT}; SET lock_timeout = {LOCK_LIMIT}"
        return Session(connect(f"{self._address} target_session_attrs=read-write", f"{_ALL}; {limits}"), POSTGRESQL)

    def open_reader(self) -> Session:
        return Session(connect(self._address, f"{_ALL}; SET default_transaction_read_only = on"), POSTGRESQL)

    def has_news(self) -> bool:
        return True

    def fault(self, error: BaseException) -> StalwartError | None:
        return fault(error)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
