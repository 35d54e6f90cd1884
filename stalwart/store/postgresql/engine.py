"""The PostgreSQL engine: a database that several nodes use, migrated by the first that comes.

One node writes at a time: each takes a lock of the transaction, so that what was read in a write is as it is until the
commit, as on SQLite; group commit makes up for it. Readers never wait. A node that hangs in a write is cut off by the
server after ``IDLE_LIMIT``.
"""

from __future__ import annotations

import contextlib
import secrets

import psycopg

from stalwart.errors import Invalid, StalwartError, Unavailable
from stalwart.store.postgresql.connection import connect, connect_plainly, fault, passes
from stalwart.store.sql.dialect import POSTGRESQL, WRITERS
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sql.session import Session

IDLE_LIMIT = 7_000
"""Milliseconds that a transaction may be open without a statement, short enough that balancers do not leave the other
nodes, which wait for it, too.
"""
LONG_IDLE_LIMIT = 60_000
"""The same of a migration, which may have more to do between two statements."""
LOCK_LIMIT = 30_000
"""Milliseconds that a write waits for its turn."""
LONGEST = 45.0
"""Seconds after which a write that has not ended waits for a server that will not answer."""

_ALL = "SET synchronous_commit = on; SET client_min_messages = error; SET timezone = 'UTC'; SET jit = off"


_ANY = 1 << 62

_WRITE_DOWN = (
    "INSERT INTO writer(id, number, written_at)"
    " VALUES (?, CASE WHEN (SELECT MAX(number) FROM migration) > ? THEN NULL ELSE CAST(? AS BIGINT) END, now())"
    " ON CONFLICT (id) DO UPDATE SET number = excluded.number, written_at = excluded.written_at"
)
"""A number that is NULL is refused, and the transaction with it: of a version that does not know the schema."""

_IN_TURN = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks AS own"
    " JOIN pg_locks AS held USING (locktype, database, classid, objid, objsubid)"
    " JOIN pg_stat_activity AS holder ON holder.pid = held.pid"
    f" WHERE own.pid = ? AND own.locktype = 'advisory' AND own.objid = {WRITERS} AND held.granted"
    " AND (GREATEST(holder.query_start, holder.state_change) > clock_timestamp() - make_interval(secs => ?)"
    " OR (holder.state = 'active' AND COALESCE(holder.wait_event_type, '') NOT IN ('Lock', 'Client')"
    " AND COALESCE(holder.wait_event, '') <> 'SyncRep')))"
)
"""Whoever holds the lock of writers gets on if it has said something lately, or the server works for it: it does not
wait for another lock, for its client or for a standby.
"""


class PostgreSqlEngine:
    """``threads.engine.Engine`` for the database at ``address``, a connection string of libpq."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._id = secrets.randbits(62)
        self._number = 0
        self._writer_pid = 0
        self.schema = _ANY
        """The schema that this version knows, once the database has been prepared."""

    def prepare(self, now: int, newest: int | None = None) -> None:
        try:
            migrations = load_migrations(POSTGRESQL, newest=newest)
            session = self.open_writer(LONG_IDLE_LIMIT)
            try:
                migrate(session, migrations, now)
                self.schema = max(migration.number for migration in migrations)
            finally:
                session.close()
        except psycopg.Error as error:
            sentence = fault(error) or Unavailable(f"The data store cannot be prepared: {_first_line(error)}.")
            raise sentence from error
        except Invalid as error:
            raise Invalid(f"{error.detail} (PostgreSQL)") from error

    def open_writer(self, idle_limit: int = IDLE_LIMIT) -> Session:
        limits = f"SET idle_in_transaction_session_timeout = {idle_limit}; SET lock_timeout = {LOCK_LIMIT}"
        connection = connect(self._address, f"{_ALL}; {limits}")
        self._writer_pid = connection.driver.info.backend_pid
        return Session(connection, POSTGRESQL)

    def open_reader(self) -> Session:
        session = Session(connect(self._address, f"{_ALL}; SET default_transaction_read_only = on"), POSTGRESQL)
        with contextlib.suppress(psycopg.Error):  # not every system lets the server look
            session.run("SET client_connection_check_interval = '2s'")
        return session

    def commit(self, session: Session) -> None:
        """Write down which transaction of this process it is, in one turn with the commit: the number is there after
        it and not before, on whatever server has what was committed. Nothing is committed to a newer schema.
        """
        self._number += 1
        session.later(_WRITE_DOWN, self._id, self.schema, self._number)
        session.commit()

    def was_committed(self, session: Session) -> bool:
        row = session.one("SELECT number FROM writer WHERE id = ?", self._id)
        return row is not None and row[0] == self._number

    def repeats(self, error: BaseException) -> bool:
        return passes(error)

    @property
    def longest(self) -> float | None:
        return LONGEST

    def has_news(self) -> bool:
        return True

    looks = True

    def others(self, session: Session) -> object:
        return session.all("SELECT id, number FROM writer WHERE id <> ? ORDER BY id", self._id)

    def is_in_turn(self, session: Session) -> bool:
        return bool(session.one(_IN_TURN, self._writer_pid, IDLE_LIMIT / 1000)[0])

    def fault(self, error: BaseException) -> StalwartError | None:
        found = fault(error)
        if found is None and isinstance(error, psycopg.Error) and self._is_superseded():
            return Unavailable("The data store is that of a newer version of the server. Please try again.")
        return found

    def _is_superseded(self) -> bool:
        """Whether what looks like a bug comes of tables that a newer version has changed."""
        try:
            with contextlib.closing(connect_plainly(self._address, _ALL)) as connection:
                newest = connection.execute(b"SELECT MAX(number) FROM migration").fetchone()
        except (psycopg.Error, StalwartError):
            return False
        return newest is not None and newest[0] > self.schema


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
