"""WebSockets on a connection: frames, limits, whoever breaks the rules, is silent or does not read (RFC 6455)."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from wsproto.events import Pong

from stalwart.web.answers import Answer, SocketOutlet, WebSocket
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route
from stalwart.web.websocket import CLOSING, FRAGMENTS, FRAMES, LATELY, MOST_PONGS, PATIENCE, UNFINISHED
from stalwart.web.websocket_handshake import read_handshake
from tests.web.client import BASIC_ALICE, request_bytes, serve
from tests.web.socket_client import BytesMessage, CloseConnection, Ping, SocketClient, TextMessage, frame

TEXT, CONTINUED, BINARY, CLOSE, PING, PONG = 1, 0, 2, 8, 9, 10
MOST = 1000


class Parrot:
    """Says what it hears."""

    def __init__(self, outlet: SocketOutlet, heard: list[bytes]) -> None:
        self.outlet = outlet
        self.heard = heard
        self.lost_times = 0
        self.is_mute = False

    def message(self, data: bytes) -> None:
        self.heard.append(data)
        if not self.is_mute:
            self.outlet.send(data.decode())

    def lost(self) -> None:
        self.lost_times += 1


class SmallRoom:
    """For so many octets."""

    def __init__(self) -> None:
        self.left = self.most = 2 * MOST

    def take(self, octets: int) -> bool:
        if octets > self.left:
            return False
        self.left -= octets
        return True

    def free(self, octets: int) -> None:
        self.left += octets


class Cage:
    def __init__(self) -> None:
        self.parrots: list[Parrot] = []
        self.heard: list[bytes] = []
        self.heartbeat, self.patience = 60.0, 600.0
        self.room = SmallRoom()

    def open(self, outlet: SocketOutlet) -> Parrot:
        self.parrots.append(Parrot(outlet, self.heard))
        return self.parrots[-1]


@route("GET", "/socket", needs="authenticated", spec="test")
async def socket(exchange: Exchange, *, cage: Cage) -> WebSocket | Answer:
    handshake = read_handshake(exchange, "jmap")
    if isinstance(handshake, Answer):
        return handshake
    return WebSocket(cage.open, handshake.accept, handshake.protocol, MOST, cage.heartbeat, cage.patience, cage.room)


class SocketCase(SynchronousTestCase):
    """One socket."""

    def setUp(self) -> None:
        self.cage = Cage()
        self.server = serve([socket], {"cage": self.cage})

    def open(self, **given: Any) -> SocketClient:
        client = SocketClient(self.server, "/socket", BASIC_ALICE, **given)
        self.assertEqual(client.answer.status, 101)
        return client

    @property
    def parrot(self) -> Parrot:
        return self.cage.parrots[-1]

    def close_code(self, *octets: bytes) -> int | None:
        """What it is closed with for that; nobody hears anything."""
        client = self.open()
        for each in octets:
            client.raw(each)
        self.assertEqual(self.parrot.lost_times, 1)
        self.assertTrue(client.connected.ended())
        return client.closed()


class MessageTests(SocketCase):
    """What is allowed."""

    def test_the_head(self) -> None:
        self.assertEqual(
            [(name, value) for name, value in self.open().answer.fields if name != "Date"][:4],
            [
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                ("Sec-WebSocket-Protocol", "jmap"),
            ],
        )

    def test_a_message_and_its_answer(self) -> None:
        client = self.open()
        client.send("grüße")
        self.assertEqual(client.texts(), ["grüße"])
        self.assertEqual(self.cage.heard, ["grüße".encode()])

    def test_messages_of_all_lengths(self) -> None:
        client = self.open()
        for length in (0, 1, 125, 126, 127, 65_535, 65_536, 200_000):
            text = "x" * length
            for form in (text, text.encode()):
                self.parrot.outlet.send(form)
                self.assertEqual(client.texts(), [text], length)

    def test_octet_by_octet(self) -> None:
        client = self.open()
        for octet in frame(TEXT, b"ab") + frame(TEXT, b"cd"):
            client.raw(bytes([octet]))
        self.assertEqual(client.texts(), ["ab", "cd"])

    def test_what_comes_with_the_handshake_counts(self) -> None:
        connected = self.server.connect()
        fields = BASIC_ALICE | {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        connected.send(request_bytes("GET", "/socket", fields) + frame(TEXT, b"early"))
        self.assertEqual(self.cage.heard, [b"early"])

    def test_fragments_with_a_ping_between_them(self) -> None:
        client = self.open()
        half = "ü".encode()
        client.raw(frame(TEXT, b"a" + half[:1], final=False) + frame(PING, b"?") + frame(CONTINUED, b"", final=False))
        client.raw(frame(CONTINUED, half[1:]))
        (pong, text) = client.events()
        assert isinstance(pong, Pong) and isinstance(text, TextMessage)
        self.assertEqual((bytes(pong.payload), text.data), (b"?", "aü"))

    def test_pongs_that_nobody_asked_for_are_no_news(self) -> None:
        client = self.open()
        client.raw(frame(PONG, b"") + frame(PONG, b"x" * 125))
        self.assertEqual(client.events(), [])

    def test_the_longest_message(self) -> None:
        client = self.open()
        client.raw(frame(TEXT, b"x" * MOST))
        self.assertEqual(client.texts(), ["x" * MOST])

    def test_it_outlives_the_idle_time_out_of_connections(self) -> None:
        self.cage.heartbeat = self.cage.patience = 0
        client = self.open()
        client.after(3000)
        self.assertFalse(client.connected.ended())


class UnfinishedTests(SocketCase):
    """Messages that are not complete."""

    def test_all_sockets_share_the_room_for_them(self) -> None:
        clients = [self.open() for _ in range(3)]
        for client in clients:
            client.raw(frame(TEXT, b"x" * 900, final=False))
        self.assertEqual([client.closed() for client in clients], [None, None, 1013])
        self.assertEqual(self.cage.room.left, 200)
        clients[0].raw(frame(CONTINUED, b"y"))
        self.assertEqual(clients[0].texts(), ["x" * 900 + "y"])
        clients[1].connected.lose()
        self.assertEqual(self.cage.room.left, self.cage.room.most)

    def test_the_room_is_given_back_however_it_ends(self) -> None:
        for last in (b"x" * MOST, b"\xff"):
            client = self.open()
            client.raw(frame(TEXT, b"x", final=False))
            client.raw(frame(CONTINUED, last))
            self.assertIn(client.closed(), (1007, 1009))
        self.assertEqual(self.cage.room.left, self.cage.room.most)

    def test_one_has_to_be_complete_in_time(self) -> None:
        client = self.open()
        client.after(100)
        client.raw(frame(TEXT, b"x", final=False))
        for _ in range(int(UNFINISHED / 10) - 1):
            client.after(10)
            client.raw(frame(CONTINUED, b"x", final=False) + frame(PONG, b""))
        self.assertFalse(client.connected.ended())
        client.after(12)
        self.assertEqual([each.code for each in client.events() if isinstance(each, CloseConnection)], [1008])

    def test_the_next_one_has_a_time_of_its_own(self) -> None:
        client = self.open()
        for _ in range(3):
            client.raw(frame(TEXT, b"x", final=False))
            client.after(int(UNFINISHED * 0.6))
            client.raw(frame(CONTINUED, b"x"))
        self.assertEqual(self.cage.heard, [b"xx"] * 3)


class BadTests(SocketCase):
    """What is not (RFC 6455 7.4.1)."""

    def test_a_message_that_is_too_long(self) -> None:
        self.assertEqual(self.close_code(frame(TEXT, b"x" * (MOST + 1))), 1009)

    def test_one_that_is_too_long_in_pieces(self) -> None:
        pieces = [frame(TEXT, b"x" * 400, final=False), frame(CONTINUED, b"x" * 400, final=False)]
        self.assertEqual(self.close_code(*pieces, frame(CONTINUED, b"x" * 400, final=False)), 1009)

    def test_one_that_says_it_is_of_many_octets(self) -> None:
        head = b"\x81\xff" + (1 << 62).to_bytes(8, "big") + bytes(4)
        self.assertEqual(self.close_code(head + b"x" * (MOST + 1)), 1009)

    def test_a_length_of_64_bits_with_the_highest_set(self) -> None:
        self.assertEqual(self.close_code(b"\x81\xff" + b"\xff" * 8 + bytes(4)), 1002)

    def test_tiny_fragments_take_little_memory(self) -> None:
        client = self.open()
        client.raw(frame(TEXT, b"x", final=False) + frame(CONTINUED, b"x", final=False) * (FRAMES - 1))
        self.assertLess(sys.getsizeof(client.connected.channel._socket._begun), 2 * MOST)
        client.raw(frame(CONTINUED, b""))
        self.assertEqual(client.texts(), ["x" * MOST])

    def test_fragments_without_end(self) -> None:
        one = frame(CONTINUED, b"", final=False)
        self.assertEqual(self.close_code(frame(TEXT, b"", final=False) + one * (FRAMES * 2)), 1008)

    def test_fragments_without_end_that_take_their_time(self) -> None:
        client = self.open()
        client.raw(frame(TEXT, b"x", final=False))
        some = frame(CONTINUED, b"", final=False) * (FRAMES - 1)
        for _ in range(FRAGMENTS // FRAMES):
            client.after(int(LATELY) + 1)
            client.raw(some)
        self.assertFalse(client.connected.ended())
        client.after(int(LATELY) + 1)
        client.raw(some)
        self.assertIn(1008, [each.code for each in client.events() if isinstance(each, CloseConnection)])
        self.assertEqual((self.cage.heard, self.cage.room.left), ([], self.cage.room.most))

    def test_each_message_may_have_its_fragments(self) -> None:
        client = self.open()
        self.parrot.is_mute = True
        for _ in range(FRAGMENTS // FRAMES + 2):
            client.after(int(LATELY) + 1)
            client.raw(frame(TEXT, b"x", final=False) + frame(CONTINUED, b"", final=False) * (FRAMES - 1))
            client.raw(frame(CONTINUED, b""))
        self.assertEqual(len(self.cage.heard), FRAGMENTS // FRAMES + 2)

    def test_fragments_that_carry_something_may_be_many(self) -> None:
        client = self.open()
        self.parrot.is_mute = True
        for _ in range(FRAMES):
            client.raw(frame(TEXT, b"x" * 250, final=False) + frame(CONTINUED, b"x" * 250, final=False))
            client.raw(frame(CONTINUED, b""))
        self.assertEqual(len(self.cage.heard), FRAMES)

    def test_pings_and_pongs_without_end(self) -> None:
        for each in (frame(PING, b""), frame(PONG, b""), frame(PING, b"x" * 125)):
            client = self.open()
            client.raw(each * FRAMES)
            client.after(int(LATELY) + 1)
            client.raw(each * FRAMES)
            self.assertFalse(client.connected.ended())
            client.raw(each * FRAMES * 2)
            self.assertTrue(client.connected.ended())
            self.assertIn(1008, [event.code for event in client.events() if isinstance(event, CloseConnection)])

    def test_no_utf_8(self) -> None:
        for octets in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"ab\xc3"):
            self.assertEqual(self.close_code(frame(TEXT, octets)), 1007, octets)

    def test_no_utf_8_in_a_later_piece(self) -> None:
        self.assertEqual(self.close_code(frame(TEXT, b"\xc3", final=False), frame(CONTINUED, b"\xc3")), 1007)

    def test_frames_without_a_mask(self) -> None:
        self.assertEqual(self.close_code(frame(TEXT, b"x", masked=False)), 1002)

    def test_binary_messages(self) -> None:
        client = self.open()
        client.event(BytesMessage(data=b"x"))
        self.assertEqual(client.closed(), 1003)

    def test_reserved_bits_and_unknown_opcodes(self) -> None:
        for octets in (frame(TEXT, b"x", reserved=0x40), frame(3, b"x"), frame(11, b"")):
            self.assertEqual(self.close_code(octets), 1002)

    def test_control_frames_that_are_long_or_in_pieces(self) -> None:
        for octets in (frame(PING, b"x" * 126), frame(PING, b"", final=False)):
            self.assertEqual(self.close_code(octets), 1002)

    def test_fragments_out_of_order(self) -> None:
        self.assertEqual(self.close_code(frame(CONTINUED, b"x")), 1002)
        self.assertEqual(self.close_code(frame(TEXT, b"x", final=False), frame(TEXT, b"x")), 1002)

    def test_garbage(self) -> None:
        self.assertEqual(self.close_code(b"GET / HTTP/1.1\r\n\r\n"), 1002)

    def test_nothing_is_heard_after_a_mistake(self) -> None:
        client = self.open()
        client.raw(frame(TEXT, b"x", masked=False) + frame(TEXT, b"later"))
        client.raw(frame(TEXT, b"later"))
        self.assertEqual(self.cage.heard, [])

    @given(st.lists(st.binary(max_size=200), max_size=8))
    def test_any_octets(self, pieces: list[bytes]) -> None:
        client = self.open()
        for piece in pieces:
            client.raw(piece)
        client.connected.lose()
        self.assertEqual((self.parrot.lost_times, len(self.server.site.channels)), (1, 0))
        self.assertEqual(self.flushLoggedErrors(), [])


class EndTests(SocketCase):
    """How it ends (RFC 6455 7)."""

    def test_the_client_closes(self) -> None:
        client = self.open()
        client.event(CloseConnection(code=1001, reason="over"))
        self.assertEqual(client.closed(), 1001)
        self.assertEqual(self.parrot.lost_times, 1)
        self.assertTrue(client.connected.ended())

    def test_the_client_goes_without_a_word(self) -> None:
        client = self.open()
        client.connected.lose()
        self.parrot.outlet.send("late")
        self.parrot.outlet.close(1000)
        self.assertEqual((client.connected.received(), self.parrot.lost_times), (b"", 1))

    def test_we_close_and_the_client_agrees(self) -> None:
        client = self.open()
        self.parrot.outlet.close(1008, "no more")
        self.parrot.outlet.close(1000)
        self.assertFalse(client.connected.ended())
        self.assertEqual(client.closed(), 1008)
        client.raw(frame(TEXT, b"late") + frame(CLOSE, b"\x03\xf0"))
        self.assertTrue(client.connected.ended())
        self.assertEqual((self.cage.heard, self.parrot.lost_times), ([], 1))

    def test_we_close_and_the_client_does_not_answer(self) -> None:
        client = self.open()
        self.parrot.outlet.close(1000)
        client.after(int(CLOSING) + 2)
        self.assertTrue(client.connected.ended())

    def test_the_server_stops(self) -> None:
        client = self.open()
        for channel in tuple(self.server.site.channels):
            channel.shut_down()
        self.assertEqual(client.closed(), 1001)

    def test_a_client_that_is_silent_is_asked_and_then_closed(self) -> None:
        client = self.open()
        client.after(61)
        (ping,) = client.events()
        self.assertIsInstance(ping, Ping)
        client.after(540)
        self.assertEqual(client.closed(), 1001)

    def test_a_client_that_answers_stays(self) -> None:
        client = self.open()
        for _ in range(30):
            client.after(61)
            for event in client.events():
                assert isinstance(event, Ping), event
                client.event(event.response())
        self.assertFalse(client.connected.ended())


class SlowTests(SocketCase):
    """Clients that do not read."""

    def setUp(self) -> None:
        super().setUp()
        self.client = self.open()
        self.client.connected.channel.pauseProducing()

    def test_whoever_speaks_is_told_when_they_do_again(self) -> None:
        self.parrot.is_mute = True
        waiting = self.parrot.outlet.ready()
        self.assertNoResult(waiting)
        self.client.connected.channel.resumeProducing()
        self.assertIsNone(self.successResultOf(waiting))

    def test_waiting_ends_with_the_connection(self) -> None:
        waiting = self.parrot.outlet.ready()
        self.client.connected.lose()
        self.failureResultOf(waiting)

    def test_pongs_for_them_are_bounded(self) -> None:
        ping = frame(PING, b"x" * 125)
        for _ in range(MOST_PONGS // 127 + 2):
            self.client.raw(ping)
        self.assertTrue(self.client.dropped)
        self.assertIn("http.stream-dropped", self.server.event_ids())

    def test_they_are_dropped_after_a_while(self) -> None:
        for _ in range(int(PATIENCE) + 2):
            self.client.server.clock.advance(1)
            self.client.raw(frame(PONG, b""))
        self.assertTrue(self.client.dropped)
        self.assertEqual(self.parrot.lost_times, 1)


class HoldTests(SocketCase):
    """Whoever speaks takes nothing for a while."""

    def test_messages_wait_in_their_order(self) -> None:
        client = self.open()
        self.parrot.outlet.hold()
        client.raw(frame(TEXT, b"1") + frame(TEXT, b"2"))
        self.assertEqual((self.cage.heard, client.connected.wire.producerState), ([], "paused"))
        self.parrot.outlet.release()
        self.assertEqual((self.cage.heard, client.connected.wire.producerState), ([b"1", b"2"], "producing"))

    def test_it_may_hold_again_at_the_first(self) -> None:
        client = self.open()
        outlet = self.parrot.outlet
        outlet.hold()
        client.raw(frame(TEXT, b"1") + frame(TEXT, b"2"))
        self.patch(self.parrot, "message", lambda data: (self.cage.heard.append(data), outlet.hold()))
        outlet.release()
        self.assertEqual((self.cage.heard, client.connected.wire.producerState), ([b"1"], "paused"))

    def test_a_close_is_read_all_the_same(self) -> None:
        client = self.open()
        self.parrot.outlet.hold()
        self.parrot.outlet.close(1008)
        client.raw(frame(CLOSE, b"\x03\xf0"))
        self.assertTrue(client.connected.ended())


class FaultTests(SocketCase):
    def test_a_speaker_that_fails_ends_its_socket_only(self) -> None:
        client, other = self.open(), self.open()
        self.patch(self.cage.parrots[0], "message", lambda data: 1 / 0)
        with self.assertRaises(ZeroDivisionError):
            client.raw(frame(TEXT, b"x"))
        self.assertTrue(client.dropped)
        other.send("x")
        self.assertEqual(other.texts(), ["x"])
