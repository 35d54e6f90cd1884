"""Several attempts at one thing: the next starts when one fails or takes long, the first success ends all
others.

Never more than ``width`` attempts run at once. Cancelling the race cancels whatever runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


class Exhausted(Exception):
    """All attempts failed; ``errors`` holds what each of them raised, in the order in which they ended."""

    def __init__(self, errors: tuple[BaseException | None, ...]) -> None:
        super().__init__(f"{len(errors)} attempts failed")
        self.errors = errors


def race(clock: Any, starts: Iterator[Callable[[], Deferred[T]]], *, stagger: float, width: int) -> Deferred[T]:
    """The first success of what ``starts`` yields; a running attempt gets ``stagger`` seconds before the next
    joins.

    The Deferred fails with :class:`Exhausted`. ``starts`` is asked lazily, so that it may end early.
    """
    return _Race(clock, starts, stagger, width).begin()


class _Race(Generic[T]):
    def __init__(self, clock: Any, starts: Iterator[Callable[[], Deferred[T]]], stagger: float, width: int) -> None:
        self._clock = clock
        self._starts = starts
        self._stagger = stagger
        self._width = width
        self._running: set[Deferred[T]] = set()
        self._errors: list[BaseException | None] = []
        self._timer: Any = None
        self._over = False
        self._outcome: Deferred[T] = Deferred(lambda _: self._end())

    def begin(self) -> Deferred[T]:
        self._start_next()
        return self._outcome

    def _start_next(self) -> None:
        self._disarm()
        start = next(self._starts, None)
        if start is None:
            if not self._running:
                self._end()
                self._outcome.errback(Exhausted(tuple(self._errors)))
            return
        attempt = start()
        self._running.add(attempt)
        attempt.addCallbacks(self._won, self._lost, callbackArgs=(attempt,), errbackArgs=(attempt,))
        if not self._over and self._timer is None and len(self._running) < self._width:
            self._timer = self._clock.callLater(self._stagger, self._elapsed)

    def _elapsed(self) -> None:
        self._timer = None
        self._start_next()

    def _won(self, result: T, attempt: Deferred[T]) -> None:
        self._running.discard(attempt)
        if not self._over:
            self._end()
            self._outcome.callback(result)

    def _lost(self, failure: Failure, attempt: Deferred[T]) -> None:
        self._running.discard(attempt)
        if not self._over:
            self._errors.append(failure.value)
            self._start_next()

    def _end(self) -> None:
        self._over = True
        self._disarm()
        for attempt in tuple(self._running):
            attempt.cancel()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
