"""The line between the parent and a worker: JSON messages, one to a line, some with a listening socket along.

It is a pair of connected UNIX sockets; each side may send at any time. Sockets travel as descriptors (SCM_RIGHTS) and
arrive before the message that they belong to, in order. When one side ends, the other one sees the line closed.
"""

from __future__ import annotations

import json
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IFileDescriptorReceiver, IPushProducer
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

Message = dict[str, Any]
Heard = Callable[[Message, "socket.socket | None"], object]

LONGEST = 1 << 20


@implementer(IFileDescriptorReceiver, IPushProducer)
class Channel(LineOnlyReceiver):
    """One side. ``heard(message, socket)`` takes what arrives, ``lost()`` is called when the line is closed.

    ``is_full``: the other side does not keep up, so what can be left out should be; ``flowing()`` is called when it
    does again.
    """

    delimiter = b"\n"
    MAX_LENGTH = LONGEST

    def __init__(self, heard: Heard, lost: Callable[[], object], flowing: Callable[[], object] = lambda: None) -> None:
        self._heard = heard
        self._lost = lost
        self._flowing = flowing
        self._sockets: deque[socket.socket] = deque()
        self._closed: Deferred[None] = Deferred()
        self.is_full = False
        self.is_open = False

    def send(self, do: str, *, descriptor: int | None = None, **members: Any) -> None:
        """Say what to do or what has happened; ``descriptor`` must stay open. Nothing happens on a closed line."""
        if not self.is_open:
            return
        transport: Any = self.transport
        if descriptor is not None:
            transport.sendFileDescriptor(descriptor)
            members["socket"] = True
        self.sendLine(json.dumps({"do": do, **members}).encode("ascii"))

    def finish(self) -> Deferred[None]:
        """Close once everything is sent; fires when the line is closed."""
        transport: Any = self.transport
        if self.is_open:
            transport.unregisterProducer()
            transport.loseConnection()
        return self._closed

    def connectionMade(self) -> None:
        """Twisted calls this."""
        transport: Any = self.transport
        transport.registerProducer(self, True)
        self.is_open = True

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """Twisted calls this."""
        os.set_inheritable(descriptor, False)
        self._sockets.append(socket.socket(fileno=descriptor))

    def lineReceived(self, line: bytes) -> None:
        """Twisted calls this."""
        message = json.loads(line)
        self._heard(message, self._sockets.popleft() if message.pop("socket", False) else None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted calls this."""
        self.is_open = False
        while self._sockets:
            self._sockets.popleft().close()
        self._closed.callback(None)
        self._lost()

    def pauseProducing(self) -> None:
        """Twisted calls this."""
        self.is_full = True

    def resumeProducing(self) -> None:
        """Twisted calls this."""
        self.is_full = False
        self._flowing()

    def stopProducing(self) -> None:
        """Twisted calls this."""


def open_channel(reactor: Any, side: socket.socket, channel: Channel) -> Channel:
    """Put ``channel`` on one of a pair of sockets, which is taken over."""
    side.setblocking(False)
    factory = Factory()
    factory.buildProtocol = lambda _address: channel  # type: ignore[method-assign,assignment]
    factory.noisy = False
    with side:
        reactor.adoptStreamConnection(side.fileno(), socket.AF_UNIX, factory)
    return channel
