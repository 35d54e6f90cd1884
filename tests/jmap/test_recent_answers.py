"""Answers that are kept, for a while."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.recent_answers import LARGEST, RecentAnswer, RecentAnswers, octets_of
from stalwart.store.mail_rows import Condition


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
        answers = RecentAnswers(most=30_000)
        for key in "abc":
            answers.keep(key, RecentAnswer(1, key, 9_000))
        self.assertIsNotNone(answers.find("a"))
        answers.keep("d", RecentAnswer(1, "d", 9_000))
        self.assertEqual([answers.find(key) is not None for key in "abcd"], [True, False, True, True])

    def test_the_same_again_takes_its_place_once(self) -> None:
        answers = RecentAnswers(most=30_000)
        answers.keep("a", RecentAnswer(1, 0, 9_000))
        for state in range(10):
            answers.keep("b", RecentAnswer(state, 0, 18_000))
        self.assertIsNotNone(answers.find("a"))

    def test_a_very_large_one_is_not_kept(self) -> None:
        answers = RecentAnswers()
        answers.keep("a", RecentAnswer(1, 0, 1))
        answers.keep("a", RecentAnswer(2, 0, LARGEST + 1))
        self.assertIsNone(answers.find("a"))

    def test_what_was_asked_is_counted(self) -> None:
        answers = RecentAnswers(most=100_000)
        for number in range(10):
            answers.keep((number, ("x" * 15_000, str(number))), RecentAnswer(1, 0, 0))
        self.assertEqual(
            [answers.find((n, ("x" * 15_000, str(n)))) is None for n in range(10)], 4 * [True] + 6 * [False]
        )

    def test_an_answer_to_a_large_question_is_not_kept(self) -> None:
        answers = RecentAnswers()
        for large in ("x" * LARGEST, ("ids", ("y" * 1000,) * 300), Condition("among", frozenset(range(20_000)))):
            answers.keep((7, large), RecentAnswer(1, 0, 1))
            self.assertIsNone(answers.find((7, large)))

    def test_nothing_is_free(self) -> None:
        answers = RecentAnswers(most=10_000)
        for number in range(100):
            answers.keep(number, RecentAnswer(1, 0, 0))
        self.assertLess(sum(answers.find(number) is not None for number in range(100)), 20)

    def test_octets_of_a_key(self) -> None:
        self.assertGreater(octets_of((1, ("a" * 1000, frozenset((1, 2)))), 10_000), 1000)
        self.assertLess(octets_of(tuple("ab" * 100_000), 10), 2_000_000, "the members are not looked at")
