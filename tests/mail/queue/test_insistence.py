"""What is known of an attempt is written before anybody tries the letter again."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import deferLater

from stalwart.errors import Conflict, Unavailable
from stalwart.mail.queue.insistence import Insistence, Unwritable
from stalwart.store.queue_rows import DELIVERED, WAITING
from tests.mail.queue.world import QueueCase, accepted, refused, unreachable

NOW = 1_800_000_000


class InsistenceTests(QueueCase):
    """The store, or something in it, does not take what it is to take."""

    def unwritable(self) -> Any:
        """From now on nothing can be written; what to patch ``write`` with to end that."""
        write = self.store.write
        self.patch(self.store, "write", lambda work: fail(Unavailable("disk full")))
        return write

    def test_while_nothing_can_be_written_each_letter_is_sent_once_at_most(self) -> None:
        for n in range(3):
            self.put(f"b{n}@remote{n}.test")
        write = self.unwritable()
        self.lead()
        self.later(600, 600)
        self.assertEqual(sorted(self.sender.sent), sorted(set(self.sender.sent)))
        self.patch(self.store, "write", write)
        self.later(60, 60)
        self.assertEqual(sorted(self.sender.sent), [f"b{n}@remote{n}.test" for n in range(3)])
        self.assertEqual(self.waiting(), 0)

    def test_nothing_is_begun_meanwhile(self) -> None:
        first = self.put("a@one.test")
        gate = self.sender.gate = Deferred()
        self.lead()
        write = self.unwritable()
        gate.callback(None)
        self.patch(self.store, "write", write)
        self.put("b@two.test")
        self.assertEqual((self.sender.sent, self.recipient(first).state), (["a@one.test"], WAITING))
        self.later(40, 40)
        self.assertEqual((self.sender.sent, self.waiting()), (["a@one.test", "b@two.test"], 0))

    def test_it_is_written_once_more_at_the_end(self) -> None:
        id = self.put("a@one.test")
        gate = self.sender.gate = Deferred()
        self.queue.lead()
        write = self.unwritable()
        gate.callback(None)
        self.later(30, 30)
        closing = Deferred.fromCoroutine(self.queue.close())
        self.assertNoResult(closing)
        self.store.write = write
        self.dispatcher._looking.stop()
        for each in tuple(self.dispatcher._background):
            each.cancel()
        self.successResultOf(closing)
        self.assertEqual((self.waiting(), self.told), (0, [(id, "a@one.test", DELIVERED)]))

    def test_a_fault_in_who_hears_of_it_sends_nothing_again(self) -> None:
        def faulty(*_: Any) -> None:
            raise KeyError("x")

        self.queue.observe(faulty)
        self.sender.by_domain["bad.test"] = refused
        self.lead()
        self.put("b@remote.test")
        self.put("c@bad.test")
        self.later(4 * 3600, 4 * 60)
        self.assertEqual((self.sender.sent, self.waiting()), (["b@remote.test", "c@bad.test"], 0))
        self.assertEqual((self.reported, self.names().count("queue.error")), ([("bounce", ["c@bad.test"])] * 2, 3))

    def test_a_success_report_that_cannot_be_kept_sends_nothing_again(self) -> None:
        self.patch(self.intake, "add", self.refusing_reports(Conflict("There is such a letter already.", "id")))
        self.sender.answering = lambda shipment, address: evolve(accepted(shipment, address), relayed_without_dsn=True)
        self.put("b@remote.test", notify=["SUCCESS"])
        self.lead()
        self.later(60, 60)
        self.assertEqual((self.sender.sent, self.waiting()), (["b@remote.test"], 0))

    def refusing_reports(self, problem: Exception) -> Any:
        """What adds letters, other than reports."""
        add = self.intake.add

        def picky(tx: Any, letter: Any, now: int) -> int:
            if letter.source == "dsn":
                raise problem
            return add(tx, letter, now)

        return picky

    def test_a_letter_whose_report_cannot_be_kept_holds_up_no_others(self) -> None:
        for problem in (Conflict("There is such a letter already.", "id"), Unavailable("its content has gone")):
            self.patch(self.intake, "add", self.refusing_reports(problem))
            self.sender.by_domain["bad.test"] = refused
            bad = self.put("a@bad.test")
            self.put("c@good.test")
            self.lead()
            self.put("d@good.test")
            self.assertEqual(sorted(self.sender.sent), ["a@bad.test", "c@good.test", "d@good.test"])
            self.later(120, 120)
            self.assertEqual((self.sender.sent.count("a@bad.test"), self.recipient(bad).state), (1, WAITING))
            self.assertGreater(self.recipient(bad).due, NOW + 600)
            self.stop()
            self.successResultOf(self.store.write(lambda tx, id=bad: tx.queue.remove(id, NOW)))
            self.sender.shipments.clear()

    def test_the_last_way_is_tried_for_ever_or_not(self) -> None:
        insistence, tries = Insistence(self.store, self.telemetry, self.clock), []

        async def way() -> None:
            tries.append(1)
            raise Unavailable("no")

        self.failureResultOf(self.begin(insistence, way, ever=False, seconds=60), Unwritable)
        self.assertEqual(len(tries), 5)
        running = self.begin(insistence, way, ever=True, seconds=3600)
        self.assertGreater(len(tries), 200)
        self.assertFalse(insistence.is_stuck)
        self.assertTrue(self.successResultOf(Deferred.fromCoroutine(insistence.is_writable())))
        running.addErrback(lambda _: None)
        running.cancel()

    def begin(self, insistence: Insistence, way: Any, *, ever: bool, seconds: int) -> Deferred[None]:
        """Insist for a while."""
        running = Deferred.fromCoroutine(insistence.carry_out(1, way, ever=ever))
        self.later(seconds, seconds)
        return running


class HostTests(QueueCase):
    """What a worker that has been long at it must see."""

    def test_what_was_removed_meanwhile_is_not_sent(self) -> None:
        ids = [self.put(f"b{n}@remote.test") for n in range(5)]
        gate = self.sender.gate = Deferred()
        self.lead()
        self.later(2)
        for id in ids[1:4]:
            self.assertTrue(self.successResultOf(self.store.write(lambda tx, id=id: self.queue.cancel(tx, id, NOW))))
        gate.callback(None)
        self.assertEqual((self.sender.sent, self.waiting()), (["b0@remote.test", "b4@remote.test"], 0))

    def test_what_was_paused_meanwhile_waits(self) -> None:
        for n in range(5):
            self.put(f"b{n}@remote.test", submission_id=n + 1)
        gate = self.sender.gate = Deferred()
        self.lead()
        self.later(2)
        self.settle(self.queue.pause(True))
        gate.callback(None)
        self.assertEqual((self.sender.sent, self.waiting()), (["b0@remote.test"], 4))
        self.settle(self.queue.pause(False))
        self.assertEqual(self.waiting(), 0)

    def test_the_first_success_does_not_end_a_rest_that_is_newer(self) -> None:
        first = self.put("b@remote.test")
        self.put("c@remote.test", hold_until=NOW + 5000)
        letter = self.found(first)
        assert letter is not None
        lane, answer = letter.recipients[0].lane, letter.recipients[0].answer
        self.successResultOf(self.store.write(lambda tx: tx.queue.rest(lane, 0, 3, answer)))
        gate = self.sender.gate = Deferred()
        self.lead()
        self.successResultOf(self.store.write(lambda tx: tx.queue.rest(lane, NOW + 500, 4, answer)))
        gate.callback(None)
        row = self.successResultOf(self.store.read(lambda tx: tx.queue.lane(lane)))
        assert row is not None
        self.assertEqual((self.waiting(), row.rests_until, row.failures), (1, NOW + 500, 4))

    def test_the_first_success_ends_the_count_of_failures(self) -> None:
        first = self.put("b@remote.test")
        self.put("c@remote.test", hold_until=NOW + 5000)
        letter = self.found(first)
        assert letter is not None
        lane, answer = letter.recipients[0].lane, letter.recipients[0].answer
        self.successResultOf(self.store.write(lambda tx: tx.queue.rest(lane, 0, 3, answer)))
        self.lead()
        row = self.successResultOf(self.store.read(lambda tx: tx.queue.lane(lane)))
        assert row is not None
        self.assertEqual((self.waiting(), row.failures), (1, 0))


class AgingTests(QueueCase):
    """Ends and notices while much goes on."""

    def test_a_long_attempt_hides_the_end_of_no_other(self) -> None:
        self.put(*[f"b{n}@slow.test" for n in range(50)], expires_at=NOW + 5)
        self.sender.gate = Deferred()
        self.lead()
        other = self.put("x@other.test", hold_until=NOW + 10, expires_at=NOW + 11)
        letter = self.found(other)
        assert letter is not None
        lane, answer = letter.recipients[0].lane, letter.recipients[0].answer
        self.successResultOf(self.store.write(lambda tx: tx.queue.rest(lane, NOW + 7200, 3, answer)))
        self.later(100, 100)
        self.assertIsNone(self.found(other))

    def test_an_attempt_beyond_the_end_costs_no_reads(self) -> None:
        self.put("b@remote.test", expires_at=NOW + 5)
        self.sender.gate = Deferred()
        self.lead()
        reads, read = [], self.store.read
        self.patch(self.store, "read", lambda work: reads.append(1) or read(work))
        self.later(600, 600)
        self.assertLess(len(reads), 30)

    def test_what_is_over_follows_at_once_however_long_it_takes(self) -> None:
        for n in range(150):
            self.put(f"b{n}@dead.test", hold_until=NOW + 99, expires_at=NOW + 100)
        failed = self.recording.failed

        async def slow(*given: Any) -> None:
            await deferLater(self.clock, 0.05)
            await failed(*given)

        self.patch(self.recording, "failed", slow)
        self.sender.answering = unreachable
        self.lead()
        self.later(120, 1200)
        self.assertEqual(len(self.reported), 150)
