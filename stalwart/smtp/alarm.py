"""One timer for all time-outs of a connection: putting a deadline off costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stalwart.web.clock import Clock


class Alarm:
    """Calls ``late`` when ``deadline`` has passed, and ``over`` once when ``end`` has, until it is stopped.

    Both are times of ``clock``; ``end`` may be None. What is called should move the deadline; if it does not, it is
    called again after ``again`` seconds.
    """

    def __init__(self, clock: Clock, late: Callable[[], None], over: Callable[[], None], again: float) -> None:
        self.deadline = 0.0
        self.end: float | None = None
        self._clock = clock
        self._late, self._over = late, over
        self._again = again
        self._timer: Any = None
        self._at = 0.0  # when the timer rings

    def expect(self, deadline: float) -> None:
        """Something must happen until ``deadline``."""
        self.deadline = deadline
        if self._timer is None or deadline < self._at:
            self._set(deadline)

    def end_at(self, end: float | None) -> None:
        """All must be over at ``end``."""
        self.end = end
        if end is not None and end < self._at:
            self._set(end)

    def stop(self) -> None:
        """Do not ring any more."""
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _set(self, moment: float) -> None:
        self._at = moment
        wait = max(moment - self._clock.seconds(), 0)
        if self._timer is not None and self._timer.active():
            self._timer.reset(wait)
        else:
            self._timer = self._clock.callLater(wait, self._ring)

    def _ring(self) -> None:
        now = self._clock.seconds()
        if now >= self.deadline:
            self.deadline = now + self._again
            self._late()
        elif self.end is not None and now >= self.end:
            self.end = None
            self._over()
        if self._timer is not None and not self._timer.active():
            self._set(self.deadline if self.end is None else min(self.deadline, self.end))
