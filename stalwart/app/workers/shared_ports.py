"""Ports whose socket several processes accept from: each takes about as many connections as the others.

The system wakes all of them for a connection, and whoever comes first could take all that wait. So a process takes no
more than would be even, and looks away for a moment if it has more than that already; then it takes what nobody has
taken by then. It does so a few times in a second, which is enough for connections that last; where many come and go,
or a process hangs, nobody is to wait for others.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet import tcp, unix

MOMENT = 0.001
"""Seconds that another process has to come first."""
RESTS = 50
"""How often that may be in a second, over all ports."""
_MANY = 100


class Named(Protocol):
    """Where connections from a port go: to the listener of that name."""

    listener: str


class Share:
    """What is a process's share of connections. ``lead`` tells by how many it has too many of a listener; see
    ``Places``.
    """

    def __init__(self, lead: Callable[[str], int]) -> None:
        self.lead = lead
        self._rests = float(RESTS)
        self._counted_at = 0.0

    def may_rest(self, now: float) -> bool:
        """Whether others may come first once more; ``now`` in seconds."""
        self._rests = min(self._rests + (now - self._counted_at) * RESTS, RESTS)
        self._counted_at = now
        if self._rests < 1:
            return False
        self._rests -= 1
        return True


class _Sharing:
    """What ports of both kinds do more than those of Twisted."""

    share: Share
    door: Named
    _again: Any = None

    def doRead(self) -> None:
        """Twisted calls this when connections wait."""
        lead = self.share.lead(self.door.listener)
        if lead <= 0:
            self._accept(1 - lead)
        elif self.share.may_rest(self.reactor.seconds()):  # type: ignore[attr-defined]
            self.stopReading()  # type: ignore[attr-defined]
            self._again = self.reactor.callLater(MOMENT, self._look_again)  # type: ignore[attr-defined]
        else:
            self._accept(_MANY)

    def connectionLost(self, reason: Any) -> None:
        """Twisted calls this when the port is closed."""
        again, self._again = self._again, None
        if again is not None:
            again.cancel()
        super().connectionLost(reason)  # type: ignore[misc]

    def _look_again(self) -> None:
        self._again = None
        if not self.disconnecting:  # type: ignore[attr-defined]
            self.startReading()  # type: ignore[attr-defined]
            self._accept(1)

    def _accept(self, most: int) -> None:
        self.numberAccepts = most
        super().doRead()  # type: ignore[misc]


class _TcpPort(_Sharing, tcp.Port):
    pass


class _UnixPort(_Sharing, unix.Port):
    pass


def adopt(reactor: Any, given: socket.socket, factory: Any, door: Named, share: Share) -> Any:
    """A port that accepts from ``given``, which may be closed afterwards, as ``adoptStreamPort`` makes one; what
    ``factory`` makes of connections leads to ``door``."""
    port: Any
    if given.family == socket.AF_UNIX:
        port = _UnixPort._fromListeningDescriptor(reactor, given.fileno(), factory)
        port._bindPath = b"\0"  # the file is the parent's: its mode, and when it goes
    else:
        port = _TcpPort._fromListeningDescriptor(reactor, given.fileno(), given.family, factory)
    port.door, port.share = door, share
    port.startListening()
    return port
