"""What the frames of a connection mean: windows, settings, and in what state each stream is (RFC 9113 5, 6). Pure.

What answers frames at once comes back as bytes to send; the rest is for ``connection``, which knows requests. Faults of
the connection, and of a stream, are raised.
"""

from __future__ import annotations

from typing import Any

from stalwart.web.head import MAX_HEAD
from stalwart.web.http2.field_block import FIRST
from stalwart.web.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    MAX_FRAME,
    PING,
    SETTINGS,
    ConnectionFault,
    ErrorCode,
    Frame,
    frame_bytes,
    rst_stream,
    window_update,
)

MAX_STREAMS = 100
WINDOW = 65535  # of a stream whose body nobody reads yet, and at first of everything, RFC 9113 6.9.2
CONNECTION_WINDOW = 1048576

_LARGEST_WINDOW = 2**31 - 1
_REMEMBERED = 1000  # streams that we reset, on which frames may be on their way still
_ENABLE_PUSH, _MAX_STREAMS, _INITIAL_WINDOW, _MAX_FRAME, _MAX_LIST = 2, 3, 4, 5, 6  # RFC 9113 6.5.2


class StreamFault(Exception):
    """A stream cannot go on (RFC 9113 5.4.2); the connection can."""

    def __init__(self, number: int, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.number = number
        self.code = code


class StreamState:
    """Stream ``number``. ``room`` is how much the client lets us send, ``window`` how much we let it."""

    number = 0
    room = WINDOW
    window = WINDOW
    limit = WINDOW  # of ``window``
    untold = 0  # bytes that are done with, by which ``window`` was not opened yet
    input_ended = False
    output_ended = False


class Engine:
    """The server's side of one connection. ``streams`` are those that are open, ``highest`` the last that began."""

    __slots__ = ("_first", "_initial_room", "_reset", "_untold", "_window", "highest", "room", "streams")

    def __init__(self) -> None:
        self.streams: dict[int, Any] = {}  # each a StreamState
        self.highest = 0
        self.room = WINDOW
        self._initial_room = WINDOW
        self._window = CONNECTION_WINDOW
        self._untold = 0
        self._reset: dict[int, None] = {}
        self._first = True

    def greeting(self) -> bytes:
        """What we expect (settings), and how much may come on all streams together."""
        settings = (
            (_MAX_STREAMS, MAX_STREAMS),
            (_INITIAL_WINDOW, WINDOW),
            (_MAX_FRAME, MAX_FRAME),
            (_MAX_LIST, MAX_HEAD),
        )
        payload = b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in settings)
        return frame_bytes(SETTINGS, 0, 0, payload) + window_update(0, CONNECTION_WINDOW - WINDOW)

    # Streams

    def begins(self, number: int) -> bool:
        """Whether HEADERS begin a stream; False if they belong to one that there is, or was (RFC 9113 5.1.1).

        :raises ConnectionFault: they do neither.
        """
        if number > self.highest and number & 1:
            self.highest = number
            return True
        if not number & 1:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a client's streams have odd numbers")
        if number not in self.streams and number not in self._reset:
            raise ConnectionFault(ErrorCode.STREAM_CLOSED, "HEADERS on a stream that is over")
        return False

    def add(self, stream: StreamState) -> None:
        """A stream has begun."""
        if self._initial_room != WINDOW:
            stream.room = self._initial_room
        self.streams[stream.number] = stream

    def trailers(self, frame: Frame) -> Any:
        """The stream that ends with these trailers; None if it was reset (RFC 9113 8.1).

        :raises StreamFault: there can be none.
        """
        stream = self.streams.get(frame.stream)
        if stream is None:
            return None
        if stream.input_ended:
            raise StreamFault(frame.stream, ErrorCode.STREAM_CLOSED, "HEADERS after the end")
        if not frame.flags & END_STREAM:
            raise StreamFault(frame.stream, ErrorCode.PROTOCOL_ERROR, "trailers that are not the end")
        return stream

    def reset(self, number: int, code: ErrorCode) -> bytes:
        """Give up a stream."""
        self.streams.pop(number, None)
        self._reset[number] = None
        if len(self._reset) > _REMEMBERED:
            del self._reset[next(iter(self._reset))]
        return rst_stream(number, code)

    def was_reset(self, frame: Frame) -> Any:
        """The client gives up a stream (RFC 9113 6.4); None if it was over."""
        if frame.size != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a malformed RST_STREAM")
        self._check_known(frame.stream)
        return self.streams.pop(frame.stream, None)

    def _check_known(self, number: int) -> None:
        if not number & 1 or number > self.highest:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a frame on an idle stream")  # RFC 9113 5.1

    # The client's data

    def data(self, frame: Frame) -> tuple[Any, bytes]:
        """The stream that data are for, None if it was reset; and what to send.

        :raises StreamFault: they should not have come.
        """
        number, size = frame.stream, frame.size
        if size > self._window:
            raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "more data than the window of the connection")
        self._window -= size
        stream = self.streams.get(number)
        if stream is None:
            self._check_known(number)
            if number not in self._reset:
                raise ConnectionFault(ErrorCode.STREAM_CLOSED, "DATA on a stream that is over")
            return None, self.give_back(size)
        if stream.input_ended or size > stream.window:
            self._untold += size
            if stream.input_ended:
                raise StreamFault(number, ErrorCode.STREAM_CLOSED, "DATA after the end")
            raise StreamFault(number, ErrorCode.FLOW_CONTROL_ERROR, "more data than the window of the stream")
        stream.window -= size
        return stream, b""

    def taken(self, stream: StreamState, size: int) -> bytes:
        """``size`` bytes of a stream, padding included, are done with: open the windows, in large steps."""
        told = self.give_back(size)
        if not stream.input_ended:
            stream.untold += size
            if stream.untold * 2 >= stream.limit:
                told += window_update(stream.number, stream.untold)
                stream.window += stream.untold
                stream.untold = 0
        return told

    def give_back(self, size: int) -> bytes:
        """``size`` bytes are done with that no stream shall have again."""
        self._untold += size
        if self._untold * 2 < CONNECTION_WINDOW:
            return b""
        by, self._untold = self._untold, 0
        self._window += by
        return window_update(0, by)

    def widen(self, stream: StreamState, limit: int) -> bytes:
        """Let more come on one stream than by default."""
        by = limit - stream.limit
        stream.limit = limit
        stream.window += by
        return window_update(stream.number, by)

    # Our data

    def window_opened(self, frame: Frame) -> Any:
        """WINDOW_UPDATE: the stream that may send more; None for all, or one that is over (RFC 9113 6.9).

        :raises StreamFault: the window would be none, or too large (6.9.1).
        """
        if frame.size != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a malformed WINDOW_UPDATE")
        number, by = frame.stream, int.from_bytes(frame.payload, "big") & _LARGEST_WINDOW
        if not number:
            self.room += by
            if not by or self.room > _LARGEST_WINDOW:
                raise _window_fault(0, by)
            return None
        self._check_known(number)
        stream = self.streams.get(number)
        if stream is not None:
            stream.room += by
            if not by or stream.room > _LARGEST_WINDOW:
                raise _window_fault(number, by)
        return stream

    def piece(self, stream: StreamState, data: bytes, end: bool) -> bytes:
        """DATA that fit into the room of connection and stream, and into one frame."""
        size = len(data)
        stream.room -= size
        self.room -= size
        stream.output_ended = end
        return frame_bytes(DATA, END_STREAM if end else 0, stream.number, data)

    def head(self, stream: StreamState, block: bytes, end: bool) -> bytes:
        """The frames of an answer's head, or of an interim answer."""
        stream.output_ended = end
        flags = END_STREAM if end else 0
        if self._first:
            self._first = False
            block = FIRST + block
        if len(block) <= MAX_FRAME:
            return frame_bytes(HEADERS, flags | END_HEADERS, stream.number, block)
        parts = [block[at : at + MAX_FRAME] for at in range(0, len(block), MAX_FRAME)]
        frames = [frame_bytes(HEADERS, flags, stream.number, parts[0])]
        frames += [frame_bytes(CONTINUATION, 0, stream.number, part) for part in parts[1:-1]]
        return b"".join((*frames, frame_bytes(CONTINUATION, END_HEADERS, stream.number, parts[-1])))

    # The connection

    def settings(self, frame: Frame) -> bytes:
        """SETTINGS of the client (RFC 9113 6.5), and our acknowledgement. Tables and pushes are not used here."""
        if frame.stream:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS of a stream")
        if frame.flags & ACK:
            if frame.size:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "an acknowledgement with settings")
            return b""
        if frame.size % 6:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "malformed SETTINGS")
        payload, room = frame.payload, self._initial_room
        for at in range(0, frame.size, 6):
            name, value = int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 6], "big")
            if name == _INITIAL_WINDOW:
                if value > _LARGEST_WINDOW:
                    raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "a window is too large")
                room = value
            elif (name == _ENABLE_PUSH and value > 1) or (name == _MAX_FRAME and not 2**14 <= value < 2**24):
                raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a setting has no meaning")
        self._resize(room)
        return frame_bytes(SETTINGS, ACK, 0)

    def _resize(self, value: int) -> None:
        """The room of all streams changes, and may become negative (RFC 9113 6.9.2)."""
        by, self._initial_room = value - self._initial_room, value
        for stream in self.streams.values():
            stream.room += by
            if stream.room > _LARGEST_WINDOW:
                raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "a window is too large")

    def ping(self, frame: Frame) -> bytes:
        """The answer to a PING (RFC 9113 6.7)."""
        if frame.stream:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a PING of a stream")
        if frame.size != 8:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a malformed PING")
        return b"" if frame.flags & ACK else frame_bytes(PING, ACK, 0, frame.payload)


def check_priority(frame: Frame) -> None:
    """PRIORITY is deprecated and not followed (RFC 9113 5.3.2), yet it must be one (6.3)."""
    if not frame.stream:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PRIORITY of no stream")
    if frame.size != 5:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a malformed PRIORITY")
    if int.from_bytes(frame.payload[:4], "big") & _LARGEST_WINDOW == frame.stream:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a stream depends on itself")


def check_goaway(frame: Frame) -> None:
    """RFC 9113 6.8: the client is going to leave."""
    if frame.stream:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a GOAWAY of a stream")
    if frame.size < 8:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a malformed GOAWAY")


def _window_fault(number: int, by: int) -> ConnectionFault | StreamFault:
    code = ErrorCode.FLOW_CONTROL_ERROR if by else ErrorCode.PROTOCOL_ERROR
    reason = "a window is too large" if by else "a window opens by nothing"
    return StreamFault(number, code, reason) if number else ConnectionFault(code, reason)
