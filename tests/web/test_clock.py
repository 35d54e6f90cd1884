"""Clocks that the kit can be given."""

from __future__ import annotations

from twisted.internet.task import Clock as TestClock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.clock import Clock


class ClockTests(SynchronousTestCase):
    """``Clock`` as a type."""

    def test_the_clock_of_tests_and_nothing_else_will_do(self) -> None:
        self.assertIsInstance(TestClock(), Clock)
        self.assertNotIsInstance(object(), Clock)
