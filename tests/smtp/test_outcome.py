"""Outcomes: what hangs up, and steps that need not wait."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.replies import OK, reply
from stalwart.smtp.outcome import Outcome, Then, begun_step, refused


class OutcomeTests(SynchronousTestCase):
    def test_what_hangs_up(self) -> None:
        for code, then in ((421, Then.CLOSE), (521, Then.CLOSE), (550, Then.COMMAND), (451, Then.COMMAND)):
            self.assertEqual(refused(reply(code, None, "No")).then, then)

    def test_a_step_that_need_not_wait_is_an_outcome(self) -> None:
        async def at_once() -> Outcome:
            return Outcome((OK,))

        waiting: Deferred[None] = Deferred()

        async def later() -> Outcome:
            await waiting
            return Outcome((OK,))

        self.assertEqual(begun_step(at_once()), Outcome((OK,)))
        step = begun_step(later())
        assert not isinstance(step, Outcome)

        async def rest() -> Outcome:
            return await step

        going_on = Deferred.fromCoroutine(rest())
        self.assertNoResult(going_on)
        waiting.callback(None)
        self.assertEqual(self.successResultOf(going_on), Outcome((OK,)))
