"""``Holding``: works wait for a while, and then no more until the database is back."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.threads.holding import LONGEST, REST, Holding


class HoldingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.now = 100.0
        self.is_closing = False
        self.holding = Holding(lambda: self.is_closing, lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.assertGreater(seconds, 0)
        self.now += seconds

    def test_it_waits_for_so_long_and_then_fails_at_once(self) -> None:
        while self.holding.waits():
            continue
        self.assertGreater(self.now, 100 + LONGEST)
        self.assertLess(self.now, 100 + LONGEST + 1)
        until = self.now
        self.assertFalse(self.holding.waits())
        self.assertEqual(self.now, until)

    def test_it_waits_again_once_the_database_was_back(self) -> None:
        while self.holding.waits():
            continue
        self.holding.found()
        self.assertTrue(self.holding.waits())

    def test_after_an_attempt_in_vain_there_is_none_for_a_moment(self) -> None:
        self.assertFalse(self.holding.rests())
        while self.holding.waits():
            self.assertFalse(self.holding.rests())
        self.assertTrue(self.holding.rests())
        self.now += REST
        self.assertFalse(self.holding.rests())
        self.assertFalse(self.holding.waits())
        self.assertTrue(self.holding.rests())
        self.holding.found()
        self.assertFalse(self.holding.rests())

    def test_nobody_waits_at_the_end(self) -> None:
        self.is_closing = True
        self.assertFalse(self.holding.waits())
        self.assertEqual(self.now, 100)
