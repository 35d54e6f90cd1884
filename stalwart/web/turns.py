"""Requests that wait for a place among those of their account that run, instead of being refused at once.

Clients of calendars and files open several connections and take a refusal as final. So they wait, each account's in the
order in which they came, not for long and not many. A place that is given back in this process is taken at once; those
of others are looked for now and then.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen
from twisted.internet.defer import Deferred

from stalwart.codec.rate_limit_headers import concurrency_exceeded
from stalwart.directory.access import Access
from stalwart.errors import LimitExceeded, TooManyAtOnce
from stalwart.web.clock import Clock
from stalwart.web.limits import UNLIMITED, Limits

PATIENCE: Final = 10.0
"""Seconds that a request waits at most."""
MOST_WAITING: Final = 32
"""Requests of one account that wait."""
RETRY_AFTER: Final = 5
"""Seconds after which who was refused may try again."""
_LOOK: Final = 0.25


@frozen(eq=False)
class _Waiting:
    access: Access
    most: int
    until: float
    turn: Deferred[int]


class Turns:
    """The queues of one process, for places of ``limits``."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._queues: dict[int, dict[_Waiting, None]] = {}
        self._looks: dict[int, Any] = {}
        limits.when_free = self._freed

    def enter(self, access: Access, most: int) -> int | Deferred[int]:
        """Take a place, as ``Limits.enter`` does, or wait for one. Raises TooManyAtOnce, at once or later."""
        account = access.account_id
        queue = self._queues.get(account)
        if not queue or UNLIMITED in access.permissions:
            try:
                return self._limits.enter(access, most)
            except LimitExceeded:
                queue = self._queues.setdefault(account, {})
        if len(queue) >= MOST_WAITING:
            raise _refusal(most)
        waiting = _Waiting(access, most, self._clock.seconds() + PATIENCE, Deferred(lambda _: self._left(waiting)))
        queue[waiting] = None
        if account not in self._looks:
            self._looks[account] = self._clock.callLater(_LOOK, self._look, account)
        return waiting.turn

    def _freed(self, account: int) -> None:
        """A place was given back: whoever is first takes it when what is going on now is through."""
        look = self._looks.get(account)
        if look is not None:
            look.reset(0)

    def _look(self, account: int) -> None:
        """Give places to those who are first; those who have waited too long wait no more."""
        del self._looks[account]
        queue, now = self._queues.get(account, {}), self._clock.seconds()
        for waiting in tuple(queue):
            if waiting not in queue:
                continue  # it has left while others got their turn
            try:
                place = self._limits.enter(waiting.access, waiting.most)
            except LimitExceeded:
                if waiting.until > now:
                    break
                del queue[waiting]
                waiting.turn.errback(_refusal(waiting.most))
            else:
                del queue[waiting]
                waiting.turn.callback(place)
        if not queue:
            self._queues.pop(account, None)
        elif account not in self._looks:
            self._looks[account] = self._clock.callLater(_LOOK, self._look, account)

    def _left(self, waiting: _Waiting) -> None:
        """A client does not wait any more."""
        self._queues[waiting.access.account_id].pop(waiting, None)


def _refusal(most: int) -> TooManyAtOnce:
    return TooManyAtOnce(headers=concurrency_exceeded("concurrent-requests", most, RETRY_AFTER))
