"""Counts of rate limits among nodes: each counts here at once, and tells the others what it has counted since.

So a limit holds over all nodes but for what they count within ``PAUSE`` of each other. What is told goes with the words
of ``store.neighbours``; who was cut off counts alone meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from stalwart.web.limits import Counters

PAUSE = 0.25
"""Seconds that counts are gathered before they are told."""
AT_ONCE = 50
"""Counts in one word: its text has to fit into one notice of PostgreSQL."""
MOST = 5_000
"""Keys that are told within ``PAUSE``; a node that counts more of them counts the rest alone."""

Count = tuple[str, Hashable, int, int]
"""Space, key, window, and how many."""


class NodeCounters:
    """``web.limits.Counters`` on ``inner``; ``tell`` takes up to ``AT_ONCE`` counts, or none to begin anew."""

    def __init__(self, inner: Counters, tell: Callable[[list[Count]], object], clock: Any) -> None:
        self._inner = inner
        self._tell = tell
        self._clock = clock
        self._gathered: dict[tuple[str, Hashable, int], int] = {}
        self._present: dict[str, int] = {}
        self._ahead: dict[str, tuple[int, dict[Hashable, int]]] = {}
        self._timer: Any = None

    def increment(self, space: str, key: Hashable, window: int, by: int = 1) -> int:
        """See ``Counters``."""
        if self._present.get(space) != window:
            self._begin(space, window)
        mark = space, key, window
        if mark in self._gathered or len(self._gathered) < MOST:
            self._gathered[mark] = self._gathered.get(mark, 0) + by
            if self._timer is None:
                self._timer = self._clock.callLater(PAUSE, self._flush)
        return self._inner.increment(space, key, window, by)

    def clear(self) -> None:
        """See ``Counters``."""
        self._forget()
        self._tell([])

    def hear(self, counts: Iterable[Any]) -> None:
        """What another node has counted. The window that it counts in may not have begun here: its clock is another
        one. What belongs to one that is over here is not looked at.
        """
        counts = list(counts)
        if not counts:
            self._forget()
        for space, key, window, number in counts:
            present = self._present.get(space)
            if window == present:
                self._inner.increment(space, key, window, number)
            elif present is None or window > present:
                self._put_aside(space, key, window, number)

    def close(self) -> None:
        """Tell nothing more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self._gathered.clear()

    def _begin(self, space: str, window: int) -> None:
        """Another window begins here."""
        self._present[space] = window
        ahead, keys = self._ahead.get(space, (window, {}))
        if ahead <= window:
            self._ahead.pop(space, None)
        if ahead == window:
            for key, number in keys.items():
                self._inner.increment(space, key, window, number)

    def _put_aside(self, space: str, key: Hashable, window: int, number: int) -> None:
        ahead, keys = self._ahead.get(space, (window, {}))
        if ahead != window:
            keys = {}
        if key in keys or len(keys) < MOST:
            keys[key] = keys.get(key, 0) + number
        self._ahead[space] = window, keys

    def _forget(self) -> None:
        self._gathered.clear()
        self._ahead.clear()
        self._inner.clear()

    def _flush(self) -> None:
        self._timer = None
        gathered, self._gathered = self._gathered, {}
        for counts in _pieces([(*mark, number) for mark, number in gathered.items()]):
            self._tell(counts)


def _pieces(counts: list[Count]) -> Iterator[list[Count]]:
    return (counts[first : first + AT_ONCE] for first in range(0, len(counts), AT_ONCE))
