"""Writing to a connection: what its socket takes at once does not wait for the reactor."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import ISSLTransport
from twisted.internet.tcp import Connection


class SocketWriter:
    """Writes to ``transport``, to which nobody else may write.

    That saves the reactor a turn for each answer. It ends for good with the first time that the socket is full, because
    a transport does not tell when all it holds has left; TLS always goes through the transport.
    """

    __slots__ = ("_socket", "_transport")

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        is_plain = isinstance(transport, Connection) and not ISSLTransport.providedBy(transport)
        self._socket: Connection | None = transport if is_plain else None

    def write(self, data: bytes) -> None:
        """Write ``data`` after everything before it."""
        if self._socket is not None:
            sent = self._socket.writeSomeData(data)
            if sent == len(data):
                return
            self._socket = None
            if isinstance(sent, int):  # else the connection is gone, which the transport finds out by itself
                data = data[sent:]
        self._transport.write(data)

    def begin_tls(self) -> None:
        """What is written from now on is encrypted by the transport."""
        self._socket = None
