"""The answering half of a connection, and its end: nothing is left hanging (RFC 9112 9).

Of Twisted's channel the transport side is kept (producers, TLS, upgrades). A request is decided when its head is
complete; refusals get an answer that the client can still read; all time-outs are one number that the site compares
once a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, ISSLTransport, ITCPTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.errors import Invalid, TimedOut, Unavailable
from stalwart.telemetry.spans import CURRENT
from stalwart.web.answers import Answer, EventStream, WebSocket
from stalwart.web.body import Body
from stalwart.web.connection import Listener, Owner, connect
from stalwart.web.coroutines import Running
from stalwart.web.exchange import Exchange
from stalwart.web.head import HeadRefused, RequestHead
from stalwart.web.pipeline import Result
from stalwart.web.problems import of_error, refused_head
from stalwart.web.receiver import AHEAD_FULL, ALL_REASONS, BODY_HELD, NEVER, WRITE_FULL, Receiver
from stalwart.web.response import BODILESS
from stalwart.web.socket_writer import SocketWriter
from stalwart.web.sse import Stream
from stalwart.web.transfer import PIECE, Transfer, held_content

if TYPE_CHECKING:
    from stalwart.web.site import Site
    from stalwart.web.websocket import Socket

DRAIN = 65536  # a refused body up to this size is read to keep the connection
LINGER = 3.0  # seconds in which a refused client may go on sending, so that it reads the answer first
CLOSING = 15.0  # seconds to flush what was written, then the connection is aborted
LEAST_PROGRESS = 1024  # bytes of a body in each body time-out

_KEEP_ALIVE = "Connection: keep-alive\r\n"
_CLOSE = "Connection: close\r\n"


@implementer(IHalfCloseableProtocol)
class Channel(Receiver):
    """A connection of ``site``."""

    _running: Deferred[Result] | None = None
    _stream: Stream | Socket | None = None
    _socket: Socket | None = None  # the stream, if it is one
    _transfer: Transfer | None = None
    _write_full = False
    _registered = True  # as producer of the transport, from connectionMade on

    def __init__(self, site: Site, listener: Listener, peer: Any, owner: Owner | None = None) -> None:
        super().__init__()
        self.site = site
        self.owner = owner
        self._listener = listener
        self._peer = peer

    # Twisted calls these

    def connectionMade(self) -> None:
        """Twisted calls this."""
        super().connectionMade()
        if not self._listener.no_delay and ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(False)
        tls = ISSLTransport.providedBy(self.transport)
        self._writer = writer = SocketWriter(self.transport)
        self._write = writer.write
        self.connection = connect(self._listener, self._peer, self.transport.getHost(), tls, now := self.site.seconds())
        self.site.opened(self)
        self.deadline = now + self.site.front.idle_timeout

    def readConnectionLost(self) -> None:
        """The client will send no more: what it asked is answered still, unless it is a stream."""
        self._input_ended = True
        if self._stream is not None:
            self.transport.abortConnection()
        elif self._exchange is None:
            if not self._hold:
                self.loseConnection()
        elif self._body is not None:
            self._break_input(Invalid("The request body is incomplete."))

    def writeConnectionLost(self) -> None:
        """Our half is closed; the client's half ends by itself or by the deadline."""

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Twisted calls this: stop whatever is done for this connection."""
        if self._gone:
            return
        self._gone = True
        self.deadline = NEVER
        exchange, self._exchange = self._exchange, None
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if exchange is not None:
            self._release(exchange)
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        stream, self._stream = self._stream, None
        self._socket = None
        if stream is not None:
            stream.lost()
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            transfer.lost()
        self._body = None
        self._buffer = b""
        self.site.closed(self)

    def pauseProducing(self) -> None:
        """The transport's buffer is full: write no more, and take no more requests."""
        self._write_full = True
        if self._stream is not None:
            self._stream.held = True
            return
        self._pause(WRITE_FULL)
        if self._transfer is not None:
            self._transfer.held = True
            self.deadline = self.site.seconds() + self.site.front.idle_timeout

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        self._write_full = False
        self._writer.drained()
        if self._stream is not None:
            self._stream.resume()
        elif self._transfer is not None:
            self.deadline = NEVER
            self._transfer.resume()
        if not self._write_full:
            self._resume(WRITE_FULL)

    def loseConnection(self) -> None:
        """Close once everything written has left; abort if that takes too long."""
        self._lingered = self._lingered or 0
        self.deadline = self.site.seconds() + CLOSING
        self._unregister()
        self.transport.loseConnection()

    # Requests

    def _refuse(self, refused: HeadRefused) -> None:
        """Answer what is not a request, and end the connection."""
        self._buffer = b""
        tail = _CLOSE + self.site.date()
        answer = refused_head(refused.status, refused.detail)
        self._write(self.site.plain_head(answer, tail) + answer.body)
        self._end(linger=True)

    def _begin(self, head: RequestHead) -> None:
        site = self.site
        self.deadline = NEVER
        self._persistent = head.persistent
        self._answered = False
        body = None
        if head.length != 0:
            body = self._body = Body(self, head.length)
            self._expect_body(head)
            self._feed_what_came_along()
        self._exchange = exchange = site.exchange(head, self.connection, body)
        before = CURRENT.set(self.connection.span)
        outcome = site.pipeline.handle(exchange)
        if outcome.__class__ is Answer:
            self._answer(exchange, outcome)
        else:
            self._proceed(exchange, outcome)
        CURRENT.reset(before)
        if self._body is not None and self._buffer:
            data, self._buffer = self._buffer, b""
            self._feed(data)

    def _body_arrived(self) -> None:
        if self._answered and self._exchange is not None and self._transfer is None and self._lingered is None:
            self._complete()

    def _read_ahead(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.received(data)
        else:
            super()._read_ahead(data)

    def _ahead_full(self) -> None:
        if self._stream is not None:
            self._drop()
        else:
            self._pause(AHEAD_FULL)

    # Answers

    def _proceed(self, exchange: Exchange, outcome: Any) -> None:
        if isinstance(outcome, EventStream):
            self._open_stream(exchange, outcome)
            return
        if isinstance(outcome, WebSocket):
            self._open_socket(exchange, outcome)
            return
        self._running = running = Running(outcome)
        running.addCallbacks(self._arrived, self._not_arrived, callbackArgs=(exchange,), errbackArgs=(exchange,))
        running.addErrback(self._write_failed, exchange)

    def _arrived(self, outcome: Result, exchange: Exchange) -> None:
        if exchange is not self._exchange:
            return
        self._running = None
        if isinstance(outcome, Answer):
            self._answer(exchange, outcome)
        elif isinstance(outcome, EventStream):
            self._open_stream(exchange, outcome)
        else:
            self._open_socket(exchange, outcome)

    def _not_arrived(self, failure: Failure, exchange: Exchange) -> None:
        """The coroutine was cancelled: by us, because the client left, or by something that it waited for."""
        failure.trap(CancelledError)
        if exchange is self._exchange:
            self._running = None
            self._answer(exchange, of_error(Unavailable()))

    def _write_failed(self, failure: Failure, exchange: Exchange) -> None:
        self.site.fault(failure, exchange)
        self._drop()

    def _answer(self, exchange: Exchange, answer: Answer) -> None:
        if exchange is not self._exchange or self._answered:
            return
        self._release(exchange)
        if self._body is not None:
            self._settle_body(self._body)
        site = self.site
        now = site.seconds()
        self._persistent = self._persistent and not site.leaving
        head, answer = site.rendered(exchange, answer, self._connection_field(exchange), now)
        self._answered = True
        if exchange.method == "HEAD" or answer.status in BODILESS:
            self._write(head)
        elif answer.length > PIECE or answer.content is not None:
            self._write(head)
            self.deadline = now + site.front.idle_timeout if self._write_full else NEVER
            self._transfer = transfer = Transfer(self, answer.content or held_content(answer.body), self._write_full)
            transfer.start()
            return
        else:
            self._write(head + answer.body)
        self._written(now)

    def _connection_field(self, exchange: Exchange) -> str:
        if not self._persistent:
            return _CLOSE
        return _KEEP_ALIVE if exchange.head.version == "HTTP/1.0" else ""

    def _settle_body(self, body: Body) -> None:
        """Nobody reads the rest of the body: throw away what is small, else close after the answer.

        A client that still waits for ``100 Continue`` may or may not send a body: that cannot go on either.
        """
        body.discard()
        if self._buffer:
            data, self._buffer = self._buffer, b""
            self._feed(data)
        if self._body is not None and (
            self._decoder is not None or self._remaining > DRAIN or self._continue_awaited or self._input_broken
        ):
            self._persistent = False

    def transfer_write(self, data: bytes) -> None:
        """A transfer writes."""
        self._write(data)

    def transfer_ended(self, failure: Failure | None) -> None:
        """A transfer is through; if it failed the client must see that the body is not complete."""
        self._transfer = None
        if failure is None:
            self._written(self.site.seconds())
        elif self._exchange is not None:
            self._write_failed(failure, self._exchange)

    def _written(self, now: float) -> None:
        if self._gone:
            return
        if self._body is None:
            self._complete(now)
        elif self._persistent:
            self.deadline = now + self.site.front.body_timeout
            self._progress = 0
            self._resume(BODY_HELD)
        else:
            self._end(linger=True)

    def _complete(self, now: float | None = None) -> None:
        """Request and answer are through: on to the next, or the end."""
        self._exchange = None
        if not self._persistent or self.site.closing:
            self._end(linger=False)
            return
        self.deadline = (self.site.seconds() if now is None else now) + self.site.front.idle_timeout
        if self._hold:
            self._resume(AHEAD_FULL | BODY_HELD)
        elif self._buffer or self._input_ended:
            self._serve()

    def _release(self, exchange: Exchange) -> None:
        if exchange.slot is not None:
            self.site.limits.leave(exchange.slot)
            exchange.slot = None

    # Streams

    def _open_stream(self, exchange: Exchange, stream: EventStream) -> None:
        self._release(exchange)
        site = self.site
        self._answered = True
        self._persistent = self._persistent and self._body is None and not site.closing
        chunked = exchange.head.version == "HTTP/1.1"
        self._persistent = self._persistent and chunked
        self._write(site.stream_head(exchange, stream, self._connection_field(exchange), chunked))
        if exchange.method == "HEAD":
            self._written(site.seconds())
            return
        self.deadline = NEVER
        self._resume(ALL_REASONS)  # a stream reads on, to notice at once that the client left
        self._stream = opened = Stream(self, site.streams, chunked, stream.silence, stream.beat)
        opened.held = self._write_full
        opened.start(stream.run)

    def _open_socket(self, exchange: Exchange, wishes: WebSocket) -> None:
        from stalwart.web.websocket import Socket  # takes memory, and many servers have none

        self._release(exchange)
        site = self.site
        self._answered, self._persistent = True, False
        if site.closing:
            self._drop()
            return
        self._write(site.socket_head(exchange, wishes))
        self._stream = self._socket = socket = Socket(self, wishes, site.pipeline, site.telemetry, site.seconds)
        self._resume(ALL_REASONS)
        socket.held = self._write_full
        socket.begin()
        data, self._buffer = self._buffer, b""
        if data:
            socket.received(data)

    def socket_hold(self, hold: bool) -> None:
        """A WebSocket takes nothing more for now, or takes again."""
        if hold:
            self._pause(BODY_HELD)
        else:
            self._resume(BODY_HELD)

    def socket_ended(self, linger: bool) -> None:
        """A WebSocket is over; with ``linger`` its client may be sending still."""
        self._stream = self._socket = None
        if not self._gone:
            self._end(linger)

    def stream_write(self, data: bytes) -> None:
        """A stream writes."""
        self._write(data)

    def excuse(self) -> None:
        """What is not answered yet is answered by 503."""
        if self._running is not None:
            self._running.cancel()

    def abort(self) -> None:
        """Close at once; what is not written yet is lost."""
        self._drop()

    def stream_ended(self, complete: bool) -> None:
        """A stream is over; if it is not ``complete`` the client must see that."""
        self._stream = None
        if self._gone:
            return
        if self._write_full:
            self._pause(WRITE_FULL)
        if complete:
            self._complete()
        else:
            self._drop()

    # Ends

    def timed_out(self, now: float) -> None:
        """The site calls this when the deadline has passed."""
        self.deadline = NEVER
        if self._socket is not None:
            self._socket.timed_out(now)
        elif self._lingered is not None or self._transfer is not None:
            self._drop()
        elif self._exchange is None:
            self._time_out_between()
        elif self._body is not None:
            self._time_out_body(self._body, now)

    def _time_out_between(self) -> None:
        self.site.timed_out(self.connection)
        if self._write_full:  # it has not read what it asked for
            self._drop()
        elif self._head_begun:
            self._refuse(HeadRefused(408, TimedOut.default_detail))
        else:
            self.loseConnection()

    def _time_out_body(self, body: Body, now: float) -> None:
        """A body must not stop and not drip: each period wants some progress, unless it is us who do not read."""
        if self._hold or self._progress >= LEAST_PROGRESS:
            self._progress = 0
            self.deadline = now + self.site.front.body_timeout
            return
        self.site.timed_out(self.connection)
        self._break_input(TimedOut())

    def shut_down(self) -> None:
        """The server stops: idle connections end now, busy ones after their answer."""
        if self._stream is not None:
            self._persistent = False
            self._stream.close()
        elif self._exchange is None and self._lingered is None:
            self.loseConnection()
            self.deadline = (
                self.site.seconds() + LINGER
            )  # nothing is on its way; TLS would wait for the client's farewell

    def _end(self, linger: bool) -> None:
        """Close. With ``linger`` the client may be sending still: closing at once would reset the connection under it,
        and it would never read the answer (RFC 9112 9.6)."""
        self._owed = self._remaining if self._body is not None and self._decoder is None else None
        self._exchange = None
        self._body = self._decoder = None
        self._buffer = b""
        if not linger or self._input_ended:
            self.loseConnection()
            return
        self._lingered = 0
        self._resume(ALL_REASONS)
        self.deadline = self.site.seconds() + LINGER
        if not ISSLTransport.providedBy(self.transport) and hasattr(self.transport, "loseWriteConnection"):
            self._unregister()
            self.transport.loseWriteConnection()

    def _unregister(self) -> None:
        """While a producer is registered a transport does not close."""
        if self._registered:
            self._registered = False
            self._networkProducer.unregisterProducer()

    def _drop(self) -> None:
        if not self._gone:
            self.transport.abortConnection()
