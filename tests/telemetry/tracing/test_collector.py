"""Which spans become traces, when they end, and what is held meanwhile."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_FAILED,
    AUTH_TOO_MANY_ATTEMPTS,
    DELIVERY_DIAGNOSIS_END,
    DELIVERY_DIAGNOSIS_START,
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    STORE_ERROR,
    Event,
    Level,
)
from stalwart.telemetry.queue_events import (
    DELIVERY_ATTEMPT_END,
    DELIVERY_ATTEMPT_START,
    DELIVERY_COMPLETED,
    QUEUE_RESCHEDULED,
)
from stalwart.telemetry.spans import inside
from stalwart.telemetry.tracing import collector as traces
from stalwart.telemetry.tracing.collector import ABANDONED, QUIET, Finished, TraceCollector
from stalwart.telemetry.tracing.record import packed, unpacked


class TraceCase(SynchronousTestCase):
    most = 100

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        self.telemetry = Telemetry(threshold=Level.ERROR)
        self.woken = 0
        self.collector = TraceCollector(self.telemetry, self.clock.seconds, lambda: self.most, self.wake)
        self.collector.start()

    def wake(self) -> None:
        self.woken += 1

    def emit(self, span: int, *events: Event, **keys: Any) -> None:
        for event in events:
            self.telemetry.emit(event, **keys, spanId=span)

    def pass_time(self, seconds: float) -> bool:
        self.clock.advance(seconds)
        return self.collector.tick()

    def taken(self) -> dict[int, list[str]]:
        return {each.span: [kind for kind, _, _ in unpacked(packed(each.events))] for each in self.collector.take(9999)}


class EndTests(TraceCase):
    def test_a_diagnosis_is_kept_when_it_ends(self) -> None:
        with inside(7):
            self.telemetry.emit(DELIVERY_DIAGNOSIS_START, domain="a.test")
            self.telemetry.emit(AUTH_FAILED, reason="no")
            self.assertEqual(self.taken(), {})
            self.telemetry.emit(DELIVERY_DIAGNOSIS_END, domain="a.test")
        self.assertEqual(self.taken(), {7: ["delivery.diagnosis-start", "auth.failed", "delivery.diagnosis-end"]})
        self.assertTrue(self.collector.is_idle)

    def test_an_attempt_is_kept_if_somebody_did_not_get_the_letter(self) -> None:
        self.emit(1, DELIVERY_ATTEMPT_START, DELIVERY_COMPLETED, DELIVERY_ATTEMPT_END, queueId=5)
        self.assertTrue(self.collector.is_idle)
        self.emit(2, DELIVERY_ATTEMPT_START, QUEUE_RESCHEDULED, queueId=5)
        self.pass_time(QUIET + 1)
        self.assertEqual(self.taken(), {})
        self.emit(2, DELIVERY_ATTEMPT_END, queueId=5)
        kinds = ["delivery.attempt-start", "queue.rescheduled", "delivery.attempt-end"]
        self.assertEqual(self.taken(), {2: kinds})

    def test_events_outside_of_spans_are_nothing(self) -> None:
        self.telemetry.emit(AUTH_TOO_MANY_ATTEMPTS)
        self.emit(0, AUTH_TOO_MANY_ATTEMPTS)
        self.emit(1 << 63, AUTH_TOO_MANY_ATTEMPTS)
        self.emit("7", AUTH_TOO_MANY_ATTEMPTS)  # type: ignore[arg-type]
        self.assertEqual((self.collector.is_idle, self.woken), (True, 0))

    def test_a_connection_is_kept_if_something_went_wrong(self) -> None:
        self.emit(1, AUTH_FAILED)
        self.emit(2, AUTH_FAILED, AUTH_TOO_MANY_ATTEMPTS)
        self.assertTrue(self.pass_time(QUIET - 1))
        self.assertEqual(self.taken(), {})
        self.assertTrue(self.pass_time(1))
        self.assertEqual(self.taken(), {2: ["auth.failed", "auth.too-many-attempts"]})
        self.assertFalse(self.collector.tick())
        self.assertEqual(self.collector.dropped, 0)

    def test_every_event_of_a_connection_puts_its_end_off(self) -> None:
        self.emit(2, AUTH_TOO_MANY_ATTEMPTS)
        self.pass_time(QUIET - 1)
        self.emit(2, AUTH_FAILED)
        self.pass_time(QUIET - 1)
        self.assertEqual(self.taken(), {})

    def test_the_end_of_a_connection_counts_if_it_is_told(self) -> None:
        levels = {HTTP_CONNECTION_START.id: Level.INFO, HTTP_CONNECTION_END.id: Level.INFO}
        self.telemetry.change_levels(levels)
        self.emit(2, HTTP_CONNECTION_START, AUTH_TOO_MANY_ATTEMPTS, HTTP_CONNECTION_END)
        self.assertEqual(len(self.taken()[2]), 3)

    def test_a_diagnosis_may_be_quiet_for_longer(self) -> None:
        self.emit(3, DELIVERY_DIAGNOSIS_START)
        self.pass_time(ABANDONED - 1)
        self.assertEqual(self.taken(), {})
        self.pass_time(1)
        self.assertEqual(self.taken(), {3: ["delivery.diagnosis-start"]})

    def test_at_the_end_everything_is_over(self) -> None:
        self.emit(1, AUTH_FAILED)
        self.emit(2, STORE_ERROR)
        self.emit(3, DELIVERY_DIAGNOSIS_START)
        self.collector.finish()
        self.emit(4, STORE_ERROR)
        self.assertEqual(list(self.taken()), [2, 3])

    def test_stopped_it_forgets(self) -> None:
        self.emit(2, STORE_ERROR)
        self.collector.stop()
        self.assertEqual((self.taken(), self.collector.is_idle), ({}, True))
        self.collector.start()
        self.emit(2, STORE_ERROR)
        self.collector.finish()
        self.assertEqual(list(self.taken()), [2])

    def test_it_wakes_its_owner_once(self) -> None:
        self.emit(2, STORE_ERROR, AUTH_FAILED)
        self.emit(3, STORE_ERROR)
        self.assertEqual(self.woken, 1)
        self.collector.finish()
        self.collector.take(5)
        self.collector.start()
        self.emit(2, STORE_ERROR)
        self.assertEqual(self.woken, 2)

    def test_nobody_sees_what_is_below_info(self) -> None:
        self.assertFalse(self.telemetry.wants(HTTP_CONNECTION_START))
        self.assertTrue(self.telemetry.wants(AUTH_FAILED))


class BoundTests(TraceCase):
    most = 3

    def test_a_trace_has_so_many_events_and_its_end(self) -> None:
        self.emit(3, DELIVERY_DIAGNOSIS_START, *[AUTH_FAILED] * 5, DELIVERY_DIAGNOSIS_END)
        self.assertEqual(self.taken(), {3: ["delivery.diagnosis-start", "auth.failed", "delivery.diagnosis-end"]})
        self.assertEqual(self.collector.dropped, 4)

    def test_so_many_spans_are_open(self) -> None:
        self.patch(traces, "MOST_SPANS", 3)
        self.emit(1, STORE_ERROR)
        for span in (2, 3, 4, 5):
            self.emit(span, AUTH_FAILED)
        self.assertEqual(self.taken(), {})  # those of no interest went
        for span in (6, 7, 8):
            self.emit(span, STORE_ERROR)
        self.assertEqual(list(self.taken()), [1])
        self.collector.finish()
        self.assertEqual(list(self.taken()), [6, 7, 8])
        self.assertEqual(self.collector.dropped, 0)

    def test_so_many_bytes_are_held(self) -> None:
        self.patch(traces, "MOST_BYTES", 1000)
        for span in range(1, 9):
            self.emit(span, STORE_ERROR, reason="x" * 250)
        self.collector.finish()
        self.assertEqual(list(self.taken()), [1, 2])
        self.assertEqual(self.collector.dropped, 12)
        self.collector.start()
        self.emit(9, STORE_ERROR, reason="x" * 250)
        self.collector.finish()
        self.assertEqual(list(self.taken()), [9])

    def test_what_is_of_no_interest_goes_when_bytes_are_needed(self) -> None:
        self.patch(traces, "MOST_BYTES", 1000)
        for span in (1, 2):
            self.emit(span, AUTH_FAILED, reason="x" * 250)
        for span in (3, 4):
            self.emit(span, STORE_ERROR, reason="x" * 250)
        self.collector.finish()
        self.assertEqual((list(self.taken()), self.collector.dropped), ([3, 4], 0))

    def test_one_trace_has_so_many_bytes(self) -> None:
        self.patch(traces, "MOST_BYTES_EACH", 600)
        self.emit(1, STORE_ERROR, STORE_ERROR, STORE_ERROR, reason="x" * 250)
        self.collector.finish()
        self.assertEqual((len(self.taken()[1]), self.collector.dropped), (1, 2))

    def test_so_many_traces_wait(self) -> None:
        self.patch(traces, "MOST_FINISHED", 2)
        for span in (1, 2, 3):
            self.emit(span, DELIVERY_DIAGNOSIS_START, DELIVERY_DIAGNOSIS_END)
        self.assertEqual((list(self.taken()), self.collector.dropped), ([1, 2], 1))

    def test_what_is_given_back_comes_first_the_newest_of_it(self) -> None:
        self.patch(traces, "MOST_FINISHED", 3)
        for span in (1, 2, 3):
            self.emit(span, DELIVERY_DIAGNOSIS_START, DELIVERY_DIAGNOSIS_END)
        taken = self.collector.take(2)
        self.assertEqual([each.span for each in taken], [1, 2])
        self.emit(4, DELIVERY_DIAGNOSIS_START, DELIVERY_DIAGNOSIS_END)
        self.collector.give_back(taken)
        self.assertEqual((list(self.taken()), self.collector.dropped), ([2, 3, 4], 1))

    def test_what_is_given_back_has_to_fit(self) -> None:
        self.patch(traces, "MOST_BYTES", 100)
        self.collector.give_back([Finished(1, (b"",), 60), Finished(2, (b"",), 60)])
        self.assertEqual(list(self.collector.take(9)), [Finished(2, (b"",), 60)])
