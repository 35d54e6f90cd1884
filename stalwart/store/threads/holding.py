"""How long works wait for a database that is gone for a moment: as long as another server needs to take its place.

After that each fails at once, until one has succeeded again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST = 30.0
"""Seconds since the database was lost for which works are held."""
REST = 2.0
"""Seconds after an attempt in vain for which there is no other one, once works are not held any more: behind a network
that swallows everything each takes ten.
"""
_PAUSES = (0.05, 0.1, 0.2, 0.5)


class Holding:
    """For one thread. ``is_closing`` says that nobody wants to wait any more; times are in seconds."""

    def __init__(
        self,
        is_closing: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._is_closing = is_closing
        self._now = now
        self._sleep = sleep
        self._since: float | None = None
        self._tries = 0
        self._tried_at: float | None = None

    def waits(self) -> bool:
        """The database was lost, or could not be reached: True after a pause if it is to be tried again."""
        if self._since is None:
            self._since, self._tries = self._now(), 0
        if self._is_closing() or self._now() - self._since > LONGEST:
            self._tried_at = self._now()
            return False
        self._sleep(_PAUSES[min(self._tries, len(_PAUSES) - 1)])
        self._tries += 1
        return True

    def rests(self) -> bool:
        """Whether it was tried in vain just now, so that a work fails as the one before it did."""
        return self._tried_at is not None and self._now() - self._tried_at < REST

    def found(self) -> None:
        """It has answered."""
        self._since = self._tried_at = None
