"""One piece of work for everybody who wants its result at the same time, keyed by what it is about.

A waiter that is cancelled leaves the others waiting; when the last one leaves, the work itself is cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class _Flight(Generic[T]):
    def __init__(self) -> None:
        self.work: Deferred[T] | None = None
        self.waiters: list[Deferred[T]] = []


class Flights(Generic[K, T]):
    """The work in progress. ``split`` makes from an error the one that each waiter gets."""

    def __init__(self, split: Callable[[BaseException], BaseException] = lambda error: error) -> None:
        self._split = split
        self._flights: dict[K, _Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def join(self, key: K, begin: Callable[[], Coroutine[Deferred[Any], Any, T]]) -> Deferred[T]:
        """The result of the work about ``key``; ``begin`` makes it if nobody has."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight()
        waiter: Deferred[T] = Deferred(lambda leaving: self._leave(key, flight, leaving))
        flight.waiters.append(waiter)
        if flight.work is None:
            flight.work = Deferred.fromCoroutine(begin())
            flight.work.addBoth(self._land, key, flight)
        return waiter

    def _leave(self, key: K, flight: _Flight[T], waiter: Deferred[T]) -> None:
        flight.waiters.remove(waiter)
        if not flight.waiters and flight.work is not None:
            del self._flights[key]
            flight.work.cancel()

    def _land(self, result: T | Failure, key: K, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        waiters, flight.waiters = flight.waiters, []
        for waiter in waiters:
            if isinstance(result, Failure):
                assert result.value is not None
                waiter.errback(self._split(result.value))
            else:
                waiter.callback(result)
