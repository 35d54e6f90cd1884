"""Bytes to frames: what is complete, what is in order, what is too much."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.http2 import frames
from stalwart.web.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    MAX_BLOCK,
    MAX_CONTINUATIONS,
    MAX_FRAME,
    PADDED,
    PING,
    PREFACE,
    SETTINGS,
    WITH_PRIORITY,
    ConnectionFault,
    ErrorCode,
    Frame,
    FrameReader,
    frame_bytes,
)

FIRST = frame_bytes(SETTINGS, 0, 0)


def begun() -> FrameReader:
    """A reader that has seen the preface and the first SETTINGS."""
    reader = FrameReader()
    reader.add(PREFACE + FIRST)
    assert reader.preface()
    assert reader.next() is not None
    return reader


def all_frames(reader: FrameReader, data: bytes) -> list[Frame]:
    """What comes of more bytes."""
    reader.add(data)
    found = []
    while (frame := reader.next()) is not None:
        found.append(frame)
    return found


class FrameCase(SynchronousTestCase):
    """Faults by their code."""

    def refused(self, code: ErrorCode, data: bytes, reader: FrameReader | None = None) -> None:
        fault = self.assertRaises(ConnectionFault, all_frames, reader or begun(), data)
        self.assertEqual(fault.code, code)


class PrefaceTests(FrameCase):
    """RFC 9113 3.4."""

    def test_the_preface_may_come_in_pieces(self) -> None:
        reader = FrameReader()
        for at in range(len(PREFACE)):
            self.assertFalse(reader.preface())
            reader.add(PREFACE[at : at + 1])
        self.assertTrue(reader.preface())

    def test_something_else_is_refused_at_its_first_wrong_byte(self) -> None:
        reader = FrameReader()
        reader.add(b"PRI * HTTP/2.1")
        self.assertEqual(self.assertRaises(ConnectionFault, reader.preface).code, ErrorCode.PROTOCOL_ERROR)

    def test_the_first_frame_must_be_settings(self) -> None:
        for kind, flags in ((PING, 0), (HEADERS, 4), (CONTINUATION, 4), (SETTINGS, frames.ACK)):
            reader = FrameReader()
            reader.add(PREFACE)
            reader.preface()
            self.refused(ErrorCode.PROTOCOL_ERROR, frame_bytes(kind, flags, 0), reader)


class FrameTests(FrameCase):
    """RFC 9113 4."""

    def test_a_frame_is_given_when_it_is_complete(self) -> None:
        data = frame_bytes(DATA, END_STREAM, 3, b"hello")
        reader = begun()
        for at in range(len(data) - 1):
            self.assertEqual(all_frames(reader, data[at : at + 1]), [])
        self.assertEqual(all_frames(reader, data[-1:]), [Frame(DATA, END_STREAM, 3, b"hello", 5)])

    def test_nothing_is_kept_of_what_was_given(self) -> None:
        reader = begun()
        all_frames(reader, frame_bytes(DATA, 0, 1, bytes(MAX_FRAME)))
        self.assertEqual(reader._buffer, b"")

    def test_several_at_once(self) -> None:
        found = all_frames(begun(), frame_bytes(DATA, 0, 1, b"a") + frame_bytes(PING, 0, 0, b"12345678"))
        self.assertEqual([frame.kind for frame in found], [DATA, PING])

    def test_the_reserved_bit_is_ignored(self) -> None:
        self.assertEqual(all_frames(begun(), frame_bytes(DATA, 0, 2**31 + 1, b""))[0].stream, 1)

    def test_the_largest_frame_and_one_byte_more(self) -> None:
        self.assertEqual(all_frames(begun(), frame_bytes(DATA, 0, 1, bytes(MAX_FRAME)))[0].size, MAX_FRAME)
        self.refused(ErrorCode.FRAME_SIZE_ERROR, frame_bytes(DATA, 0, 1, bytes(MAX_FRAME + 1))[:9])

    def test_what_has_begun_is_known(self) -> None:
        reader = begun()
        self.assertFalse(reader.incomplete)
        all_frames(reader, frame_bytes(DATA, 0, 1, b"abc")[:-1])
        self.assertFalse(reader.incomplete)  # data have time-outs of their own
        all_frames(reader, b"c" + frame_bytes(PING, 0, 0, bytes(8))[:-1])
        self.assertTrue(reader.incomplete)
        all_frames(reader, b"\0" + frame_bytes(HEADERS, 0, 1, b"x"))
        self.assertTrue(reader.incomplete)
        all_frames(reader, frame_bytes(CONTINUATION, END_HEADERS, 1, b"y"))
        self.assertFalse(reader.incomplete)


class ContentTests(FrameCase):
    """Padding and priority (RFC 9113 6.1, 6.2)."""

    def test_padding_is_taken_off_and_counted(self) -> None:
        (frame,) = all_frames(begun(), frame_bytes(DATA, PADDED, 1, b"\x03abc\0\0\0"))
        self.assertEqual((frame.payload, frame.size), (b"abc", 7))

    def test_nothing_but_padding(self) -> None:
        (frame,) = all_frames(begun(), frame_bytes(DATA, PADDED, 1, b"\x03\0\0\0"))
        self.assertEqual((frame.payload, frame.size), (b"", 4))

    def test_padding_longer_than_the_frame(self) -> None:
        for payload in (b"", b"\x01", b"\x05abc\0"):
            self.refused(ErrorCode.PROTOCOL_ERROR, frame_bytes(DATA, PADDED, 1, payload))
            self.refused(ErrorCode.PROTOCOL_ERROR, frame_bytes(HEADERS, PADDED | END_HEADERS, 1, payload))

    def test_a_priority_is_taken_off(self) -> None:
        flags = WITH_PRIORITY | PADDED | END_HEADERS
        (frame,) = all_frames(begun(), frame_bytes(HEADERS, flags, 3, b"\x01\0\0\0\x01\x10block\0"))
        self.assertEqual(frame.payload, b"block")

    def test_a_priority_that_is_none(self) -> None:
        flags = WITH_PRIORITY | END_HEADERS
        self.refused(ErrorCode.FRAME_SIZE_ERROR, frame_bytes(HEADERS, flags, 3, b"\0\0\0\x01"))
        self.refused(ErrorCode.PROTOCOL_ERROR, frame_bytes(HEADERS, flags, 3, b"\x80\0\0\x03\x10x"))


class BlockTests(FrameCase):
    """Header blocks (RFC 9113 4.3, 6.10)."""

    def test_a_block_in_several_frames_is_one(self) -> None:
        data = frame_bytes(HEADERS, END_STREAM, 1, b"a") + frame_bytes(CONTINUATION, 0, 1, b"b")
        found = all_frames(begun(), data + frame_bytes(CONTINUATION, END_HEADERS, 1, b"c"))
        self.assertEqual(found, [Frame(HEADERS, END_STREAM, 1, b"abc", 3)])

    def test_it_is_not_interrupted(self) -> None:
        start = frame_bytes(HEADERS, 0, 1, b"a")
        for other in (
            frame_bytes(DATA, 0, 1),
            frame_bytes(HEADERS, 4, 3),
            frame_bytes(CONTINUATION, 4, 3),
            frame_bytes(PING, 0, 0, bytes(8)),
            frame_bytes(99, 0, 1),
        ):
            self.refused(ErrorCode.PROTOCOL_ERROR, start + other)

    def test_a_continuation_of_nothing(self) -> None:
        self.refused(ErrorCode.PROTOCOL_ERROR, frame_bytes(CONTINUATION, END_HEADERS, 1))

    def test_a_flood_of_continuations_is_stopped(self) -> None:
        start, more = frame_bytes(HEADERS, 0, 1), frame_bytes(CONTINUATION, 0, 1)
        self.assertEqual(all_frames(begun(), start + more * MAX_CONTINUATIONS), [])
        self.refused(ErrorCode.ENHANCE_YOUR_CALM, start + more * (MAX_CONTINUATIONS + 1))

    def test_the_bytes_of_a_block_are_limited(self) -> None:
        start, more = frame_bytes(HEADERS, 0, 1, bytes(MAX_FRAME)), frame_bytes(CONTINUATION, 0, 1, bytes(MAX_FRAME))
        self.assertEqual(all_frames(begun(), start + more * (MAX_BLOCK // MAX_FRAME - 1)), [])
        self.refused(ErrorCode.ENHANCE_YOUR_CALM, start + more * (MAX_BLOCK // MAX_FRAME))


class AnythingTests(SynchronousTestCase):
    """Whatever comes."""

    @given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 255), st.integers(0, 5), st.binary(max_size=20))))
    @settings(max_examples=300)
    def test_frames_that_may_be_wrong(self, sent: list[tuple[int, int, int, bytes]]) -> None:
        data = b"".join(frame_bytes(*each) for each in sent)
        try:
            whole = all_frames(begun(), data)
        except ConnectionFault as fault:
            self.assertIn(fault.code, ErrorCode)
            return
        reader = begun()
        pieces = [frame for at in range(len(data)) for frame in all_frames(reader, data[at : at + 1])]
        self.assertEqual(pieces, whole)

    @given(st.binary(max_size=200))
    def test_bytes(self, data: bytes) -> None:
        reader = FrameReader()
        reader.add(data)
        try:
            if reader.preface():
                all_frames(reader, b"")
        except ConnectionFault:
            pass
        try:
            all_frames(begun(), data)
        except ConnectionFault:
            return
