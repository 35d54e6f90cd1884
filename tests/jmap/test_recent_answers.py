"""Answers that are kept, for a while."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from attrs import frozen
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.errors import MethodError
from stalwart.jmap.recent_answers import LARGEST, RecentAnswers, octets_of
from stalwart.store import Transaction
from stalwart.store.known_states import KnownStates
from stalwart.store.mail_rows import Condition
from stalwart.store.memory import MemoryStore
from stalwart.store.object_types import EMAIL, MAILBOX


@frozen
class Words:
    """An answer."""

    text: str
    octets: int = 10


class CountingStore(MemoryStore):
    """How often it was read."""

    reads = 0

    def read(self, work: Callable[[Transaction], Any]) -> Any:
        self.reads += 1
        return super().read(work)


class RecentAnswersCase(SynchronousTestCase):
    """An account with a state."""

    def setUp(self) -> None:
        self.store = CountingStore()
        self.addCleanup(lambda: self.successResultOf(self.store.close()))
        for id in (1, 2):
            self.write(lambda tx, id=id: tx.accounts.create(id, f"a{id}", "user"))
        self.change()
        self.made = 0

    def write(self, work: Callable[[Transaction], Any]) -> Any:
        """In a transaction."""
        return self.successResultOf(self.store.write(work))

    def change(self, account_id: int = 1, type: int = MAILBOX) -> None:
        """Something is new in the account."""
        self.write(lambda tx: tx.objects.insert(account_id, type, now=0, data={}))

    def answer(
        self, answers: RecentAnswers, asked: Hashable, value: Any = None, *, account_id: int = 1, type: int = MAILBOX
    ) -> Any:
        """What is answered; ``value`` where it has to be made."""

        def make(tx: Transaction, state: int) -> Any:
            self.made += 1
            self.assertEqual(state, tx.objects.state(account_id, type))
            return value

        done: list[Any] = []

        async def ask() -> None:
            done.append(await answers.answer(account_id, type, asked, make))

        coroutine = ask()
        try:
            coroutine.send(None)
        except StopIteration:
            return done[0]
        raise AssertionError("it waits")


class StandingTests(RecentAnswersCase):
    """An answer is given again as long as it is right."""

    def test_nothing_is_read_while_nothing_has_changed(self) -> None:
        answers, first = RecentAnswers(self.store), Words("x")
        self.assertIs(self.answer(answers, "a", first), first)
        reads = self.store.reads
        self.assertIs(self.answer(answers, "a", Words("y")), first)
        self.assertEqual((self.made, self.store.reads), (1, reads))

    def test_a_write_ends_it_before_it_is_answered(self) -> None:
        answers = RecentAnswers(self.store)
        self.answer(answers, "a", Words("x"))
        seen = []
        written = self.store.write(lambda tx: tx.objects.insert(1, MAILBOX, now=0, data={}))
        written.addCallback(lambda _: seen.append(self.answer(answers, "a", Words("y")).text))
        self.assertEqual(seen, ["y"])

    def test_writes_to_others_do_not_end_it(self) -> None:
        answers = RecentAnswers(self.store)
        self.answer(answers, "a", Words("x"))
        self.change(account_id=2)
        self.change(type=EMAIL)
        reads = self.store.reads
        self.assertEqual(self.answer(answers, "a", Words("y")).text, "x")
        self.assertEqual(self.store.reads, reads)

    def test_while_others_write_the_state_is_read_first(self) -> None:
        self.store.states = KnownStates(lambda: True)
        answers = RecentAnswers(self.store)
        self.answer(answers, "a", Words("x"))
        reads = self.store.reads
        self.assertEqual(self.answer(answers, "a", Words("y")).text, "x")
        self.assertEqual((self.made, self.store.reads), (1, reads + 1))

    def test_after_doubt_the_state_is_read_once(self) -> None:
        answers = RecentAnswers(self.store)
        self.answer(answers, "a", Words("x"))
        self.store.states.forget()
        reads = self.store.reads
        for _ in range(3):
            self.assertEqual(self.answer(answers, "a", Words("y")).text, "x")
        self.assertEqual((self.made, self.store.reads), (1, reads + 1))

    def test_what_was_written_while_it_was_read_counts(self) -> None:
        answers = RecentAnswers(self.store)
        late: list[Any] = []
        reading = self.store.read

        def slow(work: Any) -> Any:
            read = reading(work)
            late.append(None)
            if len(late) == 1:
                self.change()  # it was read before, and is answered after
            return read

        self.patch(self.store, "read", slow)
        self.assertEqual(self.answer(answers, "a", Words("x")).text, "x")
        self.assertEqual(self.answer(answers, "a", Words("y")).text, "y")

    def test_none_is_not_kept(self) -> None:
        answers = RecentAnswers(self.store)
        self.assertIsNone(self.answer(answers, "a", None))
        self.assertEqual(self.answer(answers, "a", Words("x")).text, "x")

    def test_an_account_without_anything_is_looked_for_each_time(self) -> None:
        answers = RecentAnswers(self.store)
        self.answer(answers, "a", Words("x"), account_id=2)
        self.answer(answers, "a", Words("y"), account_id=2)
        self.assertEqual(self.made, 2)
        error = self.assertRaises(MethodError, self.answer, answers, "a", Words("x"), account_id=77)
        self.assertEqual(error.type, "accountNotFound")


class BoundsTests(RecentAnswersCase):
    """They are bounded, and the ones not asked for longest go first."""

    def keep(self, answers: RecentAnswers, asked: Hashable, octets: int) -> None:
        """An answer of this size."""
        self.answer(answers, asked, Words("", octets))

    def there(self, answers: RecentAnswers, *asked: Hashable) -> list[bool]:
        """Which are kept."""
        return [(1, MAILBOX, each) in answers for each in asked]

    def test_they_are_bounded(self) -> None:
        answers = RecentAnswers(self.store, most=30_000)
        for key in "abc":
            self.keep(answers, key, 9_000)
        self.keep(answers, "a", 9_000)
        self.keep(answers, "d", 9_000)
        self.assertEqual(self.there(answers, *"abcd"), [True, False, True, True])

    def test_the_same_again_takes_its_place_once(self) -> None:
        answers = RecentAnswers(self.store, most=30_000)
        for _ in range(10):
            self.keep(answers, "a", 9_000)
            self.keep(answers, "b", 18_000)
            self.change()
        self.assertEqual(self.there(answers, "a", "b"), [True, True])

    def test_the_same_value_again_takes_its_place_once(self) -> None:
        self.store.states = KnownStates(lambda: True)
        answers = RecentAnswers(self.store, most=30_000)
        for _ in range(10):
            self.keep(answers, "a", 9_000)
            self.keep(answers, "b", 18_000)
        self.assertEqual(self.there(answers, "a", "b"), [True, True])

    def test_a_very_large_one_is_not_kept(self) -> None:
        answers = RecentAnswers(self.store)
        self.keep(answers, "a", 1)
        self.change()
        self.keep(answers, "a", LARGEST + 1)
        self.assertEqual(self.there(answers, "a"), [False])

    def test_what_was_asked_is_counted(self) -> None:
        answers = RecentAnswers(self.store, most=100_000)
        asked = [(number, ("x" * 15_000, str(number))) for number in range(10)]
        for each in asked:
            self.keep(answers, each, 0)
        self.assertEqual(self.there(answers, *asked), 4 * [False] + 6 * [True])

    def test_an_answer_to_a_large_question_is_not_kept(self) -> None:
        answers = RecentAnswers(self.store)
        for large in ("x" * LARGEST, ("ids", ("y" * 1000,) * 300), Condition("among", frozenset(range(20_000)))):
            self.keep(answers, (7, large), 1)
            self.assertEqual(self.there(answers, (7, large)), [False])

    def test_nothing_is_free(self) -> None:
        answers = RecentAnswers(self.store, most=10_000)
        for number in range(100):
            self.keep(answers, number, 0)
        self.assertLess(sum(self.there(answers, *range(100))), 20)

    def test_octets_of_a_key(self) -> None:
        self.assertGreater(octets_of((1, ("a" * 1000, frozenset((1, 2)))), 10_000), 1000)
        self.assertLess(octets_of(tuple("ab" * 100_000), 10), 2_000_000, "the members are not looked at")
