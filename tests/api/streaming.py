"""The live trace and the live figures in memory: the real front, subscriptions over its telemetry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.api.live_streams import LiveStreams
from stalwart.codec.event_stream import EventStreamParser
from stalwart.directory.access import Access
from stalwart.directory.places import MemoryPlaces
from stalwart.telemetry.measures import LIVE_STREAMS
from stalwart.web.routes import Route
from tests.api.diagnosing import unchunked
from tests.web.client import BASIC_ALICE, Connected, Response, Server, parse_responses, request_bytes
from tests.web.fakes import FakeDirectory

PERMISSIONS = ("authenticate", "liveTracing", "liveMetrics")


class FakeAccounts:
    """A directory in which everybody has ``permissions``, or ``problem``."""

    def __init__(self) -> None:
        self.generation = 1
        self.permissions = set(PERMISSIONS)
        self.problem: Exception | None = None
        self.asked: list[tuple[int, ...]] = []

    async def account_access(self, account_id: int, client_ip: str) -> Access:
        self.asked.append((account_id,))
        if self.problem is not None:
            raise self.problem
        return Access(account_id, "alice", None, frozenset(self.permissions))

    async def entered_access(self, account_id: int, presenter_id: int, client_ip: str) -> Access:
        self.asked.append((account_id, presenter_id))
        return Access(account_id, "alice", None, frozenset(self.permissions))


class StreamingCase(SynchronousTestCase):
    """``server`` serves ``routes``; ``services`` are filled before the first request."""

    routes: tuple[Route, ...] = ()

    def setUp(self) -> None:
        self.services: dict[str, Any] = {"subscriptions": _Later(), "live_metrics": _Later(), "live_streams": _Later()}
        self.server = Server(self.routes, self.services, directory=FakeDirectory(PERMISSIONS))
        self.telemetry = self.server.telemetry
        self.clock = self.server.clock
        self.accounts = FakeAccounts()
        self.services["live_streams"].made = LiveStreams(MemoryPlaces(), self.telemetry, self.accounts)

    def open(self, path: str, headers: dict[str, str] | None = None) -> Connected:
        """A connection on which the request has been sent."""
        connected = self.server.connect()
        connected.send(request_bytes("GET", path, BASIC_ALICE if headers is None else headers))
        self.addCleanup(connected.lose)
        return connected

    def answer(self, path: str, headers: dict[str, str] | None = None) -> Response:
        """The head and whatever has come of the body."""
        (response,) = parse_responses(self.open(path, headers).received())
        return response

    def begin(self, path: str) -> Connected:
        """An open stream whose head and first frames have been read."""
        connected = self.open(path)
        self.first = connected.response()
        self.assertEqual(self.first.status, 200)
        return connected

    def after(self, seconds: int) -> None:
        self.clock.pump([1] * seconds)

    def open_streams(self, kind: str) -> float:
        """What the gauge says."""
        (number,) = self.telemetry.series(LIVE_STREAMS, kind).numbers(1)
        return number


class _Later:
    """Stands for a service that is made after the server."""

    made: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.made, name)


def events_of(body: bytes) -> list[tuple[str, Any]]:
    """Names and data of the events in the chunks of a stream."""
    return [(str(event.name), json.loads(event.data)) for event in EventStreamParser().feed(unchunked(body))]


def named(events: Iterable[tuple[str, Any]], name: str) -> list[Any]:
    """The data of those with this name."""
    return [data for each, data in events if each == name]
