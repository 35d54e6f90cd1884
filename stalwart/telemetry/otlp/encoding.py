"""OpenTelemetry requests in protobuf (OTLP 1.x): log records, spans and figures, as bytes, and what answers say.

The data model and the encoding are those of the OpenTelemetry packages, which are imported when an ``Encoder`` is made
and not before: they take 14 MB. Everything here is for threads. Records are encoded a few at a time, with a pause that
lets the reactor go on; what is encoded so can be strung together (Protocol Buffers: the last field of repeated ones is
appended). A request does not grow over ``MOST_BYTES``: collectors commonly refuse messages over 4 MiB.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal, TypeVar

import stalwart
from stalwart.telemetry.events import Level
from stalwart.telemetry.fields import plain
from stalwart.telemetry.figures.families import Buckets, Family
from stalwart.telemetry.otlp.records import Note, Span

Signal = Literal["traces", "logs", "metrics"]

MOST_BYTES = 2 << 20
AT_ONCE = 32
"""Events or figures that are encoded without a pause, about 2 ms of work."""
PAUSE = 0.0005  # seconds

_T = TypeVar("_T")

_LARGEST = 1 << 63  # numbers are 64 bits with a sign
_SEVERITIES = {Level.TRACE: 1, Level.DEBUG: 5, Level.INFO: 9, Level.WARN: 13, Level.ERROR: 17}
_UNITS = (("_seconds", "s"), ("_bytes", "By"), ("_ratio", "1"))
_ANSWERS = {
    "traces": ("trace.v1.trace_service_pb2", "ExportTraceServiceResponse", "rejected_spans"),
    "logs": ("logs.v1.logs_service_pb2", "ExportLogsServiceResponse", "rejected_log_records"),
    "metrics": ("metrics.v1.metrics_service_pb2", "ExportMetricsServiceResponse", "rejected_data_points"),
}


class Encoder:
    """Writes requests of a server that is described by ``resource`` (OpenTelemetry's names of attributes)."""

    def __init__(self, resource: Mapping[str, str]) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._resource = Resource(dict(resource))
        self._scope = InstrumentationScope("stalwart", stalwart.__version__)

    def logs(self, notes: Sequence[Note]) -> list[bytes]:
        """``ExportLogsServiceRequest``s."""
        from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs

        return _requests(lambda part: encode_logs([self._log(note) for note in part]), notes)

    def spans(self, spans: Sequence[Span]) -> list[bytes]:
        """``ExportTraceServiceRequest``s."""
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

        return _requests(
            lambda part: encode_spans([self._span(span) for span in part]), spans, lambda span: 1 + len(span.notes)
        )

    def metrics(self, families: Sequence[Family], began: int, now: int) -> list[bytes]:
        """``ExportMetricsServiceRequest``s; counting has begun at ``began`` (both: nanoseconds since 1970)."""
        from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
        from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics

        def encoded(part: Sequence[Family]) -> Any:
            scope = ScopeMetrics(self._scope, [_metric(family, began, now) for family in part], "")
            return encode_metrics(MetricsData([ResourceMetrics(self._resource, [scope], "")]))

        found = [family for family in families if family.samples]
        return _requests(encoded, found, lambda family: len(family.samples))

    def _log(self, note: Note) -> Any:
        from opentelemetry._logs import LogRecord, SeverityNumber
        from opentelemetry.sdk._logs import ReadableLogRecord

        record = LogRecord(
            timestamp=note.moment,
            observed_timestamp=note.moment,
            severity_text=note.event.level.name,
            severity_number=SeverityNumber(_SEVERITIES[note.event.level]),
            body=note.event.doc,
            attributes=attributes_of(note.values),
            event_name=note.event.id,
        )
        record.trace_id = record.span_id = note.span or 0
        record.trace_flags = _sampled() if note.span else record.trace_flags
        return ReadableLogRecord(record, self._resource, self._scope)

    def _span(self, span: Span) -> Any:
        from opentelemetry.sdk.trace import Event, ReadableSpan
        from opentelemetry.sdk.util import BoundedList
        from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode

        notes: Any = BoundedList(len(span.notes))
        notes.extend([Event(note.event.id, attributes_of(note.values), note.moment) for note in span.notes])
        notes.dropped = span.dropped
        return ReadableSpan(
            span.name,
            SpanContext(span.id, span.id, is_remote=False, trace_flags=_sampled()),
            resource=self._resource,
            attributes=attributes_of(span.values),
            events=notes,
            kind=SpanKind.SERVER if span.kind == "server" else SpanKind.CLIENT,
            status=Status(StatusCode.UNSET) if span.problem is None else Status(StatusCode.ERROR, span.problem),
            start_time=span.began,
            end_time=span.ended,
            instrumentation_scope=self._scope,
        )


def refused(signal: Signal, answer: bytes) -> tuple[int, str]:
    """How much of a request the collector did not take although it was a success, and why (OTLP: partial success)."""
    module, name, count = _ANSWERS[signal]
    kind = getattr(import_module(f"opentelemetry.proto.collector.{module}"), name)
    from google.protobuf.message import DecodeError

    try:
        part = kind.FromString(answer).partial_success
    except DecodeError:
        return 0, ""
    return getattr(part, count), part.error_message[:200]


def attributes_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event; its span is told otherwise."""
    return {name: _sound(value) for name, value in plain(values).items() if name != "spanId"}


def unit_of(name: str) -> str:
    """The unit that the name of a figure says, as UCUM writes it."""
    return next((unit for suffix, unit in _UNITS if name.endswith(suffix)), "")


def _sound(value: Any) -> Any:
    """``value`` as Protocol Buffers can have it: numbers of 64 bits, and text that UTF-8 has."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_sound(each) for each in value]
    return str(value) if type(value) is int and not -_LARGEST <= value < _LARGEST else value


def _sampled() -> Any:
    from opentelemetry.trace import TraceFlags

    return TraceFlags(TraceFlags.SAMPLED)


def _metric(family: Family, began: int, now: int) -> Any:
    """``family`` under the name that it has for OpenMetrics."""
    from opentelemetry.sdk.metrics import export

    name = f"{family.name}_total" if family.kind == "counter" else family.name
    cumulative = export.AggregationTemporality.CUMULATIVE
    histograms: list[Any] = []
    numbers: list[Any] = []
    for labels, value in family.samples:
        if isinstance(value, Buckets):
            histograms.append(_histogram(dict(labels), value, began, now))
        else:
            numbers.append(export.NumberDataPoint(dict(labels), began, now, value))
    data: Any
    if family.kind == "histogram":
        data = export.Histogram(histograms, cumulative)
    else:
        data = export.Sum(numbers, cumulative, True) if family.kind == "counter" else export.Gauge(numbers)
    return export.Metric(name, family.doc, unit_of(family.name), data)


def _histogram(labels: dict[str, str], buckets: Buckets, began: int, now: int) -> Any:
    from opentelemetry.sdk.metrics import Exemplar
    from opentelemetry.sdk.metrics.export import HistogramDataPoint

    nothing: Any = None  # the least and the largest value are not known
    counts = [int(count) for count in buckets.counts]
    exemplars = [
        Exemplar({}, float(value), int(moment * 1e9), span, span)
        for span, value, moment in filter(None, buckets.exemplars)
    ]
    return HistogramDataPoint(
        labels, began, now, sum(counts), buckets.sum, counts, list(buckets.bounds), nothing, nothing, exemplars
    )


def _requests(
    encode: Callable[[Sequence[_T]], Any], records: Sequence[_T], weight: Callable[[_T], int] = lambda record: 1
) -> list[bytes]:
    """``records`` in as few requests as they fit into; none for none."""
    requests: list[bytearray] = []
    for part in _parts(records, weight):
        if requests:
            time.sleep(PAUSE)
        encoded: bytes = encode(part).SerializeToString()
        if not requests or len(requests[-1]) + len(encoded) > MOST_BYTES:
            requests.append(bytearray())
        requests[-1] += encoded
    return [bytes(request) for request in requests]


def _parts(records: Sequence[_T], weight: Callable[[_T], int]) -> Iterator[list[_T]]:
    """``records`` in parts of about ``AT_ONCE``."""
    part: list[_T] = []
    size = 0
    for record in records:
        part.append(record)
        size += weight(record)
        if size >= AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part
