"""File descriptors: as many as the system gives us, and some of them kept for what is no connection.

Descriptors are numbered from below: the lowest free number says how many are in use at least. A connection may not take
one of the last, which are for files, for connections that the server opens itself, and for turning others away. So
``accept`` never fails for want of descriptors, whoever holds them.
"""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from twisted.internet.protocol import ServerFactory

from stalwart.app.listeners import Wanted
from stalwart.codec.smtp import replies
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import LIMIT_CONCURRENT_CONNECTION

RESERVE = 64
"""Descriptors that connections leave alone at least; else an eighth of all, and never more than half."""


class Room(Enum):
    """What there is for one more connection: whatever it asks for, a word of refusal, or nothing."""

    PLENTY = auto()
    FOR_A_WORD = auto()
    NONE = auto()


def raise_limit() -> None:
    """Let this process, and those that it starts, have as many as the system allows; without that it keeps its few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # some systems name a hard limit that they do not grant
        return


def descriptor_limit() -> int | None:
    """How many this process may have; None if there is no limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def lowest_free() -> int | None:
    """The number that the next descriptor gets; None if there is none left."""
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.fileno()
    except OSError:
        return None


class Descriptors:
    """Those of this process, of which there are ``limit``; ``lowest`` tells the lowest free number.

    ``most`` is where the reserve begins, None without a limit.
    """

    def __init__(self, limit: int | None, lowest: Callable[[], int | None] = lowest_free) -> None:
        self._lowest = lowest
        self.most: int | None = None
        self._last = 0
        if limit is not None:
            reserve = min(max(RESERVE, limit // 8), limit // 2)
            self.most = limit - reserve
            self._last = limit - reserve // 2

    def guard(self, wanted: Wanted, behind: Any, telemetry: Telemetry) -> Any:
        """``behind``, as far as there are descriptors for the connections of the listener ``wanted``."""
        return behind if self.most is None else _Guard(self, wanted, behind, telemetry)

    def room(self) -> Room:
        """What a connection that was accepted just now may be given."""
        lowest = self._lowest() if self.most is not None else 0
        if self.most is None or (lowest is not None and lowest < self.most):
            return Room.PLENTY
        return Room.NONE if lowest is None or lowest >= self._last else Room.FOR_A_WORD


class _Guard(ServerFactory):
    """Serves by ``behind`` while there is room; else mail is told to come again, and others are closed at once."""

    noisy = False

    def __init__(self, descriptors: Descriptors, wanted: Wanted, behind: Any, telemetry: Telemetry) -> None:
        self._descriptors = descriptors
        self._behind = behind
        self._telemetry = telemetry
        self._listener = wanted.settings.name
        self._speaks_first = wanted.mail_role is not None and not wanted.has_tls

    def buildProtocol(self, addr: Any) -> Any:
        """Twisted calls this."""
        room = self._descriptors.room()
        if room is Room.PLENTY:
            return self._behind.buildProtocol(addr)
        limit, reason = self._descriptors.most, "the process may have no more file descriptors"
        self._telemetry.emit(LIMIT_CONCURRENT_CONNECTION, listenerId=self._listener, limit=limit, reason=reason)
        if room is Room.FOR_A_WORD and self._speaks_first:
            from stalwart.smtp.server import SentAway  # what is kept back is enough to read it

            return SentAway(replies.TOO_MANY_CONNECTIONS)
        return None
