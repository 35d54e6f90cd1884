"""Writes what is known of an attempt for as long as it takes, so that no letter is sent again of which that is known.

While the store cannot be written nothing else is begun. A way of writing that fails although the store can be written
gives way to a simpler one.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final

from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from stalwart.errors import Unavailable
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.queue_events import QUEUE_ERROR

Way = Callable[[], Awaitable[None]]

TRIES: Final = 5
"""How often one way is tried while the store can be written."""
LONGEST_WAIT: Final = 15.0
"""Seconds between two tries at most."""


class Unwritable(Exception):
    """No way works, although the store can be written."""


class Insistence:
    """Tries again. ``clock`` tells the time."""

    def __init__(self, store: Store, telemetry: Telemetry, clock: Any) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._stuck = 0

    @property
    def is_stuck(self) -> bool:
        """Whether something is known that cannot be written at present."""
        return self._stuck > 0

    async def is_writable(self) -> bool:
        """Whether the store takes anything at all."""
        try:
            await self._store.write(lambda tx: tx.queue.prove())
        except Unavailable:
            return False
        return True

    async def carry_out(self, letter_id: int, *ways: Way, ever: bool) -> None:
        """Go the first way that works. ``ever``: the last one is tried without end; else raises Unwritable.

        Who is cancelled tries once more.
        """
        for number, way in enumerate(ways, 1):
            try:
                if await self._goes(letter_id, way, ever=ever and number == len(ways)):
                    return
            except CancelledError:
                await self._once_more(letter_id, *(way, ways[-1]) if ever else (way,))
                raise
        raise Unwritable("What came of the attempt could not be written.")

    async def _once_more(self, letter_id: int, *ways: Way) -> None:
        for way in ways:
            try:
                await way()
            except Exception as problem:  # the caller is ending in any case
                self._tell(letter_id, problem)
            else:
                return

    async def _goes(self, letter_id: int, way: Way, *, ever: bool) -> bool:
        failures, wait = 0, 1.0
        while ever or failures < TRIES:
            try:
                await way()
            except CancelledError:
                raise
            except Exception as problem:
                if failures == 0:
                    self._tell(letter_id, problem)
                if not isinstance(problem, Unavailable) and not ever:
                    return False
            else:
                return True
            await self._until_writable()
            failures += 1
            await deferLater(self._clock, wait)
            wait = min(wait * 2, LONGEST_WAIT)
        return False

    async def _until_writable(self) -> None:
        if await self.is_writable():
            return
        self._stuck += 1
        try:
            wait = 1.0
            while not await self.is_writable():
                await deferLater(self._clock, wait)
                wait = min(wait * 2, LONGEST_WAIT)
        finally:
            self._stuck -= 1

    def _tell(self, letter_id: int, problem: Exception) -> None:
        reason = f"{type(problem).__name__}: {problem}"
        self._telemetry.emit(QUEUE_ERROR, queueId=letter_id, reason=reason, trace=traceback.format_exc())
