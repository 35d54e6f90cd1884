"""The pause before a failure is answered."""

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.delay import FailureDelay
from stalwart.errors import TooMany
from tests.leftovers import begun


class FailureDelayTests(SynchronousTestCase):
    """Bounded, on the clock, cancellable."""

    def setUp(self) -> None:
        self.clock = Clock()

    def wait(self, delay: FailureDelay) -> Deferred[None]:
        return begun(self, delay.wait())

    def test_shortest_pause_is_50_ms_and_longest_500(self) -> None:
        for random, seconds in ((0.0, 0.05), (1.0, 0.5)):
            waiting = self.wait(FailureDelay(self.clock, lambda random=random: random))
            self.clock.advance(seconds - 0.01)
            self.assertNoResult(waiting)
            self.clock.advance(0.02)
            self.successResultOf(waiting)

    def test_more_than_the_limit_is_refused_at_once(self) -> None:
        delay = FailureDelay(self.clock, lambda: 0.0, limit=1)
        self.assertNoResult(self.wait(delay))
        self.failureResultOf(self.wait(delay), TooMany)
        self.clock.advance(1)
        self.assertNoResult(self.wait(delay))

    def test_client_that_leaves_frees_its_place(self) -> None:
        delay = FailureDelay(self.clock)
        waiting = self.wait(delay)
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.assertEqual((delay.pending, self.clock.getDelayedCalls()), (0, []))
