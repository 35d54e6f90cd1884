"""A WebSocket client in memory for the servers of ``client``: frames by wsproto, or octets as a test likes them."""

from __future__ import annotations

import json
import struct
from typing import Any

from wsproto.connection import CLIENT, Connection
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from stalwart.web.websocket_handshake import accept_of
from tests.web.client import Connected, Response, Server, parse_responses, request_bytes

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
FIELDS = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """One frame of a client; the mask is zeros."""
    first = (0x80 if final else 0) | reserved | opcode
    bit = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", first, bit | len(payload))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", first, bit | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, bit | 127, len(payload))
    return head + (bytes(4) if masked else b"") + payload


class SocketClient:
    """Opens ``path``; ``answer`` is what the server said to that. Without 101 there is no socket."""

    def __init__(self, server: Server, path: str, headers: dict[str, str], protocol: str | None = "jmap") -> None:
        self.server = server
        self.connected: Connected = server.connect()
        offered = {} if protocol is None else {"Sec-WebSocket-Protocol": protocol}
        self.connected.send(request_bytes("GET", path, FIELDS | offered | headers))
        head, _, rest = self.connected.received().partition(b"\r\n\r\n")
        self.answer: Response = parse_responses(head + b"\r\n\r\n" + (b"" if b" 101 " in head[:16] else rest))[0]
        self._frames = Connection(CLIENT)
        if self.answer.status == 101:
            assert self.answer.headers["sec-websocket-accept"] == accept_of(KEY)
            self._frames.receive_data(rest)

    def raw(self, data: bytes) -> None:
        """Send octets."""
        self.connected.send(data)

    def event(self, event: Event) -> None:
        """Send what wsproto makes of it."""
        self.raw(self._frames.send(event))

    def send(self, value: Any) -> None:
        """Send JSON, or text that is given."""
        self.event(TextMessage(data=value if isinstance(value, str) else json.dumps(value)))

    def events(self) -> list[Event]:
        """What came since the last call."""
        data = self.connected.received()
        if data:
            self._frames.receive_data(data)
        return list(self._frames.events())

    def texts(self) -> list[str]:
        """The messages among it; a ping or another thing is a mistake."""
        found, text = [], ""
        for event in self.events():
            assert isinstance(event, TextMessage), event
            text += event.data
            if event.message_finished:
                found.append(text)
                text = ""
        return found

    def objects(self) -> list[Any]:
        """The same, as values."""
        return [json.loads(text) for text in self.texts()]

    def ask(self, value: Any) -> Any:
        """The one answer to a message."""
        self.send(value)
        (found,) = self.objects()
        return found

    def closed(self) -> int | None:
        """The code with which the server has closed, None if it has not."""
        for event in self.events():
            if isinstance(event, CloseConnection):
                return int(event.code)
        return None

    @property
    def dropped(self) -> bool:
        """Whether the connection was broken off."""
        return self.connected.wire.aborted

    def after(self, seconds: int) -> None:
        """Time passes."""
        for _ in range(seconds):
            self.server.clock.advance(1)


__all__ = ["BytesMessage", "CloseConnection", "Ping", "SocketClient", "TextMessage", "frame"]
