"""The routes of push in memory, with the real directory, store and feed below them."""

from __future__ import annotations

import base64
from typing import Any

from stalwart.jmap import endpoint
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.core import core, echo
from stalwart.jmap.endpoint import Service
from stalwart.jmap.engine import Engine
from stalwart.jmap.methods import Method
from stalwart.jmap.push import capability, event_source, ticket, web_socket
from tests.directory.world import PASSWORD
from tests.jmap.push.push_case import PushCase
from tests.web.client import Connected, Response, Server, request_bytes
from tests.web.socket_client import SocketClient

ROUTES = (
    endpoint.api,
    endpoint.session,
    event_source.event_source,
    event_source.event_source_slash,
    ticket.ticket,
    web_socket.web_socket,
)
LOGIN = "alice@example.test"
BASE_URL = "https://mail.example.test"


def basic(login: str = LOGIN, password: str = PASSWORD) -> dict[str, str]:
    """The header of a login."""
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


class PushDesk(PushCase):
    """``server`` speaks HTTP; ``methods`` are further ones."""

    def setUp(self) -> None:
        super().setUp()
        engine = Engine((echo, *self.methods()), {}, telemetry=self.telemetry, clock=self.clock, mode="normal")
        self.jmap = Service(
            engine,
            (core, capability.websocket, capability.vapid),
            settings=self.settings,
            store=self.store,
            telemetry=self.telemetry,
            base_url=BASE_URL,
            push_key=lambda: "BPublic",
        )
        services: dict[str, Any] = {
            "jmap": self.jmap,
            "push_streams": self.streams,
            "telemetry": self.telemetry,
            "clock": self.clock,
            "directory": self.directory,
            "base_url": BASE_URL,
        }
        self.server = Server(ROUTES, services, settings=self.settings, directory=self.directory, clock=self.clock)
        self.after(0)

    def methods(self) -> list[Method]:
        """What can be called besides Core/echo."""
        return []

    def after(self, seconds: int) -> None:
        """Time passes."""
        for _ in range(seconds):
            self.clock.advance(1)

    def stream(self, query: str = "", **headers: str) -> Connected:
        """An event stream of alice, begun."""
        connected = self.server.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connected.send(request_bytes("GET", f"/jmap/eventsource/{query}", basic() | named))
        return connected

    def socket(self, path: str = "/jmap/ws", headers: dict[str, str] | None = None, **given: Any) -> SocketClient:
        """A WebSocket of alice."""
        return SocketClient(self.server, path, basic() if headers is None else headers, **given)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        """An answer to alice."""
        return self.server.request("GET", path, basic() if headers is None else headers)

    def ticket(self, headers: dict[str, str] | None = None) -> str:
        """A new one."""
        response = self.server.request("POST", "/jmap/ws/ticket", basic() if headers is None else headers)
        assert response.status == 200, response
        return str(response.json()["value"])


def frames(connected: Connected) -> list[dict[str, str]]:
    """The events in what was received, by field; chunks must be whole frames."""
    data = connected.received()
    if data.startswith(b"HTTP/"):
        head, _, data = data.partition(b"\r\n\r\n")
        assert b" 200 " in head and b"text/event-stream" in head, head
    found = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        text, data = rest[: int(size, 16)].decode(), rest[int(size, 16) + 2 :]
        if not text:
            found.append({"end": ""})
            continue
        assert text.endswith("\n\n"), text
        fields = dict(line.split(": ", 1) for line in text[:-2].split("\n"))
        if "data" in fields:  # HTML 9.2.6
            found.append(fields)
    return found


__all__ = ["CORE", "LOGIN", "Call", "Method", "PushDesk", "basic", "frames"]
