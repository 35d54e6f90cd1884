"""The pause before a failed login is answered: 50 to 500 ms at random, on the reactor's clock, so that no thread waits.

It slows guessing and blurs how long the check took. At most ``limit`` answers are held back at a time; what
comes above is refused at once. Successes never come here.
"""

from __future__ import annotations

from collections.abc import Callable
from random import SystemRandom
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from stalwart.errors import TooMany

LEAST = 0.05
MOST = 0.5


class FailureDelay:
    """Holds back failures on ``clock``; ``random`` gives numbers from 0 to 1."""

    def __init__(
        self, clock: IReactorTime, random: Callable[[], float] = SystemRandom().random, limit: int = 1000
    ) -> None:
        self._clock: Any = clock
        self._random = random
        self._limit = limit
        self.pending = 0

    async def wait(self) -> None:
        """Return after the pause; `TooMany` at once if ``limit`` others wait already."""
        if self.pending >= self._limit:
            raise TooMany()
        self.pending += 1
        try:
            await deferLater(self._clock, LEAST + (MOST - LEAST) * self._random())
        finally:
            self.pending -= 1
