"""Who changes what others must know is answered when they do, and waits for nobody who is gone."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.agreement import LOOK_AGAIN, PATIENCE, Agreement


class AgreementTests(SynchronousTestCase):
    """Process 1 among 2 and 3."""

    def setUp(self) -> None:
        self.said: list[Any] = []
        self.asked: list[Deferred[frozenset[int]]] = []
        self.clock = Clock()
        self.one = Agreement(1, self.said.append, self._others, self.clock)

    def _others(self) -> Deferred[frozenset[int]]:
        self.asked.append(Deferred())
        return self.asked[-1]

    def wait(self) -> Deferred[None]:
        waiting = self.one.agreed()
        assert waiting is not None
        return waiting

    def test_who_has_changed_nothing_does_not_wait(self) -> None:
        self.assertIsNone(self.one.agreed())
        self.assertEqual((self.said, self.asked), ([], []))

    def test_all_have_to_know(self) -> None:
        self.one.changed()
        waiting = self.wait()
        self.assertEqual(self.said, [("ask", 1, 1)])
        self.one.hear_answer(1, 1, 2)  # it may be quicker than the data store
        self.asked[0].callback(frozenset({2, 3}))
        self.assertNoResult(waiting)
        self.one.hear_answer(1, 1, 3)
        self.successResultOf(waiting)
        self.assertEqual((self.one.agreed(), self.clock.getDelayedCalls()), (None, []))

    def test_nobody_else_is_there(self) -> None:
        self.one.changed()
        waiting = self.wait()
        self.asked[0].callback(frozenset())
        self.successResultOf(waiting)

    def test_who_hangs_is_not_waited_for_long(self) -> None:
        self.one.changed()
        waiting = self.wait()
        self.clock.advance(PATIENCE - 0.1)
        self.assertNoResult(waiting)
        self.clock.advance(0.2)
        self.successResultOf(waiting)
        self.asked[0].callback(frozenset({2}))
        self.one.hear_answer(1, 1, 2)

    def test_who_dies_meanwhile_is_waited_for_no_longer(self) -> None:
        self.one.changed()
        waiting = self.wait()
        self.asked[0].callback(frozenset({2, 3}))
        self.one.hear_answer(1, 1, 2)
        self.clock.advance(LOOK_AGAIN)
        self.asked[1].callback(frozenset({2, 3}))
        self.assertNoResult(waiting)
        self.clock.advance(LOOK_AGAIN)
        self.asked[2].callback(frozenset({2, 4}))  # 3 has died, 4 has come since
        self.successResultOf(waiting)
        self.assertEqual((len(self.asked), self.clock.getDelayedCalls()), (3, []))

    def test_requests_of_the_same_time_wait_together(self) -> None:
        self.one.changed()
        first, second = self.wait(), self.wait()
        self.assertEqual(len(self.said), 1)
        self.asked[0].callback(frozenset())
        for each in (first, second):
            self.successResultOf(each)

    def test_what_is_changed_while_others_are_asked_is_asked_about_by_itself(self) -> None:
        self.one.changed()
        first = self.wait()
        self.one.changed()
        second = self.wait()
        self.asked[0].callback(frozenset({2}))
        self.asked[1].callback(frozenset({2}))
        self.one.hear_answer(1, 1, 2)
        self.successResultOf(first)
        self.assertNoResult(second)
        self.one.hear_answer(1, 2, 2)
        self.successResultOf(second)

    def test_answers_to_others_are_nothing(self) -> None:
        self.one.changed()
        waiting = self.wait()
        self.asked[0].callback(frozenset({2}))
        self.one.hear_answer(3, 1, 2)
        self.one.hear_answer(1, 7, 2)
        self.assertNoResult(waiting)
        self.one.close()
        self.successResultOf(waiting)

    def test_client_that_leaves_waits_no_longer(self) -> None:
        self.one.changed()
        waiting, other = self.wait(), self.wait()
        waiting.addErrback(lambda _: None)
        waiting.cancel()
        self.asked[0].callback(frozenset())
        self.successResultOf(other)

    def test_it_says_that_it_knows(self) -> None:
        self.one.hear(2, 5)
        self.assertEqual(self.said, [("knows", 2, 5, 1)])

    def test_at_the_end_nobody_waits(self) -> None:
        self.one.changed()
        waiting = self.wait()
        self.one.close()
        self.successResultOf(waiting)
        self.assertEqual(self.clock.getDelayedCalls(), [])
