"""The receiving half of a connection: bytes in, requests and their bodies out, never more than fits (RFC 9112).

A request begins when its head is complete; its body is fed to a ``Body`` while it arrives. One request is served at a
time; what a client sends ahead waits, in bounded memory, for the answer before it. What to do with a request, and how a
connection ends, is the business of ``protocol.Channel``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.web.http import HTTPChannel, _ChunkedTransferDecoder, _MalformedChunkedDataError

from stalwart.errors import Invalid, TimedOut
from stalwart.web.body import Body
from stalwart.web.connection import Connection
from stalwart.web.exchange import Exchange
from stalwart.web.head import HTTP2_PREFACE, HeadRefused, RequestHead, check_partial, parse_head

if TYPE_CHECKING:
    from stalwart.web.site import Site

READ_AHEAD = 16384  # bytes of following requests that wait
TURN = 16  # requests served before other connections get their turn
LINGER_BYTES = 33554432
NEVER = float("inf")

WRITE_FULL, BODY_HELD, AHEAD_FULL, TURN_OVER = 1, 2, 4, 8  # reasons not to read
ALL_REASONS = WRITE_FULL | BODY_HELD | AHEAD_FULL | TURN_OVER
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Receiver(HTTPChannel):
    """The input side of a connection of ``site``; ``deadline`` is a time of the site's clock."""

    site: Site
    connection: Connection
    transport: Any
    _networkProducer: Any
    _write: Callable[[bytes], None]
    deadline = NEVER
    _buffer = b""
    _exchange: Exchange | None = None
    _body: Body | None = None  # of the present request, while it arrives
    _decoder: _ChunkedTransferDecoder | None = None
    _remaining = 0
    _progress = 0
    _answered = False
    _persistent = True
    _continue_awaited = False
    _hold = 0
    _serving = False
    _head_begun = False
    _input_broken = False
    _input_ended = False
    _lingered: int | None = None  # bytes thrown away since the connection began to end
    _owed: int | None = None  # bytes of the last body that were still to come then, if known
    _gone = False
    _turn: Any = None

    # What ``protocol.Channel`` does

    def _begin(self, head: RequestHead) -> None:
        raise NotImplementedError

    def _refuse(self, refused: HeadRefused) -> None:
        raise NotImplementedError

    def _body_arrived(self) -> None:
        raise NotImplementedError

    def _ahead_full(self) -> None:
        raise NotImplementedError

    def _drop(self) -> None:
        raise NotImplementedError

    # Heads

    def dataReceived(self, data: bytes) -> None:
        """Twisted calls this."""
        if self._exchange is None:
            if self._lingered is not None:
                self._discard(data)
                return
            self._buffer = self._buffer + data if self._buffer else data
            self._serve()
        elif self._body is not None:
            self._feed(data)
        else:
            self._read_ahead(data)

    def _serve(self) -> None:
        """Serve the requests that have arrived, one after the other."""
        if self._serving:
            return
        self._serving = True
        try:
            served = 0
            while self._buffer and self._exchange is None and self._lingered is None and not self._hold:
                if served == TURN:
                    self._pause(TURN_OVER)
                    self._turn = self.site.call_later(0, self._next_turn)
                    break
                served += 1
                if not self._next_request():
                    break
        finally:
            self._serving = False
        if self._input_ended and self._exchange is None and not self._hold and self._lingered is None:
            self.loseConnection()

    def _next_turn(self) -> None:
        self._turn = None
        self._resume(TURN_OVER)

    def _next_request(self) -> bool:
        """Begin the next request; False if its head is not complete, or not a head."""
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # RFC 9112 2.2
            buffer = buffer[2:]
        self._buffer = buffer
        if not buffer:
            return False
        try:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                check_partial(buffer)
                self._await_head()
                return False
            if buffer.startswith(HTTP2_PREFACE):
                self._drop()
                return False
            head = parse_head(buffer[:end])
        except HeadRefused as refused:
            if refused.status in (400, 414, 431):
                self.site.parse_error(self.connection)
            self._refuse(refused)
            return False
        self._head_begun = False
        self._buffer = buffer[end + 4 :]
        self._begin(head)
        return True

    def _await_head(self) -> None:
        if not self._head_begun:
            self._head_begun = True
            self.deadline = self.site.seconds() + self.site.front.header_timeout

    # Bodies

    def _expect_body(self, head: RequestHead) -> None:
        self._continue_awaited = head.expects_continue
        self._progress = 0
        self.deadline = self.site.seconds() + self.site.front.body_timeout
        if head.length is None:
            self._decoder = _ChunkedTransferDecoder(self._chunk, self._end_of_body)
        else:
            self._remaining = head.length

    def _feed_what_came_along(self) -> None:
        """A small body that arrived with its head is there before the route asks, so that nothing has to wait."""
        if self._decoder is None and self._remaining <= len(self._buffer):
            data, self._buffer = self._buffer, b""
            self._feed(data)

    def body_wanted(self) -> None:
        """See ``body.Source``."""
        if self._continue_awaited:
            self._continue_awaited = False
            self._write(CONTINUE)
        self._resume(BODY_HELD)

    def _feed(self, data: bytes) -> None:
        if self._input_broken:
            return
        self._continue_awaited = False
        self._progress += len(data)
        body = self._body
        assert body is not None
        if self._decoder is not None:
            try:
                self._decoder.dataReceived(data)
            except _MalformedChunkedDataError:
                self.site.parse_error(self.connection)
                self._break_input(Invalid("The chunked request body is malformed."))
        elif len(data) < self._remaining:
            self._remaining -= len(data)
            body.feed(data)
        else:
            last, rest = data[: self._remaining], data[self._remaining :]
            self._remaining = 0
            body.feed(last)
            self._end_of_body(rest)
        if self._body is not None and body.over_full:
            self._pause(BODY_HELD)

    def _chunk(self, data: bytes) -> None:
        if self._body is not None:
            self._body.feed(data)

    def _end_of_body(self, rest: bytes) -> None:
        body, self._body = self._body, None
        if body is None:  # it was given up while its last piece was fed
            return
        self._decoder = None
        self.deadline = NEVER
        self._buffer = rest
        body.finish()
        self._body_arrived()

    def _break_input(self, error: Invalid | TimedOut) -> None:
        """The rest of the body cannot be told from the next request: answer if possible, then close."""
        self._input_broken = True
        self._persistent = False
        body = self._body
        if self._answered or body is None:
            self._drop()
        else:
            body.fail(error)

    def _discard(self, data: bytes) -> None:
        self._lingered = (self._lingered or 0) + len(data)
        if self._lingered > LINGER_BYTES:
            self._drop()
        elif self._owed is not None and self._lingered >= self._owed:
            self._owed = None
            self.loseConnection()

    # Backpressure

    def _read_ahead(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > READ_AHEAD:
            self._ahead_full()

    def _pause(self, reason: int) -> None:
        if not self._hold and not self._input_ended:
            self._networkProducer.pauseProducing()
        self._hold |= reason

    def _resume(self, reasons: int) -> None:
        if not self._hold:
            return
        self._hold &= ~reasons
        if not self._hold and not self._gone:
            if not self._input_ended:
                self._networkProducer.resumeProducing()
            if self._exchange is None:
                self._serve()
