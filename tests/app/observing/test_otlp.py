"""Which collectors are told what, from the moment the settings say so."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.observing.otlp import Collectors, EventExports, FigureExports, resource_of, shown
from stalwart.app.observing.otlp_delivery import Destination
from stalwart.config.monitoring.metrics import Metrics
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.settings import Settings
from stalwart.net.otlp import HttpSender, Sender
from stalwart.net.otlp_grpc import GrpcSender
from stalwart.net.tls import TrustStore
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_FAILED,
    AUTH_SUCCESS,
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    HTTP_REQUEST_URL,
)
from tests.app.observing.test_otlp_delivery import FakeSender, PlainEncoder
from tests.app.observing.test_otlp_reports import FakeFigures
from tests.telemetry.logs.test_log_writer import ThreadClock

COLLECTOR = {"@type": "OtelHttp", "endpoint": "http://127.0.0.1:4318", "throttle": 1000}


class FakeCollectors(Collectors):
    """Collectors in memory."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock, TrustStore(), "mail.example.org", maybeDeferred)
        self.clock = clock
        self.senders: list[FakeSender] = []

    def sender(self, wanted: Any) -> Sender:
        self.senders.append(FakeSender())
        self.senders[-1].clock = self.clock
        return self.senders[-1]

    def destination(self, wanted: Any) -> Destination:
        made = super().destination(wanted)
        return Destination(made.url, made.sender, made.headers, PlainEncoder, made.in_thread)


class ExportsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock: Any = ThreadClock()
        self.clock.advance(1000)
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.telemetry = Telemetry(log=Logger(namespace="test", observer=lambda entry: None))
        self.settings = Settings(self.store, self.telemetry, self.clock)
        self.successResultOf(self.store.start())
        self.collectors = FakeCollectors(self.clock)
        self.events = EventExports(self.settings, self.telemetry, self.clock, self.collectors)

    def create(self, **members: Any) -> int:
        making = self.settings.create(Tracer, {**COLLECTOR, **members})
        id: int = self.successResultOf(Deferred.fromCoroutine(making))
        return id

    def change(self, type: Any, patch: dict[str, Any], id: int | None = None) -> None:
        changing = self.settings.change(type, patch, id) if id is not None else self.settings.change(type, patch)
        self.successResultOf(Deferred.fromCoroutine(changing))

    def happen(self) -> None:
        """A sign-in that fails on a connection, and one that succeeds beside it."""
        self.telemetry.emit(HTTP_CONNECTION_START, spanId=5)
        self.telemetry.emit(HTTP_REQUEST_URL, spanId=5)
        self.telemetry.emit(AUTH_FAILED, spanId=5, login="failed")
        self.telemetry.emit(HTTP_CONNECTION_END, spanId=5)
        self.telemetry.emit(AUTH_SUCCESS, login="succeeded")
        self.clock.advance(1)

    def sent(self, number: int = -1) -> list[tuple[str, bytes]]:
        return [(signal, content) for _, signal, content in self.collectors.senders[number].sent]


class EventExportTests(ExportsCase):
    def test_what_the_level_takes_and_connections_at_any_level(self) -> None:
        self.create()
        self.events.start()
        self.happen()
        self.assertEqual(self.sent(), [("traces", b"http.connection"), ("logs", b"failed,succeeded")])

    def test_from_the_moment_it_is_set(self) -> None:
        self.events.start()
        self.happen()
        id = self.create()
        self.happen()
        self.assertEqual(len(self.sent()), 2)
        self.change(Tracer, {"enable": False}, id)
        self.happen()
        self.assertEqual((len(self.sent()), self.collectors.senders[0].closed), (2, True))
        self.assertFalse(self.telemetry.wants(HTTP_CONNECTION_START))

    def test_only_logs_and_only_spans(self) -> None:
        self.create(enableLogExporter=False)
        self.create(enableSpanExporter=False)
        self.events.start()
        self.happen()
        found = sorted([signal for signal, _ in self.sent(number)] for number in (0, 1))
        self.assertEqual(found, [["logs"], ["traces"]])

    def test_chosen_events(self) -> None:
        self.create(events={"auth.failed": True}, eventsPolicy="include")
        self.create(events={"http.connection-start": True, "auth.failed": True})
        self.events.start()
        self.happen()
        found = sorted((self.sent(number) for number in (0, 1)), key=str)
        self.assertEqual(found, [[("logs", b"failed")], [("logs", b"succeeded")]])

    def test_an_event_that_nobody_is_to_see(self) -> None:
        self.create(enableSpanExporter=False)
        self.events.start()
        self.telemetry.change_levels({"auth.failed": None})
        self.happen()
        self.assertEqual(self.sent(), [("logs", b"succeeded")])

    def test_a_change_is_another_collector_and_the_rest_stays(self) -> None:
        self.create(endpoint="http://127.0.0.1:1")
        id = self.create(endpoint="http://127.0.0.1:2")
        self.events.start()
        self.change(Tracer, {"endpoint": "http://127.0.0.1:3"}, id)
        self.assertEqual(len(self.collectors.senders), 3)
        self.assertEqual(sorted(each.closed for each in self.collectors.senders), [False, False, True])

    def test_the_end_sends_what_waits(self) -> None:
        self.create()
        self.events.start()
        self.telemetry.emit(AUTH_FAILED, login="a")
        self.successResultOf(Deferred.fromCoroutine(self.events.close()))
        self.assertEqual(self.sent(), [("logs", b"a")])
        self.assertTrue(self.collectors.senders[0].closed)
        self.happen()
        self.assertEqual(len(self.sent()), 1)

    def test_the_end_without_a_beginning(self) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.events.close()))


class FigureExportTests(ExportsCase):
    def setUp(self) -> None:
        super().setUp()
        self.exports = FigureExports(self.settings, self.telemetry, self.clock, self.collectors, FakeFigures())

    def set(self, **members: Any) -> None:
        self.change(Metrics, {"openTelemetry": members})

    def test_reported_while_the_settings_say_so(self) -> None:
        self.exports.start()
        self.clock.advance(100)
        self.assertEqual(self.collectors.senders, [])
        self.set(**{"@type": "Http", "endpoint": "http://127.0.0.1:4318", "interval": 10_000})
        for _ in range(21):
            self.clock.advance(1)
        self.assertEqual(len(self.sent()), 3)
        self.change(Metrics, {"metricsPolicy": "include"})
        self.assertEqual(len(self.collectors.senders), 1)
        self.set(**{"@type": "Grpc", "endpoint": None, "interval": 10_000})
        self.clock.advance(1)
        self.assertEqual((len(self.sent()), self.collectors.senders[0].closed), (1, True))
        self.set(**{"@type": "Disabled"})
        self.clock.advance(100)
        self.assertEqual(len(self.sent()), 1)

    def test_the_end(self) -> None:
        self.set(**{"@type": "Http", "endpoint": "http://127.0.0.1:4318"})
        self.exports.start()
        self.exports.close()
        self.clock.advance(100)
        self.assertEqual((self.sent(), self.clock.getDelayedCalls()), ([], []))

    def test_the_end_without_a_beginning(self) -> None:
        self.exports.close()


class WayTests(ExportsCase):
    def test_senders(self) -> None:
        self.create()
        self.create(**{"@type": "OtelGrpc", "endpoint": None})
        collectors = Collectors(self.clock, TrustStore(), "mail.example.org")
        found = {type(collectors.sender(tracer)) for _, tracer in self.settings.all(Tracer)}
        self.assertEqual(found, {HttpSender, GrpcSender})

    def test_what_is_shown_of_an_endpoint(self) -> None:
        self.assertEqual(shown("https://user:secret@c:4318/a?key=secret"), "https://c:4318/a")
        self.assertEqual((shown("http://[::1"), shown("c")), ("(no URL)", "://c"))

    def test_resource(self) -> None:
        one, other = resource_of("a.example.org"), resource_of("b.example.org")
        self.assertEqual(one, resource_of("a.example.org"))
        self.assertNotEqual(one["service.instance.id"], other["service.instance.id"])
        self.assertEqual(one["service.name"], "stalwart")


class MemoryTests(SynchronousTestCase):
    def test_nothing_is_loaded_before_it_is_needed(self) -> None:
        code = (
            "import sys, stalwart.app.observing.otlp; "
            "print([name for name in sys.modules if name.startswith(('opentelemetry', 'grpc', 'google'))])"
        )
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
        self.assertEqual(found.stdout.strip(), b"[]")
