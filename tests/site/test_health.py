"""Health checks: alive means that the process answers, ready that its store does, in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unavailable
from stalwart.site import health
from stalwart.store import MemoryStore
from tests.web.client import Response, Server, serve


class FakeStore:
    """Answers ``ping`` as it is told."""

    def __init__(self, pong: Callable[[], Deferred[None]]) -> None:
        self.ping = pong


def serving(store: Any, is_leaving: bool = False) -> Server:
    """A site with the health checks."""
    routes = [health.live, health.ready, health.robots]
    return serve(routes, {"store": store, "is_leaving": lambda: is_leaving})


class HealthTests(SynchronousTestCase):
    """http-service 3."""

    is_leaving = False

    def get(self, path: str, store: Any = None, method: str = "GET") -> Response:
        self.server = serving(store or FakeStore(lambda: succeed(None)), self.is_leaving)
        return self.server.request(method, path)

    def body(self, status: int, phrase: str) -> bytes:
        return b'{"detail":"%b","status":%d,"title":"%b","type":"about:blank"}' % (
            phrase.encode(),
            status,
            phrase.encode(),
        )

    def test_live_is_200_whatever_the_store_does(self) -> None:
        answer = self.get("/healthz/live", FakeStore(lambda: fail(Unavailable())))
        self.assertEqual((answer.status, answer.body), (200, self.body(200, "OK")))
        self.assertEqual(answer.headers["content-type"], "application/problem+json")

    def test_ready_is_200_when_the_store_answers(self) -> None:
        store = MemoryStore()
        self.addCleanup(store.close)
        answer = self.get("/healthz/ready", store)
        self.assertEqual((answer.status, answer.body), (200, self.body(200, "OK")))

    def test_ready_is_503_when_the_store_fails(self) -> None:
        answer = self.get("/healthz/ready", FakeStore(lambda: fail(Unavailable("disk full"))))
        self.assertEqual((answer.status, answer.body), (503, self.body(503, "Service Unavailable")))

    def test_ready_is_503_when_the_store_is_closed(self) -> None:
        store = MemoryStore()
        store.close()
        self.assertEqual(self.get("/healthz/ready", store).status, 503)

    def test_ready_is_503_when_the_store_hangs(self) -> None:
        clock = Clock()
        hanging: Deferred[None] = Deferred()
        server = serving(FakeStore(lambda: hanging.addTimeout(2, clock)))
        connected = server.connect()
        connected.send(b"GET /healthz/ready HTTP/1.1\r\nHost: x\r\n\r\n")
        before = connected.received()
        clock.advance(2)
        self.assertEqual((before, connected.response().status), (b"", 503))
        connected.lose()

    def test_ready_is_503_and_says_why_when_the_server_is_about_to_stop(self) -> None:
        self.is_leaving = True
        answer = self.get("/healthz/ready")
        self.assertEqual((answer.status, b"The server is stopping." in answer.body), (503, True))
        self.assertEqual(self.get("/healthz/live").status, 200)

    def test_client_that_leaves_does_not_wait_for_the_store(self) -> None:
        cancelled: list[Any] = []
        server = serving(FakeStore(lambda: Deferred(cancelled.append)))
        connected = server.connect()
        connected.send(b"GET /healthz/ready HTTP/1.1\r\nHost: x\r\n\r\n")
        connected.lose()
        self.assertEqual((len(cancelled), server.clock.getDelayedCalls()), (1, []))

    def test_head_works_where_get_does(self) -> None:
        answer = self.get("/healthz/live", method="HEAD")
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_crawlers_are_kept_out(self) -> None:
        answer = self.get("/robots.txt")
        expected = (200, b"User-agent: *\nDisallow: /\n", "text/plain")
        self.assertEqual((answer.status, answer.body, answer.headers["content-type"]), expected)
