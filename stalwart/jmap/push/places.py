"""Places for pushes under way: who may send now, so that push services which never answer keep nobody else waiting.

A push has a place for a short time only: where the service takes longer, another push goes on beside it, up to a limit
of such slow ones. Of one account only a few are under way, however many devices it has.
"""

from __future__ import annotations

from typing import Any

from attrs import define
from twisted.internet.defer import DeferredSemaphore

AT_ONCE = 20
"""Pushes that are under way and not slow."""
OF_ACCOUNT = 4
"""Pushes of one account that are under way."""
SLOW_AFTER = 2.0
"""Seconds after which a push is slow."""
MOST_SLOW = 80
"""Slow pushes; more of them keep their places."""


@define(eq=False)
class Place:
    """What one push has; ``is_slow`` once it has given it to another."""

    account_id: int
    timer: Any = None
    is_slow: bool = False


class PushPlaces:
    """All places of this process; ``clock`` says what is slow."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._all = DeferredSemaphore(AT_ONCE)
        self._accounts: dict[int, DeferredSemaphore] = {}
        self._slow = 0

    async def acquire(self, account_id: int) -> Place:
        """Wait for one."""
        account = self._accounts.setdefault(account_id, DeferredSemaphore(OF_ACCOUNT))
        await account.acquire()
        try:
            await self._all.acquire()
        except BaseException:  # cancelled while it waited
            self._leave_account(account_id)
            raise
        place = Place(account_id)
        place.timer = self._clock.callLater(SLOW_AFTER, self._lend, place)
        return place

    def release(self, place: Place) -> None:
        """The push is over."""
        if place.timer is not None:
            place.timer.cancel()
            place.timer = None
        if place.is_slow:
            self._slow -= 1
        else:
            self._all.release()
        self._leave_account(place.account_id)

    def _lend(self, place: Place) -> None:
        place.timer = None
        if self._slow >= MOST_SLOW:
            place.timer = self._clock.callLater(SLOW_AFTER, self._lend, place)
            return
        place.is_slow = True
        self._slow += 1
        self._all.release()

    def _leave_account(self, account_id: int) -> None:
        account = self._accounts[account_id]
        account.release()
        if account.tokens == account.limit:
            del self._accounts[account_id]
