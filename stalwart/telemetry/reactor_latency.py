"""Measures how late timers are: whatever blocks the reactor shows here first."""

from __future__ import annotations

from typing import Any

from stalwart.telemetry.measures import REACTOR_LATENCY
from stalwart.telemetry.stream import Telemetry

INTERVAL = 0.25


class ReactorLatency:
    """From ``start`` to ``close`` a timer looks how late it is."""

    def __init__(self, telemetry: Telemetry, reactor: Any) -> None:
        self._series = telemetry.series(REACTOR_LATENCY)
        self._reactor = reactor
        self._due = 0.0
        self._timer: Any = None

    def start(self) -> None:
        """Begin to look."""
        self._due = self._reactor.seconds() + INTERVAL
        self._timer = self._reactor.callLater(INTERVAL, self._look)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _look(self) -> None:
        self._series.observe(max(self._reactor.seconds() - self._due, 0.0))
        self.start()
