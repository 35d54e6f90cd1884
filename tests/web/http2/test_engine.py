"""What frames mean: windows, settings, states of streams; each rule of RFC 9113 5 and 6 with what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.http2.engine import (
    CONNECTION_WINDOW,
    WINDOW,
    Engine,
    StreamFault,
    StreamState,
    check_goaway,
    check_priority,
)
from stalwart.web.http2.field_block import FIRST
from stalwart.web.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    MAX_FRAME,
    PING,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    ConnectionFault,
    ErrorCode,
    Frame,
    frame_bytes,
    rst_stream,
    window_update,
)


def frame(kind: int, stream: int = 0, payload: bytes = b"", flags: int = 0) -> Frame:
    """A frame as the reader gives it."""
    return Frame(kind, flags, stream, payload, len(payload))


def update(stream: int, by: int) -> Frame:
    """A WINDOW_UPDATE."""
    return frame(WINDOW_UPDATE, stream, by.to_bytes(4, "big"))


def setting(*pairs: tuple[int, int]) -> Frame:
    """SETTINGS."""
    return frame(SETTINGS, 0, b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in pairs))


class EngineCase(SynchronousTestCase):
    """An engine, with a stream that is open."""

    def setUp(self) -> None:
        self.engine = Engine()
        self.stream = self.opened(1)

    def opened(self, number: int) -> StreamState:
        self.assertTrue(self.engine.begins(number))
        stream = StreamState()
        stream.number = number
        self.engine.add(stream)
        return stream

    def ends(self, code: ErrorCode, call: Callable[..., Any], *given: Any) -> None:
        """The connection ends with ``code``."""
        self.assertEqual(self.assertRaises(ConnectionFault, call, *given).code, code)

    def faulty(self, code: ErrorCode, call: Callable[..., Any], *given: Any) -> None:
        """The stream ends with ``code``."""
        self.assertEqual(self.assertRaises(StreamFault, call, *given).code, code)


class StreamTests(EngineCase):
    """RFC 9113 5.1."""

    def test_streams_of_a_client_are_odd_and_ascend(self) -> None:
        self.opened(5)
        self.assertFalse(self.engine.begins(1))
        for number in (0, 2, 6):
            self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.begins, number)
        self.ends(ErrorCode.STREAM_CLOSED, self.engine.begins, 3)

    def test_idle_streams_have_no_other_frames(self) -> None:
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.data, frame(DATA, 3, b"x"))
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.data, frame(DATA, 0, b"x"))
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.was_reset, frame(RST_STREAM, 3, bytes(4)))
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.was_reset, frame(RST_STREAM, 0, bytes(4)))
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.window_opened, update(3, 1))
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.window_opened, update(2, 1))

    def test_a_reset_ends_a_stream(self) -> None:
        self.assertIs(self.engine.was_reset(frame(RST_STREAM, 1, bytes(4))), self.stream)
        self.assertEqual(self.engine.streams, {})
        self.assertIsNone(self.engine.was_reset(frame(RST_STREAM, 1, bytes(4))))
        self.ends(ErrorCode.FRAME_SIZE_ERROR, self.engine.was_reset, frame(RST_STREAM, 1, bytes(5)))

    def test_frames_on_their_way_to_a_stream_that_we_reset_are_ignored(self) -> None:
        self.assertEqual(self.engine.reset(1, ErrorCode.CANCEL), rst_stream(1, 8))
        self.assertEqual(self.engine.data(frame(DATA, 1, b"x")), (None, b""))
        self.assertFalse(self.engine.begins(1))
        self.assertIsNone(self.engine.trailers(frame(HEADERS, 1)))
        self.assertIsNone(self.engine.window_opened(update(1, 1)))

    def test_frames_on_a_stream_that_is_over(self) -> None:
        del self.engine.streams[1]
        self.ends(ErrorCode.STREAM_CLOSED, self.engine.data, frame(DATA, 1, b"x"))
        self.ends(ErrorCode.STREAM_CLOSED, self.engine.begins, 1)
        self.assertIsNone(self.engine.window_opened(update(1, 1)))

    def test_after_its_end_a_stream_takes_nothing_more(self) -> None:
        self.stream.input_ended = True
        self.faulty(ErrorCode.STREAM_CLOSED, self.engine.data, frame(DATA, 1, b"x"))
        self.faulty(ErrorCode.STREAM_CLOSED, self.engine.trailers, frame(HEADERS, 1, flags=END_STREAM))

    def test_trailers_are_the_end(self) -> None:
        self.assertIs(self.engine.trailers(frame(HEADERS, 1, flags=END_STREAM)), self.stream)
        self.faulty(ErrorCode.PROTOCOL_ERROR, self.engine.trailers, frame(HEADERS, 1))

    def test_memory_of_resets_is_bounded(self) -> None:
        for number in range(3, 5003, 2):
            self.engine.begins(number)
            self.engine.reset(number, ErrorCode.REFUSED_STREAM)
        self.assertLessEqual(len(self.engine._reset), 1000)


class ReceivingTests(EngineCase):
    """Windows that we open (RFC 9113 6.9)."""

    def test_more_than_the_window_of_a_stream(self) -> None:
        self.stream.limit = self.stream.window = 10
        self.assertEqual(self.engine.data(frame(DATA, 1, bytes(10))), (self.stream, b""))
        self.faulty(ErrorCode.FLOW_CONTROL_ERROR, self.engine.data, frame(DATA, 1, b"x"))

    def test_more_than_the_window_of_the_connection(self) -> None:
        self.stream.window = 2 * CONNECTION_WINDOW
        for _ in range(CONNECTION_WINDOW // MAX_FRAME):
            self.engine.data(frame(DATA, 1, bytes(MAX_FRAME)))
        self.ends(ErrorCode.FLOW_CONTROL_ERROR, self.engine.data, frame(DATA, 1, b"x"))

    def test_the_window_of_a_stream_opens_in_large_steps(self) -> None:
        half = (WINDOW + 1) // 2
        self.engine.data(frame(DATA, 1, bytes(MAX_FRAME)))
        self.stream.window -= half
        self.assertEqual(self.engine.taken(self.stream, half - 1), b"")
        self.assertEqual(self.engine.taken(self.stream, 1), window_update(1, half))

    def test_everything_that_comes_is_given_back_to_the_connection(self) -> None:
        self.stream.limit = self.stream.window = 2**30
        told, came = b"", 0
        self.engine.reset(self.opened(3).number, ErrorCode.CANCEL)
        while came < 3 * CONNECTION_WINDOW:
            stream, more = self.engine.data(frame(DATA, 1 if came % 3 else 3, bytes(1000)))
            told += more
            if stream is not None:
                told += self.engine.taken(stream, 1000)
            came += 1000
        self.assertEqual(told.count(frame_bytes(WINDOW_UPDATE, 0, 0, bytes(4))[:9]), 5)

    def test_faulty_data_are_given_back_too(self) -> None:
        self.stream.input_ended = True
        for _ in range(3 * CONNECTION_WINDOW // MAX_FRAME):
            self.assertRaises(StreamFault, self.engine.data, frame(DATA, 1, bytes(MAX_FRAME)))
            self.engine.give_back(0)

    def test_no_window_for_a_stream_that_has_ended(self) -> None:
        self.stream.input_ended = True
        self.assertEqual(self.engine.taken(self.stream, WINDOW), b"")

    def test_a_wider_window(self) -> None:
        self.stream.window = 0
        self.assertEqual(self.engine.widen(self.stream, 100_000), window_update(1, 100_000 - WINDOW))
        self.assertEqual(self.stream.window, 100_000 - WINDOW)


class SendingTests(EngineCase):
    """Room that the client gives."""

    def test_room_grows_and_shrinks(self) -> None:
        self.assertIs(self.engine.window_opened(update(1, 5)), self.stream)
        self.assertIsNone(self.engine.window_opened(update(0, 7)))
        self.assertEqual(self.engine.piece(self.stream, b"abc", True), frame_bytes(DATA, END_STREAM, 1, b"abc"))
        self.assertEqual((self.stream.room, self.engine.room), (WINDOW + 2, WINDOW + 4))
        self.assertTrue(self.stream.output_ended)

    def test_updates_that_are_none(self) -> None:
        self.faulty(ErrorCode.PROTOCOL_ERROR, self.engine.window_opened, update(1, 0))
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.window_opened, update(0, 0))
        self.ends(ErrorCode.FRAME_SIZE_ERROR, self.engine.window_opened, frame(WINDOW_UPDATE, 1, bytes(3)))

    def test_updates_that_are_too_large(self) -> None:
        self.faulty(ErrorCode.FLOW_CONTROL_ERROR, self.engine.window_opened, update(1, 2**31 - WINDOW))
        self.ends(ErrorCode.FLOW_CONTROL_ERROR, self.engine.window_opened, update(0, 2**31 - WINDOW))

    def test_a_setting_changes_the_room_of_all(self) -> None:
        self.engine.piece(self.stream, b"abc", False)
        self.engine.settings(setting((4, 1)))
        self.assertEqual((self.stream.room, self.engine.room), (-2, WINDOW - 3))  # RFC 9113 6.9.2
        self.assertEqual(self.opened(3).room, 1)
        self.engine.settings(setting((4, 9), (4, WINDOW)))
        self.assertEqual(self.stream.room, WINDOW - 3)

    def test_a_setting_that_is_too_large(self) -> None:
        self.ends(ErrorCode.FLOW_CONTROL_ERROR, self.engine.settings, setting((4, 2**31)))
        self.engine.window_opened(update(1, 1))
        self.ends(ErrorCode.FLOW_CONTROL_ERROR, self.engine.settings, setting((4, 2**31 - 1)))

    def test_the_first_head_says_that_there_is_no_table(self) -> None:
        expected = frame_bytes(HEADERS, END_HEADERS | END_STREAM, 1, FIRST + b"\x88")
        self.assertEqual(self.engine.head(self.stream, b"\x88", True), expected)
        other = self.opened(3)
        self.assertEqual(self.engine.head(other, b"\x88", False), frame_bytes(HEADERS, END_HEADERS, 3, b"\x88"))
        self.assertEqual((self.stream.output_ended, other.output_ended), (True, False))

    def test_a_large_head_takes_several_frames(self) -> None:
        self.engine._first = False
        block = bytes(range(256)) * 200
        parts = [block[at : at + MAX_FRAME] for at in range(0, len(block), MAX_FRAME)]
        expected = frame_bytes(HEADERS, 0, 1, parts[0])
        expected += b"".join(frame_bytes(CONTINUATION, 0, 1, part) for part in parts[1:-1])
        expected += frame_bytes(CONTINUATION, END_HEADERS, 1, parts[-1])
        self.assertEqual(self.engine.head(self.stream, block, False), expected)


class ConnectionTests(EngineCase):
    """Frames of the connection."""

    def test_settings_are_acknowledged(self) -> None:
        self.assertEqual(self.engine.settings(setting((1, 0), (3, 0), (99, 7))), frame_bytes(SETTINGS, ACK, 0))
        self.assertEqual(self.engine.settings(frame(SETTINGS, flags=ACK)), b"")

    def test_settings_that_are_none(self) -> None:
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.settings, frame(SETTINGS, 1))
        self.ends(ErrorCode.FRAME_SIZE_ERROR, self.engine.settings, frame(SETTINGS, 0, b"x"))
        self.ends(ErrorCode.FRAME_SIZE_ERROR, self.engine.settings, frame(SETTINGS, 0, bytes(6), ACK))
        for name, value in ((2, 2), (5, 16383), (5, 2**24)):
            self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.settings, setting((name, value)))

    def test_pings(self) -> None:
        self.assertEqual(self.engine.ping(frame(PING, 0, b"12345678")), frame_bytes(PING, ACK, 0, b"12345678"))
        self.assertEqual(self.engine.ping(frame(PING, 0, b"12345678", ACK)), b"")
        self.ends(ErrorCode.PROTOCOL_ERROR, self.engine.ping, frame(PING, 1, b"12345678"))
        self.ends(ErrorCode.FRAME_SIZE_ERROR, self.engine.ping, frame(PING, 0, b"1234567"))

    def test_priorities(self) -> None:
        check_priority(frame(PRIORITY, 3, b"\0\0\0\x01\x10"))
        self.ends(ErrorCode.PROTOCOL_ERROR, check_priority, frame(PRIORITY, 0, bytes(5)))
        self.ends(ErrorCode.PROTOCOL_ERROR, check_priority, frame(PRIORITY, 3, b"\x80\0\0\x03\x10"))
        self.ends(ErrorCode.FRAME_SIZE_ERROR, check_priority, frame(PRIORITY, 3, bytes(4)))

    def test_leaving(self) -> None:
        check_goaway(frame(GOAWAY, 0, bytes(8) + b"words"))
        self.ends(ErrorCode.PROTOCOL_ERROR, check_goaway, frame(GOAWAY, 1, bytes(8)))
        self.ends(ErrorCode.FRAME_SIZE_ERROR, check_goaway, frame(GOAWAY, 0, bytes(7)))
