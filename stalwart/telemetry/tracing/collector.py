"""Collects the events of spans until a span is over, so that it can be kept as a trace (x:Trace, design 8).

A delivery diagnosis is always kept, a connection only if something went wrong on it: an event of WARN or above. An
attempt to deliver a letter is kept if somebody did not get it, so that a busy queue fills no disk. A span
ends with its last event; a connection whose end nobody tells (it is below INFO) a minute after the last one. What is
held is bounded in spans, in events of each and in bytes; what does not fit is counted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec
from attrs import define, field, frozen

from stalwart.telemetry.events import (
    DELIVERY_DIAGNOSIS_END,
    DELIVERY_DIAGNOSIS_START,
    HTTP_CONNECTION_END,
    SMTP_CONNECTION_END,
    Event,
    Level,
    declared_events,
)
from stalwart.telemetry.fields import plain
from stalwart.telemetry.queue_events import (
    DELIVERY_ATTEMPT_END,
    DELIVERY_ATTEMPT_START,
    DELIVERY_DOUBLE_BOUNCE,
    DELIVERY_FAILED,
    QUEUE_RESCHEDULED,
)
from stalwart.telemetry.stream import Telemetry

MOST_SPANS = 1000
MOST_FINISHED = 1000
MOST_BYTES = 16 << 20
MOST_BYTES_EACH = 256 << 10
QUIET = 60.0
"""Seconds after which nothing more is expected of a connection."""
ABANDONED = 900.0
"""Seconds after which nothing more is expected of a delivery."""

_BEGIN_DELIVERY = frozenset((DELIVERY_DIAGNOSIS_START.id, DELIVERY_ATTEMPT_START.id))
_KEEP = frozenset((DELIVERY_DIAGNOSIS_START.id, DELIVERY_FAILED.id, DELIVERY_DOUBLE_BOUNCE.id, QUEUE_RESCHEDULED.id))
_ENDS = frozenset((DELIVERY_DIAGNOSIS_END.id, DELIVERY_ATTEMPT_END.id, HTTP_CONNECTION_END.id, SMTP_CONNECTION_END.id))
_DETAILS = frozenset(
    event.id for event in declared_events() if event.category == "delivery" and event.level is Level.DEBUG
)
"""What is told of a delivery although it is below INFO."""
_OVERHEAD = 100  # bytes of an event beside its text
_encode = msgspec.json.Encoder().encode


@frozen
class Finished:
    """A span to be kept: its events in the order in which they happened, each as ``record_of`` writes it."""

    span: int
    events: tuple[bytes, ...]
    size: int


@define(eq=False)
class _Open:
    """A span that may go on."""

    is_kept: bool = False
    is_delivery: bool = False
    last: float = 0.0
    size: int = 0
    events: list[bytes] = field(factory=list)


class TraceCollector:
    """Observes ``telemetry`` from ``start`` to ``stop`` or ``finish``.

    ``most_events`` says how many events a trace has at most. ``on_first`` is called when there is something to look
    after again: ``tick`` every now and then, until it answers False, and ``take`` what is finished. ``seconds`` tells
    the time since 1970.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        seconds: Callable[[], float],
        most_events: Callable[[], int],
        on_first: Callable[[], None],
    ) -> None:
        self.dropped = 0
        """Events that are in no trace although they belong to one, traces that did not fit counted as one."""
        self._telemetry = telemetry
        self._seconds = seconds
        self._most_events = most_events
        self._on_first = on_first
        self._open: OrderedDict[int, _Open] = OrderedDict()  # by their last event
        self._finished: list[Finished] = []
        self._size = 0
        self._leave: Callable[[], None] | None = None

    def start(self) -> None:
        """Collect from now on."""
        if self._leave is None:
            self._leave = self._telemetry.observe(self._note, Level.INFO, _DETAILS)

    def stop(self) -> None:
        """Collect no more, and forget what is open or not yet taken."""
        self.finish()
        self._finished.clear()
        self._size = 0

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing open, and nothing to take."""
        return not self._open and not self._finished

    def tick(self) -> bool:
        """End connections that have been quiet; whether there is still something to look after."""
        now = self._seconds()
        for span, opened in tuple(self._open.items()):
            if opened.last > now - QUIET:
                break
            if not opened.is_delivery or opened.last <= now - ABANDONED:
                self._end(span)
        return not self.is_idle

    def take(self, most: int) -> list[Finished]:
        """The oldest traces that are finished, which the caller owns now; ``give_back`` what could not be stored."""
        taken, self._finished = self._finished[:most], self._finished[most:]
        self._size -= sum(each.size for each in taken)
        return taken

    def drop(self, traces: list[Finished]) -> None:
        """Count ``traces`` as lost."""
        self.dropped += len(traces)

    def give_back(self, traces: list[Finished]) -> None:
        """Hold ``traces``, oldest first, once more; the oldest go if there is no room."""
        room = MOST_BYTES - self._size
        fitting = MOST_FINISHED - len(self._finished)
        back: list[Finished] = []
        for each in reversed(traces):
            if len(back) >= fitting or each.size > room:
                break
            back.append(each)
            room -= each.size
        self.dropped += len(traces) - len(back)
        self._size += sum(each.size for each in back)
        self._finished[:0] = reversed(back)

    def finish(self) -> None:
        """Collect no more; every span is over, and finished if it is to be kept."""
        if self._leave is not None:
            self._leave()
            self._leave = None
        for span in tuple(self._open):
            self._end(span)

    def _note(self, event: Event, values: dict[str, Any]) -> None:
        span = values.get("spanId")
        if not isinstance(span, int) or not 0 < span < 1 << 63:
            return
        if self.is_idle:
            self._on_first()
        opened = self._open.get(span)
        if opened is None:
            opened = self._open[span] = _Open()
            if len(self._open) > MOST_SPANS:
                self._make_room(span)
        self._open.move_to_end(span)
        opened.last = self._seconds()
        opened.is_kept = opened.is_kept or event.level >= Level.WARN or event.id in _KEEP
        opened.is_delivery = opened.is_delivery or event.id in _BEGIN_DELIVERY
        self._add(opened, event, values)
        if event.id in _ENDS:
            self._end(span)

    def _add(self, opened: _Open, event: Event, values: dict[str, Any]) -> None:
        is_last = event.id in _ENDS  # how it ended is worth more than what came before
        if len(opened.events) >= self._most_events():
            self.dropped += 1
            if not is_last:
                return
            self._resize(opened, -len(opened.events.pop()) - _OVERHEAD)
        record = record_of(event, values, self._seconds())
        if opened.size + len(record) > MOST_BYTES_EACH or not self._has_room(len(record), opened):
            self.dropped += 1
            return
        opened.events.append(record)
        self._resize(opened, len(record) + _OVERHEAD)

    def _resize(self, opened: _Open, by: int) -> None:
        opened.size += by
        self._size += by

    def _end(self, span: int) -> None:
        opened = self._open.pop(span)
        if opened.is_kept and opened.events and len(self._finished) < MOST_FINISHED:
            self._finished.append(Finished(span, tuple(opened.events), opened.size))
            return
        self._size -= opened.size
        self.dropped += opened.is_kept

    def _has_room(self, size: int, spared: _Open) -> bool:
        """Whether ``size`` bytes fit in; spans that are not to be kept go first."""
        while self._size + size > MOST_BYTES:
            others = (
                span for span, each in self._open.items() if each.size and not each.is_kept and each is not spared
            )
            span = next(others, None)
            if span is None:
                return False
            self._end(span)
        return True

    def _make_room(self, spared: int) -> None:
        """End the span that has been quiet for longest, rather one that is not to be kept."""
        quiet = (span for span, opened in self._open.items() if not opened.is_kept and span != spared)
        self._end(next(quiet, next(iter(self._open))))


def record_of(event: Event, values: dict[str, Any], now: float) -> bytes:
    """An event as a trace keeps it: JSON of its id, the moment in milliseconds, and what is told of it."""
    told = plain({name: value for name, value in values.items() if name != "spanId"})
    moment = int(now * 1000)
    try:
        return _encode((event.id, moment, told))
    except UnicodeEncodeError:
        return _encode((event.id, moment, {name: _sound(value) for name, value in told.items()}))


def _sound(value: Any) -> Any:
    """``value`` without halves of surrogate pairs, which strangers may send."""
    if isinstance(value, list):
        return [_sound(each) for each in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
