"""Looking for what is due: at once when somebody says that there is something, else when it is time.

Who looks says after how many seconds to look again. One look runs at a time; whoever wakes it meanwhile has it look
once more. After a fault nothing is looked for during a rest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class Looking:
    """Calls ``look`` from ``start`` to ``stop``, which answers after how many seconds it wants to look again, None if
    somebody will wake it; ``failed`` hears of what went wrong. ``rest`` is for how many seconds nothing is done then,
    ``longest`` after how many it looks in any case, so that a clock that was set is noticed.
    """

    def __init__(
        self,
        clock: Any,
        look: Callable[[], Awaitable[float | None]],
        failed: Callable[[str], object],
        *,
        rest: float,
        longest: float,
    ) -> None:
        self._clock = clock
        self._look = look
        self._failed = failed
        self._rest = rest
        self._longest = longest
        self.is_open = False
        self.is_woken = False
        """Whether somebody has called since the present look has begun."""
        self._runs = False
        self._rest_until = 0.0
        self._timer: Any = None

    def start(self) -> None:
        """Begin."""
        self.is_open = True
        self.wake()

    def wake(self) -> None:
        """Look, unless that is being done; harmless before the start."""
        self.is_woken = True
        if self.is_open and not self._runs:
            self._runs = True
            Deferred.fromCoroutine(self._until_settled()).addBoth(self._settled)

    def stop(self) -> None:
        """Begin no look any more."""
        self.is_open = False
        self._stop_timer()

    def rest(self, reason: str) -> None:
        """Something does not answer: nothing is looked for during a while."""
        self._failed(reason)
        self._rest_until = self._clock.seconds() + self._rest
        self._wait(self._rest)

    async def _until_settled(self) -> None:
        while self.is_open and self.is_woken:
            self.is_woken = False
            self._stop_timer()
            left = self._rest_until - self._clock.seconds()
            seconds = left if left > 0 else await self._look()
            if seconds is not None:
                self._wait(seconds)

    def _settled(self, result: Any) -> None:
        self._runs = False
        if isinstance(result, Failure):
            self.rest(result.getErrorMessage())

    def _wait(self, seconds: float) -> None:
        self._stop_timer()
        if self.is_open:
            self._timer = self._clock.callLater(min(max(seconds, 0), self._longest), self.wake)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
