"""Records for OpenTelemetry: what becomes a log record, what a span, and what is too much."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.events import (
    AUTH_ERROR,
    AUTH_FAILED,
    DELIVERY_DIAGNOSIS_END,
    DELIVERY_DIAGNOSIS_START,
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    HTTP_REQUEST_URL,
    TELEMETRY_OTEL_ERROR,
    TELEMETRY_OTEL_METRICS_ERROR,
    Event,
    Level,
)
from stalwart.telemetry.otlp.records import MOST, MOST_ON_SPAN, MOST_ON_SPANS, Recorder, Span


class RecorderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 0
        self.recorder = self.new()

    def new(self, least: Level = Level.INFO, begins: bool = True, **options: Any) -> Recorder:
        return Recorder(lambda event: event.level >= least, lambda _: begins, **options)

    def note(self, event: Event, span: int | None = None, **values: Any) -> None:
        self.now += 1
        self.recorder.note(event, values if span is None else {**values, "spanId": span}, self.now)

    def names(self) -> list[str]:
        return [note.event.id for note in self.recorder.take_logs()]

    def span(self) -> Span:
        (span,) = self.recorder.take_spans()
        return span

    def test_nothing_waits_at_first_and_after_it_was_taken(self) -> None:
        self.assertFalse(self.recorder.has_records)
        self.note(AUTH_FAILED)
        self.assertTrue(self.recorder.has_records)
        self.assertEqual(self.names(), ["auth.failed"])
        self.assertFalse(self.recorder.has_records)

    def test_only_what_is_taken_is_logged(self) -> None:
        self.note(HTTP_REQUEST_URL)
        self.note(AUTH_ERROR)
        self.assertEqual(self.names(), ["auth.error"])

    def test_faults_of_exporting_are_never_exported(self) -> None:
        self.note(HTTP_CONNECTION_START, 7)
        self.note(TELEMETRY_OTEL_ERROR, 7)
        self.note(TELEMETRY_OTEL_METRICS_ERROR, 7)
        self.note(HTTP_CONNECTION_END, 7)
        self.assertEqual((self.names(), self.span().notes), ([], ()))

    def test_connection(self) -> None:
        self.note(HTTP_CONNECTION_START, 7, remoteIp="192.0.2.1")
        self.note(AUTH_FAILED, 7, login="x")
        self.note(HTTP_REQUEST_URL, 7)  # below the level
        self.note(AUTH_FAILED, 8)  # on another one, which is not known
        self.note(HTTP_CONNECTION_END, 7, elapsed=5)
        span = self.span()
        self.assertEqual(
            (span.id, span.name, span.kind, span.began, span.ended), (7, "http.connection", "server", 1, 5)
        )
        self.assertEqual(span.values, {"remoteIp": "192.0.2.1", "spanId": 7, "elapsed": 5})
        self.assertEqual([(note.event.id, note.moment) for note in span.notes], [("auth.failed", 2)])
        self.assertEqual((span.problem, span.dropped), (None, 0))

    def test_delivery_that_fails(self) -> None:
        for result, problem in (("ok", None), ("warn", None), ("fail", "result: fail"), ("failed", "result: failed")):
            self.note(DELIVERY_DIAGNOSIS_START, 7)
            self.note(DELIVERY_DIAGNOSIS_END, 7, result=result)
            span = self.span()
            self.assertEqual((span.name, span.kind, span.problem), ("delivery.diagnosis", "client", problem))

    def test_an_error_on_a_connection_is_its_problem(self) -> None:
        self.note(HTTP_CONNECTION_START, 7)
        self.note(AUTH_ERROR, 7)
        self.note(HTTP_CONNECTION_END, 7)
        self.assertEqual(self.span().problem, AUTH_ERROR.doc)

    def test_a_span_that_is_not_wanted(self) -> None:
        self.recorder = self.new(begins=False)
        self.note(HTTP_CONNECTION_START, 7)
        self.note(HTTP_CONNECTION_END, 7)
        self.assertEqual(self.recorder.take_spans(), [])

    def test_only_logs_or_only_spans(self) -> None:
        for options, found in (({"spans": False}, (3, 0)), ({"logs": False}, (0, 1))):
            self.recorder = self.new(Level.TRACE, **options)
            self.note(HTTP_CONNECTION_START, 7)
            self.note(AUTH_FAILED, 7)
            self.note(HTTP_CONNECTION_END, 7)
            self.assertEqual((len(self.names()), len(self.recorder.take_spans())), found)

    def test_an_end_before_its_beginning(self) -> None:
        self.note(HTTP_CONNECTION_START, 7)
        self.now = -5  # the clock was set
        self.note(HTTP_CONNECTION_END, 7)
        span = self.span()
        self.assertEqual((span.began, span.ended), (1, 1))

    def test_the_oldest_records_make_room(self) -> None:
        for number in range(MOST + 3):
            self.note(AUTH_FAILED, login=str(number))
        logs = self.recorder.take_logs()
        self.assertEqual((len(logs), logs[0].values["login"], self.recorder.dropped), (MOST, "3", 3))

    def test_the_oldest_spans_make_room(self) -> None:
        for number in range(1, MOST + 3):
            self.note(HTTP_CONNECTION_START, number)
            self.note(HTTP_CONNECTION_END, number)
        spans = self.recorder.take_spans()
        self.assertEqual((len(spans), spans[0].id, self.recorder.dropped), (MOST, 3, 2))

    def test_open_spans_are_bounded_and_the_oldest_make_room(self) -> None:
        """They may be of connections whose end is never told."""
        for number in range(1, MOST + 2):
            self.note(HTTP_CONNECTION_START, number)
        for number in (1, 2, MOST + 1):
            self.note(HTTP_CONNECTION_END, number)
        self.assertEqual([span.id for span in self.recorder.take_spans()], [2, MOST + 1])
        self.assertEqual(self.recorder.dropped, 1)

    def test_events_of_a_span_are_bounded(self) -> None:
        self.note(HTTP_CONNECTION_START, 7)
        for _ in range(MOST_ON_SPAN + 2):
            self.note(AUTH_FAILED, 7)
        self.note(HTTP_CONNECTION_END, 7)
        span = self.span()
        self.assertEqual((len(span.notes), span.dropped), (MOST_ON_SPAN, 2))

    def test_events_of_all_spans_are_bounded_until_they_are_taken(self) -> None:
        spans = range(1, MOST_ON_SPANS // MOST_ON_SPAN + 2)
        for number in spans:
            self.note(HTTP_CONNECTION_START, number)
            for _ in range(MOST_ON_SPAN):
                self.note(AUTH_FAILED, number)
        for number in spans:
            self.note(HTTP_CONNECTION_END, number)
        taken = self.recorder.take_spans()
        self.assertEqual((sum(len(span.notes) for span in taken), taken[-1].dropped), (MOST_ON_SPANS, MOST_ON_SPAN))
        self.note(HTTP_CONNECTION_START, 7)
        self.note(AUTH_FAILED, 7)
        self.note(HTTP_CONNECTION_END, 7)
        self.assertEqual(len(self.span().notes), 1)
