"""Bodies on their way: read as fast as the client takes them, and not at all when it has gone."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unavailable
from stalwart.web.answers import Answer, Content
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route
from stalwart.web.transfer import PIECE
from tests.web.client import Connected, Server, request_bytes, serve

LENGTH = 10 * PIECE + 10
NEXT = request_bytes("GET", "/next")


class Shelf:
    """Content that is read when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.waiting: list[Deferred[bytes]] = []
        self.cancelled = 0

    def read(self, offset: int, size: int) -> Deferred[bytes]:
        self.asked.append((offset, size))
        deferred: Deferred[bytes] = Deferred(self._cancelled)
        self.waiting.append(deferred)
        return deferred

    def _cancelled(self, _: Any) -> None:
        self.cancelled += 1

    def give(self) -> None:
        self.waiting.pop().callback(b"x" * self.asked[-1][1])


@route("GET", "/file", needs=None, limit="none", spec="test")
async def file(exchange: Exchange, *, shelf: Shelf) -> Answer:
    return Answer(200, content_type="text/plain", content=Content(LENGTH, shelf.read))


@route("POST", "/file", needs=None, limit="none", body_limit=10, spec="test")
async def posted(exchange: Exchange, *, shelf: Shelf) -> Answer:
    return Answer(200, content_type="text/plain", content=Content(LENGTH, shelf.read))


@route("GET", "/empty", needs=None, limit="none", spec="test")
async def empty(exchange: Exchange, *, shelf: Shelf) -> Answer:
    return Answer(200, content_type="text/plain", content=Content(0, shelf.read))


@route("GET", "/next", needs=None, limit="none", spec="test")
async def following(exchange: Exchange) -> Answer:
    return Answer(200, b"next", "text/plain")


class TransferTests(SynchronousTestCase):
    """One body of three pieces and a bit."""

    def setUp(self) -> None:
        self.shelf = Shelf()
        self.server: Server = serve((file, posted, empty, following), {"shelf": self.shelf})
        self.connected: Connected = self.server.connect()

    def ask(self, path: str = "/file", method: str = "GET", body: bytes = b"") -> None:
        self.connected.send(request_bytes(method, path, body=body))

    def give_all(self) -> None:
        while self.shelf.waiting:
            self.shelf.give()

    def test_piece_after_piece_until_all_is_there(self) -> None:
        self.ask()
        self.give_all()
        self.assertEqual(self.shelf.asked, [(0, PIECE), (PIECE, 8 * PIECE), (9 * PIECE, PIECE + 10)])
        response = self.connected.response()
        self.assertEqual((response.status, len(response.body)), (200, LENGTH))
        self.assertFalse(self.connected.ended())

    def test_the_next_request_waits_for_the_end(self) -> None:
        self.connected.send(request_bytes("GET", "/file") + NEXT)
        self.shelf.give()
        self.assertNotIn(b"next", self.connected.wire.value())
        self.give_all()
        self.assertEqual([len(each.body) for each in self.connected.responses()], [LENGTH, 4])

    def test_nothing_is_read_while_the_client_takes_nothing(self) -> None:
        self.ask()
        self.connected.channel.pauseProducing()
        self.shelf.give()
        self.assertEqual(len(self.shelf.asked), 1)
        self.connected.channel.resumeProducing()
        self.assertEqual(len(self.shelf.asked), 2)

    def test_a_client_that_takes_nothing_is_dropped_in_the_end(self) -> None:
        self.ask()
        self.connected.channel.pauseProducing()
        self.shelf.give()
        for _ in range(62):
            self.server.clock.advance(1)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_slow_disk_is_not_the_fault_of_the_client(self) -> None:
        self.ask()
        for _ in range(300):
            self.server.clock.advance(1)
        self.assertFalse(self.connected.ended())
        self.give_all()
        self.assertEqual(len(self.connected.response().body), LENGTH)

    def test_a_client_that_leaves_ends_the_reading(self) -> None:
        self.ask()
        self.connected.lose()
        self.assertEqual((self.shelf.cancelled, self.server.event_ids().count("resource.error")), (1, 0))

    def test_a_client_that_leaves_while_it_holds_us_up(self) -> None:
        self.ask()
        self.connected.channel.pauseProducing()
        self.shelf.give()
        self.connected.lose()
        self.assertEqual((len(self.shelf.asked), self.server.event_ids().count("resource.error")), (1, 0))

    def test_a_failure_breaks_the_connection_and_is_logged(self) -> None:
        self.ask()
        self.shelf.waiting.pop().errback(Unavailable("The disk is gone."))
        self.assertTrue(self.connected.wire.aborted)
        self.assertIn("resource.error", self.server.event_ids())

    def test_content_that_is_too_short_breaks_the_connection(self) -> None:
        self.ask()
        self.shelf.waiting.pop().callback(b"x")
        self.assertTrue(self.connected.wire.aborted)

    def test_head_reads_nothing(self) -> None:
        response = self.server.request("HEAD", "/file")
        self.assertEqual((response.headers["content-length"], self.shelf.asked), (str(LENGTH), []))

    def test_empty_content(self) -> None:
        self.assertEqual(self.server.request("GET", "/empty").body, b"")

    def test_a_body_that_nobody_read_does_not_disturb(self) -> None:
        self.ask(method="POST", body=b"unread")
        self.give_all()
        self.connected.send(NEXT)
        self.assertEqual([len(each.body) for each in self.connected.responses()], [LENGTH, 4])

    def test_a_stop_of_the_server_waits_for_the_end_and_closes_then(self) -> None:
        self.ask()
        self.server.site.shut_down()
        self.assertFalse(self.connected.ended())
        self.give_all()
        self.assertEqual(len(self.connected.response().body), LENGTH)
        self.assertTrue(self.connected.ended())
