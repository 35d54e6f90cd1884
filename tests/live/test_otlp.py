"""Real daemons that keep an OpenTelemetry collector informed, also one that is down, slow or refuses."""

from __future__ import annotations

import shutil
import time
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.collector import Collector, GrpcCollector, attributes
from tests.live.crew import Client
from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.test_workers import CrewCase

WRONG = {"Authorization": "Basic eDp5"}
SERVER = 2  # SpanKind
END, FAULT = "http.connection-end", "telemetry.otel-exporter-error"


class ExportTests(SynchronousTestCase):
    """One daemon, and a collector that the test begins with."""

    def setUp(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        self.daemon = Daemon.with_data(folder / "data")
        self.addCleanup(self.daemon.close)
        self.client = Client(self.daemon.port)
        self.addCleanup(self.client.close)

    def collector(self, kind: type[Collector] = Collector) -> Collector:
        collector = kind()
        self.addCleanup(collector.close)
        return collector

    def trace(self, collector: Collector, kind: str = "OtelHttp", **members: Any) -> str:
        """Have events told from now on; the id of the tracer."""
        wanted = {"@type": kind, "endpoint": collector.url, "throttle": 100, "level": "debug", **members}
        made = self.client.call("x:Tracer/set", {"create": {"a": wanted}})
        self.assertIn("a", made["created"] or {}, made)
        id: str = made["created"]["a"]["id"]
        return id

    def visit(self, times: int) -> None:
        """So many connections; each ends before the next begins."""
        for _ in range(times):
            self.daemon.get("/healthz/live", {})

    def assert_clean(self) -> None:
        self.assertNotIn("Traceback", self.daemon.log + self.daemon.errors)
        self.assertNotIn("Unhandled", self.daemon.log + self.daemon.errors)

    def test_what_happens_is_told_once(self) -> None:
        collector = self.collector()
        secret = {"@type": "Value", "secret": "pass-word"}
        self.trace(
            collector,
            httpAuth={"@type": "Bearer", "bearerToken": secret},
            httpHeaders={"X-Scope-OrgID": "tenant"},
        )
        self.daemon.get("/api/account", WRONG)
        self.visit(4)
        self.assertTrue(collector.until(lambda: collector.names()[END] >= 5 and len(collector.spans()) >= 5))
        time.sleep(0.3)
        names = collector.names()
        self.assertEqual((names["auth.failed"], names["http.connection-start"], names[END]), (1, 5, 5))
        spans = collector.spans()
        self.assertEqual(len(spans), 5)
        self.assertEqual({(span.name, span.kind) for span in spans}, {("http.connection", SERVER)})
        self.assertEqual(len({span.span_id for span in spans}), 5)
        for span in spans:
            self.assertEqual(span.trace_id, bytes(8) + span.span_id)
            self.assertLess(span.start_time_unix_nano, span.end_time_unix_nano)
            self.assertEqual(attributes(span)["remoteIp"], "127.0.0.1")
        failed = next(record for record in collector.logs() if record.event_name == "auth.failed")
        (on,) = (span for span in spans if span.span_id == failed.span_id)
        self.assertIn("auth.failed", [event.name for event in on.events])
        self.assertEqual((failed.severity_text, failed.body.string_value), ("INFO", "Sign-in failed"))
        fields = collector.headers[0]
        self.assertEqual((fields["authorization"], fields["x-scope-orgid"]), ("Bearer pass-word", "tenant"))
        self.assertEqual(collector.resource("logs"), collector.resource("traces"))
        self.assertEqual(collector.resource("logs")["service.name"], "stalwart")
        self.assertNotIn("pass-word", self.daemon.log)
        self.assert_clean()

    def test_a_collector_that_is_down_and_comes_back(self) -> None:
        collector = self.collector()
        collector.close()
        self.trace(collector)
        self.visit(4)
        until = time.monotonic() + PATIENCE
        while FAULT not in self.daemon.log and time.monotonic() < until:
            time.sleep(0.02)
        self.visit(4)
        collector.reopen()
        self.assertTrue(collector.until(lambda: collector.names()[END] >= 8 and len(collector.spans()) >= 8))
        time.sleep(0.3)
        self.assertEqual((collector.names()[END], len(collector.spans()), collector.names()[FAULT]), (8, 8, 0))
        self.assertEqual(self.daemon.log.count(FAULT), 1)
        self.assert_clean()

    def test_a_collector_that_asks_for_time(self) -> None:
        collector = self.collector()
        collector.refusals.append((503, {"Retry-After": "2"}))
        self.trace(collector, level="info", enableSpanExporter=False)
        self.daemon.get("/api/account", WRONG)
        self.assertTrue(collector.until(lambda: collector.names()["auth.failed"] == 1))
        self.assertGreaterEqual(collector.moments[1] - collector.moments[0], 1.9)
        self.assert_clean()

    def test_a_slow_collector_delays_nobody_and_the_end_loses_nothing(self) -> None:
        collector = self.collector()
        collector.delay = 0.4
        self.trace(collector)
        self.visit(1)
        time.sleep(0.3)
        worst = 0.0
        for _ in range(20):
            began = time.monotonic()
            self.visit(1)
            worst = max(worst, time.monotonic() - began)
        self.assertLess(worst, 0.3)
        self.daemon.terminate()
        self.assertEqual(collector.names()[END], 22)
        self.assertEqual(len(collector.spans()), 21)  # the client was there before the tracer
        self.assert_clean()

    def test_figures(self) -> None:
        collector = self.collector()
        self.daemon.get("/api/account", WRONG)
        self.visit(2)
        report = {"@type": "Http", "endpoint": f"{collector.url}/", "interval": 300}
        self.client.change("Metrics", {"openTelemetry": report})
        self.assertTrue(collector.until(lambda: len(collector.received["metrics"]) >= 2))
        found = collector.metrics()
        failed = found["stalwart_auth_failed_total"].sum
        self.assertTrue(failed.is_monotonic)
        self.assertEqual((failed.aggregation_temporality, failed.data_points[0].as_double), (2, 1))
        duration = found["stalwart_http_connection_duration_seconds"]
        self.assertEqual((duration.unit, duration.histogram.data_points[0].count), ("s", 3))
        point = duration.histogram.data_points[0]
        self.assertEqual((sum(point.bucket_counts), len(point.bucket_counts)), (3, len(point.explicit_bounds) + 1))
        self.assertLess(point.start_time_unix_nano, point.time_unix_nano)
        self.assertEqual(collector.resource("metrics")["service.name"], "stalwart")
        self.client.change("Metrics", {"openTelemetry": {"@type": "Disabled"}})
        time.sleep(0.4)
        told = len(collector.received["metrics"])
        time.sleep(0.5)
        self.assertEqual(len(collector.received["metrics"]), told)
        self.assert_clean()

    def test_over_grpc(self) -> None:
        try:
            collector = self.collector(GrpcCollector)
        except ImportError as missing:
            raise SkipTest("grpcio is not installed") from missing
        self.trace(collector, "OtelGrpc", httpHeaders={"X-Tenant": "a"})
        self.visit(3)
        self.client.change("Metrics", {"openTelemetry": {"@type": "Grpc", "endpoint": collector.url, "interval": 300}})
        self.assertTrue(collector.until(lambda: collector.names()[END] >= 3 and len(collector.spans()) >= 3))
        self.assertTrue(collector.until(lambda: bool(collector.received["metrics"])))
        self.assertEqual(collector.metrics()["stalwart_http_connection_start_total"].sum.data_points[0].as_double, 4)
        self.assertIn("a", [fields.get("x-tenant") for fields in collector.headers])
        collector.close()
        self.visit(1)
        collector.reopen()
        self.assertTrue(collector.until(lambda: collector.names()[END] >= 4))
        self.daemon.terminate()
        self.assert_clean()


class CrewExportTests(CrewCase):
    def test_events_of_all_and_figures_of_one(self) -> None:
        collector = Collector()
        self.addCleanup(collector.close)
        here, there = self.clients
        made = here.call(
            "x:Tracer/set",
            {"create": {"a": {"@type": "OtelHttp", "endpoint": collector.url, "throttle": 100}}},
        )
        self.assertIn("a", made["created"] or {}, made)
        here.change("Metrics", {"openTelemetry": {"@type": "Http", "endpoint": collector.url, "interval": 500}})
        for client in (here, there, there):
            client.get("/api/account", WRONG)
        self.assertTrue(collector.until(lambda: collector.names()["auth.failed"] >= 3))

        def failures() -> float:
            metric = collector.metrics().get("stalwart_auth_failed_total")
            return metric.sum.data_points[0].as_double if metric is not None else 0.0

        self.assertTrue(collector.until(lambda: failures() == 3))
        told, began = len(collector.received["metrics"]), time.monotonic()
        time.sleep(2)
        took = time.monotonic() - began
        self.assertLessEqual(len(collector.received["metrics"]) - told, took / 0.5 + 1)
        self.assertEqual(len({collector.resource(signal)["service.instance.id"] for signal in ("logs", "metrics")}), 1)
        self.assert_clean()
