"""The endpoint of the live diagnosis in memory: a scripted outside world behind the real front and stream."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.api import live
from stalwart.codec.dns_records import MX
from stalwart.codec.event_stream import EventStreamParser
from stalwart.config.diagnosis import Diagnosis
from stalwart.config.settings import Settings
from stalwart.mail.delivery.service import Diagnoses
from stalwart.mail.delivery.sts import StsPolicies
from stalwart.store import MemoryStore
from tests.mail.delivery.scripted import HEALTHY, outgoing
from tests.net.fake_dns import FakeResolver
from tests.web.client import BASIC_ALICE, Connected, Response, Server, parse_responses, request_bytes

GOOD, SILENT = "192.0.2.1", "192.0.2.2"
ZONE: dict[tuple[str, str], Any] = {
    ("good.test", "MX"): [MX(10, "mx.good.test.")],
    ("mx.good.test", "A"): [GOOD],
    ("silent.test", "MX"): [MX(10, "mx.silent.test.")],
    ("mx.silent.test", "A"): [SILENT],
}


class DiagnosingCase(SynchronousTestCase):
    """``server`` serves the stream; at ``SILENT`` nobody ever says a word."""

    def setUp(self) -> None:
        self.server = Server([live.delivery], {"diagnoses": None})
        store = MemoryStore(self.server.clock.seconds)
        self.addCleanup(store.close)
        self.settings = Settings(store, self.server.telemetry, self.server.clock)
        self.change(allowPrivateTargets=True)
        self.cancelled = 0
        self.diagnoses = Diagnoses(self._world, self.settings, self.server.telemetry)
        self.server = Server([live.delivery], {"diagnoses": self.diagnoses}, directory=self.server.directory)
        self.ports: list[int] = []

    def change(self, **members: Any) -> None:
        """Set members of x:Diagnosis."""
        self.successResultOf(Deferred.fromCoroutine(self.settings.change(Diagnosis, members)))

    def _world(self) -> Any:
        resolver = FakeResolver(ZONE)
        policies = StsPolicies(resolver, self._no_policy, self.server.clock)
        silent = HEALTHY | {"greeting": Deferred(lambda _: self._note_cancelled())}
        world, internet = outgoing(self.server.clock, resolver, policies, {GOOD: HEALTHY, SILENT: silent})
        self.internet = internet
        connect = internet.connect

        async def noting(reactor: Any, ip: str, port: int, *, timeout: float) -> Any:
            self.ports.append(port)
            return await connect(reactor, ip, port, timeout=timeout)

        object.__setattr__(world, "connect", noting)
        return world

    def _note_cancelled(self) -> None:
        self.cancelled += 1

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
