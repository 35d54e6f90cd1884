"""Writes finished traces to the data store, as x:TracingStore says (settings C.10); a change of it counts at once.

Every process writes what it saw itself, once a second at most. While the store cannot be written, traces wait in the
collector's bounded memory and are tried again, less and less often; one event tells of the fault and one of its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.monitoring.history import TracingStore
from stalwart.config.settings import Settings
from stalwart.errors import Unavailable
from stalwart.store import Store, TraceRow, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import TELEMETRY_HISTORY_ERROR, TELEMETRY_HISTORY_RECOVERED
from stalwart.telemetry.tracing.collector import Finished, TraceCollector
from stalwart.telemetry.tracing.record import joined, packed, summary, unpacked

PERIOD = 1.0
LONGEST_PAUSE = 60.0
PATIENCE = 5.0
"""Seconds that the last write may take when the server stops."""
_AT_ONCE = 100
_TRIMMED = 500


class TraceHistory:
    """Keeps traces from ``start`` to ``close``."""

    def __init__(self, store: Store, settings: Settings, telemetry: Telemetry, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self.collector = TraceCollector(telemetry, clock.seconds, self._most_events, self._wake)
        self._timer: Any = None
        self._is_writing = False
        self._failures = 0
        self._not_before = 0.0
        self._unwatch: Callable[[], None] | None = None

    def start(self) -> None:
        """Obey the settings from now on."""
        self._unwatch = self._settings.watch(self._follow)
        self._follow()

    async def close(self) -> None:
        """Write what there is, whether it is over or not, then stop; takes seconds at the most."""
        if self._unwatch is None:
            return
        self._unwatch()
        self._unwatch = None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self.collector.finish()
        last = Deferred.fromCoroutine(self._write_all())
        last.addTimeout(PATIENCE, self._clock, lambda _result, _seconds: None)
        await last

    def _follow(self) -> None:
        if self._settings.of(TracingStore).tag == "Default":
            self.collector.start()
        else:
            self.collector.stop()

    def _most_events(self) -> int:
        kept = self._settings.of(TracingStore)
        return int(kept.max_trace_events) if kept.tag == "Default" else 0

    def _wake(self) -> None:
        if self._unwatch is not None and (self._timer is None or not self._timer.active()):
            self._timer = self._clock.callLater(PERIOD, self._tick)

    def _tick(self) -> None:
        goes_on = self.collector.tick()
        if not self._is_writing and self._clock.seconds() >= self._not_before:
            Deferred.fromCoroutine(self._write_all())
        if goes_on:
            self._wake()

    async def _write_all(self) -> None:
        """Store what is finished, in portions, until the store fails."""
        self._is_writing = True
        try:
            while traces := self.collector.take(_AT_ONCE):
                if not await self._write(traces):
                    break
        finally:
            self._is_writing = False
            if not self.collector.is_idle:  # what was given back, while nobody looked
                self._wake()

    async def _write(self, traces: list[Finished]) -> bool:
        kept = self._settings.of(TracingStore)
        if kept.tag != "Default":
            return True
        try:
            await self._store.write(lambda tx: store_traces(tx, traces, kept.max_traces, kept.max_trace_events))
        except Exception as problem:
            if isinstance(problem, Unavailable):
                self.collector.give_back(traces)
            else:  # a fault that would be met again and again
                self.collector.drop(traces)
            self._failed(problem)
            return False
        if self._failures:
            self._failures = 0
            self._telemetry.emit(TELEMETRY_HISTORY_RECOVERED, kind="traces", dropped=self.collector.dropped)
        return True

    def _failed(self, problem: Exception) -> None:
        self._failures += 1
        self._not_before = self._clock.seconds() + min(LONGEST_PAUSE, 2.0**self._failures)
        if self._failures == 1:
            self._telemetry.emit(TELEMETRY_HISTORY_ERROR, kind="traces", reason=str(problem))


def store_traces(tx: Transaction, traces: Sequence[Finished], most: int, most_events: int) -> None:
    """Add ``traces``, also to earlier parts of themselves, and remove the oldest ones beyond ``most``."""
    former = tx.traces.many(each.span for each in traces)
    for each in traces:
        before = former.get(each.span)
        events = joined(before.events, each.events, most_events) if before else packed(each.events)
        told = summary(unpacked(events))
        tx.traces.put(TraceRow(each.span, told.sender, told.recipients, told.size, told.kinds, told.words, events))
    tx.traces.trim(most, _TRIMMED)
