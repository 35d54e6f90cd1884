"""One place where every event passes: it is counted, given to live observers and logged.

Only the reactor thread emits, so the counters are plain integers. Keys are the fields that the event declares; they may
be callables, which are called only when somebody listens at that level. Credentials in addresses are masked here; that
no other value carries secrets is the emitter's duty. What is measured beside events, such as durations, goes to
``series``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from attrs import evolve
from twisted.logger import Logger, LogLevel

from stalwart.codec.log_lines import pair
from stalwart.telemetry.events import Event, Level
from stalwart.telemetry.fields import clean, shown
from stalwart.telemetry.series import SeriesBook, Shelf
from stalwart.telemetry.spans import CURRENT

Observer = Callable[[Event, dict[str, Any]], None]

_TWISTED_LEVEL = {
    Level.ERROR: LogLevel.error,
    Level.WARN: LogLevel.warn,
    Level.INFO: LogLevel.info,
    Level.DEBUG: LogLevel.debug,
    Level.TRACE: LogLevel.debug,
}


class Crew(Protocol):
    """The processes of one server."""

    def count(self, id: str, times: int = 1) -> None:
        """This process has met an event."""

    def total(self, id: str) -> int:
        """How often all of them have."""

    def processes(self) -> Mapping[str, int]:
        """Their process ids by what they are called."""

    @property
    def shelf(self) -> Shelf:
        """Where they count what is measured."""


class Telemetry:
    """Counts, streams and logs events. ``threshold`` is the least level that is logged.

    ``selection`` says which of the events that reach it are logged, None for all; errors are in any case.
    """

    def __init__(self, threshold: Level = Level.INFO, log: Logger | None = None) -> None:
        self.counters: Counter[str] = Counter()
        self.book = SeriesBook()
        self.series = self.book.series
        self.selection: Callable[[Event], bool] | None = None
        self._threshold = threshold
        self._least = threshold  # what is below is of interest to nobody
        self._levels: dict[str, Level | None] = {}
        self._observers: list[tuple[Level, frozenset[str], Observer]] = []
        self._also: frozenset[str] = frozenset()  # events that are of interest although they are below
        self._crew: Crew | None = None
        self._log = log if log is not None else Logger(namespace="stalwart")

    @property
    def threshold(self) -> Level:
        """The least level that is logged."""
        return self._threshold

    @threshold.setter
    def threshold(self, level: Level) -> None:
        self._threshold = level
        self._find_least()

    def change_levels(self, levels: Mapping[str, Level | None]) -> None:
        """Give events, by id, other levels than their own; with None nobody sees them, but they are counted."""
        self._levels = dict(levels)

    def wants(self, event: Event) -> bool:
        """Whether anybody would see the keys of this event: skip computing them if not."""
        level = self._levels.get(event.id, event.level) if self._levels else event.level
        return level is not None and (level >= self._least or event.id in self._also)

    def count(self, event: Event) -> None:
        """What ``emit`` does where nobody ``wants`` more, for those to whom even the keys would cost too much."""
        self.counters[event.id] += 1
        if self._crew is not None:
            self._crew.count(event.id)

    def emit(self, event: Event, **keys: Any) -> None:
        """Count ``event``, give it to the observers, log it if its level reaches the threshold."""
        self.count(event)
        if not self.wants(event):
            return
        level = self._levels.get(event.id)
        if level is not None:
            event = evolve(event, level=level)
        values = {key: clean(key, value) for key, value in keys.items()}
        if "spanId" not in values:
            span = CURRENT.get()
            if span:
                values["spanId"] = span
        for least, also, observer in tuple(self._observers):
            if event.level >= least or event.id in also:
                self._tell(observer, event, values)
        if event.level >= self._threshold and self._is_selected(event):
            self._log.emit(
                _TWISTED_LEVEL[event.level],
                "{line}",
                line=line_of(event, values),
                event_id=event.id,
                stalwart_event=event,
                stalwart_values=values,
            )

    def _tell(self, observer: Observer, event: Event, values: dict[str, Any]) -> None:
        """An observer that fails must not take the work along that the event is about."""
        try:
            observer(event, values)
        except Exception:
            self._log.failure("an observer of events failed at {event}", event=event.id)

    def join(self, crew: Crew | None) -> None:
        """Count together with other processes from now on, also what was counted already; None: alone again."""
        former, self._crew = self._crew, crew
        if crew is not None and crew is not former:
            for id, times in self.counters.items():
                crew.count(id, times)
        self.book.join(crew.shelf if crew is not None else None)

    def total(self, id: str) -> int:
        """How often an event has happened in this server, whichever of its processes met it."""
        return self.counters[id] if self._crew is None else self._crew.total(id)

    def processes(self) -> Mapping[str, int]:
        """The ids of the server's processes by what they are called; empty if it is this one alone."""
        return {} if self._crew is None else self._crew.processes()

    def observe(
        self, observer: Observer, least: Level = Level.TRACE, also: frozenset[str] = frozenset()
    ) -> Callable[[], None]:
        """Register ``observer`` for every event of a level, and those with the ids ``also``, from now on.

        Calling the result ends it, however often.
        """

        def pass_on(event: Event, values: dict[str, Any]) -> None:
            observer(event, values)

        entry = (least, also, pass_on)

        def leave() -> None:
            if entry in self._observers:
                self._observers.remove(entry)
                self._find_least()

        self._observers.append(entry)
        self._find_least()
        return leave

    def _find_least(self) -> None:
        self._least = min((self._threshold, *(least for least, _, _ in self._observers)))
        self._also = frozenset().union(*(also for _, also, _ in self._observers))

    def _is_selected(self, event: Event) -> bool:
        return self.selection is None or event.level >= Level.ERROR or self.selection(event)


def line_of(event: Event, values: dict[str, Any]) -> str:
    """The event as one log line: its sentence, its id, then ``key=value`` pairs; control characters are escaped."""
    return " ".join((event.doc, f"({event.id})", *pairs_of(values)))


def pairs_of(values: Mapping[str, Any]) -> Iterator[str]:
    """``key=value`` for all that there is."""
    return (pair(key, shown(key, value)) for key, value in values.items() if value is not None)
