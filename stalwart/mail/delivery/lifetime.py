"""The time that one diagnosis or delivery attempt has: a deadline that bounds every single wait.

No operation may take longer than its own limit nor than what is left of the lifetime. When the lifetime ends during an
operation, that operation fails with the reason ``time-out`` and nothing further is started.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

T = TypeVar("T")

TIME_OUT = "time-out"


class Expired(Exception):
    """The operation ran into its limit; ``lifetime`` is true if the whole lifetime is over."""

    def __init__(self, lifetime: bool) -> None:
        super().__init__(TIME_OUT)
        self.lifetime = lifetime


class Lifetime:
    """``seconds`` from now on, by ``clock``."""

    def __init__(self, clock: Any, seconds: float) -> None:
        self.clock = clock
        self.ends = self.now() + seconds

    def now(self) -> float:
        """The time by the clock, to measure from."""
        return float(self.clock.seconds())

    def since(self, began: float) -> int:
        """Whole milliseconds from ``began`` until now: the ``elapsed`` of a stage."""
        return int((self.now() - began) * 1000)

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.ends - self.now())

    @property
    def over(self) -> bool:
        """Whether nothing more may be started."""
        return self.left <= 0.0

    def limit(self, seconds: float) -> float:
        """``seconds``, or what is left of the lifetime if that is less; above zero, so that it can be a time-out."""
        return max(0.001, min(seconds, self.left))

    async def run(self, work: Coroutine[Deferred[Any], Any, T], seconds: float) -> T:
        """The result of ``work`` within ``seconds`` and the lifetime.

        :raises Expired: it took too long; the work was cancelled.
        """
        if self.over:
            work.close()
            raise Expired(lifetime=True)
        waiting = Deferred.fromCoroutine(work)
        if not waiting.called:
            waiting.addTimeout(self.limit(seconds), self.clock)
        try:
            return await waiting
        except DeferredTimeout as late:
            raise Expired(self.over) from late
