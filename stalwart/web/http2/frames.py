"""Bytes to frames, each complete and in an order that may be (RFC 9113 3.4, 4.1, 4.3): pure, in bounded memory.

What a frame means is the business of ``engine``. Here padding and old priorities are taken off, and the frames of one
header block become one, so that nobody behind this has to know of either.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_FRAME = 16384  # what we announce, and the least that can be announced, RFC 9113 6.5.2
MAX_BLOCK = 65536  # bytes of one header block in all its frames
MAX_CONTINUATIONS = 16

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 1
END_HEADERS = 4
PADDED = 8
WITH_PRIORITY = 32

_HEADER = 9
_PRIORITY = 5
_LARGEST_NUMBER = 2**31 - 1


class ErrorCode(IntEnum):
    """RFC 9113 7."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


class ConnectionFault(Exception):
    """The connection cannot go on (RFC 9113 5.4.1): ``code`` is for the client, the text for the log."""

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Frame(NamedTuple):
    """One frame, or a whole header block as one HEADERS frame.

    ``payload`` is without padding and priority; ``size`` is with them, as flow control counts.
    """

    kind: int
    flags: int
    stream: int
    payload: bytes
    size: int


class FrameReader:
    """Gives the frames of one connection. ``begun`` once the preface and the first SETTINGS are there."""

    __slots__ = ("_block", "_block_size", "_buffer", "_flags", "_position", "_stream", "begun", "prefaced", "units")

    def __init__(self) -> None:
        self._buffer = b""
        self._position = 0
        self._block: list[bytes] = []  # the fragments of the header block that is open
        self._block_size = 0
        self._stream = 0  # its stream
        self._flags = 0  # of its HEADERS frame
        self.prefaced = False
        self.begun = False
        self.units = 0  # frames and header blocks that were complete

    @property
    def incomplete(self) -> bool:
        """Whether a header block, or a frame other than DATA, has begun and not ended."""
        if self._block or not self.begun:
            return True
        left = len(self._buffer) - self._position
        return left > 0 and (left < _HEADER or self._buffer[self._position + 3] != DATA)

    def add(self, data: bytes) -> None:
        """Bytes have arrived."""
        self._buffer = self._buffer[self._position :] + data if self._position < len(self._buffer) else data
        self._position = 0

    def preface(self) -> bool:
        """Read the preface; False while it is not complete.

        :raises ConnectionFault: it is something else.
        """
        start = self._buffer[: len(PREFACE)]
        if not PREFACE.startswith(start):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "no HTTP/2 preface")
        if len(start) < len(PREFACE):
            return False
        self._position = len(PREFACE)
        self.prefaced = True
        return True

    def next(self) -> Frame | None:
        """The next complete frame; None if more bytes are needed.

        :raises ConnectionFault: what comes is too long, out of order or wrongly padded.
        """
        while True:
            buffer, start = self._buffer, self._position
            if len(buffer) - start < _HEADER:
                if start == len(buffer):
                    self._buffer, self._position = b"", 0  # nothing is kept while nothing comes
                return None
            size = int.from_bytes(buffer[start : start + 3], "big")
            if size > MAX_FRAME:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a frame is too long")
            kind, flags = buffer[start + 3], buffer[start + 4]
            stream = int.from_bytes(buffer[start + 5 : start + _HEADER], "big") & _LARGEST_NUMBER
            if self._block or kind == CONTINUATION or not self.begun:
                self._check_order(kind, flags, stream)
            end = start + _HEADER + size
            if len(buffer) < end:
                return None
            self._position = end
            self.begun = True
            payload = buffer[start + _HEADER : end]
            if kind <= HEADERS:  # or DATA
                if flags & (PADDED | WITH_PRIORITY):
                    payload = _content(kind, flags, stream, payload)
                if kind == HEADERS and not flags & END_HEADERS:
                    self._block, self._block_size, self._stream, self._flags = [payload], size, stream, flags
                    continue
            elif kind == CONTINUATION:
                if not self._block_complete(flags, payload):
                    continue
                kind, flags, size = HEADERS, self._flags, self._block_size
                payload, self._block = b"".join(self._block), []
            self.units += 1
            return Frame(kind, flags, stream, payload, size)

    def _check_order(self, kind: int, flags: int, stream: int) -> None:
        """First SETTINGS, and a header block is not interrupted (RFC 9113 3.4, 4.3, 6.10)."""
        if self._block:
            if kind != CONTINUATION or stream != self._stream:
                raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a header block is interrupted")
        elif kind == CONTINUATION:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a CONTINUATION without a header block")
        elif not self.begun and (kind != SETTINGS or flags & ACK):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS")

    def _block_complete(self, flags: int, fragment: bytes) -> bool:
        """Take a CONTINUATION; there may be few of them, however small (CVE-2024-27316)."""
        self._block.append(fragment)
        self._block_size += len(fragment)
        if self._block_size > MAX_BLOCK or len(self._block) > MAX_CONTINUATIONS + 1:
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "a header block is too long")
        return bool(flags & END_HEADERS)


def _content(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """What is left without padding (RFC 9113 6.1) and, of HEADERS, without the priority (6.2, 5.3.2)."""
    first, last = 0, len(payload)
    if flags & PADDED:
        if not payload or payload[0] >= last:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "the padding is too long")
        first, last = 1, last - payload[0]
    if kind == HEADERS and flags & WITH_PRIORITY:
        if last - first < _PRIORITY:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "the priority is cut off")
        if int.from_bytes(payload[first : first + 4], "big") & _LARGEST_NUMBER == stream:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a stream depends on itself")  # RFC 7540 5.3.1
        first += _PRIORITY
    return payload[first:last]


def frame_bytes(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame on the wire."""
    return (len(payload) << 48 | kind << 40 | flags << 32 | stream).to_bytes(_HEADER, "big") + payload


def goaway(last: int, code: int) -> bytes:
    """A GOAWAY frame (RFC 9113 6.8): streams up to ``last`` were, or may have been, worked on."""
    return frame_bytes(GOAWAY, 0, 0, last.to_bytes(4, "big") + int(code).to_bytes(4, "big"))


def rst_stream(number: int, code: int) -> bytes:
    """A RST_STREAM frame (RFC 9113 6.4)."""
    return frame_bytes(RST_STREAM, 0, number, int(code).to_bytes(4, "big"))


def window_update(number: int, by: int) -> bytes:
    """A WINDOW_UPDATE frame (RFC 9113 6.9); of stream 0 for the whole connection."""
    return frame_bytes(WINDOW_UPDATE, 0, number, by.to_bytes(4, "big"))
