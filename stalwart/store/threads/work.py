"""What the reactor asked of the threads: accepted, dropped, answered. Every Deferred that leaves here fires.

``Desk`` belongs to the reactor thread. A thread touches a ``Work`` only through ``claim``, which exactly one
side wins: the thread that begins it, or the reactor that gives it up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, fail

from stalwart.errors import Unavailable
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR
from stalwart.telemetry.series import Series

Function = Callable[[Any], Any]
"""What a thread runs: given a ``Transaction``, or the ``BlobFiles``."""

Outcome = tuple["Work", Any]
"""A work and its result, or ``Failed``."""

_LONGEST_PAUSE = 5.0


@frozen
class Failed:
    """How a work ended that did not end well."""

    error: BaseException


class Work:
    """One function to run, and the Deferred that waits for it. ``stopped``: nobody does any more, though it runs."""

    __slots__ = ("_ticket", "asked_at", "deferred", "function", "stopped")

    def __init__(self, function: Function, asked_at: float) -> None:
        self.function = function
        self.asked_at = asked_at
        self.deferred: Deferred[Any] | None = None
        self.stopped = False
        self._ticket = threading.Lock()

    def claim(self) -> bool:
        """True for the first who asks."""
        return self._ticket.acquire(blocking=False)


Queue = SimpleQueue[Work | None]
"""Works in order; None tells one thread to end."""


@frozen
class Lane:
    """Works that wait in one queue: how long they take, and how many there are."""

    queue: Queue
    lasted: Series
    waiting: Series


class Desk:
    """Takes works in and hands answers out. At most ``limit`` wait in a queue; after ``patience`` seconds one fails.

    ``stop`` is given works that have begun and that nobody waits for any more; ``look`` is called every few seconds.
    """

    def __init__(
        self,
        clock: Any,
        telemetry: Telemetry,
        limit: int,
        patience: float,
        stop: Callable[[Work], None] = lambda work: None,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._telemetry = telemetry
        self._limit = limit
        self._patience = patience
        self._stop = stop
        self._look = look
        self._open: dict[Work, Lane] = {}
        self._refusal: str | None = "The data store is not open."
        self._watch: Any = None

    @property
    def is_open(self) -> bool:
        """Whether works are accepted."""
        return self._refusal is None

    def open(self) -> None:
        """Accept works from now on."""
        self._refusal = None
        self._watch = self._clock.callLater(self._pause(), self._give_up_old)

    def close(self) -> None:
        """Accept no more; what is accepted stays."""
        self._refusal = "The data store is closed."

    def submit(self, lane: Lane, function: Function) -> Deferred[Any]:
        """Put a function into a queue. Fails with Unavailable if that is full or the store is not open."""
        if self._refusal is not None:
            return fail(Unavailable(self._refusal))
        if lane.queue.qsize() >= self._limit:
            return fail(Unavailable("The data store has too much to do at present. Please try again later."))
        work = Work(function, self._clock.seconds())
        deferred: Deferred[Any] = Deferred(lambda _: self._drop(work))
        work.deferred = deferred
        self._open[work] = lane
        lane.waiting.add(1)
        lane.queue.put(work)
        return deferred

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Fire what the threads have answered, but for what nobody waits for any more."""
        reported: set[int] = set()
        for work, outcome in outcomes:
            if isinstance(outcome, Failed) and not work.stopped:
                self._report(outcome.error, reported)
            if work in self._open:
                self._fire(work, outcome)

    def end(self) -> None:
        """Fail whatever is left, and stop the watch."""
        self.close()
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        for work in list(self._open):
            self._abandon(work, "The data store was closed before it answered.")

    def _fire(self, work: Work, outcome: Any) -> None:
        lane = self._open.pop(work)
        lane.waiting.add(-1)
        lane.lasted.observe(max(self._clock.seconds() - work.asked_at, 0.0))
        deferred, work.deferred = work.deferred, None
        if deferred is None:
            return
        if isinstance(outcome, Failed):
            deferred.errback(outcome.error)
        else:
            deferred.callback(outcome)

    def _drop(self, work: Work) -> None:
        self._give_up(work)
        lane = self._open.pop(work, None)
        if lane is not None:
            lane.waiting.add(-1)
        work.deferred = None

    def _give_up(self, work: Work) -> None:
        """Nobody is to begin it; if it has begun, it is to end."""
        if not work.claim():
            work.stopped = True
            self._stop(work)

    def _abandon(self, work: Work, reason: str) -> None:
        self._give_up(work)
        self._fire(work, Failed(Unavailable(reason)))

    def _give_up_old(self) -> None:
        oldest = self._clock.seconds() - self._patience
        for work in [work for work in self._open if work.asked_at <= oldest]:
            self._abandon(work, "The data store did not answer in time.")
        self._look()
        self._watch = self._clock.callLater(self._pause(), self._give_up_old)

    def _pause(self) -> float:
        return min(self._patience / 2, _LONGEST_PAUSE)

    def _report(self, error: BaseException, reported: set[int]) -> None:
        """One event for each fault outside the program, however many works it has failed."""
        if isinstance(error, Unavailable) and error.__cause__ and id(error.__cause__) not in reported:
            reported.add(id(error.__cause__))
            self._telemetry.emit(STORE_ERROR, reason=error.detail, details=str(error.__cause__))
