"""Several connections to one LDAP server: a bounded number, used again, replaced when they are broken.

Whoever wants one waits for a place, at most so long. An idle connection that has rested is tried before it is used; if
one breaks under the first request made on it, the work is done once more on a new one, so it must be repeatable. A
connection that somebody else signs in on has a place too, but is never used again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred

from stalwart.net.ldap import LdapConnection, LdapFailed

T = TypeVar("T")
Opener = Callable[[], Coroutine[Any, Any, LdapConnection]]

MOST_WAITING = 500
RESTED = 30.0
"""Seconds after which an idle connection is tried before it is used: something between may have forgotten it."""


@frozen
class PoolLimits:
    """``most`` connections at a time; seconds for opening one, waiting for a place, and trying an idle one."""

    most: int = 10
    create: float = 30.0
    wait: float = 30.0
    recycle: float = 30.0


class LdapPool:
    """``ready`` opens a connection that is signed in for searches, ``bare`` one that nobody is signed in on."""

    def __init__(self, clock: Any, ready: Opener, bare: Opener, limits: PoolLimits) -> None:
        self._clock = clock
        self._ready = ready
        self._bare = bare
        self._limits = limits
        self._most = max(1, limits.most)
        self._in_use = 0
        self._idle: deque[tuple[LdapConnection, float]] = deque()
        self._waiting: deque[Deferred[None]] = deque()
        self._closed = False

    async def run(self, work: Callable[[LdapConnection], Awaitable[T]]) -> T:
        """What ``work`` makes of a connection. :raises LdapFailed: also what ``work`` raises."""
        await self._take_place()
        try:
            connection = await self._rested()
            if connection is not None:
                try:
                    return await self._used(connection, work)
                except LdapFailed as failure:
                    if failure.kind not in ("closed", "io"):
                        raise
            return await self._used(await self._opened(self._ready), work)
        finally:
            self._free_place()

    async def alone(self, work: Callable[[LdapConnection], Awaitable[T]]) -> T:
        """What ``work`` makes of a connection of its own, which is closed afterwards. :raises LdapFailed: as `run`."""
        await self._take_place()
        try:
            connection = await self._opened(self._bare)
            try:
                return await work(connection)
            finally:
                connection.close()
        finally:
            self._free_place()

    async def close(self) -> None:
        """Close idle connections now, those in use when they come back; refuse who waits."""
        self._closed = True
        while self._idle:
            self._idle.popleft()[0].close()
        while self._waiting:
            self._waiting.popleft().errback(_stopping())

    async def _used(self, connection: LdapConnection, work: Callable[[LdapConnection], Awaitable[T]]) -> T:
        try:
            result = await work(connection)
        except LdapFailed as failure:
            self._give_back(connection) if failure.kind == "refused" else connection.abort()
            raise
        except BaseException:
            connection.abort()
            raise
        self._give_back(connection)
        return result

    def _give_back(self, connection: LdapConnection) -> None:
        if self._closed:
            connection.close()
        elif connection.is_open:
            self._idle.append((connection, self._clock.seconds()))

    async def _rested(self) -> LdapConnection | None:
        """The idle connection that was used last and still works; None if there is none."""
        while self._idle:
            connection, since = self._idle.pop()
            if not connection.is_open:
                continue
            if self._clock.seconds() - since < RESTED:
                return connection
            try:
                await connection.probe(self._limits.recycle)
            except LdapFailed:
                connection.abort()
            except BaseException:
                connection.abort()
                raise
            else:
                return connection
        return None

    async def _opened(self, opener: Opener) -> LdapConnection:
        while self._idle and self._in_use + len(self._idle) > self._most:
            self._idle.popleft()[0].close()
        opening = Deferred.fromCoroutine(opener())
        opening.addTimeout(self._limits.create, self._clock, onTimeoutCancel=_too_slow)
        return await opening

    async def _take_place(self) -> None:
        if self._closed:
            raise _stopping()
        if self._in_use < self._most:
            self._in_use += 1
            return
        if len(self._waiting) >= MOST_WAITING:
            raise _too_busy()
        waiting: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(waiting)
        waiting.addTimeout(self._limits.wait, self._clock, onTimeoutCancel=_exhausted)
        await waiting

    def _free_place(self) -> None:
        if self._waiting:
            self._waiting.popleft().callback(None)  # the place goes to the next
        else:
            self._in_use -= 1


def _stopping() -> LdapFailed:
    return LdapFailed("the server is stopping", "closed")


def _too_busy() -> LdapFailed:
    return LdapFailed("all its connections are in use", "timeout")


def _exhausted(_result: Any, _seconds: float) -> NoReturn:
    raise _too_busy()


def _too_slow(_result: Any, _seconds: float) -> NoReturn:
    raise LdapFailed("there is no connection in time", "timeout")
