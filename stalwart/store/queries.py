"""Queries that administrators write to find people in tables of their own (settings C.4, the directory Sql).

The text is theirs and trusted to mean what it says, not to be harmless: it runs read-only, in threads of its own, for a
bounded time and with a bounded result. The value that is looked for is bound to ``$1`` and never becomes part of the
text. Only SQLite files can be asked; for another database an engine has to exist first.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NoReturn, Protocol

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.python.failure import Failure

from stalwart.errors import Unavailable
from stalwart.store.sqlite.query import Row
from stalwart.store.threads.work import Desk, Failed, Lane, Outcome, Queue, Work
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import QUERY_DURATION, STORE_WAITING

LONGEST = 10_000
TIMEOUT = 10.0

_THREADS = 2
_WAITING = 200
_CLOSE_TIMEOUT = 5.0
_STORE = "The data store"

# What may stand between the words of a statement, and the words: quoted text and comments hold neither `;` nor `$1`.
_PIECE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)", re.S)


class Source(Protocol):
    """A database that can be asked from any thread; see `store.sqlite.query.SqliteSource`."""

    def rows(self, query: str, value: str, timeout: float, is_stopped: Callable[[], bool]) -> list[Row]: ...


class QueryRunner(Protocol):
    """Where queries are run."""

    def run(self, query: str, value: str) -> Deferred[list[Row]]:
        """The rows that ``query`` finds with ``value`` for ``$1``. Fails with Unavailable and a sentence."""

    def close(self) -> Deferred[None]:
        """Break off what runs, then fire."""


def query_problem(query: str) -> str | None:
    """Why ``query`` cannot be one, as a sentence; None if nothing can be said before it is run."""
    if len(query) > LONGEST:
        return f"The query has more than {LONGEST} characters."
    bare = _PIECE.sub(" ", query).strip()
    if re.match(r"(?i)(SELECT|WITH|VALUES)\b", bare) is None:
        return "The query must be one SELECT."
    if ";" in bare.rstrip("; \t\r\n"):
        return "The query must be one statement."
    if re.search(r"\$1(?!\d)", bare) is None:
        return "The query has no $1 where the address is to stand (outside of quotes)."
    return None


class SynchronousQueries:
    """The twin for tests: runs at once, in the caller's thread."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def run(self, query: str, value: str) -> Deferred[list[Row]]:
        """See `QueryRunner.run`."""
        return maybeDeferred(self._source.rows, query, value, TIMEOUT, lambda: False)

    def close(self) -> Deferred[None]:
        """See `QueryRunner.close`."""
        return succeed(None)


class QueryThreads:
    """`QueryRunner` over ``source`` in threads that start with the first query.

    ``name`` is what the database is called in errors; None is the server's own data store.
    """

    def __init__(
        self, source: Source, reactor: Any, telemetry: Telemetry, *, name: str | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._source = source
        self._reactor = reactor
        self._name = name
        self._timeout = timeout
        self._desk = Desk(reactor, telemetry, _WAITING, 2 * timeout)
        self._queue: Queue = SimpleQueue()
        measured = telemetry.series
        self._lane = Lane(self._queue, measured(QUERY_DURATION), measured(STORE_WAITING, "lookup"))
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._closed: list[Deferred[None]] = []
        self._close_timer: Any = None

    def run(self, query: str, value: str) -> Deferred[list[Row]]:
        """See `QueryRunner.run`."""
        if not self._threads and not self._stopped.is_set():
            self._start()
        asked = self._desk.submit(
            self._lane, lambda source: source.rows(query, value, self._timeout, self._stopped.is_set)
        )
        return asked.addErrback(self._named)

    def close(self) -> Deferred[None]:
        """See `QueryRunner.close`. A thread that is stuck in the system is left behind after a while."""
        self._stopped.set()
        self._desk.end()
        if not self._threads:
            return succeed(None)
        if self._close_timer is None:
            self._close_timer = self._reactor.callLater(_CLOSE_TIMEOUT, self._end)
            for _ in self._threads:
                self._queue.put(None)
        closed: Deferred[None] = Deferred()
        self._closed.append(closed)
        return closed

    def _start(self) -> None:
        self._desk.open()
        for number in range(_THREADS):
            thread = threading.Thread(target=self._work, name=f"store-queries-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        """The body of a thread."""
        while (work := self._queue.get()) is not None:
            if work.claim():
                self._reactor.callFromThread(self._desk.settle, [self._outcome(work)])
        self._reactor.callFromThread(self._thread_ended, threading.current_thread())

    def _outcome(self, work: Work) -> Outcome:
        try:
            return work, work.function(self._source)
        except BaseException as error:
            return work, Failed(error)

    def _thread_ended(self, thread: threading.Thread) -> None:
        thread.join(1.0)
        self._threads.remove(thread)
        if not self._threads:
            self._end()

    def _end(self) -> None:
        if self._close_timer is not None and self._close_timer.active():
            self._close_timer.cancel()
        waiting, self._closed = self._closed, []
        for deferred in waiting:
            deferred.callback(None)

    def _named(self, failure: Failure) -> NoReturn:
        failure.trap(Unavailable)
        problem: Any = failure.value
        name = f"The database {self._name}" if self._name is not None else _STORE
        raise Unavailable(problem.detail.replace(_STORE, name)) from problem.__cause__
