"""What is told to an OpenTelemetry collector: of events, log records and spans that wait to be sent.

A span lasts from an event that begins a connection or a delivery to the one that ends it, with what happens on it in
between. Everything is bounded: records, spans that are open, what happens on all of them together. The oldest records
make room for new ones, and what is lost is counted. What these records look like on the wire is for ``encoding``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import Factory, define, frozen

from stalwart.telemetry import events
from stalwart.telemetry.events import Event, Level

MOST = 2048
"""Log records that wait, spans that wait, spans that are open."""
MOST_ON_SPAN = 128
"""Events that are told of one span."""
MOST_ON_SPANS = 16_384
"""Events that are kept for all spans together."""

UNTOLD = frozenset({"telemetry.otel-exporter-error", "telemetry.otel-metrics-exporter-error"})
"""Events that no collector is told: each would be followed by the next."""

SpanKind = Literal["server", "client"]

_SPANS: Mapping[str, tuple[str, SpanKind]] = {
    events.HTTP_CONNECTION_START.id: ("http.connection", "server"),
    events.DELIVERY_DIAGNOSIS_START.id: ("delivery.diagnosis", "client"),
}
_ENDS = frozenset({events.HTTP_CONNECTION_END.id, events.DELIVERY_DIAGNOSIS_END.id})
_FAILURES = frozenset({"fail", "failed"})

SPAN_EVENTS = frozenset(_SPANS) | _ENDS
"""The events that begin and end spans."""


@frozen
class Note:
    """An event that happened at ``moment`` (nanoseconds since 1970), on ``span`` if on any."""

    event: Event
    moment: int
    values: Mapping[str, Any]
    span: int | None


@frozen
class Span:
    """What lasted from ``began`` to ``ended`` (nanoseconds since 1970). ``problem``: why it failed, None if it did not.

    ``dropped`` is how many events on it are not among ``notes``.
    """

    id: int
    name: str
    kind: SpanKind
    began: int
    ended: int
    values: Mapping[str, Any]
    notes: tuple[Note, ...]
    dropped: int
    problem: str | None


@define
class _OpenSpan:
    first: Note
    notes: list[Note] = Factory(list)
    dropped: int = 0
    problem: str | None = None


class Recorder:
    """Records events that ``takes`` accepts; ``begins`` says which of those that begin a span are to begin one.

    ``dropped`` counts records and spans that were lost since somebody has set it to 0.
    """

    def __init__(
        self,
        takes: Callable[[Event], bool],
        begins: Callable[[Event], bool],
        *,
        logs: bool = True,
        spans: bool = True,
    ) -> None:
        self.dropped = 0
        self._takes = takes
        self._begins = begins
        self._has_logs = logs
        self._has_spans = spans
        self._logs: deque[Note] = deque()
        self._spans: deque[Span] = deque()
        self._open: dict[int, _OpenSpan] = {}
        self._on_spans = 0

    @property
    def has_records(self) -> bool:
        """Whether there is something to send."""
        return bool(self._logs or self._spans)

    def note(self, event: Event, values: Mapping[str, Any], moment: int) -> None:
        """Take note of what has happened."""
        if event.id in UNTOLD:
            return
        note = Note(event, moment, values, values.get("spanId"))
        is_taken = self._takes(event)
        if self._has_logs and is_taken:
            if len(self._logs) >= MOST:
                self._logs.popleft()
                self.dropped += 1
            self._logs.append(note)
        if self._has_spans and note.span is not None:
            self._follow(note, note.span, is_taken)

    def take_logs(self) -> list[Note]:
        """The log records that wait, which now wait no longer."""
        taken = list(self._logs)
        self._logs.clear()
        return taken

    def take_spans(self) -> list[Span]:
        """The spans that wait, which now wait no longer."""
        taken = list(self._spans)
        self._spans.clear()
        self._on_spans -= sum(len(span.notes) for span in taken)
        return taken

    def _follow(self, note: Note, id: int, is_taken: bool) -> None:
        if note.event.id in _SPANS:
            self._begin(note, id)
            return
        span = self._open.get(id)
        if span is None:
            return
        if note.event.level >= Level.ERROR:
            span.problem = note.event.doc
        if note.event.id in _ENDS:
            self._end(note, self._open.pop(id), id)
        elif is_taken:
            if len(span.notes) < MOST_ON_SPAN and self._on_spans < MOST_ON_SPANS:
                span.notes.append(note)
                self._on_spans += 1
            else:
                span.dropped += 1

    def _begin(self, note: Note, id: int) -> None:
        if not self._begins(note.event):
            return
        if len(self._open) >= MOST:  # the oldest may be one whose end will never be told
            self._on_spans -= len(self._open.pop(next(iter(self._open))).notes)
            self.dropped += 1
        self._open[id] = _OpenSpan(note)

    def _end(self, note: Note, span: _OpenSpan, id: int) -> None:
        name, kind = _SPANS[span.first.event.id]
        result = note.values.get("result")
        problem = span.problem if result not in _FAILURES else f"result: {result}"
        if len(self._spans) >= MOST:
            self._on_spans -= len(self._spans.popleft().notes)
            self.dropped += 1
        values = {**span.first.values, **note.values}
        moment = max(note.moment, span.first.moment)
        self._spans.append(
            Span(id, name, kind, span.first.moment, moment, values, tuple(span.notes), span.dropped, problem)
        )
