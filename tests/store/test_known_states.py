"""What writes have reached."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.known_states import KnownStates
from stalwart.store.watch import FIRST


class KnownStatesTests(SynchronousTestCase):
    """What was read stands until something newer was written."""

    def test_nothing_was_written(self) -> None:
        self.assertTrue(KnownStates().stands(1, 2, 3, 0))

    def test_only_what_is_newer_counts(self) -> None:
        states = KnownStates()
        states.note({1: {2: 7, FIRST: 99}})
        stands = [states.stands(1, 2, state, 0) for state in (6, 7, 8)]
        self.assertEqual(stands, [False, True, True])
        self.assertTrue(states.stands(1, 3, 1, 0))
        self.assertTrue(states.stands(2, 2, 1, 0))

    def test_late_words_change_nothing(self) -> None:
        states = KnownStates()
        states.note({1: {2: 7}})
        states.note({1: {2: 5}})
        self.assertFalse(states.stands(1, 2, 6, 0))

    def test_after_doubt_nothing_of_before_stands(self) -> None:
        states = KnownStates()
        states.note({1: {2: 0}})
        self.assertFalse(states.stands(1, 2, 100, 0))
        self.assertTrue(states.stands(1, 2, 100, states.moment()))

    def test_it_is_bounded(self) -> None:
        states = KnownStates(most=10)
        for account_id in range(1, 25):
            states.note({account_id: {2: 1}})
        self.assertEqual(states.moment(), 2)
        self.assertFalse(states.stands(99, 2, 1, 0))

    def test_news_from_others_end_what_was_read_before(self) -> None:
        news: list[bool] = []
        states = KnownStates(lambda: news.pop(0) if news else False)
        moment = states.moment()
        self.assertTrue(states.stands(1, 2, 3, moment))
        news = [True]
        self.assertFalse(states.stands(1, 2, 3, moment))
        self.assertFalse(states.stands(1, 2, 3, moment))
        later = states.moment()
        self.assertTrue(states.stands(1, 2, 3, later))

    def test_while_others_write_nothing_stands_later(self) -> None:
        news = [True, True]
        states = KnownStates(lambda: news.pop(0) if news else False)
        moment = states.moment()
        self.assertIsNone(moment)
        self.assertFalse(states.stands(1, 2, 3, moment))


class LookingTests(SynchronousTestCase):
    """Where others can only be asked about with a wait."""

    def setUp(self) -> None:
        self.states = KnownStates()
        self.looked = 0
        self.answers = True
        self.others_wrote = False

        async def look() -> bool:
            self.looked += 1
            if self.others_wrote:
                self.states.forget()
                self.others_wrote = False
            return self.answers

        self.states.look = look

    def still(self, moment: int | None, state: int = 3) -> bool:
        asking = self.states.still_stand(1, ((2, state),), moment)
        return self.successResultOf(Deferred.fromCoroutine(asking))

    def test_what_nobody_has_written_to_stands_once_that_was_asked(self) -> None:
        moment = self.states.moment()
        self.assertFalse(self.states.stands(1, 2, 3, moment))
        self.assertTrue(self.still(moment))
        self.assertTrue(self.still(moment))
        self.assertEqual(self.looked, 2)

    def test_what_was_written_here_counts(self) -> None:
        moment = self.states.moment()
        self.states.note({1: {2: 4}})
        self.assertFalse(self.still(moment))
        self.assertTrue(self.still(moment, 4))

    def test_after_others_have_written_nothing_of_before_stands(self) -> None:
        moment = self.states.moment()
        self.others_wrote = True
        self.assertFalse(self.still(moment))
        self.assertFalse(self.still(moment))
        self.assertEqual(self.looked, 1)  # what is of another time needs no question
        self.assertTrue(self.still(self.states.moment()))

    def test_where_that_cannot_be_known_nothing_stands(self) -> None:
        self.answers = False
        self.assertFalse(self.still(self.states.moment()))
