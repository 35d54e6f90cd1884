"""Writes figures to the data store once a minute, as x:MetricsStore says (settings C.10); changes of it count at once.

Only the leading process does it; figures are those of all. A gauge is stored as it is, a counter or histogram as what
came since the reading before, and only if something did. A counter's first reading is only compared with, so that a
restart, or another process that leads, counts nothing twice. What the store does not take waits, bounded, with the
moments at which it was read; one event tells of the fault and one of its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import isfinite
from typing import Any, Protocol

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from stalwart.codec.ids import snowflake
from stalwart.config.monitoring.history import MetricsStore
from stalwart.config.monitoring.metrics import METRIC_TYPE
from stalwart.config.settings import Settings
from stalwart.store import MetricSample, Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    TELEMETRY_HISTORY_ERROR,
    TELEMETRY_HISTORY_RECOVERED,
    TELEMETRY_METRICS_STORED,
)
from stalwart.telemetry.figures.families import Family
from stalwart.telemetry.figures.gathering import Reading, readings
from stalwart.telemetry.spans import new_span

INTERVAL = 60.0
AGE = 24 * 3600
"""Seconds that figures are kept."""
MOST_WAITING = 30
"""Readings that wait for the store at most."""
PATIENCE = 30.0
"""Seconds that a reading, or its write, may take."""
_TRIMMED = 5000
_MOST = float(1 << 53)


class Source(Protocol):
    """See ``stalwart.telemetry.figures.gathering.Figures``."""

    async def families(self) -> list[Family]: ...


class MetricHistory:
    """Keeps figures from ``start`` to ``close``."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        figures: Source,
        telemetry: Telemetry,
        clock: Any,
        interval: float = INTERVAL,
    ) -> None:
        self._store = store
        self._settings = settings
        self._figures = figures
        self._telemetry = telemetry
        self._clock = clock
        self._interval = interval
        self._loop = LoopingCall(self._launch)
        self._loop.clock = clock
        self._running: Deferred[None] | None = None
        self._before: dict[str, tuple[int, int]] | None = None
        self._waiting: deque[list[MetricSample]] = deque()
        self._is_failing = False
        self._dropped = 0

    def start(self) -> None:
        """Read for the first time, then once per interval."""
        if not self._loop.running:
            self._loop.start(self._interval)

    def close(self) -> None:
        """Stop; a reading that is being taken is given up."""
        if self._loop.running:
            self._loop.stop()
        if self._running is not None:
            self._running.cancel()

    def _launch(self) -> None:
        if self._running is not None:
            return
        running = Deferred.fromCoroutine(self._round())
        self._running = running
        running.addTimeout(PATIENCE, self._clock)
        running.addErrback(self._failed)
        running.addBoth(self._ended)

    def _ended(self, _result: object) -> None:
        self._running = None

    async def _round(self) -> None:
        """Read and store."""
        kept = self._settings.of(MetricsStore)
        if kept.tag != "Default":
            self._before = None
            self._waiting.clear()
            return
        samples = self._samples(readings(await self._figures.families()))
        if samples:
            self._put_by(samples)
        waiting = [sample for batch in self._waiting for sample in batch]
        oldest = snowflake(int((self._clock.seconds() - AGE) * 1000), 0)

        def work(tx: Transaction) -> None:
            tx.metric_samples.add(waiting)
            tx.metric_samples.trim(kept.max_samples, oldest, _TRIMMED)

        await self._store.write(work)
        self._waiting.clear()
        self._telemetry.emit(TELEMETRY_METRICS_STORED, total=len(waiting))
        if self._is_failing:
            self._is_failing = False
            self._telemetry.emit(TELEMETRY_HISTORY_RECOVERED, kind="metrics", dropped=self._dropped)

    def _put_by(self, samples: list[MetricSample]) -> None:
        if len(self._waiting) == MOST_WAITING:
            self._dropped += len(self._waiting.popleft())
        self._waiting.append(samples)

    def _failed(self, failure: Failure) -> None:
        if self._loop.running and not self._is_failing:
            self._is_failing = True
            late = failure.check(TimeoutError)
            reason = f"it took longer than {PATIENCE:g} seconds" if late else failure.getErrorMessage()
            self._telemetry.emit(TELEMETRY_HISTORY_ERROR, kind="metrics", reason=reason)

    def _samples(self, readings: Sequence[Reading]) -> list[MetricSample]:
        """What of ``readings`` is to be stored."""
        now = self._clock.seconds()
        before = self._before
        self._before = {}  # of those that are read: what was left out meanwhile is nobody's
        found = []
        for each in readings:
            if each.id not in METRIC_TYPE.spellings:
                continue
            count, total = _whole(each.count), _whole(each.sum)
            if each.kind != "gauge":
                self._before[each.id] = (count, total)
                if before is None or each.id not in before:
                    continue
                former_count, former_total = before[each.id]
                # Less than before: a process that counted has gone, so what came since is not known.
                count, total = max(0, count - former_count), max(0, total - former_total)
                if not count:
                    continue
            found.append(MetricSample(new_span(now), each.id, each.kind.capitalize(), count, total))
        return found


def _whole(value: float) -> int:
    """``value`` as x:Metric has it."""
    return round(min(max(0.0, value), _MOST)) if isfinite(value) else 0
