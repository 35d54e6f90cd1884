"""A connection that speaks HTTP/2: frames in, streams to the front, frames out (RFC 9113).

The counterpart of ``protocol.Channel``, for connections whose TLS handshake has chosen ``h2``. One write leaves for
each turn; streams that wait for a window or for the transport take turns, a frame each. All time-outs are one number
that the site compares once a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import ISSLTransport, ITCPTransport
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from stalwart.telemetry.events import HTTP_ERROR, RESOURCE_ERROR
from stalwart.web.connection import Connection, Listener, Owner, connect
from stalwart.web.head import HeadRefused
from stalwart.web.http2.engine import MAX_STREAMS, Engine, StreamFault, check_goaway, check_priority
from stalwart.web.http2.field_block import CONTINUE
from stalwart.web.http2.floods import Floods
from stalwart.web.http2.frames import (
    DATA,
    END_STREAM,
    GOAWAY,
    HEADERS,
    MAX_FRAME,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    ConnectionFault,
    ErrorCode,
    Frame,
    FrameReader,
    goaway,
)
from stalwart.web.http2.request_head import HeadReader, Malformed
from stalwart.web.http2.stream import RequestStream
from stalwart.web.problems import refused_head
from stalwart.web.protocol import CLOSING, LINGER
from stalwart.web.receiver import NEVER

if TYPE_CHECKING:
    from stalwart.web.site import Site

TURN = 32  # requests begun before other connections get their turn
BATCH = 65536  # bytes that are written at the latest, though the turn goes on
HOLDING = 8388608  # bytes of answers kept for a client that does not take them; more requests are refused meanwhile
SMALL = 64


class Http2Connection(Protocol):
    """A connection of ``site``; ``holding`` is how many bytes of answers wait in it."""

    transport: Any
    connection: Connection

    def __init__(self, site: Site, listener: Listener, peer: Any, owner: Owner | None = None) -> None:
        self.site = site
        self.owner = owner
        self.deadline = NEVER
        self.holding = 0
        self._listener = listener
        self._peer = peer
        self._reader = FrameReader()
        self._heads = HeadReader()
        self._engine = Engine()
        self._streams: dict[int, RequestStream] = self._engine.streams
        self._floods = Floods()
        self._blocked: dict[int, RequestStream] = {}
        self._out: list[bytes] = []
        self._out_size = 0
        self._in_turn = False
        self._sharing = False  # streams that wait take turns just now
        self._turn: Any = None
        self._begun = 0
        self._write_full = False
        self._full_since = NEVER
        self._units = 0  # of the reader, when ``_head_due`` was set
        self._head_due = NEVER
        self._idle_due = NEVER
        self._leaving = False  # a GOAWAY was sent or received: no more streams, the connection ends with the last
        self._last = 0
        self._ended = False
        self._gone = False
        self._registered = False
        self._reading = True

    # Twisted calls these

    def connectionMade(self) -> None:
        """Twisted calls this."""
        transport = self.transport
        if ITCPTransport.providedBy(transport):
            transport.setTcpNoDelay(self._listener.no_delay)
        tls, now = ISSLTransport.providedBy(transport), self.site.seconds()
        self.connection = connect(self._listener, self._peer, transport.getHost(), tls, now)
        self._registered = True
        transport.registerProducer(self, True)
        self.site.opened(self)
        self._head_due = self.deadline = now + self.site.front.header_timeout
        self._write(self._engine.greeting())
        self._flush()
        if self.site.closing:
            self.shut_down()

    def dataReceived(self, data: bytes) -> None:
        """Twisted calls this."""
        if self._ended:
            return
        self._reader.add(data)
        if self._turn is None:
            self._serve()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Twisted calls this: stop whatever is done for this connection."""
        if self._gone:
            return
        self._gone = self._ended = True
        self.deadline = NEVER
        self._stop_streams()
        self._out.clear()
        self.site.closed(self)

    def pauseProducing(self) -> None:
        """The transport's buffer is full: write no more, and take no more frames."""
        if not self._write_full:
            self._write_full = True
            self._full_since = self.site.seconds()
            self.due(self._full_since + self.site.front.idle_timeout)
            if self._turn is None:
                self._read(False)

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        self._write_full = False
        self._full_since = NEVER
        if self._ended:
            return
        self._unblock()
        self._settle()
        if not self._write_full and self._turn is None:
            self._read(True)

    def stopProducing(self) -> None:
        """The transport is gone; ``connectionLost`` follows."""

    # Frames in

    def _serve(self) -> None:
        """Work through what has arrived."""
        self._in_turn = True
        try:
            self._take_frames()
        except ConnectionFault as fault:
            self._fail(fault.code, str(fault))
        except Exception as error:
            self.site.telemetry.emit(RESOURCE_ERROR, reason=f"HTTP/2: {type(error).__name__}: {error}")
            self._fail(ErrorCode.INTERNAL_ERROR, type(error).__name__)
        finally:
            self._in_turn = False
        self._settle()

    def _take_frames(self) -> None:
        reader = self._reader
        if not reader.prefaced and not reader.preface():
            return
        self._begun = 0
        while not self._ended:
            if self._begun >= TURN:
                self._read(False)
                self._turn = self.site.call_later(0, self._next_turn)
                return
            frame = reader.next()
            if frame is None:
                break
            try:
                if frame.kind == HEADERS:
                    self._headers(frame)
                else:
                    _HANDLERS.get(frame.kind, Http2Connection._unknown)(self, frame)
            except StreamFault as fault:
                self._fault(fault.number, fault.code, str(fault))
        self._watch_head()

    def _next_turn(self) -> None:
        self._turn = None
        if self._ended:
            return
        self._serve()
        if self._turn is None and not self._write_full and not self._ended:
            self._read(True)

    def _read(self, on: bool) -> None:
        if on is self._reading:
            return
        self._reading = on
        if on:
            self.transport.resumeProducing()
        else:
            self.transport.pauseProducing()

    def _watch_head(self) -> None:
        """The preface with its settings, and each head, must be complete in time."""
        reader = self._reader
        if not reader.incomplete:
            self._head_due = NEVER
            if self._idle_due == NEVER:
                self._await_request()
        elif reader.units != self._units:
            self._units = reader.units
            self._head_due = self.site.seconds() + self.site.front.header_timeout
            self.due(self._head_due)

    # What they mean

    def _headers(self, frame: Frame) -> None:
        number, ended = frame.stream, bool(frame.flags & END_STREAM)
        engine = self._engine
        if not engine.begins(number):
            self._trailers(frame)
            return
        refused = None
        try:
            head = self._heads.request(frame.payload, ended)
        except Malformed as malformed:  # RFC 9113 8.1.1
            raise StreamFault(number, ErrorCode.PROTOCOL_ERROR, str(malformed)) from None
        except HeadRefused as problem:
            refused = problem
        if self._leaving or len(self._streams) >= MAX_STREAMS or self.holding > HOLDING:
            self._count("refused")
            self._write(engine.reset(number, ErrorCode.REFUSED_STREAM))
            return
        self._begun += 1
        self._last = number
        stream = RequestStream(self, number, ended)
        engine.add(stream)
        if refused is None:
            stream.begin(head)
            return
        if refused.status in (400, 414, 431):
            self.site.parse_error(self.connection)
        stream.refuse(refused_head(refused.status, refused.detail))

    def _trailers(self, frame: Frame) -> None:
        try:
            self._heads.trailers(frame.payload)
        except Malformed as malformed:
            raise StreamFault(frame.stream, ErrorCode.PROTOCOL_ERROR, str(malformed)) from None
        stream = self._engine.trailers(frame)
        if stream is None:
            self._count("stray")
        elif not stream.end_input():
            raise StreamFault(frame.stream, ErrorCode.PROTOCOL_ERROR, "a body is shorter than announced")

    def _data(self, frame: Frame) -> None:
        stream, told = self._engine.data(frame)
        if told:
            self._write(told)
        if stream is None:
            self._count("stray")
            return
        ended = frame.flags & END_STREAM
        if frame.size <= SMALL and not ended:
            self._count("small" if frame.payload else "empty")
        if not stream.data(frame.payload, frame.size):
            raise StreamFault(frame.stream, ErrorCode.PROTOCOL_ERROR, "a body is longer than announced")
        if ended and not stream.gone and not stream.end_input():
            raise StreamFault(frame.stream, ErrorCode.PROTOCOL_ERROR, "a body is shorter than announced")

    def _was_reset(self, frame: Frame) -> None:
        self._count("reset")
        stream = self._engine.was_reset(frame)
        if stream is not None:
            self._forget(stream)
            stream.lost()

    def _window_opened(self, frame: Frame) -> None:
        self._count("update")
        self._engine.window_opened(frame)
        if not frame.stream:
            self._unblock()
        elif frame.stream in self._blocked:
            self._push(self._blocked[frame.stream])

    def _settings(self, frame: Frame) -> None:
        self._count("settings")
        self._write(self._engine.settings(frame))
        self._unblock()

    def _ping(self, frame: Frame) -> None:
        self._count("ping")
        self._write(self._engine.ping(frame))

    def _priority(self, frame: Frame) -> None:
        self._count("priority")
        check_priority(frame)

    def _client_leaves(self, frame: Frame) -> None:
        """No more streams will come; what was asked is answered (RFC 9113 6.8)."""
        check_goaway(frame)
        self._leaving = True

    def _pushed(self, frame: Frame) -> None:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a client does not push")  # RFC 9113 8.4

    def _unknown(self, frame: Frame) -> None:
        self._count("unknown")  # and ignored, RFC 9113 5.5

    def _count(self, what: str) -> None:
        """What only costs time is limited."""
        self._floods.count(what, self.site.seconds())

    def _fault(self, number: int, code: ErrorCode, reason: str) -> None:
        """A stream error (RFC 9113 5.4.2)."""
        self._count("fault")
        self._tell_error(reason)
        self.site.parse_error(self.connection)
        stream = self._streams.get(number)
        if stream is not None:
            self.reset(stream, code)
        else:
            self._write(self._engine.reset(number, code))

    # Frames out: streams call these

    def send_head(self, stream: RequestStream, block: bytes, body: bytes, end: bool) -> None:
        """The head of an answer, and its body, or the first of it."""
        if self._ended:
            return
        bare = end and not body
        engine = self._engine
        self._write(engine.head(stream, block, bare))
        if bare:
            stream.ended()
        elif end and len(body) <= min(self.room(stream), MAX_FRAME):
            self._floods.sent_data()
            self._write(engine.piece(stream, body, True))
            stream.ended()
        elif body:
            stream.queue(body, end)
            self._push(stream)
        self._leave_turn()

    def send(self, stream: RequestStream, data: bytes, end: bool) -> None:
        """Data of an answer."""
        if self._ended:
            return
        stream.queue(data, end)
        if self._sharing:
            self._blocked[stream.number] = stream
            stream.stalled()
        else:
            self._push(stream)
        self._leave_turn()

    def send_continue(self, stream: RequestStream) -> None:
        """Tell the client to send its body."""
        if not self._ended:
            self._write(self._engine.head(stream, CONTINUE, False))
        self._leave_turn()

    def taken(self, stream: RequestStream, size: int) -> None:
        """Somebody has taken ``size`` bytes of a body."""
        if self._ended:
            return
        told = self._engine.taken(stream, size)
        if told:
            self._write(told)
            self._leave_turn()

    def thrown_away(self, size: int) -> None:
        """``size`` bytes have come that nobody wants; their stream gets no more."""
        if not self._ended:
            told = self._engine.give_back(size)
            if told:
                self._write(told)
                self._leave_turn()

    def widen(self, stream: RequestStream, limit: int) -> None:
        """Let more of a body come."""
        if not self._ended:
            self._write(self._engine.widen(stream, limit))
        self._leave_turn()

    def reset(self, stream: RequestStream, code: ErrorCode) -> None:
        """Give up a stream."""
        if stream.gone:
            return
        self._forget(stream)
        if not self._ended:
            self._write(self._engine.reset(stream.number, code))
        stream.lost()
        self._leave_turn()

    def room(self, stream: RequestStream) -> int:
        """How much of an answer can leave now."""
        return 0 if self._write_full else min(self._engine.room, stream.room)

    def give_up(self, stream: RequestStream, code: ErrorCode) -> None:
        """Give up a stream whose client is too slow."""
        self.told_late()
        self.reset(stream, code)

    def told_late(self) -> None:
        """Tell the observers that the client is too slow."""
        self.site.timed_out(self.connection)

    def over(self, stream: RequestStream) -> None:
        """Request and answer are complete."""
        self._forget(stream)
        stream.lost()
        self._leave_turn()

    def due(self, deadline: float) -> None:
        """Be asked at ``deadline`` at the latest."""
        if deadline < self.deadline:
            self.deadline = deadline

    def _forget(self, stream: RequestStream) -> None:
        self._streams.pop(stream.number, None)
        self._blocked.pop(stream.number, None)
        if not self._streams:
            self._await_request()

    def _await_request(self) -> None:
        self._idle_due = self.site.seconds() + self.site.front.idle_timeout
        self.due(self._idle_due)

    def _push(self, stream: RequestStream) -> None:
        """Send what may be sent of one stream."""
        while self._push_piece(stream):
            pass

    def _push_piece(self, stream: RequestStream) -> bool:
        """Send one frame; False if there is none, or it may not be sent."""
        if stream.gone or self._ended or not stream.blocked:
            return False
        most = min(self.room(stream), MAX_FRAME)
        if most <= 0 and (self._write_full or stream.waits):
            self._blocked[stream.number] = stream
            stream.stalled()
            return False
        piece, end = stream.next_piece(max(most, 0))
        self._floods.sent_data()
        self._write(self._engine.piece(stream, piece, end))
        if not stream.blocked:
            self._blocked.pop(stream.number, None)
            stream.drained()
            if end:
                stream.ended()
        return True

    def _unblock(self) -> None:
        """Something has opened: a frame for each stream that waits, again and again."""
        if self._sharing:
            return
        self._sharing = moved = True
        while moved and not self._write_full:
            moved = False
            for stream in tuple(self._blocked.values()):
                moved = self._push_piece(stream) or moved
        self._sharing = False

    def _write(self, data: bytes) -> None:
        self._out.append(data)
        self._out_size += len(data)
        if self._out_size >= BATCH:
            self._flush()

    def _leave_turn(self) -> None:
        if not self._in_turn:
            self._settle()

    def _settle(self) -> None:
        """Write what the turn has brought; close if that was the last."""
        if self._gone:
            return
        self._flush()
        if self._leaving and not self._streams and not self._ended:
            self._close()

    def _flush(self) -> None:
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            self._out_size = 0
            self.transport.write(data)

    # Ends

    def timed_out(self, now: float) -> None:
        """The site calls this when the deadline has passed."""
        self.deadline = NEVER
        idle = self.site.front.idle_timeout
        if self._ended or self._full_since + idle <= now:
            self.abort()
            return
        if self._head_due <= now:
            self.told_late()
            self._fail(ErrorCode.NO_ERROR, "no head in time")
            return
        if not self._streams and self._idle_due <= now:
            self.told_late()
            self._go_away()
            self._settle()
            return
        for stream in [stream for stream in self._streams.values() if stream.deadline <= now]:
            if not stream.gone:
                stream.timed_out(now)
        self._settle()
        if not self._ended:
            self._next_deadline()

    def _next_deadline(self) -> None:
        times = [stream.deadline for stream in self._streams.values()]
        times += [self._head_due, self._full_since + self.site.front.idle_timeout]
        if not self._streams:
            times.append(self._idle_due)
        self.due(min(times))

    def shut_down(self) -> None:
        """The server stops: no more streams; those of events end now, the others after their answers."""
        if self._ended:
            return
        self._in_turn = True
        idle = not self._streams
        self._go_away()
        for stream in tuple(self._streams.values()):
            stream.shut_down()
        self._in_turn = False
        self._settle()
        if idle:
            self.deadline = self.site.seconds() + LINGER  # TLS would wait for the client's farewell

    def excuse(self) -> None:
        """What is not answered yet is answered by 503."""
        for stream in tuple(self._streams.values()):
            stream.excuse()

    def abort(self) -> None:
        """Close at once; what is not written yet is lost."""
        if not self._gone:
            self._ended = True
            self.transport.abortConnection()

    def _go_away(self) -> None:
        self._leaving = True
        self._write(goaway(self._last, ErrorCode.NO_ERROR))

    def _fail(self, code: ErrorCode, reason: str) -> None:
        """A connection error (RFC 9113 5.4.1): say so, and end everything."""
        if self._ended:
            return
        self._tell_error(reason)
        if code not in (ErrorCode.NO_ERROR, ErrorCode.INTERNAL_ERROR):
            self.site.parse_error(self.connection)
        self._write(goaway(self._last, code))
        self._close()

    def _close(self) -> None:
        """Close once everything written has left; abort if that takes too long."""
        self._flush()
        self._ended = True
        self._stop_streams()
        self.deadline = self.site.seconds() + CLOSING
        self._read(True)  # to see the client leave
        if self._registered:
            self._registered = False
            self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _stop_streams(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        streams = tuple(self._streams.values())
        self._streams.clear()
        self._blocked = {}
        for stream in streams:
            stream.lost()

    def _tell_error(self, reason: str) -> None:
        self.site.telemetry.emit(HTTP_ERROR, remoteIp=self.connection.remote_ip, path="", reason=f"HTTP/2: {reason}")


_HANDLERS: dict[int, Callable[[Http2Connection, Frame], None]] = {
    DATA: Http2Connection._data,
    PRIORITY: Http2Connection._priority,
    RST_STREAM: Http2Connection._was_reset,
    SETTINGS: Http2Connection._settings,
    PUSH_PROMISE: Http2Connection._pushed,
    PING: Http2Connection._ping,
    GOAWAY: Http2Connection._client_leaves,
    WINDOW_UPDATE: Http2Connection._window_opened,
}
