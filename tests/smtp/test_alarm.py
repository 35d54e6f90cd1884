"""One timer for two moments: it is never late, and it rests when it is stopped."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.smtp.alarm import Alarm


class AlarmTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.rung: list[tuple[str, float]] = []
        self.alarm = Alarm(self.clock, lambda: self.note("late"), lambda: self.note("over"), 30)

    def note(self, what: str) -> None:
        self.rung.append((what, self.clock.seconds()))

    def test_a_deadline_that_is_put_off(self) -> None:
        self.alarm.expect(10)
        self.clock.advance(9)
        self.alarm.expect(19)
        self.clock.pump([1, 8])
        self.assertEqual(self.rung, [])
        self.clock.advance(1)
        self.assertEqual(self.rung, [("late", 19)])

    def test_a_deadline_that_is_nearer_than_the_one_before(self) -> None:
        self.alarm.expect(100)
        self.alarm.expect(10)
        self.clock.advance(10)
        self.assertEqual(self.rung, [("late", 10)])

    def test_it_rings_again(self) -> None:
        self.alarm.expect(10)
        self.clock.pump([10, 29, 1])
        self.assertEqual(self.rung, [("late", 10), ("late", 40)])

    def test_the_end_comes_once(self) -> None:
        self.alarm.expect(100)
        self.alarm.end_at(50)
        self.clock.pump([49, 1, 50])
        self.assertEqual(self.rung, [("over", 50), ("late", 100)])

    def test_an_end_behind_the_deadline(self) -> None:
        self.alarm.expect(10)
        self.alarm.end_at(15)
        self.clock.advance(5)
        self.alarm.expect(100)
        self.clock.pump([5, 5])
        self.assertEqual(self.rung, [("over", 15)])

    def test_no_end(self) -> None:
        self.alarm.expect(10)
        self.alarm.end_at(None)
        self.clock.advance(10)
        self.assertEqual(self.rung, [("late", 10)])

    def test_stopped(self) -> None:
        self.alarm.expect(10)
        self.alarm.stop()
        self.alarm.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.alarm = Alarm(self.clock, lambda: self.alarm.stop(), lambda: None, 30)
        self.alarm.expect(10)
        self.clock.advance(10)
        self.assertEqual(self.clock.getDelayedCalls(), [])
