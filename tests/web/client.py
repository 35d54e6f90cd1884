"""An HTTP client in memory: bytes in, bytes out, through the real protocol and no socket.

``serve(routes, services)`` builds a site; ``server.request("GET", "/path")`` opens a connection, sends one request and
reads the answer; ``server.connect()`` gives a connection to send raw bytes to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level
from stalwart.web.connection import Listener
from stalwart.web.routes import Route
from stalwart.web.site import Site, build_site
from tests.leftovers import when_over
from tests.web.fakes import EPOCH, FakeDirectory, FakeSettings

BASIC_ALICE = {"Authorization": "Basic YWxpY2U6c2VjcmV0"}


@implementer(ITCPTransport)
class Wire(StringTransport):
    """A transport that tells half-closes and aborts apart, and does not echo producers."""

    def __init__(self, host: str = "198.51.100.7", port: int = 40000) -> None:
        super().__init__(hostAddress=IPv4Address("TCP", "127.0.0.1", 8080), peerAddress=IPv4Address("TCP", host, port))
        self.half_closed = False
        self.aborted = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def abortConnection(self) -> None:
        self.aborted = True
        self.disconnecting = True

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled


@define
class Response:
    """An answer: ``headers`` in lower case, the last of a name; ``fields`` all of them in order."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.fields}

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.fields if each.lower() == name]

    def json(self) -> Any:
        return json.loads(self.body)


class Connected:
    """One connection to a server in memory."""

    def __init__(self, server: Server, channel: Any, wire: Wire) -> None:
        self.server = server
        self.channel = channel
        self.wire = wire
        self.lost = False

    def send(self, data: bytes) -> None:
        self.channel.dataReceived(data)

    def received(self) -> bytes:
        """All bytes since the last call."""
        data = self.wire.value()
        self.wire.clear()
        return data

    def responses(self, method: str = "GET") -> list[Response]:
        return parse_responses(self.received(), method)

    def response(self, method: str = "GET") -> Response:
        found = self.responses(method)
        assert len(found) == 1, f"{len(found)} answers instead of one: {found!r}"
        return found[0]

    def ended(self) -> bool:
        """Whether the server has closed or is closing."""
        return bool(self.wire.disconnecting or self.wire.aborted or self.wire.half_closed)

    def lose(self) -> None:
        """The client goes away."""
        if not self.lost:
            self.lost = True
            self.channel.connectionLost(Failure(ConnectionDone()))


class Server:
    """A site with its fakes: ``settings``, ``directory``, ``telemetry``, ``clock``, ``events``, ``bans`` written."""

    def __init__(
        self,
        routes: Iterable[Route],
        services: Mapping[str, Any] | None = None,
        *,
        settings: Any = None,
        directory: Any = None,
        mode: Any = "normal",
        base_url: str = "https://mail.example.test",
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings if settings is not None else FakeSettings()
        self.directory = directory if directory is not None else FakeDirectory()
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[Event, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event, keys)))
        self.clock = clock or Clock()
        if clock is None:
            self.clock.advance(EPOCH)
        self.banned: list[tuple[str, str, int | None]] = []
        self.site: Site = build_site(
            routes,
            services or {},
            settings=self.settings,
            directory=self.directory,
            telemetry=self.telemetry,
            clock=self.clock,
            mode=mode,
            base_url=base_url,
            ban=self._ban,
        )

    async def _ban(self, ip: str, reason: str, expires_at: int | None) -> None:
        self.banned.append((ip, reason, expires_at))

    def connect(self, host: str = "198.51.100.7", port: int = 40000, listener: Listener | None = None) -> Connected:
        """A new connection from ``host``."""
        wire = Wire(host, port)
        channel = self.site.connect(listener or Listener("http"), wire.getPeer())
        channel.makeConnection(wire)
        connected = Connected(self, channel, wire)
        when_over(connected.lose)
        return connected

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        host: str = "198.51.100.7",
    ) -> Response:
        """One request on a connection of its own."""
        connected = self.connect(host)
        connected.send(request_bytes(method, path, headers, body))
        response = connected.response(method)
        connected.lose()
        return response

    def event_ids(self) -> list[str]:
        return [event.id for event, _ in self.events]


def serve(routes: Iterable[Route], services: Mapping[str, Any] | None = None, **given: Any) -> Server:
    """A server in memory for ``routes``; see ``Server`` for what else may be given."""
    return Server(routes, services, **given)


def request_bytes(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request on the wire, with Host and, if there is a body, Content-Length."""
    fields = {"Host": "mail.example.test"} | dict(headers or {})
    if body and not any(name.lower() in ("content-length", "transfer-encoding") for name in fields):
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def parse_responses(data: bytes, method: str = "GET") -> list[Response]:
    """Complete answers, 100 Continue left out; a stream without an end counts with what is there."""
    found = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        assert separator, f"no complete head in {data!r}"
        status_line, *lines = head.decode("latin-1").split("\r\n")
        fields = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        status = int(status_line.split(" ")[1])
        response = Response(status, fields, b"")
        if status == 100:
            data = rest
            continue
        if method == "HEAD" or status in (204, 304):
            data = rest
        elif "content-length" in response.headers:
            length = int(response.headers["content-length"])
            assert len(rest) >= length, "the body is incomplete"
            response.body, data = rest[:length], rest[length:]
        else:
            response.body, data = rest, b""
        found.append(response)
    return found
