"""Who may search now: one search of each account at a time and few in all, so that readers are left for the rest.

Searches that wait do so in the order of their accounts, not of their number: who asks for one waits for one of each
other account at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.errors import TooMany, Unavailable

AT_ONCE: Final = 2
"""Searches that are carried out, of all accounts: half of the readers that a store has by default."""
OF_ACCOUNT: Final = 64
"""Searches of one account that wait."""
PATIENCE: Final = 20.0
"""Seconds for which a search waits."""


class Turns:
    """``clock`` is the reactor."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._busy: set[int] = set()
        self._waiting: dict[int, deque[Deferred[None]]] = {}
        self._is_giving = False

    @asynccontextmanager
    async def of(self, account_id: int) -> AsyncIterator[None]:
        """Wait for a turn, and have it. Raises ``TooMany`` if many wait already, ``Unavailable`` after ``PATIENCE``."""
        if account_id in self._busy or len(self._busy) >= AT_ONCE:
            await self._wait(account_id)
        else:
            self._busy.add(account_id)
        try:
            yield
        finally:
            self._leave(account_id)

    async def _wait(self, account_id: int) -> None:
        queue = self._waiting.setdefault(account_id, deque())
        if len(queue) >= OF_ACCOUNT:
            raise TooMany("Too many searches of this account wait already. Please try again later.")
        turn: Deferred[None] = Deferred(lambda turn: self._give_up(account_id, turn))
        queue.append(turn)
        try:
            await turn.addTimeout(PATIENCE, self._clock)
        except DeferredTimeout:
            raise Unavailable("Other searches take too long at present. Please try again later.") from None

    def _give_up(self, account_id: int, turn: Deferred[None]) -> None:
        queue = self._waiting[account_id]
        queue.remove(turn)
        if not queue:
            del self._waiting[account_id]

    def _leave(self, account_id: int) -> None:
        self._busy.remove(account_id)
        queue = self._waiting.pop(account_id, None)
        if queue is not None:  # behind the others
            self._waiting[account_id] = queue
        if not self._is_giving:  # else the loop below goes on with it, however many end at once
            self._is_giving = True
            try:
                self._give()
            finally:
                self._is_giving = False

    def _give(self) -> None:
        """Turns to those who wait, as far as there are any."""
        while len(self._busy) < AT_ONCE:
            following = next((each for each in self._waiting if each not in self._busy), None)
            if following is None:
                return
            queue = self._waiting[following]
            turn = queue.popleft()
            if not queue:
                del self._waiting[following]
            self._busy.add(following)
            turn.callback(None)
