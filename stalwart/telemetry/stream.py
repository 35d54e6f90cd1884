"""One place where every event passes: it is counted, given to live observers and logged.

Only the reactor thread emits, so the counters are plain integers. Keys may be callables: they are called only when
somebody listens at that level. Values that could carry secrets are never keys of an event; that is the emitter's duty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger, LogLevel

from stalwart.telemetry.events import Event, Level

Observer = Callable[[Event, dict[str, Any]], None]

_TWISTED_LEVEL = {
    Level.ERROR: LogLevel.error,
    Level.WARN: LogLevel.warn,
    Level.INFO: LogLevel.info,
    Level.DEBUG: LogLevel.debug,
    Level.TRACE: LogLevel.debug,
}


class Telemetry:
    """Counts, streams and logs events. ``threshold`` is the least level that is logged."""

    def __init__(self, threshold: Level = Level.INFO, log: Logger | None = None) -> None:
        self.counters: Counter[str] = Counter()
        self.threshold = threshold
        self._observers: list[Observer] = []
        self._log = log if log is not None else Logger(namespace="stalwart")

    def wants(self, event: Event) -> bool:
        """Whether anybody would see the keys of this event: skip computing them if not."""
        return event.level >= self.threshold or bool(self._observers)

    def emit(self, event: Event, **keys: Any) -> None:
        """Count ``event``, give it to the observers, log it if its level reaches the threshold."""
        self.counters[event.id] += 1
        if not self.wants(event):
            return
        values = {key: value() if callable(value) else value for key, value in keys.items()}
        for observer in tuple(self._observers):
            observer(event, values)
        if event.level >= self.threshold:
            self._log.emit(_TWISTED_LEVEL[event.level], "{line}", line=line_of(event, values), event_id=event.id)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Register ``observer`` for every event from now on; calling the result ends it, however often."""

        def pass_on(event: Event, values: dict[str, Any]) -> None:
            observer(event, values)

        def leave() -> None:
            if pass_on in self._observers:
                self._observers.remove(pass_on)

        self._observers.append(pass_on)
        return leave


def line_of(event: Event, values: dict[str, Any]) -> str:
    """The event as one log line: its sentence, its id, then ``key=value`` pairs; control characters are escaped."""
    pairs = " ".join(f"{key}={_shown(value)}" for key, value in values.items() if value is not None)
    return f"{event.doc} ({event.id}) {pairs}".rstrip()


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text) if not text or not text.isprintable() or " " in text else text
