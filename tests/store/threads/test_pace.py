"""Who waits for whom before a commit."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.threads.pace import LONGEST, Pace


class PaceTests(SynchronousTestCase):
    """Batches that take two milliseconds."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.pace = Pace(self.clock.seconds)
        for _ in range(30):
            self.done(1)

    def done(self, count: int, seconds: float = 0.002) -> None:
        self.pace.done(count, seconds)

    def begun(self, count: int, *, crowded: bool = False) -> float:
        self.pace.begin(crowded=crowded)
        return self.pace.left(count)

    def test_the_first_one_does_not_wait(self) -> None:
        pace = Pace(self.clock.seconds)
        pace.begin(crowded=False)
        self.assertEqual(pace.left(1), 0)

    def test_who_writes_alone_does_not_wait(self) -> None:
        self.assertEqual(self.begun(1), 0)
        self.done(1)
        self.assertEqual(self.begun(1), 0)

    def test_as_many_as_before_are_waited_for(self) -> None:
        self.done(4)
        self.assertAlmostEqual(self.begun(1), 0.002, places=5)
        self.clock.advance(0.0015)
        self.assertAlmostEqual(self.pace.left(3), 0.0005, places=5)
        self.assertEqual(self.pace.left(4), 0)

    def test_others_wait_for_those_who_were_answered(self) -> None:
        self.done(2)
        self.assertGreater(self.begun(3, crowded=True), 0)
        self.assertGreater(self.pace.left(4), 0)
        self.assertEqual(self.pace.left(5), 0)

    def test_not_for_ever(self) -> None:
        self.done(2)
        self.begun(1)
        self.clock.advance(0.003)
        self.assertLessEqual(self.pace.left(1), 0)
        self.done(1)
        self.assertEqual(self.begun(1), 0)

    def test_slow_batches_are_not_waited_for_longer(self) -> None:
        for _ in range(30):
            self.done(2, 5.0)
        self.assertAlmostEqual(self.begun(1), LONGEST)
