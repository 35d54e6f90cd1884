"""Running event streams: frames out as they happen, in bounded memory, until either side has enough.

Headers and frames follow delivery-diagnostics 2. All streams of a site share one timer for their keep-alive comments;
an idle stream is a coroutine, a connection and this little object. A client that does not read is dropped once its
queue is full, or after five minutes; a stream whose client leaves is cancelled at once.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import HTTP_STREAM_DROPPED
from stalwart.telemetry.faults import tell_fault
from stalwart.web.answers import Outlet

PATIENCE = 300.0  # seconds in which a client reads nothing
QUEUE_BYTES = 262144
_LAST_CHUNK = b"0\r\n\r\n"

Run = Callable[[Outlet], Coroutine[Any, Any, None]]


class Connection(Protocol):
    """What a stream needs of its channel."""

    def stream_write(self, data: bytes) -> None: ...
    def stream_ended(self, complete: bool) -> None: ...
    def abort(self) -> None: ...


class Streams:
    """The open streams of a site. ``now`` is the time of the last tick, exact enough for keep-alives."""

    def __init__(self, telemetry: Telemetry, now: float) -> None:
        self.telemetry = telemetry
        self.now = now
        self._open: set[Stream] = set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, stream: Stream) -> None:
        """A stream begins."""
        self._open.add(stream)

    def remove(self, stream: Stream) -> None:
        """A stream is over."""
        self._open.discard(stream)

    def tick(self, now: float) -> None:
        """Send the beat of every stream that has been silent for its time."""
        self.now = now
        for stream in [stream for stream in self._open if stream.due <= now]:
            stream.silent(now)

    def close_all(self) -> None:
        """End every stream in order: the server stops."""
        for stream in tuple(self._open):
            stream.close()


class Stream:
    """One stream on a connection. ``held`` while the transport's buffer is full; ``due`` is its next beat, which
    follows ``silence`` seconds without a frame."""

    __slots__ = (
        "_beat",
        "_channel",
        "_chunked",
        "_ended",
        "_queue",
        "_queued",
        "_running",
        "_silence",
        "_streams",
        "_waiting",
        "due",
        "held",
    )

    def __init__(
        self,
        channel: Connection,
        streams: Streams,
        chunked: bool,
        silence: float,
        beat: bytes,
    ) -> None:
        self._channel: Connection | None = channel
        self._silence = silence
        self._beat = beat
        self._streams = streams
        self._chunked = chunked
        self._queue: list[bytes] | None = None
        self._queued = 0
        self._ended = False
        self._running: Deferred[None] | None = None
        self._waiting: Deferred[None] | None = None
        self.held = False
        self.due = streams.now + silence

    def start(self, run: Run) -> None:
        """Run the coroutine that writes the stream."""
        self._streams.add(self)
        running = Deferred.fromCoroutine(run(self))
        if not self._ended:
            self._running = running
        running.addCallbacks(self._finished, self._failed)

    def __call__(self, frame: bytes) -> None:
        """Write complete frames. Silently nothing once the stream is over, so that a late event hurts nobody."""
        if self._ended or not frame:
            return
        self.due = self._streams.now + self._silence
        self._write(b"%x\r\n%b\r\n" % (len(frame), frame) if self._chunked else frame)

    def ready(self) -> Deferred[None]:
        """See ``Outlet``. Only one may wait."""
        if not self.held or self._ended:
            return succeed(None)
        waiting = self._waiting = Deferred(self._forget_waiting)
        return waiting

    def silent(self, now: float) -> None:
        """Nothing has been sent for ``silence`` seconds."""
        if not self.held:
            self(self._beat)
        elif self.due + PATIENCE <= now:
            self._drop()

    def resume(self) -> None:
        """The transport takes more: empty the queue."""
        self.held = False
        queue, self._queue, self._queued = self._queue, None, 0
        if queue and self._channel is not None:
            self._channel.stream_write(b"".join(queue))
        if self.held:
            return
        waiting, self._waiting = self._waiting, None
        if self._ended:
            self._leave(complete=True)
        elif waiting is not None:
            waiting.callback(None)

    def lost(self) -> None:
        """The client has left: cancel the coroutine now."""
        self._channel = None
        self._streams.remove(self)
        self._cancel()

    def close(self) -> None:
        """End the stream in order, wherever its coroutine is."""
        self._cancel()

    def _forget_waiting(self, _: Deferred[None]) -> None:
        self._waiting = None

    def _cancel(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        self._end()

    def _finished(self, _: object) -> None:
        self._running = None
        self._end()

    def _failed(self, failure: Failure) -> None:
        self._running = None
        if failure.check(CancelledError):
            self._end()
            return
        tell_fault(self._streams.telemetry, failure)
        self._ended = True
        self._leave(complete=False)

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._chunked:
            self._write(_LAST_CHUNK)
        if self._queue is None:
            self._leave(complete=True)

    def _write(self, data: bytes) -> None:
        if self._channel is None:
            return
        if not self.held:
            self._channel.stream_write(data)
            return
        if self._queue is None:
            self._queue = []
        self._queue.append(data)
        self._queued += len(data)
        if self._queued > QUEUE_BYTES:
            self._drop()

    def _drop(self) -> None:
        self._streams.telemetry.emit(HTTP_STREAM_DROPPED, size=self._queued)
        self._ended = True
        self.due = inf
        self._queue = None
        if self._channel is not None:
            self._channel.abort()  # ``lost`` follows; the coroutine may be running just now

    def _leave(self, complete: bool) -> None:
        self._streams.remove(self)
        self._queue = None
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.stream_ended(complete)
