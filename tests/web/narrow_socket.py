"""A socket in memory that takes only so much."""

from __future__ import annotations

from twisted.internet.error import ConnectionLost
from twisted.internet.tcp import Connection as TcpConnection

from tests.web.client import Wire


class Socket(Wire, TcpConnection):  # type: ignore[misc]  # what it is of the second is its type
    """A transport whose socket takes ``room`` octets, or has gone."""

    room: int | None = 0
    at_once = b""

    def writeSomeData(self, data: bytes) -> int | Exception:
        if self.room is None:
            return ConnectionLost()
        taken = bytes(data[: min(self.room, self.SEND_LIMIT)])
        self.room -= len(taken)
        self.at_once += taken
        return len(taken)
