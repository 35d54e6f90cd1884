"""The factory: its connections, its shutdown, its events."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.connection import Listener
from stalwart.web.http2.connection import Http2Connection
from stalwart.web.protocol import Channel
from stalwart.web.site import LAST_WORDS
from tests.web.client import Server, request_bytes, serve
from tests.web.routes import ALL, Desk


class SiteTests(SynchronousTestCase):
    """``Site`` as a whole."""

    def setUp(self) -> None:
        self.desk = Desk()
        self.server: Server = serve(ALL, {"desk": self.desk})

    def test_connections_are_counted_while_they_are_open(self) -> None:
        connected = self.server.connect()
        self.assertEqual(len(self.server.site.channels), 1)
        connected.lose()
        self.assertEqual(len(self.server.site.channels), 0)
        self.assertEqual(self.server.event_ids()[-2:], ["http.connection-start", "http.connection-end"])

    def test_the_factory_alone_serves_as_a_listener(self) -> None:
        channel = self.server.site.buildProtocol(None)
        self.assertIs(channel.site, self.server.site)

    def test_alpn_chooses_the_protocol(self) -> None:
        site, listener = self.server.site, Listener("https")
        self.assertEqual(site.protocols, (b"h2", b"http/1.1"))
        self.assertIsInstance(site.connect(listener, None, None, b"h2"), Http2Connection)
        for agreed in (b"http/1.1", None):
            self.assertIsInstance(site.connect(listener, None, None, agreed), Channel)
        self.server.settings.change(Http={"http2": False})
        self.assertEqual(site.protocols, (b"http/1.1",))

    def test_stopping_without_connections_is_done_at_once(self) -> None:
        self.successResultOf(self.server.site.shut_down())

    def test_stopping_does_not_wait_long_for_the_farewell_of_who_is_idle(self) -> None:
        idle = self.server.connect()
        self.server.site.shut_down(30)
        self.server.clock.pump([1] * 4)
        self.assertTrue(idle.wire.aborted)

    def test_stopping_closes_what_is_idle_and_waits_for_what_runs(self) -> None:
        idle, busy = self.server.connect(), self.server.connect()
        busy.send(request_bytes("GET", "/slow"))
        stopped = self.server.site.shut_down(10)
        self.assertEqual((idle.wire.disconnecting, busy.wire.disconnecting), (True, False))
        idle.lose()
        self.desk.waiting[0].callback("done")
        self.assertEqual(busy.response().headers["connection"], "close")
        self.assertNoResult(stopped)
        busy.lose()
        self.successResultOf(stopped)
        self.assertEqual(self.server.clock.getDelayedCalls(), [])

    def test_who_leaves_answers_on_and_ends_each_connection_with_an_answer(self) -> None:
        idle, streaming = self.server.connect(), self.server.connect()
        streaming.send(request_bytes("GET", "/events"))
        self.server.site.leaving = True
        self.assertEqual((idle.wire.disconnecting, streaming.wire.disconnecting), (False, False))
        for connected in (idle, self.server.connect()):
            connected.send(request_bytes("GET", "/free"))
            answer = connected.response()
            self.assertEqual((answer.status, answer.headers["connection"]), (200, "close"))
            self.assertTrue(connected.wire.disconnecting)

    def test_stopping_ends_streams_in_order(self) -> None:
        streaming = self.server.connect()
        streaming.send(request_bytes("GET", "/events"))
        self.server.site.shut_down(10)
        self.assertTrue(streaming.received().endswith(b"\r\n\r\n0\r\n\r\n"))
        self.assertEqual((self.desk.cancelled, streaming.wire.disconnecting), (1, True))

    def test_stopping_tells_who_waits_that_there_will_be_no_answer(self) -> None:
        busy = self.server.connect()
        busy.send(request_bytes("GET", "/slow"))
        self.server.site.shut_down(10)
        self.server.clock.advance(10 - LAST_WORDS)
        self.assertIn(b" 503 ", busy.received().split(b"\r\n")[0])
        self.assertTrue(busy.wire.disconnecting)

    def test_stopping_aborts_what_does_not_end(self) -> None:
        busy = self.server.connect()
        busy.send(request_bytes("GET", "/slow"))
        self.server.site.shut_down(10)
        self.server.clock.advance(10)
        self.assertTrue(busy.wire.aborted)

    def test_requests_are_events_without_secrets(self) -> None:
        self.server.request("GET", "/free?a=b&token=abc")
        [keys] = [keys for event, keys in self.server.events if event.id == "http.request-url"]
        self.assertEqual((keys["url"], keys["code"], keys["remoteIp"]), ("/free?a=b&token=***", 200, "198.51.100.7"))

    def test_request_ids_differ(self) -> None:
        for _ in range(3):
            self.server.request("GET", "/free")
        ids = [keys["requestId"] for event, keys in self.server.events if event.id == "http.request-url"]
        self.assertEqual(len(set(ids)), 3)
