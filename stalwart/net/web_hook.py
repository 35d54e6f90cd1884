"""Tells a web hook of events: in order, several at once, and again until it takes them (settings C.10, telemetry 4.1).

Any status of 200 to 299 is a success. Everything else is tried again after a growing pause, which the hook may choose
with `Retry-After` (RFC 9110 10.2.3), until events are too old. What waits is bounded by number and size; what is new
then is dropped. An event tells of a hook that does not answer and of what was lost, at most once a minute, and never
the hook that it is about.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from typing import Any

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from stalwart.codec.retry_after import seconds_to_wait
from stalwart.codec.web_hook_body import body_of, event_object
from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import JsonAnswer
from stalwart.telemetry.events import TELEMETRY_WEBHOOK_ERROR, Event
from stalwart.telemetry.fields import moment_text, plain
from stalwart.telemetry.spans import new_span

MOST_WAITING, MOST_WAITING_LOSSY = 10_000, 1_000
ROOM, ROOM_LOSSY = 16 << 20, 1 << 20  # octets
MOST_AT_ONCE, SIZE_AT_ONCE = 1_000, 1 << 20
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LONGEST_WAIT = 300.0
"""Seconds that a hook may ask to be left alone."""

QUIET = 60.0
GRACE = 2.0
"""Seconds for what waits when the server stops."""

Post = Callable[[bytes], Awaitable[JsonAnswer]]


@frozen(eq=False)
class Wish:
    """How to deliver; times in seconds. ``post`` sends a body. Raises FetchFailed."""

    url: str
    post: Post
    throttle: float = 1.0
    discard_after: float = 300.0
    lossy: bool = False


class WebHook:
    """A hook that is told of each event given to ``note``. ``emit``: see ``Telemetry.emit``. ``wish`` may change."""

    def __init__(self, wish: Wish, reactor: Any, emit: Callable[..., None]) -> None:
        self._wish = wish
        self.dropped = 0
        self._reactor = reactor
        self._emit = emit
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._next_at = 0.0
        self._timer: Any = None
        self._sending: Deferred[None] | None = None
        self._idle: Deferred[None] | None = None
        self._failures = 0
        self._reason = ""
        self._told_at: dict[str, float] = {}  # by what was told
        self._told_dropped = 0
        self._is_told = False  # of this time that it does not answer
        self._is_telling = False
        self._is_closed = False

    @property
    def wish(self) -> Wish:
        """How it is delivered; another one counts at once, whatever pause the former one was in."""
        return self._wish

    @wish.setter
    def wish(self, wish: Wish) -> None:
        self._wish = wish
        self._failures = 0
        self._next_at = min(self._next_at, self._reactor.seconds() + wish.throttle)
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self._wake()

    def note(self, event: Event, values: Mapping[str, Any]) -> None:
        """Have the hook told of an event; returns at once."""
        if self._is_telling or self._is_closed:
            return
        now = self._reactor.seconds()
        data = event_object(new_span(now), moment_text(now), event.id, plain(values))
        if self._has_room(len(data)):
            self._waiting.append((now, data))
            self._size += len(data)
            self._wake()
        else:
            self.dropped += 1

    async def close(self) -> None:
        """Send what waits, if the hook has answered the last time; takes ``GRACE`` seconds at the most."""
        self._is_closed = True
        until = self._reactor.seconds() + GRACE
        while self._sending is not None or (self._waiting and not self._failures):
            left = until - self._reactor.seconds()
            if self._sending is None:
                self._deliver()
            if left <= 0 or not await self._is_sent(left):
                break
        self._stop()
        if self._waiting:
            self.dropped += len(self._waiting)
            self._reason = self._reason or "the server stops"
            self._waiting.clear()
        self._tell()

    def abandon(self) -> None:
        """Forget what waits: nobody wants it to be sent any more."""
        self._is_closed = True
        self._waiting.clear()
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sending is not None:
            self._sending.cancel()

    async def _is_sent(self, seconds: float) -> bool:
        """Wait for the request that is on its way, ``seconds`` at the most."""
        if self._sending is None:
            return True
        self._idle = Deferred()
        self._idle.addCallbacks(lambda _: True, lambda _: False)
        return bool(await self._idle.addTimeout(seconds, self._reactor))

    def _has_room(self, size: int) -> bool:
        lossy = self.wish.lossy
        return len(self._waiting) < (MOST_WAITING_LOSSY if lossy else MOST_WAITING) and self._size + size <= (
            ROOM_LOSSY if lossy else ROOM
        )

    def _wake(self) -> None:
        """Have what waits sent as soon as that may be."""
        if self._waiting and self._timer is None and self._sending is None and not self._is_closed:
            self._timer = self._reactor.callLater(max(0.0, self._next_at - self._reactor.seconds()), self._deliver)

    def _deliver(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self._discard()
        if not self._waiting:
            return
        self._next_at = self._reactor.seconds() + self.wish.throttle
        batch = self._batch()
        sending = self._sending = Deferred.fromCoroutine(self._send(batch))
        sending.addErrback(self._broken)
        sending.addBoth(self._ended)

    def _batch(self) -> list[bytes]:
        """The first events, as many as one request takes."""
        found: list[bytes] = []
        size = 0
        for _, data in islice(self._waiting, MOST_AT_ONCE):
            size += len(data)
            if found and size > SIZE_AT_ONCE:
                break
            found.append(data)
        return found

    async def _send(self, batch: list[bytes]) -> None:
        try:
            answer = await self.wish.post(body_of(batch))
        except FetchFailed as problem:
            self._failed(problem.reason)
            return
        if 200 <= answer.status < 300:
            self._failures = 0
            self._is_told = False
            for _ in batch:
                self._drop_first()
        else:
            self._failed(f"it answers with status {answer.status}", answer.retry_after)

    def _broken(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self._failed(failure.getErrorMessage())

    def _ended(self, _result: None) -> None:
        self._sending = None
        if self._idle is not None:
            idle, self._idle = self._idle, None
            idle.callback(None)
        if not self._is_closed:
            self._tell()
            self._wake()

    def _failed(self, reason: str, retry_after: str | None = None) -> None:
        self._reason = reason
        self._failures += 1
        pause = min(SHORTEST_PAUSE * 2 ** min(self._failures - 1, 16), LONGEST_PAUSE)
        now = self._reactor.seconds()
        pause = max(pause, seconds_to_wait(retry_after, now, LONGEST_WAIT) or 0.0)
        self._next_at = now + max(pause, self.wish.throttle)

    def _discard(self) -> None:
        """Drop what is too old."""
        oldest = self._reactor.seconds() - self.wish.discard_after
        while self._waiting and self._waiting[0][0] <= oldest:
            self._drop_first()
            self.dropped += 1
        self._tell()

    def _drop_first(self) -> None:
        if self._waiting:
            self._size -= len(self._waiting.popleft()[1])

    def _tell(self) -> None:
        """Tell of a hook that has just ceased to answer, and of what was lost."""
        dropped, now = self.dropped - self._told_dropped, self._reactor.seconds()
        what = "dropped" if dropped else "failing"
        is_news = dropped or (self._failures and not self._is_told)
        if not is_news or now - self._told_at.get(what, -QUIET) < QUIET:
            return
        self._is_told = self._is_told or bool(self._failures)
        self._told_at[what], self._told_dropped = now, self.dropped
        self._is_telling = True
        try:
            reason = self._reason or "too many events at once"
            self._emit(TELEMETRY_WEBHOOK_ERROR, url=self.wish.url, reason=reason, dropped=dropped)
        finally:
            self._is_telling = False
