"""What is in doubt, and for how long."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unavailable
from stalwart.mail.queue.repetitions import KEPT, SETTLED_AFTER, TOGETHER, Repetitions
from stalwart.store import Transaction
from stalwart.store.memory import MemoryStore
from stalwart.store.seen import HANDED_OVER, IN_DOUBT, UNDELIVERED, of_letter

A, B = b"a" * 16, b"b" * 16


class RepetitionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore()
        self.ids: list[int] = []
        self.here = self.started()

    def started(self) -> Repetitions:
        """A process that begins."""
        here = Repetitions(self.store, self.clock)
        self.done(here.load())
        return here

    def done(self, work: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def writes(self, digest: bytes = A, here: Repetitions | None = None) -> bool:
        """Whether a letter of a message is written; ``self.ids`` are those that were."""

        def work(tx: Transaction) -> list[int]:
            first = (here or self.here).first(tx, digest)
            if not first:
                self.ids.append(len(self.ids) + 1)
                (here or self.here).note(tx, digest, self.ids[-1:])
            return first

        self.first = self.successResultOf(self.store.write(work))
        return not self.first

    def known(self, kind: int, *digests: bytes) -> set[bytes]:
        now, asked = int(self.clock.seconds()), digests or (A, B)
        read = self.store.read(lambda tx: {each for each in asked if tx.seen.beginning(0, kind, each, now)})
        return set(self.successResultOf(read))

    def undelivered(self, id: int) -> None:
        self.successResultOf(self.store.write(lambda tx: tx.seen.note(0, UNDELIVERED, of_letter(id), 10**9)))

    def test_what_is_the_same_may_be_wanted_twice(self) -> None:
        self.assertEqual([self.writes(), self.writes()], [True, True])
        self.here.answered(A)
        self.clock.advance(SETTLED_AFTER)
        self.assertEqual((self.known(HANDED_OVER), self.writes()), (set(), True))

    def test_what_is_in_doubt_is_written_once(self) -> None:
        self.assertTrue(self.writes())
        self.here.doubted(A)
        self.assertFalse(self.writes())  # at once
        self.clock.advance(0)
        self.assertEqual((self.writes(B), self.writes(), self.first), (True, False, [1]))
        self.assertFalse(self.writes(here=Repetitions(self.store, self.clock)))  # in another process

    def test_doubt_ends_with_the_answer(self) -> None:
        self.writes()
        self.here.doubted(A)
        self.clock.advance(0)
        self.assertFalse(self.writes())
        self.here.answered(A, again=True)
        self.assertTrue(self.writes())  # at once
        self.clock.advance(0)
        self.assertTrue(self.writes(here=Repetitions(self.store, self.clock)))
        self.assertEqual(self.known(IN_DOUBT), set())

    def test_an_answer_to_another_copy_does_not_count_later(self) -> None:
        self.writes()
        self.here.answered(A)
        self.here.doubted(A)
        self.clock.advance(SETTLED_AFTER)
        self.assertFalse(self.writes())

    def test_what_was_not_delivered_is_no_first_copy(self) -> None:
        self.writes()
        self.writes()
        self.here.doubted(A)
        self.clock.advance(0)
        self.assertEqual((self.writes(), self.first), (False, [1, 2]))
        self.undelivered(2)
        self.assertTrue(self.writes())
        self.here.doubted(A)
        self.assertEqual((self.writes(), self.first), (False, [3]))

    def test_doubt_may_come_first(self) -> None:
        self.here.doubted(A)
        self.assertEqual([self.writes(), self.writes()], [True, False])

    def test_doubt_has_an_end(self) -> None:
        self.writes()
        self.here.doubted(A)
        self.clock.advance(0)
        self.clock.advance(KEPT)
        self.assertTrue(self.writes())

    def test_a_process_that_is_killed_leaves_doubt(self) -> None:
        self.writes()
        self.writes(B)
        self.here.answered(B)
        self.clock.advance(SETTLED_AFTER)
        self.here = self.started()
        self.assertEqual((self.writes(), self.writes(B)), (False, True))

    def test_one_that_ends_leaves_what_is_known(self) -> None:
        self.writes()
        self.writes(B)
        self.here.answered(A)
        self.here.doubted(B)
        self.done(self.here.close())
        self.assertEqual((self.known(HANDED_OVER), self.known(IN_DOUBT)), ({B}, {B}))
        self.here.answered(B)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_cannot_be_written_is_written_later(self) -> None:
        self.writes()
        write = self.store.write
        self.patch(self.store, "write", lambda work: fail(Unavailable()))
        self.here.doubted(A)
        self.clock.advance(0)
        self.done(self.here.close())
        self.here = Repetitions(self.store, self.clock)
        self.here.doubted(A)
        self.clock.advance(0)
        self.patch(self.store, "write", write)
        self.clock.advance(SETTLED_AFTER)
        self.assertEqual((self.known(IN_DOUBT), self.clock.getDelayedCalls()), ({A}, []))

    def test_very_many_go_in_turns(self) -> None:
        digests = [number.to_bytes(16, "big") for number in range(TOGETHER + 1)]
        for digest in digests:
            self.writes(digest)
            self.here.answered(digest)
        self.clock.advance(SETTLED_AFTER)
        self.assertEqual(self.known(HANDED_OVER, *digests), {digests[-1]})
        self.clock.advance(SETTLED_AFTER)
        self.assertEqual(self.known(HANDED_OVER, *digests), set())
