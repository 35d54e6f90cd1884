"""Answers and denials kept for as long as their TTL allows (RFC 1035 7.4, RFC 2308 5).

Failures of servers are not kept. One question is asked once, however many wait for its answer. The size is
bounded in entries and in octets; what has not been asked for longest goes first. A hit costs a dictionary
look-up: records are shared, never copied.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import attrs

from stalwart.net.dns_answers import Answer, LookupFailed, Resolver
from stalwart.net.flights import Flights
from stalwart.telemetry import Telemetry
from stalwart.telemetry.measures import CACHE_LOOKUPS, DNS_LOOKUP_DURATION

Key = tuple[str, str]
_OVERHEAD = 500  # octets of an entry besides its record data, roughly


class _Entry:
    """An answer or a denial until ``expires``; ``shown`` is the answer as it was last given out."""

    __slots__ = ("expires", "result", "shown", "size")

    def __init__(self, result: Answer | LookupFailed, expires: float, size: int) -> None:
        self.result = result
        self.expires = expires
        self.size = size
        self.shown = result


class CachingResolver:
    """``resolver`` behind a cache.

    Times are in seconds: ``max_ttl`` bounds what is kept, ``min_ttl`` raises short positive TTLs, and denials
    are kept for ``max_negative_ttl`` at most, so that somebody who adds the missing record sees it soon.
    """

    def __init__(
        self,
        resolver: Resolver,
        clock: Any,
        max_entries: int = 10_000,
        max_ttl: int = 86_400,
        min_ttl: int = 0,
        max_negative_ttl: int = 300,
        max_octets: int = 16 * 1024 * 1024,
        telemetry: Telemetry | None = None,
    ) -> None:
        measured = (telemetry if telemetry is not None else Telemetry()).series
        self._hits = measured(CACHE_LOOKUPS, "dns", "hit")
        self._misses = measured(CACHE_LOOKUPS, "dns", "miss")
        self._lasted = measured(DNS_LOOKUP_DURATION)
        self.resolver = resolver
        self._clock = clock
        self._max_entries = max_entries
        self._max_ttl = max_ttl
        self._min_ttl = min_ttl
        self._max_negative_ttl = max_negative_ttl
        self._max_octets = max_octets
        self._octets = 0
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._flights: Flights[Key, Answer] = Flights(_split)

    async def lookup(self, name: str, rtype: str) -> Answer:
        """As :class:`Resolver` says; ``ttl`` of a kept answer is what is left of it."""
        key = (_canonical(name), rtype)
        entry = self._entries.get(key)
        if entry is not None:
            left = entry.expires - self._clock.seconds()
            if left > 0:
                self._entries.move_to_end(key)
                self._hits.add()
                return _given(entry, int(left))
            self._drop(key)
        self._misses.add()
        return await self._flights.join(key, lambda: self._ask(key))

    def clear(self) -> None:
        """Forget everything that is kept; questions under way are not disturbed."""
        self._entries.clear()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def _ask(self, key: Key) -> Answer:
        began = self._clock.seconds()
        try:
            answer = await self.resolver.lookup(*key)
        except LookupFailed as failure:
            if failure.kind in ("nxdomain", "nodata"):
                self._keep(key, failure.again(), min(failure.ttl, self._max_negative_ttl))
            raise
        finally:
            self._lasted.observe(max(self._clock.seconds() - began, 0.0))
        self._keep(key, answer, min(max(answer.ttl, self._min_ttl), self._max_ttl))
        return answer

    def _keep(self, key: Key, result: Answer | LookupFailed, ttl: int) -> None:
        size = _size(result)
        if ttl <= 0 or size > self._max_octets // 16:
            return
        if key in self._entries:
            self._drop(key)
        self._entries[key] = _Entry(result, self._clock.seconds() + ttl, size)
        self._octets += size
        while len(self._entries) > self._max_entries or self._octets > self._max_octets:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        self._octets -= self._entries.pop(key).size


def _given(entry: _Entry, left: int) -> Answer:
    """The answer with ``left`` seconds; a new object only when a second has passed since the last."""
    shown = entry.shown
    if isinstance(shown, LookupFailed):
        raise shown.again()
    if shown.ttl != left:
        entry.shown = shown = attrs.evolve(shown, ttl=left)
    return shown


def _canonical(name: str) -> str:
    """One key for the spellings of a name: lower case, with the trailing dot; escaped names stay."""
    if "\\" in name:
        return name
    lowered = name.lower()
    return lowered if not lowered or lowered.endswith(".") else lowered + "."


def _size(result: Answer | LookupFailed) -> int:
    if isinstance(result, LookupFailed):
        return _OVERHEAD
    return _OVERHEAD + sum(_octets_of(record) for record in result.records)


def _octets_of(record: Any) -> int:
    if isinstance(record, str | bytes):
        return 80 + len(record)
    return 200 + len(getattr(record, "data", b"") or getattr(record, "value", b""))


def _split(error: BaseException) -> BaseException:
    return error.again() if isinstance(error, LookupFailed) else error
