"""When it is looked: at once, again if somebody called meanwhile, in time, and not during a rest."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.tasks.looking import Looking


class LookingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.looks: list[float] = []
        self.told: list[str] = []
        self.gate: Deferred[None] | None = None
        self.answer: float | None = 5.0
        self.problem: Exception | None = None
        self.looking = Looking(self.clock, self.look, self.told.append, rest=60, longest=100)
        self.addCleanup(self.looking.stop)

    async def look(self) -> float | None:
        self.looks.append(self.clock.seconds())
        if self.gate is not None:
            await self.gate
        if self.problem is not None:
            raise self.problem
        return self.answer

    def test_in_time_or_when_it_is_woken(self) -> None:
        self.looking.wake()
        self.assertEqual(self.looks, [])
        self.looking.start()
        self.clock.pump([4, 1])
        self.looking.wake()
        self.clock.pump([4, 1])
        self.assertEqual(self.looks, [0, 5, 5, 10])

    def test_nobody_is_needed_who_will_be_woken(self) -> None:
        self.answer = None
        self.looking.start()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_so_long_at_most(self) -> None:
        self.answer = 10_000.0
        self.looking.start()
        self.clock.advance(100)
        self.assertEqual(self.looks, [0, 100])

    def test_one_look_at_a_time_and_another_one_after_it(self) -> None:
        self.gate = gate = Deferred()
        self.looking.start()
        self.assertFalse(self.looking.is_woken)
        self.looking.wake()
        self.looking.wake()
        self.assertEqual((self.looks, self.looking.is_woken), ([0], True))
        self.gate = None
        gate.callback(None)
        self.assertEqual(self.looks, [0, 0])
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_a_rest_after_a_fault(self) -> None:
        self.problem = ValueError("oh")
        self.looking.start()
        self.problem = None
        self.looking.wake()
        self.clock.advance(59)
        self.looking.wake()
        self.assertEqual((self.looks, self.told), ([0], ["oh"]))
        self.clock.advance(1)
        self.assertEqual(self.looks, [0, 60])

    def test_stopped(self) -> None:
        self.looking.start()
        self.looking.stop()
        self.looking.wake()
        self.looking.rest("late")
        self.assertEqual((self.looks, self.told, self.clock.getDelayedCalls()), ([0], ["late"], []))
