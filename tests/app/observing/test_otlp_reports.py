"""Figures are reported to a collector, every so many seconds."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.observing.otlp_delivery import QUIET, Complaints, Destination
from stalwart.app.observing.otlp_reports import PATIENCE, Reports, since
from stalwart.net.otlp import SendFailed
from stalwart.telemetry.events import TELEMETRY_OTEL_METRICS_ERROR, Event
from stalwart.telemetry.figures.families import Family
from tests.app.observing.test_otlp_delivery import FakeSender, PlainEncoder

STARTED = Family("process_start_time_seconds", "gauge", "x", [({"worker": "1"}, 900.0), ({"worker": "parent"}, 800.0)])


class FakeFigures:
    """Some figures, or what ``problem`` is."""

    def __init__(self) -> None:
        self.problem: Exception | Deferred[Any] | None = None

    async def families(self) -> list[Family]:
        if isinstance(self.problem, Exception):
            raise self.problem
        if self.problem is not None:
            await self.problem
        return [STARTED]


class ReportTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.sender = FakeSender()
        self.sender.clock = self.clock
        self.figures = FakeFigures()
        self.told: list[str] = []
        to = Destination("http://c", self.sender, dict, PlainEncoder, lambda work: maybeDeferred(work))
        complaints = Complaints(self.emit, TELEMETRY_OTEL_METRICS_ERROR, to.url, self.clock)
        self.reports = Reports(self.figures, to, complaints, self.clock, 60, 990)

    def emit(self, event: Event, **values: Any) -> None:
        self.assertIs(event, TELEMETRY_OTEL_METRICS_ERROR)
        self.assertEqual(values["url"], "http://c")
        self.told.append(values["reason"])

    def start(self) -> None:
        self.reports.start()
        self.clock.advance(0)

    def moments(self) -> list[float]:
        return [moment - 1000 for moment, _, _ in self.sender.sent]

    def test_at_once_and_then_again_and_again(self) -> None:
        self.start()
        for _ in range(130):
            self.clock.advance(1)
        self.assertEqual(self.moments(), [0, 60, 120])
        self.assertEqual(self.sender.sent[1][1:], ("metrics", b"1 800000000000 1060000000000"))
        self.assertEqual(self.told, [])

    def test_a_slow_collector_gets_one_report_at_a_time(self) -> None:
        slow: Deferred[bytes] = Deferred()
        self.sender.outcomes.append(slow)
        self.start()
        self.clock.advance(150)
        self.assertEqual(self.moments(), [0])
        slow.callback(b"")
        self.clock.advance(0)
        self.assertEqual(self.moments(), [0, 150])

    def test_failures_are_told_once_a_minute_and_the_next_report_makes_good(self) -> None:
        self.sender.outcomes.extend([SendFailed("down", again=True)] * 3)
        self.start()
        self.clock.advance(QUIET - 1)
        self.assertEqual((self.moments(), self.told), ([0], ["down"]))
        self.clock.advance(1)
        self.assertEqual((self.moments(), self.told), ([0, 60], ["down", "down"]))

    def test_a_collector_that_asks_for_time(self) -> None:
        self.sender.outcomes.append(SendFailed("busy", again=True, wait=200))
        self.start()
        for _ in range(201):
            self.clock.advance(1)
        self.assertEqual(self.moments(), [0, 200])

    def test_figures_that_cannot_be_had(self) -> None:
        self.figures.problem = KeyError("x")
        self.start()
        self.assertEqual(self.told, ["KeyError: 'x'"])
        self.figures.problem = Deferred()
        self.clock.advance(60)
        self.clock.advance(PATIENCE)
        self.figures.problem = None
        self.clock.advance(60 - PATIENCE)
        self.assertEqual(self.moments(), [120])

    def test_figures_that_take_too_long(self) -> None:
        self.figures.problem = Deferred()
        self.start()
        self.clock.advance(PATIENCE)
        self.assertEqual(self.told, ["the figures cannot be gathered in time"])

    def test_a_part_that_was_refused(self) -> None:
        answer = ExportMetricsServiceResponse()
        answer.partial_success.rejected_data_points = 4
        answer.partial_success.error_message = "odd"
        self.sender.outcomes.append(answer.SerializeToString())
        self.start()
        self.assertEqual(self.told, ["it has refused 4: odd"])

    def test_the_end(self) -> None:
        slow: Deferred[bytes] = Deferred()
        self.sender.outcomes.append(slow)
        self.start()
        self.reports.close()
        self.assertTrue(self.sender.closed)
        self.assertEqual((self.clock.getDelayedCalls(), self.told), ([], []))

    def test_the_end_before_the_beginning(self) -> None:
        self.reports.start()
        self.reports.close()
        self.clock.advance(100)
        self.assertEqual(self.moments(), [])

    def test_since_when(self) -> None:
        self.assertEqual((since([STARTED], 5), since([], 5)), (800, 5))
