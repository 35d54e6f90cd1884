"""Whether others have written: asked once for all who want to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.threads.looking import PATIENCE, Looker


class Here(Clock):
    """Calls from threads are calls."""

    def callFromThread(self, function: Callable[..., object], *arguments: Any) -> None:
        function(*arguments)


class Sessions:
    """An engine whose others have committed ``number`` times; a number below none fails."""

    def __init__(self) -> None:
        self.number = 0
        self.opened = self.closed = self.cut = 0
        self.in_turn = True

    def open_reader(self) -> Any:
        self.opened += 1
        return self

    def others(self, session: Any) -> object:
        if self.number < 0:
            raise OSError("The server is away.")
        return [(1, self.number)]

    def is_in_turn(self, session: Any) -> bool:
        if self.number < 0:
            raise OSError("The server is away.")
        return self.in_turn

    def interrupt(self) -> None:
        self.cut += 1

    def close(self) -> None:
        self.closed += 1


class LookerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.engine: Any = Sessions()
        self.clock = Here()
        self.news = 0
        self.looker = Looker(self.engine, self.clock, self.tell)

    def tell(self) -> None:
        self.news += 1

    def turn(self) -> None:
        """What the thread does with one question."""
        look = self.looker._asked.get(timeout=1)
        assert look is not None
        look()

    def asked(self) -> bool:
        looking = self.looker.look()
        self.turn()
        return self.successResultOf(looking)

    def test_news_are_told_before_the_answer_and_once(self) -> None:
        self.assertTrue(self.asked())
        self.assertEqual(self.news, 1)  # the first time nobody knows
        self.assertTrue(self.asked())
        self.assertEqual(self.news, 1)
        self.engine.number = 1
        looking = self.looker.look()
        seen: list[int] = []
        looking.addCallback(lambda _: seen.append(self.news))
        self.turn()
        self.assertEqual(seen, [2])

    def test_who_asks_while_a_question_is_under_way_gets_the_next_answer(self) -> None:
        first = self.looker.look()
        others = self.engine.others(None)
        later = [self.looker.look() for _ in range(3)]
        self.engine.number = 1
        self.looker._asked.get(timeout=1)
        self.looker._found(others)
        self.successResultOf(first)
        for each in later:
            self.assertNoResult(each)
        self.turn()
        self.assertEqual([self.successResultOf(each) for each in later], [True] * 3)
        self.assertEqual(self.news, 2)
        self.assertTrue(self.looker._asked.empty())

    def test_a_database_that_is_away_is_unknown_and_asked_anew(self) -> None:
        self.assertTrue(self.asked())
        self.engine.number = -1
        self.assertFalse(self.asked())
        self.assertEqual((self.news, self.engine.closed), (2, 1))
        self.engine.number = 0
        self.assertTrue(self.asked())
        self.assertEqual((self.news, self.engine.opened), (3, 2))

    def test_nobody_waits_for_a_database_that_hangs(self) -> None:
        self.asked()
        looking = self.looker.look()
        self.clock.advance(PATIENCE)
        self.assertFalse(self.successResultOf(looking))
        self.assertEqual(self.engine.cut, 1)
        self.turn()
        self.assertTrue(self.asked())

    def test_who_is_answered_may_ask_again_in_the_same_turn(self) -> None:
        found: list[bool] = []
        looking = self.looker.look()
        looking.addCallback(lambda _: self.looker.look().addCallback(found.append))
        self.turn()
        self.assertEqual(found, [True])
        self.assertTrue(self.looker._asked.empty())
        self.assertNoResult(self.looker.look().addErrback(lambda failure: None))

    def test_who_gives_up_disturbs_nobody(self) -> None:
        one, other = self.looker.look(), self.looker.look()
        one.addErrback(lambda failure: None)
        one.cancel()
        self.turn()
        self.turn()
        self.assertTrue(self.successResultOf(other))

    def test_whether_writes_wait_for_their_turn_is_asked_over_the_same_connection(self) -> None:
        self.asked()
        for self.engine.in_turn in (True, False):
            asking = self.looker.is_in_turn()
            self.turn()
            self.assertEqual(self.successResultOf(asking), self.engine.in_turn)
        self.engine.in_turn, self.engine.number = True, -1
        asking = self.looker.is_in_turn()
        self.turn()
        self.assertFalse(self.successResultOf(asking))
        self.assertEqual((self.news, self.engine.opened), (1, 1))

    def test_a_database_that_hangs_tells_of_no_turn(self) -> None:
        self.asked()
        asking, dropped = self.looker.is_in_turn(), self.looker.is_in_turn()
        dropped.addErrback(lambda failure: None)
        dropped.cancel()
        self.clock.advance(PATIENCE)
        self.assertFalse(self.successResultOf(asking))
        self.assertEqual(self.engine.cut, 1)
        self.turn()
        self.turn()

    def test_the_thread_ends_and_closes(self) -> None:
        looking: Deferred[bool] = self.looker.look()
        self.looker.close()
        self.looker.run()
        self.assertTrue(self.successResultOf(looking))
        self.assertEqual(self.engine.closed, 1)
