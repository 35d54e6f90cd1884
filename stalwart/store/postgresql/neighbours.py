"""Nodes of one PostgreSQL database: LISTEN and NOTIFY, and a lock of the one that leads.

One connection of its own, in a thread of its own, listens, speaks and shows every few seconds that the node lives:
the reactor has to have looked in meanwhile, so a node that hangs shows nothing. Who leads holds a lock of its session;
PostgreSQL takes it back when the connection ends; the connection of one that has shown nothing for ``LEASE`` is ended
by the others. A leader whose connection broke goes on if it is back before that and nobody led meanwhile; else it stops
before another one may begin. How long a node has shown nothing, each measures with its own clock: those of servers may
differ, and another one answers after a fail-over.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from twisted.internet.defer import Deferred

from stalwart.store.neighbours import Outbox, Words
from stalwart.store.postgresql.connection import connect_plainly, cut

BEAT = 2.0
"""Seconds between two signs of life."""
LEASE = 18.0
"""Seconds without a sign of life after which a node counts as gone."""
STOP = 11.0
"""Seconds after the last sign of life that the database has taken, after which a leader leads no more: time enough for
another server to take its place.
"""
LONG_AGO = 600.0
"""Seconds by the clocks of servers after which nobody needs to look on for a lease."""
LEADER = 20080260
"""The lock of the one that leads."""

_CHANNEL = "stalwart"
_LONGEST = 7000
_PAUSES = (0.1, 0.5, 1.0, 2.0)
_SETTINGS = (
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;"
    f" SET client_min_messages = error; LISTEN {_CHANNEL}"
)
_SHOW = (
    "INSERT INTO node(id, name, pid, leads, seen_at) VALUES ($1, $2, pg_backend_pid(), FALSE, now())"
    " ON CONFLICT (id) DO UPDATE SET pid = pg_backend_pid(), seen_at = now(), leads = node.leads AND $3"
)
_FORGET_OLD = "DELETE FROM node WHERE seen_at < now() - interval '1 day'"
_OTHER_LEADERS = (
    "SELECT id, pid, CAST(seen_at AS TEXT), seen_at < now() - make_interval(secs => $2) FROM node"
    " WHERE leads AND id <> $1"
)
_OTHERS = (
    "SELECT id FROM node WHERE id <> $1 AND seen_at > now() - make_interval(secs => $2)"
    " AND ($3 OR pid IN (SELECT pid FROM pg_stat_activity))"
)
_LIVING = (
    "SELECT DISTINCT COALESCE(name, 'a server') FROM node WHERE seen_at > now() - make_interval(secs => $1)"
    " AND pid IN (SELECT pid FROM pg_stat_activity) ORDER BY 1"
)
_HAS_TAKEN_OVER = (
    "SELECT GREATEST(pg_postmaster_start_time(), COALESCE(pg_last_xact_replay_timestamp(), '-infinity'))"
    " > now() - make_interval(secs => $1)"
)
_SCHEMA = "SELECT MAX(number) FROM migration"
_HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND granted"


class PostgreSqlNeighbours:
    """``store.neighbours.Neighbours`` over the database at ``address``; ``name`` is what people call this node.

    ``report`` is called in the reactor thread with a sentence when the connection breaks; ``schema`` tells the schema
    that this version knows.
    """

    def __init__(
        self, address: str, reactor: Any, name: str, report: Callable[[str], object], schema: Callable[[], int]
    ) -> None:
        self._address = address
        self._reactor = reactor
        self._name = name
        self._report = report
        self._schema = schema
        self._superseded: Callable[[], object] | None = None
        self._id = secrets.randbits(62)
        self._hear: Callable[[Words | None], object] = lambda word: None
        self._begin: Callable[[], object] | None = None
        self._lost: Callable[[], object] | None = None
        self._leads = False
        self._is_stopping = False
        self._said = Outbox()
        self._asked: list[Deferred[frozenset[int]]] = []
        self._lock = threading.Lock()
        self._looked_in = self._shown_at = self._connected_at = time.monotonic()
        self._beating: Any = None
        self._connection: psycopg.Connection[Any] | None = None
        self._seen: dict[int, tuple[str, float]] = {}
        self._others_may_be_away = True
        self._is_closed = False
        self._wake_read = self._wake_write = -1

    @property
    def id(self) -> int:
        return self._id

    def others(self) -> Deferred[frozenset[int]]:
        asked: Deferred[frozenset[int]] = Deferred()
        with self._lock:
            self._asked.append(asked)
        self._wake()
        return asked

    def start(self) -> None:
        """Show that the reactor lives, from now on; ``run`` is for a thread, once the database has its tables."""
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._look_in()

    def listen(self, hear: Callable[[Words | None], object]) -> None:
        self._hear = hear

    def tell(self, word: Words) -> None:
        with self._lock:
            self._said.add(word)
        self._wake()

    def lead(self, begin: Callable[[], object], lost: Callable[[], object]) -> None:
        with self._lock:
            self._begin, self._lost, self._is_stopping = begin, lost, False
        self._wake()

    def superseded(self, end: Callable[[], object]) -> None:
        self._superseded = end

    def close(self) -> None:
        if self._beating is not None and self._beating.active():
            self._beating.cancel()
        self._is_closed = True
        self._wake()

    def _look_in(self) -> None:
        """The reactor lives; does the thread, and the database?"""
        self._looked_in = now = time.monotonic()
        if now - self._shown_at > STOP:
            self._lose()
        if now - max(self._shown_at, self._connected_at) > STOP / 2:
            with self._lock:
                if self._connection is not None:
                    cut(self._connection)  # who does not answer for so long will not
        self._beating = self._reactor.callLater(BEAT / 2, self._look_in)

    def _wake(self) -> None:
        with self._lock, contextlib.suppress(OSError):  # full: it will wake anyway; closed: nobody is there
            os.write(self._wake_write, b"\0")

    def _call(self, function: Callable[..., object], *arguments: Any) -> None:
        self._reactor.callFromThread(function, *arguments)

    def run(self) -> None:
        """The body of the thread, until ``close``."""
        tries, is_first = 0, True
        while not self._is_closed:
            try:
                connection = connect_plainly(self._address, _SETTINGS)
            except Exception as problem:
                if tries == 1:
                    self._call(self._report, f"The other nodes are not heard: {type(problem).__name__}.")
                self._rest(_PAUSES[min(tries, len(_PAUSES) - 1)])
                tries += 1
                continue
            tries = 0
            try:
                self._connection = connection
                self._connected_at = time.monotonic()
                self._others_may_be_away = not is_first or _run(connection, _HAS_TAKEN_OVER, LONG_AGO).fetchone()[0]
                self._seen.clear()  # while the database was away, nobody could show anything
                if not is_first:
                    self._call(self._hear_any, None)
                is_first = False
                self._serve(connection)
            except psycopg.Error as problem:
                if not connection.broken:
                    self._call(self._report, f"The other nodes are not heard: {type(problem).__name__}.")
                    self._rest(BEAT)
            finally:
                with self._lock:
                    self._connection = None
                    connection.close()
        with self._lock:  # nobody writes to what gets these numbers next
            ends, self._wake_read, self._wake_write = (self._wake_read, self._wake_write), -1, -1
        for end in ends:
            os.close(end)

    def _rest(self, pause: float) -> None:
        select.select([self._wake_read], [], [], pause)
        self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self._wake_read, 4096)) == 4096:
                continue

    def _serve(self, connection: psycopg.Connection[Any]) -> None:
        due = time.monotonic()
        connection.add_notify_handler(self._noticed)
        while not self._is_closed:
            if time.monotonic() >= due:
                due = time.monotonic() + BEAT
                self._beat(connection)
            self._speak(connection)
            self._tell_others(connection)
            self._gather(connection)
            if self._wants_to_lead():
                self._try_to_lead(connection)
            select.select([connection.fileno(), self._wake_read], [], [], max(0.0, due - time.monotonic()))
            self._drain()
        self._speak(connection)
        connection.execute(b"DELETE FROM node WHERE id = %d" % self._id)

    def _beat(self, connection: psycopg.Connection[Any]) -> None:
        """Show that the node lives, if it does; lead no more, if it does not."""
        now = time.monotonic()
        if now - self._looked_in > STOP:
            return
        if self._leads and not self._still_leads(connection):
            self._lose()
        _run(connection, _SHOW, self._id, self._name, self._leads or self._is_stopping)
        _run(connection, _FORGET_OLD)
        self._look_for_newer(connection)
        self._shown_at = now

    def _look_for_newer(self, connection: psycopg.Connection[Any]) -> None:
        if self._superseded is None or _run(connection, _SCHEMA).fetchone()[0] <= self._schema():
            return
        end, self._superseded = self._superseded, None
        with self._lock:
            if not self._leads:
                self._begin = None
        self._call(end)

    def _speak(self, connection: psycopg.Connection[Any]) -> None:
        with self._lock:
            messages = list(self._said.messages(_LONGEST))
        for message in messages:
            _run(connection, "SELECT pg_notify($1, $2)", _CHANNEL, message)

    def _tell_others(self, connection: psycopg.Connection[Any]) -> None:
        """Answer who the others are. Whose connection has ended is gone, unless all have ended with the server of
        before: whoever is not back yet has not heard anything either. A node that has just started has met no server
        of before, so it asks the one that it meets.
        """
        with self._lock:
            asked, self._asked = self._asked, []
        if asked:
            may_be_away = self._others_may_be_away and time.monotonic() - self._connected_at < LEASE
            rows = _run(connection, _OTHERS, self._id, LEASE, may_be_away).fetchall()
            for each in asked:
                self._call(each.callback, frozenset(id for (id,) in rows))

    def _gather(self, connection: psycopg.Connection[Any]) -> None:
        """Hand over what was heard."""
        connection.pgconn.consume_input()
        while (notice := connection.pgconn.notifies()) is not None:
            self._take(notice.extra)

    def _noticed(self, notice: psycopg.Notify) -> None:
        """One that came with the answer to a statement."""
        self._take(notice.payload)

    def _take(self, payload: str | bytes) -> None:
        for word in self._said.heard(payload):
            self._call(self._hear_any, word)

    def _hear_any(self, word: Words | None) -> None:
        if not self._is_closed:
            self._hear(word)

    def _wants_to_lead(self) -> bool:
        return self._begin is not None and not self._leads

    def _try_to_lead(self, connection: psycopg.Connection[Any]) -> None:
        """Take the lock if it is free; begin once nobody else can be leading."""
        if self._others_lead(connection) or not self._has_lock(connection):
            return
        if self._others_lead(connection):  # it came back meanwhile
            _run(connection, "SELECT pg_advisory_unlock($1)", LEADER)
            return
        _run(connection, "UPDATE node SET leads = (id = $1)", self._id)
        self._leads = True
        self._call(self._began)

    def _others_lead(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether another one leads, or may believe so because its connection broke; ends that of one which is gone."""
        rows = _run(connection, _OTHER_LEADERS, self._id, LONG_AGO).fetchall()
        now = time.monotonic()
        self._seen = {id: self._last_seen(id, seen, now) for id, _, seen, _ in rows}
        leads = False
        for id, pid, _, is_long_ago in rows:
            if now - self._seen[id][1] <= LEASE and not is_long_ago:
                leads = True
            elif pid in [holder for (holder,) in _run(connection, _HOLDER, LEADER)]:
                _run(connection, "SELECT pg_terminate_backend(CAST($1 AS INTEGER))", pid)
        return leads

    def _last_seen(self, id: int, seen: str, now: float) -> tuple[str, float]:
        """What the row says, and since when it has said so to this node."""
        before = self._seen.get(id)
        return before if before is not None and before[0] == seen else (seen, now)

    def _has_lock(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether this session holds the lock, taken now if it was free."""
        held = _run(connection, f"{_HOLDER} AND pid = pg_backend_pid()", LEADER).fetchone()
        return held is not None or bool(_run(connection, "SELECT pg_try_advisory_lock($1)", LEADER).fetchone()[0])

    def _still_leads(self, connection: psycopg.Connection[Any]) -> bool:
        """After a break too: the lock was free, and nobody else has led."""
        row = _run(connection, "SELECT leads FROM node WHERE id = $1", self._id).fetchone()
        return bool(row and row[0]) and self._has_lock(connection)

    def _lose(self) -> None:
        """Before anybody else may begin: as long as nobody has said that it may lead again, it shows that it does."""
        with self._lock:
            if not self._leads:
                return
            self._leads = False
            lost, self._begin, self._lost, self._is_stopping = self._lost, None, None, True
        if lost is not None:
            self._call(lost)

    def _began(self) -> None:
        with self._lock:
            begin = self._begin if self._leads and not self._is_closed else None
        if begin is not None:
            begin()


def living_nodes(connection: psycopg.Connection[Any]) -> list[str]:
    """The names of the nodes that use the database."""
    return [name for (name,) in psycopg.RawCursor(connection).execute(_LIVING.encode(), (LEASE,)).fetchall()]


def _run(connection: psycopg.Connection[Any], statement: str, *values: Any) -> Any:
    assert connection.pgconn.transaction_status == TransactionStatus.IDLE
    return psycopg.RawCursor(connection).execute(statement.encode(), values)
