"""``GET /api/live/metrics``: the figures of the server again and again, as an event stream (telemetry 3).

Values are absolute, so a reader who is slow gets fewer frames and misses nothing. Figures are gathered once for all who
ask within a moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from attrs import frozen
from twisted.internet.task import deferLater

from stalwart.api.live_streams import LiveStreams
from stalwart.codec import sse
from stalwart.config.monitoring.counter_names import COUNTERS, GAUGES, HISTOGRAMS
from stalwart.net.flights import Flights
from stalwart.telemetry.events import declared_events
from stalwart.telemetry.figures.gathering import Figures, Reading, readings
from stalwart.web.answers import EventStream, Outlet
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

DEFAULT, LONGEST = 30, 86_400
FRESH = 0.5
"""Seconds in which what was gathered is not gathered again."""
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")
_TYPES = {"counter": "Counter", "gauge": "Gauge", "histogram": "Histogram"}


class LiveMetrics:
    """The figures for all streams of this process."""

    def __init__(self, figures: Figures, clock: Any) -> None:
        self.clock = clock
        self._figures = figures
        self._flights: Flights[None, list[Reading]] = Flights()
        self._gathered = float("-inf")
        self._readings: list[Reading] = []

    async def now(self) -> list[Reading]:
        """All readings of this moment."""
        if self.clock.seconds() - self._gathered >= FRESH:
            return await self._flights.join(None, self._gather)
        return self._readings

    async def _gather(self) -> list[Reading]:
        self._readings = readings(await self._figures.families())
        self._gathered = self.clock.seconds()
        return self._readings


@frozen
class Selection:
    """What was asked for by name: counters, and gauges and histograms; nothing named is everything, of each by itself
    (telemetry 3)."""

    counters: frozenset[str]
    others: frozenset[str]

    def takes(self, reading: Reading) -> bool:
        """Whether ``reading`` is told: only what has happened, except levels, which are always told."""
        if reading.kind != "gauge" and reading.count <= 0:
            return False
        named = self.counters if reading.kind == "counter" else self.others
        return not named or reading.id in named


_COUNTERS = frozenset((*COUNTERS, *(event.id for event in declared_events())))
_OTHERS = frozenset((*GAUGES, *HISTOGRAMS))


@route("GET", "/api/live/metrics", needs="liveMetrics", spec="telemetry 3")
async def metrics(exchange: Exchange, *, live_metrics: LiveMetrics, live_streams: LiveStreams) -> EventStream:
    """Figures, at once and then every ``interval`` seconds (30). Query: ``metrics`` (ids with dots, separated by
    commas; unknown ones are ignored), ``interval``, ``token``."""
    return _stream(exchange, live_metrics, live_streams)


@route("GET", "/api/live/metrics/<path:ignored>", needs="liveMetrics", spec="telemetry 3")
async def metrics_with_more(exchange: Exchange, *, live_metrics: LiveMetrics, live_streams: LiveStreams) -> EventStream:
    """As without the further segments, which are ignored."""
    return _stream(exchange, live_metrics, live_streams)


def selection(text: str) -> Selection:
    """What ``metrics`` names."""
    named = frozenset(part.strip() for part in text.split(","))
    return Selection(named & _COUNTERS, named & _OTHERS)


def interval(text: str) -> int:
    """Seconds between frames; 30 where ``text`` says nothing sensible."""
    return min(int(text), LONGEST) if _SECONDS.fullmatch(text) else DEFAULT


def frame(found: Iterable[Reading]) -> bytes:
    """One ``metrics`` event."""
    return sse.event(msgspec.json.encode([_shown(reading) for reading in found]), "metrics")


def _shown(reading: Reading) -> Mapping[str, Any]:
    shown = {"metric": reading.id, "@type": _TYPES[reading.kind], "count": round(reading.count)}
    return shown | {"sum": round(reading.sum)} if reading.kind == "histogram" else shown


def _stream(exchange: Exchange, live_metrics: LiveMetrics, live_streams: LiveStreams) -> EventStream:
    access = exchange.access
    assert access is not None  # the routes say so
    wanted = selection(exchange.query.get("metrics", ""))
    seconds = interval(exchange.query.get("interval", ""))
    live_streams.admit(access.account_id)
    reader = live_streams.reader(access, "liveMetrics", exchange.client_ip)

    async def run(send: Outlet) -> None:
        with live_streams.open(access.account_id, "metrics"):
            while await reader.may_read():
                send(frame(filter(wanted.takes, await live_metrics.now())))
                await deferLater(live_metrics.clock, seconds)
                await send.ready()

    return EventStream(run)
