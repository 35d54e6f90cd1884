"""What watches the server and tells of it: logs, figures, and how late its reactor is. Built, started and closed here.

A new part is a line in ``observation_of``. Parts that only one process of the server may run are started by ``lead``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.python.log import err

from stalwart.app.company import Company
from stalwart.app.foundations import Foundations
from stalwart.app.observing.otlp import Collectors, EventExports, FigureExports
from stalwart.app.observing.tracers import Tracers
from stalwart.app.observing.web_hooks import WebHooks
from stalwart.config.monitoring.metrics import Metrics
from stalwart.store import Transaction
from stalwart.tasks.metric_history import MetricHistory
from stalwart.tasks.trace_history import TraceHistory
from stalwart.telemetry.figures.families import Expiries
from stalwart.telemetry.figures.gathering import Figures
from stalwart.telemetry.reactor_latency import ReactorLatency

SENDING, WRITING = 3.0, 2.0
"""Seconds that parts have to end together, and logs after them: a server that stops has others to wait for."""

KINDS = {"domain.count": "Domain", "user.count": "Account"}
"""Types of objects that are counted, by the name of the figure."""


class Part(Protocol):
    """Something that watches, from ``start`` to ``close``; the latter may be called without the former."""

    def start(self) -> None:
        """Begin."""

    def close(self) -> Any:
        """End; a coroutine or a Deferred if that takes a while."""


class Observation:
    """All parts; ``figures`` are for whoever tells them further. ``logs`` begin before all others, and end last."""

    def __init__(
        self, clock: Any, figures: Figures, logs: Part, parts: tuple[Part, ...], leading: tuple[Part, ...] = ()
    ) -> None:
        self._clock = clock
        self.figures = figures
        self._logs = logs
        self._parts = parts
        self._leading = leading

    def start(self) -> None:
        """Begin to watch."""
        for part in (self._logs, *self._parts):
            part.start()

    def lead(self) -> None:
        """Begin what only one process does."""
        for part in self._leading:
            part.start()

    async def close(self) -> None:
        """End everything: those that have something to send do it at the same time, since each may take seconds."""
        await DeferredList([self._closed(part, SENDING) for part in (*self._leading, *self._parts)])
        await self._closed(self._logs, WRITING)

    def _closed(self, part: Part, seconds: float) -> Deferred[Any]:
        closing = maybeDeferred(part.close)
        closing.addTimeout(seconds, self._clock, lambda _result, _seconds: None)
        return closing.addErrback(err, f"{type(part).__name__} did not close")


def observation_of(below: Foundations, certificates: Expiries, company: Company) -> Observation:
    """What watches the server that stands on ``below``."""
    settings, telemetry, reactor = below.settings, below.telemetry, below.reactor
    figures = figures_of(below, certificates)
    collectors = Collectors(reactor, below.outgoing.trust_store, below.hostname)
    tracers = Tracers(
        settings,
        telemetry,
        reactor,
        environment_decides=below.mode != "normal",
        shape_log=lambda form: company.shape_log(form, reactor),
    )
    parts: tuple[Part, ...] = (
        ReactorLatency(telemetry, reactor),
        EventExports(settings, telemetry, reactor, collectors),
        WebHooks(settings, telemetry, reactor, below.outgoing.trust_store),
    )
    leading: tuple[Part, ...] = (FigureExports(settings, telemetry, reactor, collectors, figures),)
    if below.mode == "normal":
        parts += (TraceHistory(below.store, settings, telemetry, reactor),)
        leading += (MetricHistory(below.store, settings, figures, telemetry, reactor),)
    return Observation(reactor, figures, tracers, parts, leading)


def figures_of(below: Foundations, certificates: Expiries) -> Figures:
    """The figures of the server, as far as x:Metrics allows."""

    async def count() -> Mapping[str, int]:
        return await below.store.read(_counted)

    return Figures(
        below.telemetry, below.reactor, count, lambda id: below.settings.of(Metrics).allows(id), certificates
    )


def _counted(tx: Transaction) -> Mapping[str, int]:
    return {id: tx.registry.count(type) for id, type in KINDS.items()} | {"queue.count": tx.queue.count()}
