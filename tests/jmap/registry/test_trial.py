"""stalwart.jmap.registry.trial: what settings name is tried, and not for ever."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unavailable
from stalwart.jmap.registry.trial import LONGEST, tried


class TrialTests(SynchronousTestCase):
    """What comes of it, in time or not."""

    def test_what_comes_is_answered(self) -> None:
        self.assertEqual(self.successResultOf(ensureDeferred(tried(succeed(7), Clock(), "It"))), 7)

    def test_what_does_not_come_is_given_up_and_said(self) -> None:
        clock, trying = Clock(), Deferred[Any]()
        found = ensureDeferred(tried(trying, clock, "The place"))
        clock.advance(LONGEST - 1)
        self.assertNoResult(found)
        clock.advance(1)
        problem = self.failureResultOf(found, Unavailable).value
        self.assertEqual(problem.detail, "The place did not answer within 20 seconds.")
