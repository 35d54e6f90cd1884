"""Answers that are kept, for a while."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.email.recent_answers import LARGEST, RecentAnswer, RecentAnswers


class RecentAnswersTests(SynchronousTestCase):
    """They are bounded, and the ones not asked for longest go first."""

    def test_what_was_kept_is_found(self) -> None:
        answers = RecentAnswers()
        self.assertIsNone(answers.find("a"))
        first, second = RecentAnswer(1, "x", 10), RecentAnswer(2, "y", 10)
        answers.keep("a", first)
        self.assertIs(answers.find("a"), first)
        answers.keep("a", second)
        self.assertIs(answers.find("a"), second)

    def test_they_are_bounded(self) -> None:
        answers = RecentAnswers(most=30)
        for key in "abc":
            answers.keep(key, RecentAnswer(1, key, 10))
        self.assertIsNotNone(answers.find("a"))
        answers.keep("d", RecentAnswer(1, "d", 10))
        self.assertEqual([answers.find(key) is not None for key in "abcd"], [True, False, True, True])

    def test_the_same_again_takes_its_place_once(self) -> None:
        answers = RecentAnswers(most=30)
        answers.keep("a", RecentAnswer(1, 0, 10))
        for state in range(10):
            answers.keep("b", RecentAnswer(state, 0, 20))
        self.assertIsNotNone(answers.find("a"))

    def test_a_very_large_one_is_not_kept(self) -> None:
        answers = RecentAnswers()
        answers.keep("a", RecentAnswer(1, 0, 1))
        answers.keep("a", RecentAnswer(2, 0, LARGEST + 1))
        self.assertIsNone(answers.find("a"))
