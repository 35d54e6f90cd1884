"""Hosts that mail of many domains goes through: how many connections they get, and when they rest.

In memory only: lanes are made of domains, and each of them rests by itself as well.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, TypeVar

from attrs import define, field
from twisted.internet.defer import DeferredSemaphore, TimeoutError

from stalwart.mail.delivery.shipment import Relay
from stalwart.store.queue_rows import Answer

T = TypeVar("T")

CONNECTIONS: Final = 10
"""Connections to one relay at the same time."""
PATIENCE: Final = 30.0
"""Seconds that one waits for a connection: others want to go elsewhere meanwhile."""
MOST: Final = 1000
"""Relays that are remembered."""


class Busy(Exception):
    """A relay has no connection to spare."""


@define
class _Known:
    turns: DeferredSemaphore = field(factory=lambda: DeferredSemaphore(CONNECTIONS))
    moved_at: float = 0.0
    """When a turn has begun or ended."""
    rests_until: int = 0
    answer: Answer = field(factory=Answer)


class Suspects:
    """Messages after which a host left in the middle: it is the host if it does so with two of them in a row."""

    def __init__(self) -> None:
        self._suspected: OrderedDict[Hashable, Hashable] = OrderedDict()

    def confirms(self, host: Hashable, message: Hashable) -> bool:
        """Whether it did so with another one before; this one is remembered if not."""
        former = self._suspected.setdefault(host, message)
        if len(self._suspected) > MOST:
            self._suspected.popitem(last=False)
        return former != message

    def clear(self, host: Hashable) -> None:
        """It has borne a message to the end."""
        self._suspected.pop(host, None)


class Relays:
    """Every relay by host and port; ``clock`` tells the time."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._known: dict[tuple[str, int], _Known] = {}

    def resting(self, relay: Relay) -> tuple[int, Answer] | None:
        """Until when it is left alone, and what it said; None if it is not."""
        known = self._known.get((relay.host, relay.port))
        if known is None or known.rests_until <= self._clock.seconds():
            return None
        return known.rests_until, known.answer

    def rest(self, relay: Relay, until: int, answer: Answer) -> None:
        """Leave it alone until then."""
        known = self._of(relay)
        known.rests_until, known.answer = until, answer

    def reached(self, relay: Relay) -> None:
        """It has answered."""
        self._of(relay).rests_until = 0

    async def one_of_few(self, relay: Relay, work: Callable[[], Awaitable[T]]) -> T:
        """Carry ``work`` out when there is a connection to spare. Raises Busy if there is none for a while; at once if
        there was none before.
        """
        known = self._of(relay)
        if known.turns.tokens == 0 and self._clock.seconds() - known.moved_at >= PATIENCE:
            raise Busy
        try:
            await known.turns.acquire().addTimeout(PATIENCE, self._clock)
        except TimeoutError:
            raise Busy from None
        known.moved_at = self._clock.seconds()
        try:
            return await work()
        finally:
            known.moved_at = self._clock.seconds()
            known.turns.release()

    def _of(self, relay: Relay) -> _Known:
        key = (relay.host, relay.port)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST:  # those of former settings
                self._known = {
                    each: old for each, old in self._known.items() if old.turns.tokens < CONNECTIONS or old.rests_until
                }
            known = self._known[key] = _Known()
        return known
