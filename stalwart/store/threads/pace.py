"""How long a batch waits for more before it is carried out (group commit).

Clients that were answered together come back one after the other. Committed as they come, each half of them waits for
the commit of the other half; waiting for about as long as a batch takes brings them into one. Nobody waits who writes
alone: then as many as before are there already.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 0.006
"""Seconds that a batch waits at most."""
_WEIGHT = 0.2


class Pace:
    """``now`` tells the time, in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._former = 0  # works of the batch before
        self._takes = 0.0  # seconds, on average
        self._crowded = False
        self._end: float | None = None
        self._expected = 0

    def begin(self, *, crowded: bool) -> None:
        """The next batch is gathered. ``crowded``: some waited for it while the one before was carried out, so those of
        that one are others, who may come too.
        """
        self._crowded = crowded
        self._end = None

    def left(self, count: int) -> float:
        """For how many seconds a batch of ``count``, which nobody waits to join, waits; at most 0 if it does not."""
        now = self._now()
        if self._end is None:
            self._expected = self._former + (count if self._crowded else 0)
            self._end = now + min(self._takes, LONGEST)
        return 0.0 if count >= self._expected else self._end - now

    def done(self, count: int, seconds: float) -> None:
        """A batch of ``count`` has been carried out."""
        self._former = count
        self._takes += (seconds - self._takes) * _WEIGHT
