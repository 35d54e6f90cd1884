"""One request and its answer: bodies that wait, answers that wait, events, the end of either side."""

from __future__ import annotations

from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from twisted.internet.defer import Deferred

from stalwart.web.answers import Answer, Content
from stalwart.web.exchange import Exchange
from stalwart.web.http2.engine import WINDOW
from stalwart.web.http2.stream import WIDE
from stalwart.web.routes import route
from stalwart.web.sse import QUEUE_BYTES
from tests.web.client import BASIC_ALICE, serve
from tests.web.fakes import FakeSettings
from tests.web.http2.client import Client, Http2Case
from tests.web.routes import ALL, Desk

NO_ROOM = {SettingCodes.INITIAL_WINDOW_SIZE: 0}
AUTHORIZED = {"authorization": BASIC_ALICE["Authorization"]}


@route("POST", "/pieces", needs=None, limit="none", body_limit=10_000_000, spec="test")
async def pieces(exchange: Exchange, *, desk: Desk) -> Answer:
    """Takes a piece each time the desk says so."""
    assert exchange.body_stream is not None
    size = 0
    while True:
        await desk.wait()
        piece = await exchange.body_stream.piece(10_000_000)
        size += len(piece)
        if not piece:
            return Answer(200, str(size).encode(), "text/plain")


@route("POST", "/whole", needs=None, limit="none", body_limit=1_000_000, spec="test")
async def whole(exchange: Exchange) -> Answer:
    """Takes the whole body."""
    return Answer(200, str(len(await exchange.body())).encode(), "text/plain")


@route("GET", "/stored", needs=None, limit="none", spec="test")
async def stored(exchange: Exchange, *, desk: Desk) -> Answer:
    """Content that is read piece by piece, each when the desk says so."""

    async def read(offset: int, size: int) -> bytes:
        await desk.wait()
        return bytes(size)

    return Answer(200, b"", "application/octet-stream", content=Content(300_000, read))


@route("GET", "/short", needs=None, limit="none", spec="test")
async def short(exchange: Exchange) -> Answer:
    """Content that is shorter than it says."""

    async def read(offset: int, size: int) -> bytes:
        return b""

    return Answer(200, b"", "application/octet-stream", content=Content(300_000, read))


class StreamCase(Http2Case):
    """With routes for bodies of both kinds."""

    def setUp(self) -> None:
        self.desk = Desk()
        self.server = serve([*ALL, pieces, whole, stored, short], {"desk": self.desk}, settings=FakeSettings())
        self.client = Client(self.server)

    def next(self, value: object = None) -> None:
        """Let whoever waits go on."""
        waiting: Deferred[object] = self.desk.waiting.pop(0)
        waiting.callback(value)
        self.client.read()


class BodyTests(StreamCase):
    """Bodies of requests."""

    def test_a_body_of_unknown_length(self) -> None:
        number = self.client.ask("/echo", "POST", end=False)
        self.client.send(number, b"first,")
        self.client.send(number, b"second", end=True)
        self.assertEqual(self.client.got[number].body, b"first,second")

    def test_a_large_body_is_collected(self) -> None:
        got = self.client.request("POST", "/whole", body=bytes(900_000))
        self.assertEqual((got.status, got.body), (200, b"900000"))

    def test_nobody_reads_so_no_window_opens(self) -> None:
        number = self.client.ask("/pieces", "POST", end=False)
        self.client.send(number, bytes(WINDOW))
        self.assertEqual(self.client.h2.local_flow_control_window(number), 0)
        self.next()
        self.assertEqual(self.client.h2.local_flow_control_window(number), 0)
        self.next()  # the first piece was taken, and the next is wanted
        self.assertEqual(self.client.h2.local_flow_control_window(number), WIDE - WINDOW)

    def test_a_slow_reader_holds_the_client(self) -> None:
        number = self.client.ask("/pieces", "POST", end=False)
        sent = 0
        for _ in range(12):
            self.next()
            room = self.client.h2.local_flow_control_window(number)
            self.assertLessEqual(room, WIDE)
            if room:
                self.client.send(number, bytes(room))
                sent += room
        self.assertGreater(sent, 4 * WIDE)
        self.client.send(number, b"", end=True)
        while self.desk.waiting:
            self.next()
        self.assertEqual(self.client.got[number].body, str(sent).encode())

    def test_many_bodies_do_not_use_up_the_window_of_the_connection(self) -> None:
        for _ in range(40):
            got = self.client.request("POST", "/whole", body=bytes(100_000))
            self.assertEqual(got.body, b"100000")
        self.assertGreater(self.client.h2.outbound_flow_control_window, 400_000)

    def test_bodies_that_are_given_up_do_not_either(self) -> None:
        for _ in range(60):
            number = self.client.ask("/pieces", "POST", end=False)
            self.client.send(number, bytes(60_000))
            self.client.h2.reset_stream(number)
            self.client.flush()
        self.assertGreater(self.client.h2.outbound_flow_control_window, 400_000)
        self.assertEqual(self.desk.cancelled, 60)

    def test_padding_counts(self) -> None:
        number = self.client.ask("/whole", "POST", end=False)
        for _ in range(900):
            self.client.h2.send_data(number, b"x", pad_length=200)
            self.client.flush()
        self.client.send(number, b"", end=True)
        self.assertEqual(self.client.got[number].body, b"900")

    def test_a_body_that_is_longer_than_announced(self) -> None:
        number = self.client.ask("/echo", "POST", {"content-length": "3"}, end=False)
        self.client.send(number, b"four", end=True)
        self.assertEqual(self.client.got[number].reset, ErrorCodes.PROTOCOL_ERROR)

    def test_a_body_that_is_shorter_than_announced(self) -> None:
        number = self.client.ask("/echo", "POST", {"content-length": "5"}, end=False)
        self.client.send(number, b"four", end=True)
        self.assertEqual(self.client.got[number].reset, ErrorCodes.PROTOCOL_ERROR)

    def test_trailers_end_a_body(self) -> None:
        number = self.client.ask("/echo", "POST", end=False)
        self.client.send(number, b"body")
        self.client.h2.send_headers(number, [("x-checksum", "1")], end_stream=True)
        self.client.flush()
        self.assertEqual(self.client.got[number].body, b"body")

    def test_too_much_is_413(self) -> None:
        self.assertEqual(self.client.request("POST", "/echo", body=bytes(200)).status, 413)
        announced = self.client.ask("/echo", "POST", {"content-length": "9000000"}, end=False)
        got = self.client.got[announced]
        self.assertEqual((got.status, got.ended, got.reset), (413, True, None))
        self.after(4)
        self.assertEqual(got.reset, ErrorCodes.NO_ERROR)
        self.assertNotIn("network.timeout", self.server.event_ids())

    def test_a_small_rest_is_thrown_away(self) -> None:
        number = self.client.ask("/deaf", "POST", end=False)
        self.assertEqual((self.client.got[number].status, self.client.got[number].ended), (200, True))
        self.client.h2.send_data(number, bytes(1000), end_stream=True)
        self.client.flush()
        self.assertIsNone(self.client.got[number].reset)
        self.assertEqual(self.client.connection._streams, {})

    def test_of_a_large_rest_the_client_is_told(self) -> None:
        number = self.client.ask("/deaf", "POST", end=False)
        for _ in range(5):
            self.client.send(number, bytes(16_000))
        self.after(4)
        self.assertEqual(self.client.got[number].reset, ErrorCodes.NO_ERROR)
        self.assertEqual(self.client.request("GET", "/open").status, 200)

    def test_of_such_a_rest_no_more_comes_than_the_window(self) -> None:
        number = self.client.ask("/deaf", "POST", {"content-length": "9000000"}, end=False)
        self.client.send(number, bytes(WINDOW))
        self.assertEqual(self.client.h2.local_flow_control_window(number), 0)
        for _ in range(40):
            self.after(4)
            number = self.client.ask("/deaf", "POST", {"content-length": "9000000"}, end=False)
            self.client.send(number, bytes(WINDOW))
        self.assertGreater(self.client.h2.outbound_flow_control_window, 400_000)


class ContinueTests(StreamCase):
    """Expect: 100-continue (RFC 9110 10.1.1)."""

    EXPECT = {"expect": "100-continue"}

    def test_it_is_sent_when_the_body_is_read(self) -> None:
        number = self.client.ask("/echo", "POST", self.EXPECT, end=False)
        self.assertEqual(self.client.got[number].interim, ["100"])
        self.client.send(number, b"body", end=True)
        self.assertEqual((self.client.got[number].status, self.client.got[number].body), (200, b"body"))

    def test_not_where_nobody_reads(self) -> None:
        number = self.client.ask("/deaf", "POST", self.EXPECT, end=False)
        got = self.client.got[number]
        self.assertEqual((got.interim, got.status, got.ended), ([], 200, True))
        self.after(4)
        self.assertEqual(got.reset, ErrorCodes.NO_ERROR)

    def test_nor_before_credentials(self) -> None:
        number = self.client.ask("/jmap", "POST", self.EXPECT, end=False)
        self.assertEqual((self.client.got[number].interim, self.client.got[number].status), ([], 401))


class AnswerTests(StreamCase):
    """Bodies of answers."""

    def test_head(self) -> None:
        got = self.client.request("HEAD", "/api/account", AUTHORIZED)
        self.assertEqual((got.status, got.body, got.ended), (200, b"", True))
        self.assertEqual(int(got.headers["content-length"]), len(b'{"login":"alice@example.test"}'))

    def test_no_content(self) -> None:
        got = self.client.request("OPTIONS", "/api/account")
        self.assertEqual((got.status, got.body, got.ended), (204, b"", True))

    def test_an_answer_waits_for_its_window(self) -> None:
        client = Client(self.server, settings=NO_ROOM, reads=False)
        number = client.ask("/open")
        self.assertEqual((client.got[number].status, client.got[number].body), (200, b""))
        client.h2.increment_flow_control_window(3, number)
        client.flush()
        self.assertEqual((client.got[number].body, client.got[number].ended), (b"hel", False))
        client.h2.increment_flow_control_window(3, number)
        client.flush()
        self.assertEqual((client.got[number].body, client.got[number].ended), (b"hello", True))

    def test_content_is_read_as_the_client_takes_it(self) -> None:
        client = Client(self.server, reads=False)
        number = client.ask("/stored")
        self.client = client
        self.next()  # as much as can leave
        self.next()  # one frame, which waits; so nothing more is read
        self.assertEqual(len(client.got[number].body), WINDOW)
        self.assertEqual((len(self.desk.waiting), client.connection.holding), (0, 16_384))
        client.h2.increment_flow_control_window(300_000)
        client.h2.increment_flow_control_window(300_000, number)
        client.flush()
        self.next()
        self.next()
        self.assertEqual((len(client.got[number].body), client.got[number].ended), (300_000, True))

    def test_little_is_read_for_clients_that_take_nothing(self) -> None:
        client = Client(self.server, settings=NO_ROOM, reads=False)
        for _ in range(90):
            client.ask("/stored")
            self.next()
        self.assertEqual(self.desk.waiting, [])
        self.assertEqual(client.connection.holding, 90 * 16_384)

    def test_content_that_ends_early_is_not_complete(self) -> None:
        got = self.client.request("GET", "/short")
        self.assertEqual((got.status, got.ended, got.reset), (200, False, ErrorCodes.INTERNAL_ERROR))

    def test_streams_share_what_room_there_is(self) -> None:
        client = Client(self.server, reads=False)
        first, second = client.ask("/large"), client.ask("/large")
        client.h2.increment_flow_control_window(100_000, first)
        client.h2.increment_flow_control_window(100_000, second)
        client.flush()
        client.h2.increment_flow_control_window(131_072)
        client.flush()
        sizes = len(client.got[first].body) - WINDOW, len(client.got[second].body)
        self.assertEqual(sum(sizes), 131_072)
        self.assertLess(abs(sizes[0] - sizes[1]), 20_000)

    def test_memory_for_answers_that_nobody_takes_is_bounded(self) -> None:
        client = Client(self.server, settings=NO_ROOM, reads=False)
        numbers = [client.ask("/large") for _ in range(60)]
        refused = [number for number in numbers if client.got[number].reset == ErrorCodes.REFUSED_STREAM]
        self.assertGreater(len(refused), 20)
        self.assertLess(client.connection.holding, 10_000_000)
        client.lose()
        self.assertEqual(client.connection.holding, 0)

    def test_a_broken_route_is_a_500_and_one_that_breaks_the_head_too(self) -> None:
        for path in ("/broken", "/nonsense", "/split"):
            self.assertEqual(self.client.request("GET", path).status, 500)


class EventTests(StreamCase):
    """Event streams."""

    def test_events_arrive_as_they_happen(self) -> None:
        number = self.client.ask("/events")
        got = self.client.got[number]
        self.assertEqual((got.status, got.headers["content-type"]), (200, "text/event-stream"))
        self.assertNotIn("transfer-encoding", got.headers)
        self.desk.sends[0](b"data: 1\n\n")
        self.client.read()
        self.assertEqual(got.body, b"data: 1\n\n")
        self.next()
        self.assertTrue(got.ended)

    def test_a_silent_stream_is_kept_alive(self) -> None:
        number = self.client.ask("/events")
        self.after(16)
        self.assertEqual(self.client.got[number].body, b": keep-alive\n\n")

    def test_other_requests_go_on_beside_it(self) -> None:
        self.client.ask("/events")
        self.assertEqual(self.client.request("GET", "/open").body, b"hello")

    def test_a_reset_cancels_it(self) -> None:
        number = self.client.ask("/events")
        self.client.h2.reset_stream(number)
        self.client.flush()
        self.assertEqual(self.desk.cancelled, 1)
        self.assertEqual(len(self.server.site.streams), 0)

    def test_a_client_that_does_not_read_is_dropped(self) -> None:
        client = Client(self.server, settings=NO_ROOM, reads=False)
        number = client.ask("/events")
        for _ in range(QUEUE_BYTES // 10_000 + 3):
            self.desk.sends[0](bytes(10_000))
        client.read()
        self.assertEqual(client.got[number].reset, ErrorCodes.CANCEL)
        self.assertEqual(self.desk.cancelled, 1)
        self.assertIn("http.stream-dropped", self.server.event_ids())

    def test_whoever_can_wait_is_told_when_there_is_room_again(self) -> None:
        client = Client(self.server, settings=NO_ROOM, reads=False)
        number = client.ask("/events")
        send = self.desk.sends[0]
        self.successResultOf(send.ready())
        send(b"data: 1\n\n")
        waiting = send.ready()
        self.after(31)
        self.assertNoResult(waiting)
        client.h2.increment_flow_control_window(100, number)
        client.flush()
        self.successResultOf(waiting)
        self.assertEqual(client.got[number].body, b"data: 1\n\n")

    def test_head_opens_no_stream(self) -> None:
        got = self.client.request("HEAD", "/events")
        self.assertEqual((got.status, got.ended, self.desk.sends), (200, True, []))


class CancelTests(StreamCase):
    """RST_STREAM is for a request what a lost connection is in HTTP/1.1."""

    def test_what_runs_is_cancelled(self) -> None:
        number = self.client.ask("/slow")
        self.client.h2.reset_stream(number, ErrorCodes.CANCEL)
        self.client.flush()
        self.assertEqual(self.desk.cancelled, 1)
        self.assertEqual(self.client.connection._streams, {})

    def test_its_place_among_running_requests_is_free(self) -> None:
        for _ in range(8):
            number = self.client.ask("/jmap", "POST", AUTHORIZED, end=False)
            self.client.send(number, b"{}", end=True)
            self.assertEqual(len(self.desk.waiting), 1)
            self.client.h2.reset_stream(number)
            self.client.flush()
            self.desk.waiting.clear()

    def test_an_answer_that_comes_too_late_is_for_nobody(self) -> None:
        number = self.client.ask("/slow")
        waiting = self.desk.waiting[0]
        self.client.h2.reset_stream(number)
        self.client.flush()
        waiting.addErrback(lambda _: None)
        self.assertEqual(self.client.request("GET", "/open").status, 200)

    def test_something_else_that_is_cancelled_is_a_503(self) -> None:
        number = self.client.ask("/slow")
        self.desk.waiting[0].cancel()
        self.client.read()
        self.assertEqual(self.client.got[number].status, 503)


class LateTests(StreamCase):
    """Time-outs of one stream."""

    def test_a_body_that_does_not_come_is_408(self) -> None:
        number = self.client.ask("/echo", "POST", end=False)
        self.after(62)
        self.assertEqual(self.client.got[number].status, 408)
        self.assertFalse(self.client.ended)

    def test_a_body_that_drips_is_408(self) -> None:
        number = self.client.ask("/whole", "POST", end=False)
        for _ in range(61):
            self.client.send(number, b"x")
            self.after(1)
        self.assertEqual(self.client.got[number].status, 408)

    def test_a_body_that_goes_on_may_take_long(self) -> None:
        number = self.client.ask("/whole", "POST", end=False)
        for _ in range(5):
            self.client.send(number, bytes(2000))
            self.after(50)
        self.client.send(number, b"", end=True)
        self.assertEqual(self.client.got[number].body, b"10000")

    def test_it_is_not_the_client_who_is_slow(self) -> None:
        number = self.client.ask("/pieces", "POST", end=False)
        self.client.send(number, bytes(WINDOW))
        self.after(200)
        self.next()
        self.client.send(number, b"", end=True)
        while self.desk.waiting:
            self.next()
        self.assertEqual(self.client.got[number].body, b"65535")

    def test_an_answer_that_nobody_takes_is_given_up(self) -> None:
        client = Client(self.server, settings=NO_ROOM, reads=False)
        number = client.ask("/open")
        self.after(62)
        client.read()
        self.assertEqual(client.got[number].reset, ErrorCodes.CANCEL)
        self.assertIn("network.timeout", self.server.event_ids())

    def test_a_rest_that_nobody_reads_must_come_to_an_end(self) -> None:
        number = self.client.ask("/deaf", "POST", end=False)
        self.after(62)
        self.assertEqual(self.client.got[number].reset, ErrorCodes.NO_ERROR)
