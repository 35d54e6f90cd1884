"""Input as clients, kind and hostile, send it: pieces, pipelines, floods, drips."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import Answer, text_answer
from stalwart.web.body import HELD
from stalwart.web.exchange import Exchange
from stalwart.web.head import MAX_HEAD
from stalwart.web.receiver import LINGER_BYTES, READ_AHEAD, TURN
from stalwart.web.routes import route
from tests.web.client import BASIC_ALICE, Connected, Server, request_bytes, serve
from tests.web.fakes import FakeSettings
from tests.web.routes import ALL, Desk

GET = request_bytes("GET", "/open")
CHUNKED = {"Transfer-Encoding": "chunked"}


@route("POST", "/complete", needs=None, limit="none", spec="test")
def complete(exchange: Exchange) -> Answer:
    assert exchange.body_stream is not None
    return text_answer(str(exchange.body_stream.complete))


class ReceiverCase(SynchronousTestCase):
    """A server, and a connection to it."""

    def setUp(self) -> None:
        self.desk = Desk()
        self.server: Server = serve(ALL, {"desk": self.desk}, settings=FakeSettings())
        self.connected: Connected = self.server.connect()

    def reading(self) -> bool:
        return self.connected.wire.producerState == "producing"

    def statuses(self) -> list[int]:
        return [response.status for response in self.connected.responses()]


class HeadTests(ReceiverCase):
    """Heads on the wire."""

    def test_a_head_may_come_byte_by_byte(self) -> None:
        for place in range(len(GET)):
            self.connected.send(GET[place : place + 1])
        self.assertEqual(self.connected.response().body, b"hello")

    def test_empty_lines_before_a_request_are_skipped(self) -> None:
        self.connected.send(b"\r\n\r\n" + GET)
        self.assertEqual(self.statuses(), [200])

    def test_a_refused_head_gets_a_problem_and_the_end(self) -> None:
        self.connected.send(b"GET / HTTP/1.1\r\n\r\n")
        response = self.connected.response()
        self.assertEqual((response.status, response.headers["connection"]), (400, "close"))
        self.assertEqual(response.json()["detail"], "The header field Host is missing.")
        self.assertTrue(self.connected.ended())

    def test_nothing_is_served_after_a_refused_head(self) -> None:
        self.connected.send(b"GET /\r\n\r\n" + GET)
        self.connected.send(GET)
        self.assertEqual(self.statuses(), [400])

    def test_an_endless_field_is_431_before_its_end(self) -> None:
        self.connected.send(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(MAX_HEAD // 1000 + 1):
            self.connected.send(b"y" * 1000)
        self.assertEqual(self.statuses(), [431])

    def test_an_endless_target_is_414(self) -> None:
        self.connected.send(b"GET /" + b"y" * MAX_HEAD)
        self.assertEqual(self.statuses(), [414])

    def test_http_2_is_closed_without_a_byte(self) -> None:
        self.connected.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.assertEqual((self.connected.received(), self.connected.wire.aborted), (b"", True))

    def test_what_is_not_http_counts_as_scanning(self) -> None:
        self.server.settings.change(Security={"scanBanRate": {"count": 2, "period": 60_000}})
        for _ in range(3):
            connected = self.server.connect()
            connected.send(b"\x16\x03\x01")
            self.assertEqual(connected.response().status, 400)
        self.assertEqual(self.server.banned, [("198.51.100.7", "portScanning", None)])

    def test_behind_proxies_nobody_is_taken_for_a_scanner(self) -> None:
        self.server.settings.change(
            Http={"useXForwarded": True}, Security={"scanBanRate": {"count": 1, "period": 60_000}}
        )
        for _ in range(3):
            self.server.connect().send(b"\x16\x03\x01")
        self.assertEqual(self.server.banned, [])

    @given(st.lists(st.integers(1, 40), max_size=12))
    @settings(max_examples=60)
    def test_it_does_not_matter_where_the_stream_is_cut(self, cuts: list[int]) -> None:
        connected = self.server.connect("127.0.0.1")
        data = GET + request_bytes("POST", "/echo", CHUNKED, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n") + GET
        for cut in cuts:
            connected.send(data[:cut])
            data = data[cut:]
        connected.send(data)
        self.assertEqual([response.body for response in connected.responses()], [b"hello", b"abcde", b"hello"])
        connected.lose()


PIECES = (
    *(b"GET /open HTTP/1.1\r\n", b"POST /echo HTTP/1.1\r\n", b"OPTIONS * HTTP/1.0\r\n", b"Host: x\r\n", b"\r\n"),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"hello", b"\n"),
    *(b"5\r\n", b"hello\r\n", b"0\r\n", b"Connection: close\r\n", b"X: y\r\n", b" ", b"\0", b"\xff"),
)


class AnythingTests(ReceiverCase):
    """Whatever arrives, answers are whole and the connection ends up in order."""

    @given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=20))
    @settings(max_examples=150)
    def test_any_input_gets_whole_answers_and_an_end(self, pieces: list[bytes]) -> None:
        connected = self.server.connect("127.0.0.1")
        for piece in pieces:
            connected.send(piece)
        connected.channel.readConnectionLost()
        for response in connected.responses():
            self.assertIn(response.status, (200, 204, 302, 400, 404, 405, 408, 413, 417, 501, 505))
        self.assertTrue(connected.ended())
        connected.lose()
        self.assertEqual(self.server.event_ids().count("resource.error"), 0)


class BodyTests(ReceiverCase):
    """Bodies on the wire."""

    def test_a_body_of_announced_length_is_read(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", {"Content-Length": "6"}, b"abc"))
        self.assertEqual(self.connected.received(), b"")
        self.connected.send(b"def")
        self.assertEqual(self.connected.response().body, b"abcdef")

    def test_what_follows_a_body_is_the_next_request(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", None, b"abc") + GET)
        self.assertEqual([each.body for each in self.connected.responses()], [b"abc", b"hello"])

    def test_an_announced_length_over_the_limit_is_413_at_once(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", {"Content-Length": "70000"}))
        response = self.connected.response()
        self.assertEqual((response.status, response.headers["connection"]), (413, "close"))

    def test_chunks_over_the_limit_are_413_while_they_come(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", CHUNKED, b"40\r\n" + b"x" * 64 + b"\r\n"))
        self.assertEqual(self.connected.received(), b"")
        self.connected.send(b"25\r\n" + b"x" * 37)
        response = self.connected.response()
        self.assertEqual((response.status, response.headers["connection"]), (413, "close"))

    def test_a_small_refused_body_is_drained_and_the_connection_goes_on(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", {"Content-Length": "101"}))
        response = self.connected.response()
        self.assertEqual((response.status, "connection" in response.headers), (413, False))
        self.connected.send(b"x" * 101 + GET)
        self.assertEqual(self.connected.response().body, b"hello")

    def test_a_route_that_does_not_read_leaves_no_rest_behind(self) -> None:
        self.connected.send(request_bytes("POST", "/deaf", None, GET) + GET)
        self.assertEqual([each.body for each in self.connected.responses()], [b"not read", b"hello"])

    def test_a_large_unread_body_ends_the_connection_after_the_answer(self) -> None:
        self.connected.send(request_bytes("POST", "/deaf", {"Content-Length": "900000"}))
        self.assertEqual(self.connected.response().headers["connection"], "close")
        self.connected.send(b"x" * 500_000)
        self.assertEqual((self.connected.received(), self.connected.wire.aborted), (b"", False))

    def test_a_client_that_never_stops_sending_is_cut_off(self) -> None:
        self.connected.send(request_bytes("POST", "/nowhere", CHUNKED))
        self.assertEqual(self.statuses(), [404])
        for _ in range(LINGER_BYTES // 8_000_000 + 1):
            self.connected.send(b"x" * 8_000_000)
        self.assertTrue(self.connected.wire.aborted)

    def test_broken_chunks_are_400_and_the_end(self) -> None:
        self.connected.send(request_bytes("POST", "/echo", CHUNKED, b"zz\r\n"))
        response = self.connected.response()
        self.assertEqual((response.status, response.headers["connection"]), (400, "close"))
        self.assertTrue(self.connected.ended())

    def test_chunk_sizes_with_signs_and_prefixes_are_broken(self) -> None:
        for size in (b"+1", b"-1", b"0x1", b" 1", b"1 ", b""):
            connected = self.server.connect()
            connected.send(request_bytes("POST", "/echo", CHUNKED, size + b"\r\na\r\n0\r\n\r\n"))
            self.assertEqual(connected.response().status, 400)

    def test_a_body_that_came_with_its_head_is_there_before_the_route_asks(self) -> None:
        for pieces, there in ((["abc"], b"True"), (["ab", "c"], b"False")):
            connected = serve([complete], {}).connect()
            head = request_bytes("POST", "/complete", {"Content-Length": "3"})
            connected.send(head + pieces[0].encode())
            for piece in pieces[1:]:
                connected.send(piece.encode())
            connected.send(GET)
            first, second = connected.responses()
            self.assertEqual((first.body, second.status), (there, 404))

    def test_continue_is_said_when_the_route_reads(self) -> None:
        expecting = {"Expect": "100-continue", "Content-Length": "3"}
        self.connected.send(request_bytes("POST", "/echo", expecting))
        self.assertEqual(self.connected.received(), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.connected.send(b"abc")
        self.assertEqual(self.connected.response().body, b"abc")

    def test_continue_is_not_said_to_who_is_refused(self) -> None:
        expecting = {"Expect": "100-continue", "Content-Length": "3"}
        self.connected.send(request_bytes("POST", "/jmap", expecting))
        data = self.connected.received()
        self.assertTrue(data.startswith(b"HTTP/1.1 401"))
        self.assertIn(b"Connection: close\r\n", data)

    def test_continue_is_not_said_once_the_body_is_there(self) -> None:
        expecting = {"Expect": "100-continue", "Content-Length": "3"} | BASIC_ALICE
        self.connected.send(request_bytes("POST", "/jmap", expecting, b"abc"))
        self.desk.waiting[0].callback(None)
        self.assertTrue(self.connected.received().endswith(b"abc"))

    def test_a_body_nobody_reads_yet_is_held_back(self) -> None:
        directory = self.server.directory
        directory.wait = Deferred()
        headers = BASIC_ALICE | {"Content-Length": "900"}
        self.connected.send(request_bytes("POST", "/jmap", headers))
        self.connected.send(b"x" * 500)
        self.assertTrue(self.reading())
        self.assertEqual(self.connected.received(), b"")
        directory.wait.callback(None)
        self.connected.send(b"x" * 400)
        self.assertEqual(len(self.desk.waiting), 1)

    def test_reading_stops_when_too_much_is_held_back(self) -> None:
        self.server.directory.wait = Deferred()
        self.connected.send(request_bytes("POST", "/jmap", BASIC_ALICE | CHUNKED))
        self.connected.send(b"%x\r\n" % (HELD + 10) + b"x" * HELD)
        self.assertFalse(self.reading())
        self.server.directory.wait.callback(None)
        self.assertTrue(self.reading())
        self.assertEqual(self.statuses(), [413])


class PipelineTests(ReceiverCase):
    """Requests sent ahead."""

    def test_answers_come_in_order(self) -> None:
        self.connected.send(request_bytes("GET", "/slow") + GET)
        self.assertEqual(self.connected.received(), b"")
        self.desk.waiting[0].callback("first")
        self.assertEqual([each.body for each in self.connected.responses()], [b"first", b"hello"])

    def test_only_so_much_is_read_ahead(self) -> None:
        self.connected.send(request_bytes("GET", "/slow"))
        self.connected.send(GET * (READ_AHEAD // len(GET) + 1))
        self.assertFalse(self.reading())
        self.desk.waiting[0].callback("first")
        self.assertTrue(self.connected.received().startswith(b"HTTP/1.1 200"))

    def test_others_get_their_turn(self) -> None:
        self.connected.send(GET * (TURN + 3))
        self.assertEqual((len(self.statuses()), self.reading()), (TURN, False))
        self.server.clock.advance(0)
        self.assertEqual((len(self.statuses()), self.reading()), (3, True))

    def test_a_client_that_does_not_read_is_not_served_further(self) -> None:
        self.connected.channel.pauseProducing()
        self.connected.send(GET)
        self.assertEqual((self.connected.received(), self.reading()), (b"", False))
        self.connected.channel.resumeProducing()
        self.assertEqual((self.statuses(), self.reading()), ([200], True))
