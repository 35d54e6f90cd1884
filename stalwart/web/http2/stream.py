"""One request and its answer on a stream of a connection: the counterpart of ``protocol.Channel`` (RFC 9113 5, 8).

A request begins when its head is complete. Its body is fed to a ``Body``, and the stream's window opens only as
somebody takes what has come. Answers leave as far as windows and transport allow; what does not is kept, at most one
piece of a body, and asks its source to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from stalwart.errors import TimedOut, Unavailable
from stalwart.telemetry.spans import CURRENT
from stalwart.web.answers import Answer, EventStream
from stalwart.web.body import Body
from stalwart.web.coroutines import Running
from stalwart.web.exchange import Exchange
from stalwart.web.head import RequestHead
from stalwart.web.http2.engine import WINDOW, StreamState
from stalwart.web.http2.field_block import field_block
from stalwart.web.http2.frames import MAX_FRAME, ErrorCode
from stalwart.web.pipeline import Result
from stalwart.web.problems import of_error
from stalwart.web.protocol import DRAIN, LEAST_PROGRESS, LINGER
from stalwart.web.receiver import NEVER
from stalwart.web.response import BODILESS
from stalwart.web.sse import Stream
from stalwart.web.transfer import PIECE, Transfer, held_content

if TYPE_CHECKING:
    from stalwart.web.http2.connection import Http2Connection

WIDE = 524288  # the window of a stream whose body is being read


class RequestStream(StreamState):
    """Stream ``number`` of ``connection``. ``deadline`` is a time of the site's clock."""

    deadline = NEVER
    announced: int | None = None
    gone = False
    holding = 0  # bytes of an answer that is kept until it has left
    progress = 0  # bytes of the body since the deadline was set
    _exchange: Exchange | None = None
    _body: Body | None = None
    _running: Deferred[Result] | None = None
    _events: Stream | None = None
    _transfer: Transfer | None = None
    _answered = False
    _continue_awaited = False
    _received = 0
    _untaken = 0  # bytes, with padding, for which the window was not opened yet
    _unsent = b""
    _unsent_at = 0  # how much of it has left
    _kept = 0  # bytes of a body in memory that leaves piece by piece
    _ending = False
    _lingers = False
    _stalled = False  # something of the answer waits; ``deadline`` is for that
    _sent = 0  # bytes of it since the deadline was set

    def __init__(self, connection: Http2Connection, number: int, input_ended: bool) -> None:
        self._connection = connection
        self.number = number
        self.input_ended = input_ended

    # The request

    def begin(self, head: RequestHead) -> None:
        """Pass a request on to the front."""
        connection = self._connection
        site = connection.site
        self.announced = head.length
        if not self.input_ended and head.length != 0:
            self._body = Body(self, head.length)
            self._continue_awaited = head.expects_continue
            self._expect_progress()
        self._exchange = exchange = site.exchange(head, connection.connection, self._body)
        before = CURRENT.set(connection.connection.span)
        outcome: Any = site.pipeline.handle(exchange)
        if outcome.__class__ is Answer:
            self._answer(exchange, outcome)
        elif isinstance(outcome, EventStream):
            self._open_events(exchange, outcome)
        else:
            self._running = running = Running(outcome)
            running.addCallbacks(self._arrived, self._not_arrived, callbackArgs=(exchange,), errbackArgs=(exchange,))
            running.addErrback(self._failed, exchange)
        CURRENT.reset(before)

    def refuse(self, answer: Answer) -> None:
        """Answer what is not a request."""
        self._answered = True
        head = self._connection.site.plain_head(answer, self._connection.site.date())
        self._connection.send_head(self, field_block(head), answer.body, True)

    def data(self, data: bytes, size: int) -> bool:
        """A piece of the body, ``size`` with its padding; False if it is longer than announced."""
        self.progress += len(data)
        self._received += len(data)
        self._continue_awaited = False
        if self.announced is not None and self._received > self.announced:
            return False
        if self.output_ended and not self._drains():
            self._linger()
            self._connection.thrown_away(size)
            return True
        self._untaken += size
        if self._body is not None:
            self._body.feed(data)
        if self._body is None or self._body.taken:
            self._take()
        return True

    def end_input(self) -> bool:
        """The request is complete; False if its body is shorter than announced."""
        if self.input_ended:
            return True
        if self.announced is not None and self._received != self.announced:
            return False
        self.input_ended = True
        body, self._body = self._body, None
        if not self._stalled:
            self.deadline = NEVER
        if body is not None:
            body.finish()
        if self.output_ended:
            self._connection.over(self)
        return True

    def body_wanted(self) -> None:
        """See ``body.Source``."""
        if self.gone:
            return
        connection = self._connection
        if self._continue_awaited:
            self._continue_awaited = False
            connection.send_continue(self)
        if self.limit < WIDE and not self.input_ended and (self.announced is None or self.announced > WINDOW):
            connection.widen(self, WIDE)
        self._take()

    def _take(self) -> None:
        size, self._untaken = self._untaken, 0
        if size:
            self._connection.taken(self, size)

    def _expect_progress(self) -> None:
        self.progress = 0
        self.deadline = self._connection.site.seconds() + self._connection.site.front.body_timeout
        self._connection.due(self.deadline)

    # The answer

    def _arrived(self, outcome: Result, exchange: Exchange) -> None:
        self._running = None
        if self.gone:
            return
        if isinstance(outcome, Answer):
            self._answer(exchange, outcome)
        elif isinstance(outcome, EventStream):
            self._open_events(exchange, outcome)
        else:
            raise TypeError("a route has opened a WebSocket over HTTP/2")

    def _not_arrived(self, failure: Failure, exchange: Exchange) -> None:
        """The coroutine was cancelled: by us, because the client left, or by something that it waited for."""
        failure.trap(CancelledError)
        self._running = None
        if not self.gone:
            self._answer(exchange, of_error(Unavailable()))

    def _failed(self, failure: Failure, exchange: Exchange) -> None:
        self._connection.site.fault(failure, exchange)
        self._connection.reset(self, ErrorCode.INTERNAL_ERROR)

    def _answer(self, exchange: Exchange, answer: Answer) -> None:
        if self.gone or self._answered:
            return
        self._answered = True
        self._release()
        self._leave_body()
        connection = self._connection
        site = connection.site
        head, answer = site.rendered(exchange, answer, "", site.seconds())
        block = field_block(head)
        if exchange.method == "HEAD" or answer.status in BODILESS or not answer.length:
            connection.send_head(self, block, b"", True)
        elif answer.length > PIECE or answer.content is not None:
            self._kept = len(answer.body)
            self._hold(self._kept)
            connection.send_head(self, block, b"", False)
            self._transfer = transfer = Transfer(self, answer.content or held_content(answer.body), False, grows=False)
            transfer.piece = self._piece()
            transfer.start()
        else:
            connection.send_head(self, block, answer.body, True)

    def _open_events(self, exchange: Exchange, stream: EventStream) -> None:
        self._answered = True
        self._release()
        self._leave_body()
        connection = self._connection
        site = connection.site
        head_only = exchange.method == "HEAD"
        connection.send_head(self, field_block(site.stream_head(exchange, stream, "", False)), b"", head_only)
        if head_only or self.gone:
            return
        self._events = opened = Stream(self, site.streams, False, stream.silence, stream.beat)
        opened.start(stream.run)

    def _leave_body(self) -> None:
        """Nobody reads the rest of the body: open the window for what has come."""
        body = self._body
        self._body = None
        if body is not None:
            body.discard()
            self._take()
            self.deadline = NEVER

    def _drains(self) -> bool:
        """Whether the rest of a body is little enough to be thrown away."""
        if self._continue_awaited:
            return False
        if self.announced is None:
            return self._received <= DRAIN
        return self.announced - self._received <= DRAIN

    def _hold(self, size: int) -> None:
        self._connection.holding += size - self.holding
        self.holding = size

    def _release(self) -> None:
        exchange = self._exchange
        if exchange is not None and exchange.slot is not None:
            self._connection.site.limits.leave(exchange.slot)
            exchange.slot = None

    # Data on its way out

    @property
    def blocked(self) -> bool:
        """Whether something waits for a window or for the transport."""
        return bool(self._unsent) or (self._ending and not self.output_ended)

    @property
    def waits(self) -> bool:
        """Whether there are bytes to send; the bare end of an answer needs no window."""
        return bool(self._unsent)

    def queue(self, data: bytes, end: bool) -> None:
        """Data to leave as soon as it may; with ``end`` it is the last."""
        if self._unsent:
            data = self._unsent[self._unsent_at :] + data
        self._unsent, self._unsent_at = data, 0
        self._ending = self._ending or end

    def next_piece(self, most: int) -> tuple[bytes, bool]:
        """At most ``most`` bytes of what waits, and whether nothing follows them."""
        data, at = self._unsent, self._unsent_at
        if len(data) - at <= most:
            piece = data[at:] if at else data
            self._unsent, self._unsent_at = b"", 0
        else:
            piece = data[at : at + most]
            self._unsent_at = at + most
        self._sent += len(piece)
        return piece, self._ending and not self._unsent

    def stalled(self) -> None:
        """Not everything could leave: let the source wait, but not for ever."""
        if self._transfer is not None:
            self._transfer.held = True
        elif self._events is not None:
            self._events.held = True
        if not self._stalled:
            self._stalled = True
            self._sent = 0
            self._hold(self._kept + len(self._unsent))
            self.deadline = self._connection.site.seconds() + self._connection.site.front.idle_timeout
            self._connection.due(self.deadline)

    def drained(self) -> None:
        """Everything has left."""
        if self._stalled:
            self._stalled = False
            self.deadline = NEVER
            self._hold(self._kept)
        if self.output_ended:
            return
        if self._transfer is not None:
            self._transfer.piece = self._piece()
            self._transfer.resume()
        elif self._events is not None:
            self._events.resume()

    def _piece(self) -> int:
        """How much of a body to read next: about what can leave, since many streams may wait."""
        return max(MAX_FRAME, min(PIECE, self._connection.room(self)))

    def ended(self) -> None:
        """The answer is complete: what happens to the rest of the request (RFC 9113 8.1)."""
        if self.holding:
            self._hold(0)
        if self.input_ended:
            self._connection.over(self)
        elif self._drains():
            self._expect_progress()
        else:
            self._linger()

    def _linger(self) -> None:
        """Let the client read the answer before it hears that nobody wants the rest; some lose the answer otherwise."""
        if not self._lingers:
            self._lingers = True
            self.deadline = self._connection.site.seconds() + LINGER
            self._connection.due(self.deadline)

    def transfer_write(self, data: bytes) -> None:
        """A transfer writes."""
        self._connection.send(self, data, False)

    def transfer_ended(self, failure: Failure | None) -> None:
        """A transfer is through; if it failed the client must see that the body is not complete."""
        self._transfer = None
        if self.gone:
            return
        if failure is None:
            self._connection.send(self, b"", True)
        elif self._exchange is not None:
            self._failed(failure, self._exchange)

    def stream_write(self, data: bytes) -> None:
        """An event stream writes."""
        self._connection.send(self, data, False)

    def stream_ended(self, complete: bool) -> None:
        """An event stream is over; if it is not ``complete`` the client must see that."""
        self._events = None
        if self.gone:
            return
        if complete:
            self._connection.send(self, b"", True)
        else:
            self._connection.reset(self, ErrorCode.INTERNAL_ERROR)

    def abort(self) -> None:
        """The client does not read its events."""
        self._connection.reset(self, ErrorCode.CANCEL)

    # Ends

    def timed_out(self, now: float) -> None:
        """The deadline has passed."""
        front = self._connection.site.front
        if self._lingers:
            self._connection.reset(self, ErrorCode.NO_ERROR)
        elif self._stalled:
            if self._sent >= LEAST_PROGRESS:
                self._sent = 0
                self.deadline = now + front.idle_timeout
                return
            self._connection.give_up(self, ErrorCode.CANCEL)
        elif self._body is not None:
            if not self._body.taken or self.progress >= LEAST_PROGRESS:  # it is us who do not read, or it goes on
                self.progress = 0
                self.deadline = now + front.body_timeout
                return
            self.deadline = NEVER
            self._connection.told_late()
            body, self._body = self._body, None
            body.fail(TimedOut())
        elif self.progress >= LEAST_PROGRESS:
            self._expect_progress()
        else:
            self._connection.give_up(self, ErrorCode.NO_ERROR)

    def shut_down(self) -> None:
        """The server stops: streams of events end now, everything else after its answer."""
        if self._events is not None:
            self._events.close()

    def excuse(self) -> None:
        """What is not answered yet is answered by 503."""
        if self._running is not None:
            self._running.cancel()

    def lost(self) -> None:
        """The stream is gone: stop whatever is done for it."""
        if self.gone:
            return
        self.gone = self.input_ended = True
        self._take()  # all streams share one window
        self.deadline = NEVER
        self._unsent = b""
        if self.holding:
            self._hold(0)
        self._release()
        body, self._body = self._body, None
        if body is not None:
            body.discard()
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        events, self._events = self._events, None
        if events is not None:
            events.lost()
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            transfer.lost()
