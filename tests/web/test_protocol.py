"""Answers on the wire, time-outs, ends of connections."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.connection import Listener
from stalwart.web.protocol import CLOSING, LINGER
from stalwart.web.transfer import PIECE
from tests.web.client import BASIC_ALICE, Connected, Server, parse_responses, request_bytes, serve
from tests.web.fakes import FakeSettings
from tests.web.narrow_socket import Socket
from tests.web.routes import ALL, Desk

GET = request_bytes("GET", "/open")
CHUNKED = {"Transfer-Encoding": "chunked"}


class ProtocolCase(SynchronousTestCase):
    """A server, and a connection to it."""

    def setUp(self) -> None:
        self.desk = Desk()
        self.server: Server = serve(ALL, {"desk": self.desk}, settings=FakeSettings())
        self.connected: Connected = self.server.connect()

    def after(self, seconds: float) -> None:
        """Time passes, a second at a time."""
        for _ in range(int(seconds)):
            self.server.clock.advance(1)


class AnswerTests(ProtocolCase):
    """One write, exact length, right connection field."""

    def test_head_is_get_without_the_body(self) -> None:
        get, head = (self.server.request(method, "/open") for method in ("GET", "HEAD"))
        self.assertEqual((head.fields, head.body), (get.fields, b""))

    def test_http_1_0_is_closed_after_the_answer(self) -> None:
        self.connected.send(b"GET /open HTTP/1.0\r\n\r\n")
        self.assertEqual(self.connected.response().headers["connection"], "close")
        self.assertTrue(self.connected.wire.disconnecting)

    def test_http_1_0_may_ask_to_go_on(self) -> None:
        self.connected.send(b"GET /open HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        self.assertEqual(self.connected.response().headers["connection"], "keep-alive")
        self.assertFalse(self.connected.ended())

    def test_close_is_honoured_and_confirmed(self) -> None:
        self.connected.send(request_bytes("GET", "/open", {"Connection": "close"}) + GET)
        self.assertEqual(self.connected.response().headers["connection"], "close")
        self.assertTrue(self.connected.wire.disconnecting)

    def test_absolute_targets_are_served(self) -> None:
        self.connected.send(b"GET http://mail.example.test/open HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(self.connected.response().body, b"hello")

    def test_a_large_answer_leaves_in_slices_as_the_client_reads(self) -> None:
        self.connected.wire.write = self._full_after(self.connected)  # type: ignore[method-assign]
        self.connected.send(request_bytes("GET", "/large"))
        sizes = [len(self.connected.received())]
        while not self.connected.wire.disconnecting and sizes[-1]:
            self.connected.channel.resumeProducing()
            sizes.append(len(self.connected.received()))
        self.assertEqual(sum(sizes) // 1000, 1000)
        self.assertLess(max(sizes), PIECE + 1000)

    def _full_after(self, connected: Connected) -> object:
        write = type(connected.wire).write

        def full(data: bytes) -> None:
            write(connected.wire, data)
            if len(data) > 65536:
                connected.channel.pauseProducing()

        return full

    def test_no_delay_follows_the_listener(self) -> None:
        self.assertTrue(self.connected.wire.no_delay)
        self.assertFalse(self.server.connect(listener=Listener("x", no_delay=False)).wire.no_delay)


class AtOnceTests(ProtocolCase):
    """What the socket takes does not wait for the reactor."""

    def opened(self, room: int | None) -> tuple[Any, Socket]:
        wire = Socket()
        wire.room = room
        channel = self.server.site.connect(Listener("http"), wire.getPeer())
        channel.makeConnection(wire)
        return channel, wire

    def test_what_fits_leaves_at_once(self) -> None:
        channel, wire = self.opened(100_000)
        for _ in range(2):
            channel.dataReceived(request_bytes("GET", "/open"))
        self.assertEqual((wire.at_once.count(b"HTTP/1.1 200 OK"), wire.value()), (2, b""))

    def test_what_does_not_fit_waits_and_so_does_all_after_it(self) -> None:
        channel, wire = self.opened(100)
        channel.dataReceived(request_bytes("GET", "/open"))
        wire.room = 100_000
        channel.dataReceived(request_bytes("GET", "/open"))
        self.assertEqual(len(wire.at_once), 100)
        whole = parse_responses(wire.at_once + wire.value())
        self.assertEqual([each.status for each in whole], [200, 200], "octets in their order, none twice")

    def test_a_client_that_has_gone(self) -> None:
        channel, wire = self.opened(None)
        channel.dataReceived(request_bytes("GET", "/open"))
        self.assertEqual(parse_responses(wire.value())[0].status, 200, "the transport finds out by itself")

    def test_large_answers_keep_their_order(self) -> None:
        channel, wire = self.opened(PIECE + 1000)
        channel.dataReceived(request_bytes("GET", "/large"))
        (answer,) = parse_responses(wire.at_once + wire.value())
        self.assertEqual(len(answer.body), int(answer.headers["content-length"]))


class TimeTests(ProtocolCase):
    """Every wait has an end."""

    def test_a_head_that_drips_is_cut_at_its_time_out(self) -> None:
        self.connected.send(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(29):
            self.after(1)
            self.connected.send(b"y")
        self.assertEqual(self.connected.received(), b"")
        self.after(2)
        response = self.connected.response()
        self.assertEqual((response.status, response.headers["connection"]), (408, "close"))
        self.assertTrue(self.connected.ended())

    def test_an_idle_connection_is_closed_without_a_word(self) -> None:
        self.after(61)
        self.assertEqual((self.connected.received(), self.connected.wire.disconnecting), (b"", True))

    def test_idle_time_begins_after_each_answer(self) -> None:
        self.after(50)
        self.connected.send(GET)
        self.connected.response()
        self.after(50)
        self.assertFalse(self.connected.ended())
        self.after(11)
        self.assertTrue(self.connected.ended())

    def test_empty_lines_keep_nobody_alive(self) -> None:
        for _ in range(62):
            self.after(1)
            self.connected.send(b"\r\n")
        self.assertTrue(self.connected.ended())

    def test_a_body_that_stops_is_408(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", {"Content-Length": "10"}, b"abc"))
        self.after(61)
        response = self.connected.response()
        self.assertEqual((response.status, response.headers["connection"]), (408, "close"))

    def test_a_body_that_drips_is_408(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", {"Content-Length": "100"}))
        for _ in range(61):
            self.after(1)
            self.connected.send(b"x")
        self.assertEqual(self.connected.response().status, 408)

    def test_a_slow_body_that_makes_progress_goes_on(self) -> None:
        headers = BASIC_ALICE | CHUNKED
        self.connected.send(request_bytes("POST", "/deaf", headers))
        self.assertTrue(self.connected.received())
        connected = self.server.connect()
        connected.send(request_bytes("POST", "/api/account", headers))
        for _ in range(40):
            self.after(5)
            connected.send(b"200\r\n" + b"x" * 512 + b"\r\n")
        self.assertEqual(connected.received(), b"")
        connected.send(b"0\r\n\r\n")
        self.assertEqual(connected.response().status, 200)

    def test_a_drained_body_that_stops_ends_the_connection(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", {"Content-Length": "101"}))
        self.assertEqual(self.connected.response().status, 413)
        self.after(61)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_running_request_may_take_its_time(self) -> None:
        self.connected.send(request_bytes("GET", "/slow"))
        self.after(600)
        self.desk.waiting[0].callback("late")
        self.assertEqual(self.connected.response().body, b"late")

    def test_a_client_that_stops_reading_a_large_answer_is_cut_off(self) -> None:
        self.connected.channel.pauseProducing()
        self.connected.channel._hold = 0  # the request was taken before the buffer filled
        self.connected.send(request_bytes("GET", "/large"))
        self.after(61)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_client_that_asks_and_never_reads_is_cut_off(self) -> None:
        self.connected.send(GET)
        self.connected.channel.pauseProducing()
        self.after(61)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_close_that_is_never_finished_is_an_abort(self) -> None:
        self.connected.send(request_bytes("GET", "/open", {"Connection": "close"}))
        self.after(CLOSING + 1)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_refused_client_has_a_moment_to_read(self) -> None:
        self.connected.send(b"nonsense\r\n\r\n")
        self.assertEqual((self.connected.wire.half_closed, self.connected.wire.disconnecting), (True, False))
        self.after(LINGER + 1)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_refused_client_that_has_sent_everything_is_closed_at_once(self) -> None:
        self.connected.send(request_bytes("POST", "/deaf", {"Content-Length": "900000"}))
        self.connected.send(b"x" * 899_999)
        self.assertFalse(self.connected.wire.disconnecting)
        self.connected.send(b"x")
        self.assertTrue(self.connected.wire.disconnecting)

    def test_the_timer_stops_with_the_last_connection(self) -> None:
        self.connected.lose()
        self.assertEqual(self.server.clock.getDelayedCalls(), [])


class EndTests(ProtocolCase):
    """Clients that leave, servers that stop."""

    def test_a_client_that_leaves_cancels_its_request(self) -> None:
        self.connected.send(request_bytes("GET", "/slow"))
        self.connected.lose()
        self.assertEqual((self.desk.cancelled, self.connected.received()), (1, b""))

    def test_a_half_closed_client_gets_its_answer(self) -> None:
        self.connected.send(request_bytes("GET", "/slow"))
        self.connected.channel.readConnectionLost()
        self.desk.waiting[0].callback("still there")
        self.assertEqual(self.connected.response().body, b"still there")
        self.assertTrue(self.connected.wire.disconnecting)

    def test_a_half_closed_client_gets_all_its_answers(self) -> None:
        self.connected.send(request_bytes("GET", "/slow") + GET)
        self.connected.channel.readConnectionLost()
        self.desk.waiting[0].callback("first")
        self.assertEqual([each.body for each in self.connected.responses()], [b"first", b"hello"])
        self.assertTrue(self.connected.wire.disconnecting)

    def test_a_half_closed_idle_client_is_closed(self) -> None:
        self.connected.channel.readConnectionLost()
        self.assertTrue(self.connected.wire.disconnecting)

    def test_a_body_cut_short_is_400(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", {"Content-Length": "10"}, b"abc"))
        self.connected.channel.readConnectionLost()
        self.assertEqual(self.connected.response().status, 400)
        self.assertTrue(self.connected.wire.disconnecting)

    def test_an_answer_that_comes_too_late_is_dropped(self) -> None:
        self.connected.send(request_bytes("POST", "/jmap", BASIC_ALICE, b"{}"))
        waiting = self.desk.waiting[0]
        self.connected.lose()
        self.assertTrue(waiting.called)
        self.assertEqual(self.connected.received(), b"")

    def test_losing_a_connection_twice_is_harmless(self) -> None:
        self.connected.lose()
        self.connected.lost = False
        self.connected.lose()
        self.assertEqual(len(self.server.site.channels), 0)
