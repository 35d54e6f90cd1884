"""The body of an answer on its way to the client, read in pieces as fast as the client takes them.

Memory stays constant however large the body is. The counterpart of ``sse.Stream`` for bodies of known length.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.errors import Unavailable
from stalwart.web.answers import Content

PIECE = 131072
LARGEST_PIECE = 1 << 20
_GROWTH = 8


def held_content(body: bytes) -> Content:
    """Bytes in memory, to leave in pieces."""
    view = memoryview(body)

    async def read(offset: int, size: int) -> bytes:
        return bytes(view[offset : offset + size])

    return Content(len(body), read)


class Connection(Protocol):
    """What a transfer needs of its channel."""

    def transfer_write(self, data: bytes) -> None: ...
    def transfer_ended(self, failure: Failure | None) -> None: ...


class Transfer:
    """One body on a connection. ``held`` while the transport's buffer is full: nothing is read then.

    ``piece`` is how much is read next. With ``grows`` pieces become larger while the client takes each at once, so
    that a quick one costs few waits, and small again when it does not.
    """

    __slots__ = ("_channel", "_content", "_offset", "_running", "_waiting", "grows", "held", "piece")

    def __init__(self, channel: Connection, content: Content, held: bool, *, grows: bool = True) -> None:
        self._channel = channel
        self._content = content
        self._offset = 0
        self._running: Deferred[None] | None = None
        self._waiting: Deferred[None] | None = None
        self.held = held
        self.piece = PIECE
        self.grows = grows

    def start(self) -> None:
        """Send the body; ``transfer_ended`` is called at its end, unless ``lost`` comes first."""
        self._running = running = Deferred.fromCoroutine(self._send())
        running.addCallbacks(lambda _: self._ended(None), self._ended)

    def resume(self) -> None:
        """The transport takes more."""
        self.held = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def lost(self) -> None:
        """The client has left: stop reading."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()

    async def _send(self) -> None:
        content = self._content
        while self._offset < content.length:
            if self.held:
                self._waiting = Deferred()
                await self._waiting
            size = min(self.piece, content.length - self._offset)
            piece = await content.read(self._offset, size)
            if len(piece) != size:
                raise Unavailable("The stored content is shorter than it should be.")
            self._offset += size
            self._channel.transfer_write(piece)
            if self.grows:
                self.piece = PIECE if self.held else min(self.piece * _GROWTH, LARGEST_PIECE)

    def _ended(self, failure: Failure | None) -> None:
        running, self._running = self._running, None
        if running is not None:
            self._channel.transfer_ended(failure)
