"""A WebSocket on a connection: messages in and out, control frames, time-outs, its end (RFC 6455 5 to 7).

Frames are wsproto's, except texts that are sent: they may be large, and are not copied. Nothing is compressed, because
that would cost each connection more memory than everything else.
Memory is bounded: a message of the client by its limit, those that are not complete by the room that all sockets of its
account share and by a time, what the client does not read by whoever speaks, who sends the next only when the last has
left. Whoever takes nothing for five minutes is dropped. Work is bounded too: frames that complete no message have to
carry something, beyond a number of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from wsproto.connection import SERVER, ConnectionState
from wsproto.connection import Connection as Frames
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from stalwart.directory.access import Access
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import HTTP_STREAM_DROPPED
from stalwart.web.answers import NO_ROOM, POLICY, TRY_LATER, SocketSpeaker, WebSocket

GOING_AWAY, UNSUPPORTED, TOO_BIG = 1001, 1003, 1009
CLOSING = 5.0  # seconds in which a client may answer that the socket is to be closed
LEAVING = 1.0  # the same where the server stops, or the client was silent anyway
PATIENCE = 300.0  # seconds in which a client reads nothing
UNFINISHED = 300.0  # seconds in which a message has to be complete
SHORT = 65536  # octets of messages that are written in one piece
MOST_PONGS = 65536  # octets of control frames for a client that does not read
FRAGMENTS, FRAGMENT = 10_000, 1024  # of one message; more where they have so many octets on the average
LATELY = 10.0  # seconds in which frames are counted that complete no message:
FRAMES, FRAME = 1000, 256  # there may be so many of them, and one more for so many octets
_NEVER = float("inf")
_TEXT = 0x81


class Connection(Protocol):
    """What a WebSocket needs of its channel."""

    deadline: float

    def stream_write(self, data: bytes) -> None: ...
    def socket_hold(self, hold: bool) -> None: ...
    def socket_ended(self, linger: bool) -> None: ...
    def abort(self) -> None: ...


class Requests(Protocol):
    """What a message that is a request has to pass, like one over HTTP."""

    async def catch_up(self) -> None: ...
    async def agree(self) -> None: ...
    def counted(self, access: Access) -> Callable[[], None]: ...


class Socket:
    """``answers.SocketOutlet`` on a channel; to that it is much like a ``sse.Stream``."""

    __slots__ = (
        "_begun",
        "_begun_at",
        "_channel",
        "_closes_at",
        "_events",
        "_fragments",
        "_frames",
        "_frames_lately",
        "_held_since",
        "_holding",
        "_lately",
        "_octets_lately",
        "_pinged_at",
        "_requests",
        "_seconds",
        "_speaker",
        "_taken",
        "_telemetry",
        "_unread",
        "_waiting",
        "_wishes",
        "heard_at",
    )

    def __init__(
        self, channel: Connection, wishes: WebSocket, requests: Requests, telemetry: Telemetry, seconds: Any
    ) -> None:
        self._channel: Connection | None = channel
        self._wishes = wishes
        self._requests = requests
        self._telemetry = telemetry
        self._seconds = seconds
        self._frames = Frames(SERVER)
        self._events: Iterator[Event] | None = None
        self._begun: bytearray | None = None
        self._begun_at = 0.0
        self._fragments = 0
        self._frames_lately = self._octets_lately = 0
        self._lately = 0.0
        self._taken = 0
        self._holding = False
        self._held_since: float | None = None
        self._unread = 0
        self._waiting: list[Deferred[None]] = []
        self._closes_at = _NEVER
        self.heard_at = self._pinged_at = seconds()
        self._speaker: SocketSpeaker | None = None

    def begin(self) -> None:
        """The answer has left: make the speaker."""
        self._set_deadline()
        self._speaker = self._wishes.open(self)

    # For the speaker

    def send(self, text: str | bytes) -> None:
        """See ``SocketOutlet``."""
        if self._channel is None or self._frames.state is not ConnectionState.OPEN:
            return
        data = text.encode() if isinstance(text, str) else text
        head = _head(len(data))
        if len(data) <= SHORT:
            self._channel.stream_write(head + data)
        else:  # it may be large, and is not copied
            self._channel.stream_write(head)
            if self._channel is not None:
                self._channel.stream_write(data)

    def ready(self) -> Deferred[None]:
        """See ``SocketOutlet``."""
        if self._held_since is None or self._channel is None:
            return succeed(None)
        waiting: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(waiting)
        return waiting

    async def catch_up(self) -> None:
        """See ``SocketOutlet``."""
        await self._requests.catch_up()

    async def agree(self) -> None:
        """See ``SocketOutlet``."""
        await self._requests.agree()

    def counted(self, access: Access) -> Callable[[], None]:
        """See ``SocketOutlet``."""
        return self._requests.counted(access)

    def hold(self) -> None:
        """See ``SocketOutlet``."""
        if not self._holding and self._channel is not None:
            self._holding = True
            self._channel.socket_hold(True)

    def release(self) -> None:
        """See ``SocketOutlet``."""
        if self._holding and self._channel is not None:
            self._holding = False
            self._take()  # what was read already comes first
            if not self._holding and self._channel is not None:
                self._channel.socket_hold(False)

    def close(self, code: int = GOING_AWAY, reason: str = "The server stops.") -> None:
        """See ``SocketOutlet``."""
        if self._channel is None or self._frames.state is not ConnectionState.OPEN:
            return
        self._channel.stream_write(self._frames.send(CloseConnection(code=code, reason=reason)))
        self._closes_at = self._seconds() + (LEAVING if code == GOING_AWAY else CLOSING)
        self._set_deadline()
        if self._holding:  # its answer has to be read
            self.release()

    # For the channel

    def received(self, data: bytes) -> None:
        """The client has sent octets."""
        self.heard_at = now = self._seconds()
        if self._lately + LATELY <= now:
            self._lately, self._frames_lately, self._octets_lately = now, 0, 0
        self._octets_lately += len(data)
        if self._frames.state in (ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING):
            self._frames.receive_data(data)
            if not self._holding:
                self._take()

    @property
    def held(self) -> bool:
        """Whether the transport's buffer is full."""
        return self._held_since is not None

    @held.setter
    def held(self, held: bool) -> None:
        self._held_since = self._seconds() if held else None
        self._set_deadline()

    def resume(self) -> None:
        """The transport takes more."""
        self._held_since, self._unread = None, 0
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def timed_out(self, now: float) -> None:
        """The deadline has passed: something may be due."""
        channel, wishes = self._channel, self._wishes
        if channel is None:
            return
        if self._closes_at <= now:
            self._leave(linger=False)
            return
        if self._held_since is not None and self._held_since + PATIENCE <= now:
            self._drop()
            return
        if self._begun is not None and self._begun_at + UNFINISHED <= now:
            self._refuse(POLICY, f"A message has to be complete after {UNFINISHED:g} seconds.")
            return
        if wishes.patience and self.heard_at + wishes.patience <= now:
            self.close(GOING_AWAY, "Nothing was heard for too long.")
            return
        if wishes.heartbeat and max(self.heard_at, self._pinged_at) + wishes.heartbeat <= now:
            self._pinged_at = now
            self._control(self._frames.send(Ping()))
        self._set_deadline()

    def lost(self) -> None:
        """The connection is gone."""
        self._channel = None
        self._finish()

    def _take(self) -> None:
        """Go through what the client has sent, as far as the speaker takes it."""
        if self._events is None:
            self._events = self._frames.events()
        try:
            while self._channel is not None and not self._holding:
                event = next(self._events, None)
                if event is None:
                    self._events = None
                    return
                self._happened(event)
        except Exception:
            self._drop()
            raise

    def _happened(self, event: Event) -> None:
        if isinstance(event, CloseConnection):
            self._closed(event)
        elif self._frames.state is not ConnectionState.OPEN:
            return
        elif isinstance(event, TextMessage):
            self._text(event)
        elif isinstance(event, Ping):
            if not self._is_one_too_many():
                self._control(self._frames.send(Pong(payload=bytes(event.payload))))
        elif isinstance(event, Pong):
            self._is_one_too_many()
        elif isinstance(event, BytesMessage):
            self._refuse(UNSUPPORTED, "Messages are text here.")

    def _text(self, event: TextMessage) -> None:
        part, begun = event.data.encode(), self._begun
        if len(part) + (len(begun) if begun is not None else 0) > self._wishes.most:
            self._refuse(TOO_BIG, f"A message may have {self._wishes.most} octets.")
            return
        if not event.message_finished:
            if begun is None:
                begun = self._begun = bytearray()  # pieces may be tiny, and many
                self._begun_at = self._seconds()
                self._set_deadline()
            if not self._wishes.room.take(len(part)):
                self._refuse(TRY_LATER, NO_ROOM)
                return
            self._taken += len(part)
            begun += part
            if event.frame_finished and not self._is_one_too_many():
                self._fragments += 1
                most = max(FRAGMENTS, self._wishes.most // FRAGMENT)
                if self._fragments >= most:  # the last one is still to come
                    self._refuse(POLICY, f"A message may have {most} fragments.")
            return
        self._forget_begun()
        if self._speaker is not None:
            self._speaker.message(part if begun is None else bytes(begun) + part)

    def _is_one_too_many(self) -> bool:
        """A frame that completes no message: whether they are too many for their octets, and the socket is closed."""
        self._frames_lately += 1
        if self._frames_lately <= FRAMES + self._octets_lately // FRAME:
            return False
        self._refuse(POLICY, f"Fragments and pings: {FRAMES} in {LATELY:g} seconds, one more for each {FRAME} octets.")
        return True

    def _forget_begun(self) -> None:
        self._begun = None
        self._fragments = 0
        taken, self._taken = self._taken, 0
        if taken:
            self._wishes.room.free(taken)

    def _closed(self, event: CloseConnection) -> None:
        """The client closes, answers that we do, or has broken the rules."""
        if self._channel is None:
            return
        if self._frames.state is ConnectionState.REMOTE_CLOSING:
            self._channel.stream_write(self._frames.send(event.response()))
            self._leave(linger=False)
        elif self._frames.state is ConnectionState.OPEN:
            self._refuse(event.code, event.reason or "")
        else:
            self._leave(linger=False)

    def _refuse(self, code: int, reason: str) -> None:
        """Say why, and listen no more."""
        if self._channel is not None:
            self._channel.stream_write(self._frames.send(CloseConnection(code=code, reason=reason)))
            self._leave(linger=True)

    def _control(self, data: bytes) -> None:
        if self._channel is None:
            return
        if self._held_since is not None:
            self._unread += len(data)
            if self._unread > MOST_PONGS:
                self._drop()
                return
        self._channel.stream_write(data)

    def _drop(self) -> None:
        self._telemetry.emit(HTTP_STREAM_DROPPED, size=self._unread)
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.abort()
        self._finish()

    def _leave(self, linger: bool) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.socket_ended(linger)
        self._finish()

    def _finish(self) -> None:
        self._forget_begun()
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            speaker.lost()
        for each in tuple(self._waiting):
            each.cancel()

    def _set_deadline(self) -> None:
        channel, wishes = self._channel, self._wishes
        if channel is None:
            return
        due = [self._closes_at]
        if wishes.heartbeat:
            due.append(max(self.heard_at, self._pinged_at) + wishes.heartbeat)
        if wishes.patience:
            due.append(self.heard_at + wishes.patience)
        if self._held_since is not None:
            due.append(self._held_since + PATIENCE)
        if self._begun is not None:
            due.append(self._begun_at + UNFINISHED)
        channel.deadline = min(due)


def _head(length: int) -> bytes:
    """Of a frame that is a whole text (RFC 6455 5.2)."""
    if length < 126:
        return struct.pack("!BB", _TEXT, length)
    if length < 1 << 16:
        return struct.pack("!BBH", _TEXT, 126, length)
    return struct.pack("!BBQ", _TEXT, 127, length)
