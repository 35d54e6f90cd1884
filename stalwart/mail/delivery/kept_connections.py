"""Connections that stay open for a moment after a message, for the next one to the same destination.

One that has been idle for a few seconds, has carried many messages or is old is left; so the exchanges of a domain are
looked up anew from time to time, whatever the traffic. Hosts that close first, or say 421, are simply forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define
from twisted.internet.defer import Deferred, DeferredList

from stalwart.mail.delivery.shipment import Destination, HostStrategy
from stalwart.net.smtp import SmtpConnection

IDLE = 5.0
OLDEST = 300.0
MOST_MESSAGES = 100
MOST_KEPT = 500
MOST_OF_ONE = 20
_LEAVING = 5.0


@define(eq=False)
class Kept:
    """An open connection to ``hostname`` and what is known of it.

    ``authenticated``: its certificate was vouched for; ``vouched``: a policy or DNSSEC says that it is a host of the
    domain. Both matter for messages that insist on them.
    """

    connection: SmtpConnection
    destination: Destination
    hostname: str
    ip: str
    strategy: HostStrategy
    opened: float
    authenticated: bool = False
    vouched: bool = False
    lmtp: bool = False
    messages: int = 0
    idle_since: float = 0.0


class KeptConnections:
    """Those of all destinations; ``clock`` says how old they are."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._kept: dict[Destination, list[Kept]] = {}
        self._count = 0
        self._sweeping: Any = None
        self._leaving: set[Deferred[None]] = set()
        self._closed = False

    def hosts(self, destination: Destination) -> frozenset[str]:
        """The names of the hosts that ``take`` may give a connection to."""
        return frozenset(kept.hostname for kept in self._kept.get(destination, ()))

    def take(self, destination: Destination, suits: Callable[[Kept], bool]) -> Kept | None:
        """The connection that was used last and suits; it is the caller's then."""
        of_one = self._kept.get(destination)
        if of_one is None:
            return None
        for kept in reversed(of_one):
            if not kept.connection.usable:
                self._remove(kept)
                kept.connection.abort()
            elif suits(kept):
                self._remove(kept)
                return kept
        return None

    def give(self, kept: Kept) -> None:
        """Keep it, or leave if it has served long enough or there are too many."""
        now = self._clock.seconds()
        of_one = self._kept.get(kept.destination, ())
        if not kept.connection.usable:
            kept.connection.abort()
            return
        worn = kept.messages >= MOST_MESSAGES or now - kept.opened >= OLDEST
        if self._closed or worn or self._count >= MOST_KEPT or len(of_one) >= MOST_OF_ONE:
            self._leave(kept)
            return
        kept.idle_since = now
        self._kept.setdefault(kept.destination, []).append(kept)
        self._count += 1
        if self._sweeping is None:
            self._sweeping = self._clock.callLater(IDLE, self._sweep)

    async def close(self) -> None:
        """Take leave of all hosts."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for kept in self._all():
            self._remove(kept)
            self._leave(kept)
        if self._leaving:
            await DeferredList(list(self._leaving))

    def _all(self) -> list[Kept]:
        return [kept for of_one in self._kept.values() for kept in of_one]

    def _sweep(self) -> None:
        self._sweeping = None
        now = self._clock.seconds()
        for kept in self._all():
            if now - kept.idle_since >= IDLE or not kept.connection.usable:
                self._remove(kept)
                self._leave(kept)
        if self._count:
            self._sweeping = self._clock.callLater(IDLE / 2, self._sweep)

    def _remove(self, kept: Kept) -> None:
        of_one = self._kept[kept.destination]
        of_one.remove(kept)
        self._count -= 1
        if not of_one:
            del self._kept[kept.destination]

    def _leave(self, kept: Kept) -> None:
        """QUIT, without anybody waiting for it."""
        if not kept.connection.usable:
            kept.connection.abort()
            return
        leaving = Deferred.fromCoroutine(kept.connection.quit(_LEAVING))
        if not leaving.called:
            self._leaving.add(leaving)
            leaving.addBoth(self._left, leaving)

    def _left(self, _result: object, leaving: Deferred[None]) -> None:
        self._leaving.discard(leaving)
