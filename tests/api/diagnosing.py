"""The endpoint of the live diagnosis in memory: a scripted outside world behind the real front and stream."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.trial.unittest import SynchronousTestCase

from stalwart.api import live
from stalwart.codec.dns_records import MX
from stalwart.codec.event_stream import EventStreamParser
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.settings import Settings
from stalwart.mail.delivery.outgoing import Outgoing
from stalwart.mail.delivery.service import Diagnoses
from stalwart.mail.delivery.sts import StsPolicies
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.tls import TrustStore
from stalwart.store import MemoryStore
from tests.mail.delivery.scripted import HEALTHY, ScriptedConnection
from tests.net.fake_dns import FakeResolver
from tests.web.client import BASIC_ALICE, Connected, Response, Server, parse_responses, request_bytes

GOOD, SILENT = "192.0.2.1", "192.0.2.2"
ZONE: dict[tuple[str, str], Any] = {
    ("good.test", "MX"): [MX(10, "mx.good.test.")],
    ("mx.good.test", "A"): [GOOD],
    ("silent.test", "MX"): [MX(10, "mx.silent.test.")],
    ("mx.silent.test", "A"): [SILENT],
}


class Mute(ScriptedConnection):
    """A server that takes the connection and never says a word."""

    clock: Any = None
    cancelled = False

    async def greeting(self, timeout: float) -> Any:
        """Waits as the real client does."""
        waiting: Deferred[None] = Deferred(self._note)
        waiting.addTimeout(timeout, self.clock)
        try:
            await waiting
        except DeferredTimeout:
            raise SmtpFailed("Connection timeout", "timeout") from None

    def _note(self, _waiting: Any) -> None:
        self.cancelled = True


class DiagnosingCase(SynchronousTestCase):
    """``server`` serves the stream; at ``SILENT`` nobody ever says a word. ``opened`` are the connections made, with
    their ``ports``."""

    def setUp(self) -> None:
        services: dict[str, Any] = {"diagnoses": _Later()}
        routes = [live.delivery, live.delivery_to_nobody, live.delivery_with_more]
        self.server = Server(routes, services)
        store = MemoryStore(self.server.clock.seconds)
        self.addCleanup(store.close)
        self.settings = Settings(store, self.server.telemetry, self.server.clock)
        self.change(allowPrivateTargets=True)
        self.diagnoses = Diagnoses(self._world, self.settings, self.server.telemetry)
        services["diagnoses"].made = self.diagnoses
        self.opened: list[Any] = []
        self.ports: list[int] = []

    def change(self, **members: Any) -> None:
        """Set members of x:Diagnosis."""
        self.successResultOf(Deferred.fromCoroutine(self.settings.change(Diagnosis, members)))

    def _world(self) -> Outgoing:
        clock, resolver = self.server.clock, FakeResolver(ZONE)
        policies = StsPolicies(resolver, self._no_policy, clock)
        return Outgoing(clock, resolver, policies, TrustStore(), lambda _: None, self._connect)

    async def _connect(self, _reactor: Any, ip: str, port: int, *, timeout: float) -> Any:
        connection = Mute(HEALTHY) if ip == SILENT else ScriptedConnection(HEALTHY)
        if isinstance(connection, Mute):
            connection.clock = self.server.clock
        self.opened.append(connection)
        self.ports.append(port)
        return connection

    async def _no_policy(self, *_: Any) -> Any:
        raise AssertionError("no domain here has a policy")

    def open(self, path: str, headers: dict[str, str] | None = None) -> Connected:
        """A connection on which the request has been sent."""
        connected = self.server.connect()
        connected.send(request_bytes("GET", f"/api/live/delivery/{path}", BASIC_ALICE if headers is None else headers))
        self.addCleanup(connected.lose)
        return connected

    def answer(self, path: str, headers: dict[str, str] | None = None) -> Response:
        """The head and whatever has come of the body."""
        (response,) = parse_responses(self.open(path, headers).received())
        return response

    def stages(self, path: str) -> list[dict[str, Any]]:
        """All stages of a run that ends at once."""
        return stages_of(self.answer(path))


class _Later:
    """Stands for a service that is made after the server."""

    made: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


def stages_of(response: Response) -> list[dict[str, Any]]:
    """The stages in the chunks of a stream, each alone in its event."""
    found = []
    for event in EventStreamParser().feed(unchunked(response.body)):
        assert event.name == "event", event
        (stage,) = json.loads(event.data)
        found.append(stage)
    return found


def unchunked(body: bytes) -> bytes:
    """The content of complete chunks (RFC 9112 7.1)."""
    content = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        content += rest[:length]
        body = rest[length + 2 :]
    return content
