"""Whole connections: requests, refusals, floods, time-outs, the end."""

from __future__ import annotations

from typing import Any

from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.security import BlockedIp
from stalwart.web.head import MAX_HEAD
from stalwart.web.http2 import connection, engine
from stalwart.web.http2.floods import MOST
from stalwart.web.http2.frames import PREFACE, frame_bytes, goaway, rst_stream, window_update
from tests.web.client import BASIC_ALICE, serve
from tests.web.fakes import FakeSettings
from tests.web.http2.client import CONFIG, Client, Http2Case
from tests.web.routes import ALL, Desk

SETTINGS = frame_bytes(4, 0, 0)


class AnswerTests(Http2Case):
    """The same answers as over HTTP/1.1."""

    def test_a_request_is_answered(self) -> None:
        got = self.client.request("GET", "/open")
        self.assertEqual((got.status, got.body, got.ended), (200, b"hello", True))
        self.assertEqual(got.headers["content-type"], "text/plain")
        self.assertIn("date", got.headers)

    def test_heads_have_the_same_fields(self) -> None:
        for method, path in (("GET", "/open"), ("GET", "/nowhere"), ("GET", "/.well-known/caldav"), ("PUT", "/open")):
            plain = self.server.request(method, path)
            got = self.client.request(method, path)
            expected = {name: value for name, value in plain.headers.items() if name != "x-request-id"}
            found = {name: value for name, value in got.headers.items() if name[0] != ":" and name != "x-request-id"}
            self.assertEqual((got.status, found, got.body), (plain.status, expected, plain.body))

    def test_credentials(self) -> None:
        got = self.client.request("GET", "/api/account", {"authorization": BASIC_ALICE["Authorization"]})
        self.assertEqual(got.json(), {"login": "alice@example.test"})

    def test_a_large_answer(self) -> None:
        got = self.client.request("GET", "/large")
        self.assertEqual((got.status, len(got.body), got.ended), (200, 1_000_000, True))

    def test_answers_come_when_they_are_ready(self) -> None:
        slow = self.client.ask("/slow")
        self.assertEqual(self.client.request("GET", "/open").status, 200)
        self.desk.waiting[0].callback("done")
        self.client.read()
        self.assertEqual(self.client.got[slow].body, b"done")

    def test_a_turn_is_one_write(self) -> None:
        for _ in range(5):
            self.client.h2.send_headers(self.client.h2.get_next_available_stream_id(), _fields("/open"), True)
        writes: list[bytes] = []
        self.client.wire.write = writes.append  # type: ignore[method-assign]
        self.client.connection.dataReceived(self.client.h2.data_to_send())
        self.assertEqual(len(writes), 1)

    def test_many_requests_take_turns_with_other_connections(self) -> None:
        numbers = []
        for _ in range(connection.TURN + 5):
            numbers.append(self.client.h2.get_next_available_stream_id())
            self.client.h2.send_headers(numbers[-1], _fields("/open"), True)
        self.client.flush()
        self.assertEqual(len(self.client.got), connection.TURN)
        self.assertFalse(self.client.wire.reading)
        self.server.clock.advance(0)
        self.client.read()
        self.assertEqual([self.client.got[number].status for number in numbers], [200] * len(numbers))
        self.assertTrue(self.client.wire.reading)

    def test_the_block_list_and_limits_hold(self) -> None:
        self.server.settings.listed(BlockedIp, {"address": "198.51.100.7"})
        self.assertEqual(self.client.request("GET", "/open").status, 403)

    def test_access_is_logged(self) -> None:
        self.client.request("GET", "/open")
        (keys,) = [keys for event, keys in self.server.events if event.id == "http.request-url"]
        self.assertEqual((keys["code"], keys["url"], keys["listenerId"]), (200, "/open", "https"))

    def test_byte_by_byte(self) -> None:
        self.client.h2.send_headers(1, _fields("/open"), end_stream=True)
        for byte in self.client.h2.data_to_send():
            self.client.raw(bytes((byte,)))
        self.assertEqual(self.client.got[1].body, b"hello")


class RefusedTests(Http2Case):
    """What is no request."""

    def test_a_head_that_is_too_large_is_431(self) -> None:
        got = self.client.request("GET", "/open", {"x-large": "y" * MAX_HEAD})
        self.assertEqual((got.status, got.ended), (431, True))
        self.assertEqual(self.client.request("GET", "/open").status, 200)

    def test_one_that_is_far_too_large_ends_the_connection(self) -> None:
        self.client.ask("/open", headers={f"x-{number}": "y" * 6000 for number in range(12)})
        self.assertEqual(self.client.goaway, ErrorCodes.ENHANCE_YOUR_CALM)

    def test_a_target_that_is_too_long_is_414(self) -> None:
        self.assertEqual(self.client.request("GET", "/" + "y" * MAX_HEAD).status, 414)

    def test_fields_of_http_1_reset_the_stream(self) -> None:
        for name, value in (("connection", "close"), ("transfer-encoding", "chunked"), ("te", "gzip")):
            self.assertEqual(self.client.request("GET", "/open", {name: value}).reset, ErrorCodes.PROTOCOL_ERROR)
        self.assertEqual(self.client.request("GET", "/open").status, 200)
        self.assertIn("http.error", self.server.event_ids())

    def test_it_counts_as_scanning(self) -> None:
        for _ in range(40):
            client = Client(self.server)
            client.request("GET", "/open", {"connection": "close"})
            client.lose()
        self.assertNotEqual(self.server.banned, [])

    def test_more_streams_than_are_allowed_are_refused(self) -> None:
        number = self.client.ask("/slow")
        for _ in range(engine.MAX_STREAMS + 2):
            number += 2
            self.client.h2.encoder.header_table_size = 0
            block = self.client.h2.encoder.encode(_fields("/slow"))
            self.client.connection.dataReceived(frame_bytes(1, 5, number, block))
            self.server.clock.advance(0)
        data = self.client.wire.value()
        self.assertEqual(data.count(rst_stream(number, ErrorCodes.REFUSED_STREAM)), 1)
        self.assertEqual(len(self.client.connection._streams), engine.MAX_STREAMS)
        self.assertFalse(self.client.ended)

    def test_a_broken_header_block(self) -> None:
        self.client.raw(frame_bytes(1, 5, 1, b"\x80"))
        self.assertEqual((self.client.goaway, self.client.ended), (ErrorCodes.COMPRESSION_ERROR, True))

    def test_http_1_is_not_answered(self) -> None:
        client = Client(self.server, greet=False)
        client.connection.dataReceived(b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(client.ended)

    def test_whatever_breaks_ends_the_connection_and_is_logged(self) -> None:
        self.server.site.exchange = _raise  # type: ignore[method-assign]
        self.client.ask("/open")
        self.assertEqual(self.client.goaway, ErrorCodes.INTERNAL_ERROR)
        self.assertIn("resource.error", self.server.event_ids())


class FloodTests(Http2Case):
    """RFC 9113 10.5: what costs the client nothing."""

    def flood(self, *frames: bytes, times: int = 30_000) -> int:
        """Send ``frames`` again and again; how often they were taken."""
        for number in range(times):
            for frame in frames:
                self.client.connection.dataReceived(frame)
            if self.client.ended:
                self.client.read()
                self.assertEqual(self.client.goaway, ErrorCodes.ENHANCE_YOUR_CALM)
                return number
        raise AssertionError("nobody stops that")

    def test_rapid_reset(self) -> None:
        block = self.client.h2.encoder.encode(_fields("/slow"))
        begun = 0
        for number in range(1, 10_000, 2):
            self.client.connection.dataReceived(frame_bytes(1, 5, number, block) + rst_stream(number, 8))
            self.server.clock.advance(0)
            if self.client.ended:
                break
            begun += 1
        self.client.read()
        self.assertEqual((begun, self.client.goaway), (MOST["reset"], ErrorCodes.ENHANCE_YOUR_CALM))
        self.assertEqual(self.desk.cancelled, MOST["reset"] + 1)

    def test_resets_that_we_are_made_to_send(self) -> None:
        self.server.settings.change(Http={"useXForwarded": True})  # else it is banned before
        block = self.client.h2.encoder.encode(_fields("/slow"))
        begun = 0
        for number in range(1, 10_000, 2):
            self.client.connection.dataReceived(frame_bytes(1, 5, number, block) + window_update(number, 0))
            self.server.clock.advance(0)
            if self.client.ended:
                break
            begun += 1
        self.assertEqual(begun, MOST["fault"])

    def test_settings(self) -> None:
        self.assertLessEqual(self.flood(SETTINGS), MOST["settings"])

    def test_pings(self) -> None:
        self.assertEqual(self.flood(frame_bytes(6, 0, 0, bytes(8))), MOST["ping"])

    def test_priorities(self) -> None:
        self.assertEqual(self.flood(frame_bytes(2, 0, 3, b"\0\0\0\x01\x10")), MOST["priority"])

    def test_unknown_frames(self) -> None:
        self.assertEqual(self.flood(frame_bytes(77, 0, 0)), MOST["unknown"])

    def test_empty_data(self) -> None:
        number = self.client.ask("/pieces", "POST", end=False)
        self.assertEqual(self.client.got.pop(number).status, 404)
        number = self.client.ask("/echo", "POST", end=False)
        self.assertEqual(self.flood(frame_bytes(0, 0, number)), MOST["empty"])

    def test_window_updates(self) -> None:
        self.assertEqual(self.flood(window_update(0, 1)), MOST["update"])

    def test_continuations(self) -> None:
        self.client.connection.dataReceived(frame_bytes(1, 1, 1, b""))
        self.assertLess(self.flood(frame_bytes(9, 0, 1, b"")), 20)

    def test_a_client_that_takes_its_time_is_not_a_flood(self) -> None:
        self.client.ask("/slow")
        for _ in range(5 * MOST["ping"]):
            self.client.connection.dataReceived(frame_bytes(6, 0, 0, bytes(8)))
            self.client.wire.clear()
            self.server.clock.advance(0.1)
        self.assertFalse(self.client.ended)


class TransportTests(Http2Case):
    """A transport that is full."""

    def test_a_full_transport_stops_everything(self) -> None:
        self.client.connection.pauseProducing()
        self.assertFalse(self.client.wire.reading)
        number = self.client.ask("/large")
        self.assertEqual(self.client.got[number].body, b"")
        self.client.connection.resumeProducing()
        self.client.read()
        self.assertTrue(self.client.got[number].ended)
        self.assertTrue(self.client.wire.reading)

    def test_one_that_stays_full_is_given_up(self) -> None:
        self.client.connection.pauseProducing()
        self.after(62)
        self.assertTrue(self.client.wire.aborted)

    def test_the_site_counts_connections(self) -> None:
        owner = _Owner()
        client = Client(self.server, owner=owner)
        self.assertEqual(owner.open, 1)
        client.lose()
        client.connection.connectionLost(None)  # type: ignore[arg-type]
        self.assertEqual(owner.open, 0)


class EndTests(Http2Case):
    """Time-outs, shutting down, leaving."""

    def test_the_preface_must_come(self) -> None:
        client = Client(self.server, greet=False)
        client.connection.dataReceived(PREFACE)
        self.after(32)
        client.read()
        self.assertEqual((client.goaway, client.ended), (ErrorCodes.NO_ERROR, True))

    def test_a_head_must_be_complete_in_time(self) -> None:
        self.client.raw(frame_bytes(1, 1, 1, b"\x82"))
        self.after(29)
        self.assertFalse(self.client.ended)
        self.after(3)
        self.assertTrue(self.client.ended)

    def test_an_idle_connection_is_closed(self) -> None:
        self.client.request("GET", "/open")
        self.after(58)
        self.client.request("GET", "/open")
        self.after(58)
        self.assertFalse(self.client.ended)
        self.after(4)
        self.assertEqual((self.client.goaway, self.client.ended), (ErrorCodes.NO_ERROR, True))

    def test_one_with_a_running_request_is_not(self) -> None:
        self.client.ask("/slow")
        self.after(300)
        self.assertFalse(self.client.ended)

    def test_one_that_does_not_close_is_aborted(self) -> None:
        self.client.raw(frame_bytes(6, 0, 1, bytes(8)))
        self.assertTrue(self.client.wire.disconnecting)
        self.after(16)
        self.assertTrue(self.client.wire.aborted)

    def test_the_server_stops_when_all_is_answered(self) -> None:
        slow = self.client.ask("/slow")
        self.client.ask("/events")
        done = self.server.site.shut_down()
        self.assertEqual(self.client.wire.value(), goaway(slow + 2, 0) + frame_bytes(0, 1, slow + 2))
        self.assertFalse(self.client.ended)
        self.desk.waiting[0].callback("done")
        self.assertIn(frame_bytes(0, 1, slow, b"done"), self.client.wire.value())
        self.assertTrue(self.client.ended)
        self.client.lose()
        self.assertEqual(self.successResultOf(done), None)

    def test_an_idle_client_that_does_not_listen_holds_nobody_up(self) -> None:
        self.server.site.shut_down(30)
        self.assertTrue(self.client.wire.disconnecting)
        self.after(2)
        self.assertFalse(self.client.wire.aborted)
        self.after(2)
        self.assertTrue(self.client.wire.aborted)

    def test_requests_that_cross_our_farewell_are_refused(self) -> None:
        self.client.ask("/slow")
        self.client.h2.send_headers(3, _fields("/open"), end_stream=True)
        self.server.site.shut_down()
        self.client.connection.dataReceived(self.client.h2.data_to_send())
        self.assertIn(rst_stream(3, ErrorCodes.REFUSED_STREAM), self.client.wire.value())

    def test_a_connection_that_is_made_while_the_server_stops(self) -> None:
        self.client.ask("/slow")
        self.server.site.shut_down()
        client = Client(self.server)
        self.assertTrue(client.ended)

    def test_grace_ends(self) -> None:
        self.client.ask("/slow")
        self.server.site.shut_down(5)
        self.server.clock.advance(3.5)
        self.assertNotIn(b'"status":503', self.client.wire.value())
        self.server.clock.advance(1)
        self.assertIn(b'"status":503', self.client.wire.value())
        self.assertFalse(self.client.wire.aborted)
        self.server.clock.advance(4)
        self.assertTrue(self.client.wire.disconnecting)

    def test_a_client_may_leave_and_be_answered(self) -> None:
        slow = self.client.ask("/slow")
        self.client.raw(frame_bytes(7, 0, 0, bytes(8)))
        self.assertFalse(self.client.ended)
        self.desk.waiting[0].callback("done")
        self.client.read()
        self.assertEqual((self.client.got[slow].body, self.client.ended), (b"done", True))

    def test_a_lost_connection_cancels_everything(self) -> None:
        self.client.ask("/slow")
        self.client.ask("/events")
        self.client.lose()
        self.assertEqual(self.desk.cancelled, 2)
        self.assertEqual(len(self.server.site.streams), 0)
        self.assertEqual(self.server.site.channels, set())


class AnythingTests(SynchronousTestCase):
    """Whatever a client sends, the connection answers or ends, and nothing breaks."""

    FRAMES = st.tuples(
        st.integers(0, 10),
        st.sampled_from((0, 1, 4, 5, 8, 12, 13, 32, 37)),
        st.sampled_from((0, 1, 1, 3, 3, 5, 2, 7)),
        st.one_of(
            st.binary(max_size=12), st.sampled_from((b"\x82\x84\x87\x41\x01a", b"\x83\x84\x87\x41\x01a", bytes(4)))
        ),
    )

    @given(st.lists(FRAMES, max_size=25), st.booleans())
    @settings(max_examples=300)
    def test_frames(self, sent: list[tuple[int, int, int, bytes]], once: bool) -> None:
        server = serve(ALL, {"desk": Desk()}, settings=FakeSettings(Http={"rateLimitAnonymous": None}))
        client = Client(server, greet=False)
        frames = [PREFACE + SETTINGS, *(frame_bytes(*each) for each in sent)]
        for data in [b"".join(frames)] if once else frames:
            client.connection.dataReceived(data)
            server.clock.advance(1)
        told: list[Any] = [keys for event, keys in server.events if event.id == "resource.error"]
        self.assertEqual(told, [])
        server.clock.pump([1] * 200)
        self.assertTrue(client.ended)
        client.lose()
        self.assertEqual(server.site.channels, set())

    def test_the_clients_settings_are_used(self) -> None:
        server = serve(ALL, {"desk": Desk()})
        client = Client(server, settings={SettingCodes.INITIAL_WINDOW_SIZE: 2, SettingCodes.HEADER_TABLE_SIZE: 0})
        self.assertEqual(client.request("GET", "/open").sizes, [2, 2, 1])
        self.assertFalse(CONFIG.validate_outbound_headers)


class _Owner:
    open = 0

    def entered(self) -> None:
        self.open += 1

    def left(self) -> None:
        self.open -= 1


def _fields(path: str) -> list[tuple[str, str]]:
    return [(":method", "GET"), (":scheme", "https"), (":authority", "mail.example.test"), (":path", path)]


def _raise(*_: Any) -> Any:
    raise RuntimeError("the pump is out of order")
