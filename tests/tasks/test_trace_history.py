"""Finished traces reach the store, also after it failed, and at the end."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from stalwart.config.monitoring.history import TracingStore
from stalwart.errors import Unavailable
from stalwart.store import TraceRow, TraceSearch
from stalwart.tasks.trace_history import PATIENCE, PERIOD, TraceHistory, store_traces
from stalwart.telemetry.events import (
    AUTH_FAILED,
    DELIVERY_DIAGNOSIS_END,
    DELIVERY_DIAGNOSIS_START,
    STORE_ERROR,
    Event,
)
from stalwart.telemetry.tracing.collector import QUIET, Finished, record_of
from stalwart.telemetry.tracing.record import unpacked
from tests.tasks.world import NOW, TaskCase

DIAGNOSIS = (DELIVERY_DIAGNOSIS_START, AUTH_FAILED, DELIVERY_DIAGNOSIS_END)


class FailingStore:
    """A store that refuses to write while there is a ``problem``."""

    def __init__(self, store: Any) -> None:
        self.problem: Exception | None = None
        self.hanging: Deferred[Any] | None = None
        self.writes = 0
        self._store = store

    def write(self, work: Any) -> Any:
        self.writes += 1
        if self.hanging is not None:
            return self.hanging
        return self._store.write(work) if self.problem is None else fail(self.problem)


class TraceHistoryCase(TaskCase):
    def setUp(self) -> None:
        super().setUp()
        self.done(self.settings.load())
        self.failing = FailingStore(self.store)
        self.history = TraceHistory(self.failing, self.settings, self.telemetry, self.clock)  # type: ignore[arg-type]
        self.history.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.history.close()))

    def emit(self, span: int, *events: Event, **keys: Any) -> None:
        for event in events:
            self.telemetry.emit(event, **keys, spanId=span)

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.clock.advance(1)

    def rows(self) -> dict[int, TraceRow]:
        def work(tx: Any) -> Any:
            return tx.traces.many(tx.traces.search(TraceSearch(), descending=False, offset=0, limit=999))

        found: dict[int, TraceRow] = self.successResultOf(self.store.read(work))
        return found

    def events_of(self, span: int) -> list[str]:
        return [kind for kind, _, _ in unpacked(self.rows()[span].events)]

    def keep(self, **members: Any) -> None:
        self.done(self.settings.change(TracingStore, members))


class WritingTests(TraceHistoryCase):
    def test_a_diagnosis_is_stored_within_a_second(self) -> None:
        self.emit(7, *DIAGNOSIS, domain="a.test")
        self.assertEqual(self.rows(), {})
        self.clock.advance(PERIOD)
        row = self.rows()[7]
        self.assertEqual((row.recipients, row.sender, row.size), ("a.test", None, None))
        self.assertEqual(row.kinds, " delivery.diagnosis-start auth.failed delivery.diagnosis-end ")
        self.assertEqual(unpacked(row.events)[0], ("delivery.diagnosis-start", NOW * 1000, {"domain": "a.test"}))

    def test_many_are_stored_in_one_write_and_nothing_is_written_without_any(self) -> None:
        self.pass_time(5)
        self.assertEqual((self.failing.writes, self.clock.getDelayedCalls()), (0, []))
        for span in range(1, 50):
            self.emit(span, *DIAGNOSIS)
        self.pass_time(5)
        self.assertEqual((self.failing.writes, len(self.rows())), (1, 49))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_bad_connection_is_stored_when_it_has_been_quiet(self) -> None:
        self.emit(7, AUTH_FAILED, STORE_ERROR)
        self.emit(8, AUTH_FAILED)
        self.pass_time(QUIET - 2)
        self.assertEqual(self.rows(), {})
        self.pass_time(3)
        self.assertEqual(list(self.rows()), [7])

    def test_what_happens_later_on_a_connection_is_added(self) -> None:
        self.emit(7, STORE_ERROR, reason="first")
        self.pass_time(QUIET + 2)
        self.emit(7, STORE_ERROR, reason="second")
        self.pass_time(QUIET + 2)
        told = [values["reason"] for _, _, values in unpacked(self.rows()[7].events)]
        self.assertEqual((told, self.rows()[7].words), (["first", "second"], "first\nsecond"))

    def test_at_the_end_everything_is_stored(self) -> None:
        self.emit(7, STORE_ERROR)
        self.emit(8, DELIVERY_DIAGNOSIS_START)
        for span in range(100, 320):
            self.emit(span, *DIAGNOSIS)
        self.done(self.history.close())
        self.assertEqual(len(self.rows()), 222)
        self.emit(9, *DIAGNOSIS)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_the_end_does_not_wait_for_a_stuck_store(self) -> None:
        self.emit(8, DELIVERY_DIAGNOSIS_START)
        self.failing.hanging = Deferred()
        closing = Deferred.fromCoroutine(self.history.close())
        self.assertNoResult(closing)
        self.clock.advance(PATIENCE)
        self.successResultOf(closing)

    def test_it_can_be_closed_before_it_is_started(self) -> None:
        history = TraceHistory(self.store, self.settings, self.telemetry, self.clock)
        self.done(history.close())


class SettingTests(TraceHistoryCase):
    def test_disabled_nothing_is_kept(self) -> None:
        self.emit(6, DELIVERY_DIAGNOSIS_START)
        self.keep(**{"@type": "Disabled"})
        self.emit(7, *DIAGNOSIS)
        self.pass_time(3)
        self.assertEqual((self.rows(), self.failing.writes), ({}, 0))
        self.keep(**{"@type": "Default"})
        self.emit(8, *DIAGNOSIS)
        self.pass_time(3)
        self.assertEqual(list(self.rows()), [8])

    def test_limits_count_at_once(self) -> None:
        self.keep(maxTraces=2, maxTraceEvents=2)
        for span in (1, 2, 3):
            self.emit(span, *DIAGNOSIS)
        self.pass_time(1)
        self.assertEqual(list(self.rows()), [2, 3])
        self.assertEqual(self.events_of(3), ["delivery.diagnosis-start", "delivery.diagnosis-end"])
        self.keep(maxTraces=1, maxTraceEvents=50)
        self.emit(4, *DIAGNOSIS)
        self.pass_time(1)
        self.assertEqual((list(self.rows()), len(self.events_of(4))), ([4], 3))


class FailureTests(TraceHistoryCase):
    def test_a_full_disk_is_told_once_and_tried_less_and_less_often(self) -> None:
        self.failing.problem = Unavailable("The disk is full.")
        self.emit(7, *DIAGNOSIS)
        self.pass_time(600)
        self.emit(8, *DIAGNOSIS)
        told = [keys for name, keys in self.events if name.startswith("telemetry.history")]
        self.assertEqual(told, [{"kind": "traces", "reason": "The disk is full."}])
        self.assertTrue(10 < self.failing.writes < 20, self.failing.writes)
        self.failing.problem = None
        self.pass_time(61)
        self.assertEqual(list(self.rows()), [7, 8])
        self.assertEqual(self.events[-1], ("telemetry.history-recovered", {"kind": "traces", "dropped": 0}))

    def test_a_fault_of_ours_is_no_end_either(self) -> None:
        self.failing.problem = ValueError("a bug")
        self.emit(7, *DIAGNOSIS)
        self.pass_time(30)
        self.assertEqual(self.names().count("telemetry.history-error"), 1)
        self.assertEqual(self.failing.writes, 1)  # the same is not tried again
        self.failing.problem = None
        self.emit(8, *DIAGNOSIS)
        self.pass_time(3)
        self.assertEqual((list(self.rows()), self.history.collector.dropped), ([8], 1))

    def test_a_write_that_was_done_after_all_doubles_nothing(self) -> None:
        finished = [Finished(7, (record_of(STORE_ERROR, {"reason": "x"}, NOW),), 1)]
        for _ in range(2):
            self.write(lambda tx: store_traces(tx, finished, 10, 10))
        self.assertEqual(self.events_of(7), ["store.unexpected-error"])
