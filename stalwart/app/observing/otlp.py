"""Follows x:Tracer (OtelHttp, OtelGrpc) and x:Metrics.openTelemetry: which OpenTelemetry collectors are told what.

Every process sends its own events and spans; figures are those of all processes, sent by the one that leads. Nothing of
OpenTelemetry is loaded before the first request. Endpoints are bases to which ``/v1/logs`` and so on are added, unless
they end so (OTLP 1.x). Secrets are read for each round, so a file may be replaced.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.threads import deferToThreadPool

import stalwart
from stalwart.app.observing.wanted_events import level_of, selection
from stalwart.config.monitoring.metrics import Metrics
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.request_headers import headers_of
from stalwart.config.settings import Settings
from stalwart.net.tls import TrustStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import TELEMETRY_OTEL_ERROR, TELEMETRY_OTEL_METRICS_ERROR

if TYPE_CHECKING:
    from stalwart.app.observing.otlp_delivery import Delivery, Destination, Threads
    from stalwart.app.observing.otlp_reports import Gathers, Reports
    from stalwart.net.otlp import Sender

SHORTEST = 0.1
"""Seconds between rounds, whatever the settings say."""

_T = TypeVar("_T")
_SERVERS = UUID("5b1e0d2c-6f57-4a3c-9d2b-6c2f5f0e8a11")


_KINDS = ("OtelHttp", "OtelGrpc")
_REPORTS = ("Http", "Grpc")
_GRPC = ("OtelGrpc", "Grpc")


class Collectors:
    """The ways to collectors; ``hostname`` is what the server calls itself, ``in_thread`` is for tests."""

    def __init__(self, reactor: Any, trust_store: TrustStore, hostname: str, in_thread: Threads | None = None) -> None:
        self._reactor = reactor
        self._trust_store = trust_store
        self._in_thread: Threads = in_thread if in_thread is not None else self._elsewhere
        self._encoder = lru_cache(maxsize=1)(partial(_new_encoder, resource_of(hostname)))

    def destination(self, wanted: Any) -> Destination:
        """Where a tracer, or x:Metrics.openTelemetry, wants something sent."""
        from stalwart.app.observing.otlp_delivery import Destination
        from stalwart.net.otlp_grpc import USUAL

        headers = partial(headers_of, getattr(wanted, "http_auth", None), getattr(wanted, "http_headers", {}))
        url = shown(wanted.endpoint or USUAL)
        return Destination(url, self.sender(wanted), headers, self._encoder, self._in_thread)

    def sender(self, wanted: Any) -> Sender:
        """What speaks with it."""
        from stalwart.net.otlp import HttpSender
        from stalwart.net.otlp_grpc import GrpcSender

        timeout = wanted.timeout / 1000
        if wanted.tag in _GRPC:
            return GrpcSender(self._reactor, wanted.endpoint, timeout)
        return HttpSender(self._reactor, self._trust_store, wanted.endpoint, timeout)

    def _elsewhere(self, work: Callable[[], _T]) -> Deferred[_T]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work)


@frozen
class _Open:
    tracer: Any
    delivery: Delivery
    leave: Callable[[], None]


class EventExports:
    """Sends what happens, from ``start`` to ``close``, as x:Tracer says."""

    def __init__(self, settings: Settings, telemetry: Telemetry, reactor: Any, collectors: Collectors) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._reactor = reactor
        self._collectors = collectors
        self._open: dict[int, _Open] = {}
        self._closing: set[Deferred[None]] = set()
        self._unwatch: Callable[[], None] | None = None

    def start(self) -> None:
        """Obey the settings from now on."""
        self._unwatch = self._settings.watch(self._follow)
        self._follow()

    async def close(self) -> None:
        """Send what waits, as far as that takes seconds at the most, and end."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        for id in tuple(self._open):
            self._end(id)
        await DeferredList(list(self._closing))

    def _follow(self) -> None:
        enabled = {id: tracer for id, tracer in self._settings.all(Tracer) if tracer.tag in _KINDS and tracer.enable}
        for id in self._open.keys() - enabled.keys():
            self._end(id)
        for id, tracer in enabled.items():
            former = self._open.get(id)
            if former is None or former.tracer != tracer:
                self._end(id)
                self._open[id] = self._begin(tracer)

    def _begin(self, tracer: Any) -> _Open:
        from stalwart.app.observing.otlp_delivery import Complaints, Delivery
        from stalwart.telemetry.otlp.records import SPAN_EVENTS, Recorder

        named, wanted = tracer.events, tracer.events_policy == "include"
        recorder = Recorder(
            selection([tracer]),
            lambda event: (event.id in named) is wanted,
            logs=tracer.enable_log_exporter,
            spans=tracer.enable_span_exporter,
        )
        to = self._collectors.destination(tracer)
        complaints = Complaints(self._telemetry.emit, TELEMETRY_OTEL_ERROR, to.url, self._reactor)
        throttle = max(tracer.throttle / 1000, SHORTEST)
        delivery = Delivery(recorder, to, complaints, self._reactor, throttle, tells_losses=not tracer.lossy)
        also = SPAN_EVENTS if tracer.enable_span_exporter else frozenset()
        return _Open(tracer, delivery, self._telemetry.observe(delivery.note, level_of(tracer), also))

    def _end(self, id: int) -> None:
        former = self._open.pop(id, None)
        if former is not None:
            former.leave()
            closing = Deferred.fromCoroutine(former.delivery.close())
            self._closing.add(closing)
            closing.addBoth(lambda _result: self._closing.discard(closing))


class FigureExports:
    """Sends the figures of the server, from ``start`` to ``close``, as x:Metrics.openTelemetry says."""

    def __init__(
        self, settings: Settings, telemetry: Telemetry, reactor: Any, collectors: Collectors, figures: Gathers
    ) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._reactor = reactor
        self._collectors = collectors
        self._figures = figures
        self._began = reactor.seconds()
        self._wanted: Any = None
        self._reports: Reports | None = None
        self._unwatch: Callable[[], None] | None = None

    def start(self) -> None:
        """Obey the settings from now on."""
        self._unwatch = self._settings.watch(self._follow)
        self._follow()

    def close(self) -> None:
        """End."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        self._end()

    def _follow(self) -> None:
        wanted: Any = self._settings.of(Metrics).open_telemetry
        if wanted == self._wanted:
            return
        self._end()
        self._wanted = wanted
        if wanted.tag in _REPORTS:
            from stalwart.app.observing.otlp_delivery import Complaints
            from stalwart.app.observing.otlp_reports import Reports

            to = self._collectors.destination(wanted)
            complaints = Complaints(self._telemetry.emit, TELEMETRY_OTEL_METRICS_ERROR, to.url, self._reactor)
            interval = max(wanted.interval / 1000, SHORTEST)
            self._reports = Reports(self._figures, to, complaints, self._reactor, interval, self._began)
            self._reports.start()

    def _end(self) -> None:
        self._wanted = None
        if self._reports is not None:
            self._reports.close()
            self._reports = None


def resource_of(hostname: str) -> dict[str, str]:
    """What describes the server (OpenTelemetry semantic conventions); workers are one instance of one service."""
    host = socket.gethostname()
    return {
        "service.name": "stalwart",
        "service.version": stalwart.__version__,
        "service.instance.id": str(uuid5(_SERVERS, f"{host} {hostname}")),
        "host.name": host,
    }


def shown(endpoint: str) -> str:
    """``endpoint`` for a log: without what could be secret."""
    try:
        parts = urlsplit(endpoint)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"[:256]
    except ValueError:
        return "(no URL)"


def _new_encoder(resource: Mapping[str, str]) -> Any:
    """For threads: loading OpenTelemetry takes a moment."""
    from stalwart.telemetry.otlp.encoding import Encoder

    return Encoder(resource)
