"""Keeps one OpenTelemetry collector informed: what waits is encoded in a thread and sent, round by round.

A round sends all that waits. Rounds are ``throttle`` seconds apart at the least. What the collector cannot take now is
sent again: when it says so, else after pauses that double, for five minutes; what it will never take is lost. New
records wait meanwhile, as many as fit. Losses and faults are told once a minute at the most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred

from stalwart.config.kept_text import Unreadable
from stalwart.net.otlp import Sender, SendFailed, Signal
from stalwart.telemetry.events import Event
from stalwart.telemetry.otlp.encoding import refused
from stalwart.telemetry.otlp.records import Note, Recorder, Span

FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 30.0
LONGEST_TRIAL = 300.0
PATIENCE = 3.0
"""Seconds that the last round may take."""
QUIET = 60.0
"""Seconds between two complaints."""

_T = TypeVar("_T")


class Threads(Protocol):
    """Runs what may take long somewhere else."""

    def __call__(self, work: Callable[[], _T]) -> Deferred[_T]: ...


class Encodes(Protocol):
    """See ``stalwart.telemetry.otlp.encoding.Encoder``."""

    def logs(self, notes: Sequence[Note]) -> list[bytes]: ...
    def spans(self, spans: Sequence[Span]) -> list[bytes]: ...


@frozen
class Destination:
    """A collector: the ``url`` to show, the way there, header fields (``headers`` is for threads, and reads secrets).

    ``in_thread`` does what may take long, ``encoder`` is made with the first request, in a thread.
    """

    url: str
    sender: Sender
    headers: Callable[[], Mapping[str, str]]
    encoder: Callable[[], Any]
    in_thread: Threads


class Complaints:
    """Tells of faults, not more often than every minute; ``emit`` is given what else there is to tell."""

    def __init__(self, emit: Callable[..., None], event: Event, url: str, clock: Any) -> None:
        self._emit = emit
        self._event = event
        self._url = url
        self._clock = clock
        self._told: float | None = None

    def tell(self, reason: str, **more: Any) -> bool:
        """Whether it was told."""
        now = self._clock.seconds()
        if self._told is not None and now < self._told + QUIET:
            return False
        self._told = now
        self._emit(self._event, url=self._url, reason=reason, **more)
        return True


class Delivery:
    """Brings what ``recorder`` has to ``destination``. With ``tells_losses`` a fault is also that records got lost."""

    def __init__(
        self,
        recorder: Recorder,
        destination: Destination,
        complaints: Complaints,
        clock: Any,
        throttle: float,
        *,
        tells_losses: bool = True,
    ) -> None:
        self.lost = 0
        self._recorder = recorder
        self._to = destination
        self._complaints = complaints
        self._clock = clock
        self._throttle = throttle
        self._tells_losses = tells_losses
        self._requests: deque[tuple[Signal, bytes]] = deque()
        self._count = 0  # of the records in these
        self._call: Any = None
        self._round: Deferred[None] | None = None
        self._earliest = 0.0
        self._failing_since: float | None = None
        self._pause = FIRST_PAUSE
        self._closing = False

    def note(self, event: Event, values: dict[str, Any]) -> None:
        """An observer of telemetry."""
        self._recorder.note(event, values, int(self._clock.seconds() * 1e9))
        if self._call is None and self._round is None and self._recorder.has_records:
            self._plan()

    async def close(self) -> None:
        """Send what waits if the collector takes it within seconds. Nothing may be noted any more."""
        self._closing = True
        if self._call is not None:
            self._call.cancel()
            self._call = None
        until = self._clock.seconds() + PATIENCE
        for _ in range(2):  # the round that is under way, and one for what has come since
            left = until - self._clock.seconds()
            if self._round is None and self._has_work and self._failing_since is None and left > 0:
                self._begin()
            if self._round is not None:
                await self._round.addTimeout(left, self._clock).addErrback(lambda _: None)
        left = self._count + len(self._recorder.take_logs()) + len(self._recorder.take_spans())
        if left:
            self._lose(left, "the server stops, or sends to another place")
        self._to.sender.close()

    @property
    def _has_work(self) -> bool:
        return bool(self._requests) or self._recorder.has_records

    def _plan(self) -> None:
        """Have the next round begin as soon as it may."""
        if not self._closing:
            self._call = self._clock.callLater(max(0.0, self._earliest - self._clock.seconds()), self._begin)

    def _begin(self) -> None:
        self._call = None
        self._earliest = self._clock.seconds() + self._throttle
        going = Deferred.fromCoroutine(self._go_round())
        if not going.called:
            self._round = going
        going.addBoth(self._ended)

    def _ended(self, result: Any) -> None:
        """Whatever went wrong has been told."""
        self._round = None
        if self._has_work:
            self._plan()

    async def _go_round(self) -> None:
        try:
            headers = await self._to.in_thread(self._to.headers)
            if not self._requests:
                await self._encode()
            while self._requests:
                signal, content = self._requests[0]
                await self._send(signal, content, headers)
        except CancelledError:  # nobody waits any longer
            return
        except Unreadable as problem:
            self._failed(SendFailed(f"httpAuth: {problem}", again=True))
        except SendFailed as problem:
            self._failed(problem)
        except Exception as problem:
            self._failed(SendFailed(f"{type(problem).__name__}: {problem}"[:200], again=False))
            self._forget_first()
        else:
            self._failing_since = None
            self._pause = FIRST_PAUSE
        lost, self._recorder.dropped = self._recorder.dropped, 0
        if lost:
            self._lose(lost, "events come faster than it takes them")

    async def _encode(self) -> None:
        """Make requests of what waits."""
        spans, notes = self._recorder.take_spans(), self._recorder.take_logs()
        made = self._to.encoder

        def encoded() -> deque[tuple[Signal, bytes]]:
            encoder: Encodes = made()
            requests: deque[tuple[Signal, bytes]] = deque(("traces", each) for each in encoder.spans(spans))
            requests.extend(("logs", each) for each in encoder.logs(notes))
            return requests

        self._count = len(spans) + len(notes)
        try:
            self._requests = await self._to.in_thread(encoded)
        except Exception:
            self.lost += self._count
            raise

    async def _send(self, signal: Signal, content: bytes, headers: Mapping[str, str]) -> None:
        try:
            answer = await self._to.sender.send(signal, content, headers)
        except SendFailed as problem:
            if not problem.again:
                self._forget_first()
            raise
        share = self._share()
        self._requests.popleft()
        self._count -= share
        if answer:
            count, reason = await self._to.in_thread(lambda: refused(signal, answer))
            if count:
                self._lose(count, f"it has refused some: {reason}")

    def _share(self) -> int:
        """About how many records the first request has."""
        return self._count // max(len(self._requests), 1)

    def _forget_first(self) -> None:
        share = self._share()
        if self._requests:
            self._requests.popleft()
        self._count -= share
        self.lost += share

    def _failed(self, problem: SendFailed) -> None:
        now = self._clock.seconds()
        if problem.again:
            if self._failing_since is None:
                self._failing_since = now
            self._earliest = now + max(self._pause if problem.wait is None else problem.wait, self._throttle)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            if now - self._failing_since >= LONGEST_TRIAL:
                self.lost += self._count
                self._requests.clear()
                self._count = 0
                self._failing_since = now
        self._tell(problem.reason)

    def _lose(self, count: int, reason: str) -> None:
        self.lost += count
        if self._tells_losses:
            self._tell(reason)

    def _tell(self, reason: str) -> None:
        """Complain; ``dropped`` is what was lost since the last time."""
        if self._complaints.tell(reason, dropped=self.lost or None):
            self.lost = 0
