"""``Desk``: everything that is asked is answered once, or dropped."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid, Unavailable
from stalwart.store.threads.work import Desk, Failed, Lane
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR
from stalwart.telemetry.measures import STORE_READ_DURATION, STORE_WAITING


class DeskTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.telemetry = Telemetry()
        self.events: list[dict[str, Any]] = []
        self.telemetry.observe(lambda event, keys: self.events.append(keys) if event == STORE_ERROR else None)
        self.desk = Desk(self.clock, self.telemetry, limit=3, patience=10)
        self.queue: Any = SimpleQueue()
        measured = self.telemetry.series
        self.lane = Lane(self.queue, measured(STORE_READ_DURATION), measured(STORE_WAITING, "read"))
        self.desk.open()
        self.addCleanup(self.desk.end)

    def ask(self) -> Any:
        return self.desk.submit(self.lane, lambda tx: None)

    def test_an_answer_fires_its_deferred(self) -> None:
        asked = self.ask()
        self.assertNoResult(asked)
        self.desk.settle([(self.queue.get(), 42)])
        self.assertEqual(self.successResultOf(asked), 42)

    def test_what_waits_and_how_long_it_took_is_measured(self) -> None:
        asked, dropped, given_up = self.ask(), self.ask(), self.ask()
        self.assertEqual(self.measured()[:1], (3,))
        dropped.cancel()
        self.failureResultOf(dropped, CancelledError)
        self.clock.advance(0.7)
        self.desk.settle([(self.queue.get(), 42), (self.queue.get(), 42)])
        self.assertEqual(self.measured(), (1, 1, 0.7))
        self.clock.advance(20)
        self.assertEqual(self.measured()[:2], (0, 2))
        self.silence([asked, given_up])

    def measured(self) -> tuple[float, float, float]:
        """What waits, how many works ended, and the sum of their seconds."""
        found = self.telemetry.book.read([STORE_READ_DURATION, STORE_WAITING])
        ((waiting,),) = found[STORE_WAITING].values()
        ((total, *counts),) = found[STORE_READ_DURATION].values()
        return waiting, sum(counts), round(total, 6)

    def test_a_failed_work_fails_its_deferred(self) -> None:
        asked = self.ask()
        self.desk.settle([(self.queue.get(), Failed(KeyError("x")))])
        self.failureResultOf(asked, KeyError)
        self.assertEqual(self.events, [])

    def test_a_closed_desk_refuses(self) -> None:
        self.desk.close()
        self.failureResultOf(self.ask(), Unavailable)

    def test_a_desk_that_is_not_open_yet_refuses(self) -> None:
        self.failureResultOf(Desk(self.clock, self.telemetry, 3, 10).submit(self.lane, lambda tx: None), Unavailable)

    def test_a_full_queue_refuses(self) -> None:
        asked = [self.ask() for _ in range(3)]
        self.failureResultOf(self.ask(), Unavailable)
        self.desk.settle([(self.queue.get(), None)])
        asked.append(self.ask())
        self.assertNoResult(asked[-1])
        self.successResultOf(asked[0])
        self.silence(asked)

    def test_a_cancelled_work_cannot_be_begun(self) -> None:
        asked = self.ask()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.assertFalse(self.queue.get().claim())

    def test_a_work_is_begun_once(self) -> None:
        asked = self.ask()
        work = self.queue.get()
        self.assertEqual([work.claim(), work.claim()], [True, False])
        self.silence([asked])

    def test_the_answer_to_a_work_cancelled_while_it_ran_is_dropped(self) -> None:
        asked = self.ask()
        work = self.queue.get()
        work.claim()
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        self.desk.settle([(work, 42)])

    def test_a_work_that_is_not_answered_in_time_fails(self) -> None:
        asked = self.ask()
        self.clock.pump([5, 4])
        self.assertNoResult(asked)
        self.clock.pump([5, 5])
        self.failureResultOf(asked, Unavailable)
        self.assertFalse(self.queue.get().claim())

    def test_a_late_answer_is_dropped(self) -> None:
        asked = self.ask()
        self.clock.pump([5, 5, 5])
        self.failureResultOf(asked, Unavailable)
        self.desk.settle([(self.queue.get(), 42)])

    def test_the_end_fails_what_is_left(self) -> None:
        asked = self.ask()
        self.desk.end()
        self.failureResultOf(asked, Unavailable)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_one_fault_is_reported_once_for_a_whole_batch(self) -> None:
        asked = [self.ask(), self.ask()]
        cause = OSError("no space left")
        outcomes = []
        for _ in asked:
            fault = Unavailable("The disk is full.")
            fault.__cause__ = cause
            outcomes.append((self.queue.get(), Failed(fault)))
        self.desk.settle(outcomes)
        for each in asked:
            self.failureResultOf(each, Unavailable)
        self.assertEqual(self.events, [{"reason": "The disk is full.", "details": "no space left"}])

    def test_what_was_refused_is_no_fault(self) -> None:
        asked = self.ask()
        refused = Invalid("This is no calendar.")
        refused.__cause__ = ValueError("line 7")
        self.desk.settle([(self.queue.get(), Failed(refused))])
        self.failureResultOf(asked, Invalid)
        self.assertEqual(self.events, [])

    def silence(self, asked: list[Any]) -> None:
        for each in asked:
            each.addErrback(lambda failure: failure.trap(Unavailable))
