"""OpenTelemetry requests, read with the official classes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from twisted.trial.unittest import SynchronousTestCase

import stalwart
from stalwart.telemetry.events import AUTH_FAILED, Event, Level
from stalwart.telemetry.figures.families import Buckets, Family
from stalwart.telemetry.otlp import encoding as otlp_encoding
from stalwart.telemetry.otlp.encoding import AT_ONCE, Encoder, attributes_of, refused, unit_of
from stalwart.telemetry.otlp.records import Note, Span
from tests.live.collector import attributes

MOMENT = 1_795_253_400_250_000_000
SPAN = 0x0123_4567_89AB_CDEF
RESOURCE = {"service.name": "stalwart", "host.name": "host"}
ENCODER = Encoder(RESOURCE)

texts = st.text(st.characters(exclude_categories=()))  # also what UTF-8 does not have
values = st.dictionaries(
    st.text(max_size=8),
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary() | st.lists(texts, max_size=3),
    max_size=5,
)


def note(number: int = 0, span: int | None = SPAN, **values: Any) -> Note:
    return Note(AUTH_FAILED, MOMENT + number, {"login": f"user{number}", "spanId": span, **values}, span)


def span(number: int = 0, **members: Any) -> Span:
    found: dict[str, Any] = {
        "id": SPAN + number,
        "name": "http.connection",
        "kind": "server",
        "began": MOMENT,
        "ended": MOMENT + 5,
        "values": {"remoteIp": "192.0.2.1", "spanId": SPAN},
        "notes": (note(1), note(2)),
        "dropped": 3,
        "problem": None,
    }
    return Span(**{**found, **members})


class LogTests(SynchronousTestCase):
    def records(self, *notes: Note) -> list[Any]:
        return [
            record
            for body in ENCODER.logs(notes)
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def test_record(self) -> None:
        (record,) = self.records(note(reason=None, elapsed=5))
        self.assertEqual((record.time_unix_nano, record.observed_time_unix_nano), (MOMENT, MOMENT))
        self.assertEqual((record.event_name, record.body.string_value), ("auth.failed", AUTH_FAILED.doc))
        self.assertEqual((record.severity_number, record.severity_text), (9, "INFO"))
        self.assertEqual(record.trace_id.hex(), "0000000000000000" + "0123456789abcdef")
        self.assertEqual((record.span_id.hex(), record.flags), ("0123456789abcdef", 1))
        self.assertEqual(attributes(record), {"login": "user0", "elapsed": 5})

    def test_record_without_a_span(self) -> None:
        (record,) = self.records(note(span=None))
        self.assertEqual((record.trace_id, record.span_id, record.flags), (b"", b"", 0))

    def test_severities(self) -> None:
        found = self.records(*(Note(Event("a.b", level, "x"), MOMENT, {}, None) for level in Level))
        self.assertEqual([record.severity_number for record in found], [1, 5, 9, 13, 17])

    def test_who_tells(self) -> None:
        (body,) = ENCODER.logs([note()])
        (told,) = ExportLogsServiceRequest.FromString(body).resource_logs
        self.assertEqual(attributes(told.resource), RESOURCE)
        self.assertEqual(
            (told.scope_logs[0].scope.name, told.scope_logs[0].scope.version), ("stalwart", stalwart.__version__)
        )

    def test_nothing(self) -> None:
        self.assertEqual((ENCODER.logs([]), ENCODER.spans([]), ENCODER.metrics([], 0, 1)), ([], [], []))

    def test_many_are_one_request_in_order(self) -> None:
        many = [note(number) for number in range(3 * AT_ONCE + 5)]
        self.assertEqual(len(ENCODER.logs(many)), 1)
        found = [attributes(record)["login"] for record in self.records(*many)]
        self.assertEqual(found, [f"user{number}" for number in range(3 * AT_ONCE + 5)])

    def test_too_much_for_one_request(self) -> None:
        many = [note(number, details="x" * 4096, reason="y" * 4096) for number in range(10 * AT_ONCE)]
        bodies = ENCODER.logs(many)
        self.assertEqual(len(bodies), 2)
        self.assertLess(max(map(len, bodies)), otlp_encoding.MOST_BYTES)
        self.assertEqual(len(self.records(*many)), 10 * AT_ONCE)

    @given(values)
    def test_any_value_can_be_told(self, told: dict[str, Any]) -> None:
        (record,) = self.records(Note(AUTH_FAILED, MOMENT, told, None))
        self.assertEqual({each.key for each in record.attributes}, attributes_of(told).keys())


class AttributeTests(SynchronousTestCase):
    def test_numbers_of_more_than_64_bits_are_text(self) -> None:
        self.assertEqual(attributes_of({"size": 1 << 63, "total": -1 << 63}), {"size": str(1 << 63), "total": -1 << 63})

    def test_the_span_and_what_is_not_there_are_left_out(self) -> None:
        self.assertEqual(attributes_of({"spanId": 5, "reason": None, "login": "x"}), {"login": "x"})


class SpanTests(SynchronousTestCase):
    def spans(self, *spans: Span) -> list[Any]:
        return [
            each
            for body in ENCODER.spans(spans)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for each in scope.spans
        ]

    def test_span(self) -> None:
        (found,) = self.spans(span())
        self.assertEqual((found.trace_id.hex(), found.span_id.hex()), (f"{SPAN:032x}", f"{SPAN:016x}"))
        self.assertEqual((found.name, found.kind, found.parent_span_id), ("http.connection", 2, b""))
        self.assertEqual((found.start_time_unix_nano, found.end_time_unix_nano), (MOMENT, MOMENT + 5))
        self.assertEqual((attributes(found), found.status.code), ({"remoteIp": "192.0.2.1"}, 0))
        self.assertEqual(
            [(event.name, event.time_unix_nano) for event in found.events],
            [("auth.failed", MOMENT + 1), ("auth.failed", MOMENT + 2)],
        )
        self.assertEqual((attributes(found.events[0]), found.dropped_events_count), ({"login": "user1"}, 3))

    def test_client_with_a_problem_and_no_events(self) -> None:
        (found,) = self.spans(span(kind="client", problem="it failed", notes=(), dropped=0))
        self.assertEqual((found.kind, found.status.code, found.status.message), (3, 2, "it failed"))
        self.assertEqual((len(found.events), found.dropped_events_count), (0, 0))

    def test_many(self) -> None:
        found = self.spans(*(span(number) for number in range(100)))
        self.assertEqual([int.from_bytes(each.span_id, "big") - SPAN for each in found], list(range(100)))


class MetricTests(SynchronousTestCase):
    def metric(self, family: Family) -> Any:
        (body,) = ENCODER.metrics([family], 5, 9)
        (metric,) = ExportMetricsServiceRequest.FromString(body).resource_metrics[0].scope_metrics[0].metrics
        return metric

    def test_counter(self) -> None:
        samples = [({"method": "GET"}, 3.0), ({"method": "PUT"}, 4.0)]
        found = self.metric(Family("stalwart_http_requests", "counter", "Requests", samples))
        self.assertEqual((found.name, found.description, found.unit), ("stalwart_http_requests_total", "Requests", ""))
        self.assertEqual((found.sum.is_monotonic, found.sum.aggregation_temporality), (True, 2))
        points = found.sum.data_points
        self.assertEqual([(attributes(point), point.as_double) for point in points], samples)
        self.assertEqual({(point.start_time_unix_nano, point.time_unix_nano) for point in points}, {(5, 9)})

    def test_gauge(self) -> None:
        found = self.metric(Family("process_resident_memory_bytes", "gauge", "Memory", [({}, 7.0)]))
        self.assertEqual((found.name, found.unit), ("process_resident_memory_bytes", "By"))
        self.assertEqual(found.gauge.data_points[0].as_double, 7)

    def test_histogram(self) -> None:
        buckets = Buckets((0.1, 1.0), (4, 0, 2), 3.5, (None, None, (SPAN, 2.5, 1_795_253_400.0)))
        found = self.metric(
            Family("stalwart_dns_lookup_duration_seconds", "histogram", "Time", [({"a": "b"}, buckets)])
        )
        self.assertEqual((found.unit, found.histogram.aggregation_temporality), ("s", 2))
        (point,) = found.histogram.data_points
        self.assertEqual((point.count, point.sum, list(point.bucket_counts)), (6, 3.5, [4, 0, 2]))
        self.assertEqual((list(point.explicit_bounds), point.HasField("min")), ([0.1, 1.0], False))
        (exemplar,) = point.exemplars
        self.assertEqual((exemplar.span_id.hex(), exemplar.as_double), (f"{SPAN:016x}", 2.5))

    def test_a_family_without_figures_is_left_out(self) -> None:
        self.assertEqual(ENCODER.metrics([Family("a", "counter", "A", [])], 5, 9), [])

    def test_units(self) -> None:
        names = ("a_seconds", "b_bytes", "c_ratio", "d_timestamp_seconds", "e")
        self.assertEqual([unit_of(name) for name in names], ["s", "By", "1", "s", ""])


class RefusalTests(SynchronousTestCase):
    def test_a_part_that_was_refused(self) -> None:
        logs, spans, metrics = ExportLogsServiceResponse(), ExportTraceServiceResponse(), ExportMetricsServiceResponse()
        logs.partial_success.rejected_log_records = 1
        spans.partial_success.rejected_spans = 2
        metrics.partial_success.rejected_data_points = 3
        logs.partial_success.error_message = "too old"
        self.assertEqual(refused("logs", logs.SerializeToString()), (1, "too old"))
        self.assertEqual(refused("traces", spans.SerializeToString()), (2, ""))
        self.assertEqual(refused("metrics", metrics.SerializeToString()), (3, ""))

    def test_nothing_was_refused(self) -> None:
        for answer in (b"", ExportLogsServiceResponse().SerializeToString(), b"\xff\xff<html>"):
            self.assertEqual(refused("logs", answer), (0, ""))


class PauseTests(SynchronousTestCase):
    def test_between_parts_there_is_a_pause(self) -> None:
        moments: list[float] = []
        self.patch(otlp_encoding.time, "sleep", moments.append)
        ENCODER.spans([span(number) for number in range(AT_ONCE)])  # each with two events
        self.assertEqual(len(moments), 2)
        self.assertTrue(all(one == other for one, other in pairwise(moments)))
