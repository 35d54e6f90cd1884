"""Rate limits and concurrency limits (http-service 6.1, 6.2).

Fixed windows aligned to the epoch; every attempt counts, refused ones too. Counters stand behind an interface, so that
several processes can count together (``stalwart.app.workers``); those of one process are here. Memory is bounded: a
window that is over is dropped whole, and within one window the oldest key gives way to a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol

from stalwart.codec.rate_limit_headers import concurrency_exceeded, requests_exceeded
from stalwart.directory.access import Access
from stalwart.directory.places import MemoryPlaces, Places
from stalwart.errors import LimitExceeded, TooMany

MAX_KEYS = 65536
UNLIMITED = "unlimitedRequests"
_REQUESTS = "requests"


class Rate(Protocol):
    """``count`` per ``period`` milliseconds."""

    @property
    def count(self) -> int: ...
    @property
    def period(self) -> int: ...


class Counters(Protocol):
    """Where windows are counted."""

    def increment(self, space: str, key: Hashable, window: int, by: int = 1) -> int:
        """Count in window number ``window``; the new count of ``key``."""

    def clear(self) -> None:
        """Begin all windows anew."""


class MemoryCounters:
    """Counters of this process: the current window of each space, at most ``max_keys`` keys in it."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._windows: dict[str, tuple[int, dict[Hashable, int]]] = {}

    def increment(self, space: str, key: Hashable, window: int, by: int = 1) -> int:
        """See ``Counters``."""
        current = self._windows.get(space)
        if current is None or current[0] != window:
            current = self._windows[space] = (window, {})
        counts = current[1]
        count = counts.get(key, 0) + by
        if count == by and len(counts) >= self._max_keys:
            del counts[next(iter(counts))]
        counts[key] = count
        return count

    def clear(self) -> None:
        """See ``Counters``."""
        self._windows.clear()


def charge(counters: Counters, space: str, key: Hashable, rate: Rate, now: float) -> int | None:
    """Count one attempt; None if it is within ``rate``, else the seconds until the window ends."""
    period = max(rate.period // 1000, 1)
    second = int(now)
    if counters.increment(space, key, second // period) <= rate.count:
        return None
    return period - second % period


class Limits:
    """The limits of requests, on one set of counters and one of places."""

    def __init__(self, counters: Counters | None = None, places: Places | None = None) -> None:
        self._counters = counters if counters is not None else MemoryCounters()
        self._places = places if places is not None else MemoryPlaces()
        self.when_free: Callable[[int], None] = lambda account: None
        """Told of accounts whose places were given back here."""

    def reset(self) -> None:
        """Let everybody begin anew; places that are taken stay taken."""
        self._counters.clear()

    def anonymous(self, client_ip: str, rate: Rate, now: float) -> None:
        """Charge an address.

        :raises TooMany: its window is used up.
        """
        reset = charge(self._counters, "anonymous", client_ip, rate, now)
        if reset is not None:
            raise TooMany(headers=requests_exceeded(rate.count, reset))

    def form(self, client_ip: str, rate: Rate, now: float) -> None:
        """Charge an address for a contact form; what is told has no headers (http-service 5.2).

        :raises TooMany: its window is used up.
        """
        if charge(self._counters, "form", client_ip, rate, now) is not None:
            raise TooMany

    def authenticated(self, access: Access, rate: Rate, now: float) -> None:
        """Charge an account; the permission ``unlimitedRequests`` lifts the limit.

        :raises TooMany: its window is used up.
        """
        reset = charge(self._counters, "authenticated", access.account_id, rate, now)
        if reset is not None and UNLIMITED not in access.permissions:
            raise TooMany(headers=requests_exceeded(rate.count, reset))

    def enter(self, access: Access, most: int) -> int:
        """Take a place among the running requests of an account; the result is for ``leave``.

        :raises LimitExceeded: ``most`` are running already.
        """
        account = access.account_id
        if not self._places.take(_REQUESTS, account, None if UNLIMITED in access.permissions else most):
            detail = "The request exceeds the maximum number of concurrent requests."
            headers = concurrency_exceeded("concurrent-requests", most)
            raise LimitExceeded("maxConcurrentRequests", detail, headers)
        return account

    def leave(self, account: int) -> None:
        """Give a place back."""
        self._places.free(_REQUESTS, account)
        self.when_free(account)
