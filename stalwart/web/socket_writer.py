"""Writing to a connection: what its socket takes at once does not wait for the reactor."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import ISSLTransport
from twisted.internet.tcp import Connection


class SocketWriter:
    """Writes to ``transport``, to which nobody else may write.

    That saves the reactor a turn for each answer. It ends when the socket is full, and goes on when the transport has
    told that all it was given has left, which it does only to whom it had asked for a pause. TLS always goes through
    the transport.
    """

    __slots__ = ("_plain", "_socket", "_transport")

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        is_plain = isinstance(transport, Connection) and not ISSLTransport.providedBy(transport)
        self._plain: Connection | None = transport if is_plain else None
        self._socket = self._plain

    def write(self, data: bytes) -> None:
        """Write ``data`` after everything before it."""
        if self._socket is not None:
            sent = self._socket.writeSomeData(data)
            if sent == len(data):
                return
            if isinstance(sent, int):  # else the connection is gone, which the transport finds out by itself
                data = self._rest_of(data, sent)
                if not data:
                    return
            self._socket = None
        self._transport.write(data)

    def _rest_of(self, data: bytes, sent: int) -> bytes:
        """What is left of ``data`` when the socket is full; it takes no more than a part of much in one go."""
        assert self._socket is not None
        limit = self._socket.SEND_LIMIT
        rest = memoryview(data)[sent:]
        while sent == limit and rest:
            taken = self._socket.writeSomeData(rest)
            if not isinstance(taken, int):
                break
            sent, rest = taken, rest[taken:]
        return bytes(rest)

    def drained(self) -> None:
        """The transport had asked for a pause, and all that it was given has left."""
        self._socket = self._plain

    def begin_tls(self) -> None:
        """What is written from now on is encrypted by the transport."""
        self._socket = self._plain = None
