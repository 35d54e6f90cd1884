"""Short reads in one thread, long ones out of their way.

Threads that take turns at every short work cost more than they bring, so all reads go to the first reader. Once it has
been at the same work for a while, what waits behind it goes to the queue of the others. A while is time of its own: a
thread that waits for the interpreter is not at a long work, one that waits for the disk is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from queue import Empty
from typing import Any

from stalwart.store.threads.reader import Reader
from stalwart.store.threads.work import Outcome, Queue, Work

PERIOD = 0.002
"""Seconds between two looks."""

BUSY = 0.001
"""Seconds of computing, since it was met first, that make a work a long one."""

STUCK = 0.02
"""Seconds that do so if it computes less than that."""

_FOR_EACH = 4  # works that an idle reader is given at once


class Relief:
    """For the reactor thread. ``settle`` takes what the first reader has finished."""

    def __init__(
        self,
        clock: Any,
        first: Reader,
        queue: Queue,
        others: Sequence[Reader],
        long: Queue,
        settle: Callable[[Iterable[Outcome]], None],
    ) -> None:
        self._clock = clock
        self._first = first
        self._queue = queue
        self._others = others
        self._long = long
        self._settle = settle
        self._met: Work | None = None
        self._met_at = self._met_spent = 0.0
        self._timer: Any = None

    def expect(self) -> None:
        """A work was put into the queue of the first reader."""
        if self._is_long():
            self._relieve(self._idle())
        if self._timer is None:
            self._wait()

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        idle = self._idle()
        if self._is_long():
            self._settle(self._first.finished())
            self._relieve(idle)
        elif not idle:  # all of them are at long works, and the first is not
            _move(self._long, self._queue, self._long.qsize())
        self._meet(self._first.running)
        if self._met is not None or not (self._queue.empty() and self._long.empty()):
            self._wait()

    def _wait(self) -> None:
        self._timer = self._clock.callLater(PERIOD, self._look)

    def _is_long(self) -> bool:
        running = self._first.running
        if running is None or running is not self._met:
            return False
        busy = self._first.spent() - self._met_spent
        return busy >= BUSY or self._clock.seconds() - self._met_at >= STUCK

    def _meet(self, work: Work | None) -> None:
        if work is not self._met:
            self._met, self._met_at, self._met_spent = work, self._clock.seconds(), self._first.spent()

    def _idle(self) -> int:
        return sum(other.running is None for other in self._others)

    def _relieve(self, idle: int) -> None:
        _move(self._queue, self._long, _FOR_EACH * idle - self._long.qsize())


def _move(origin: Queue, target: Queue, most: int) -> None:
    """At most so many works go from one queue into another."""
    for _ in range(most):
        try:
            target.put(origin.get_nowait())
        except Empty:
            return
