"""What is tried when: lanes, turns, rests, restarts."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail

from stalwart.codec.ids import encode_id
from stalwart.config.mail.virtual_queue import MtaVirtualQueue
from stalwart.errors import Unavailable
from stalwart.mail.queue import dispatcher
from stalwart.mail.queue.dispatcher import CONNECTIONS, HANGS, REST
from stalwart.mail.queue.outcomes import given_up
from stalwart.store.queue_rows import DELIVERED, WAITING
from stalwart.telemetry.tracing.collector import TraceCollector
from stalwart.telemetry.tracing.record import mark, packed, summary, unpacked
from tests.mail.queue.world import QueueCase, accepted, postponed, refused, unreachable

NOW = 1_800_000_000


class DeliveryTests(QueueCase):
    """Letters leave, are tried again, or come back."""

    def test_a_letter_leaves_at_once_and_is_gone(self) -> None:
        self.lead()
        id = self.put("b@remote.test", "c@remote.test", submission_id=4)
        self.assertEqual([len(each.recipients) for each in self.sender.shipments], [2])
        self.assertIsNone(self.found(id))
        self.assertEqual(self.told, [(id, "b@remote.test", DELIVERED), (id, "c@remote.test", DELIVERED)])
        self.assertIn("delivery.completed", self.names())

    def test_reports_count_for_no_report(self) -> None:
        self.lead()
        self.put("b@remote.test")
        self.put("b@remote.test", source="report")
        self.assertEqual([each.counts_tls for each in self.sender.shipments], [True, False])

    def test_what_was_there_before_the_start_leaves_then(self) -> None:
        self.put("b@remote.test")
        self.assertEqual(self.sender.sent, [])
        self.lead()
        self.assertEqual(self.sender.sent, ["b@remote.test"])

    def test_each_destination_gets_a_transaction_of_its_own(self) -> None:
        self.lead()
        self.put("b@one.test", "c@two.test", "d@one.test")
        sent = sorted([each.address for each in shipment.recipients] for shipment in self.sender.shipments)
        self.assertEqual(sent, [["b@one.test", "d@one.test"], ["c@two.test"]])
        self.assertEqual(self.waiting(), 0)

    def test_what_is_postponed_is_tried_again_by_the_schedule(self) -> None:
        self.sender.answering = postponed
        self.lead()
        id = self.put("b@remote.test")
        self.assertEqual((self.recipient(id).attempts, self.recipient(id).due), (1, NOW + 120))
        self.later(119)
        self.assertEqual(len(self.sender.sent), 1)
        self.later(2)
        self.assertEqual(len(self.sender.sent), 2)
        self.sender.answering = accepted
        self.later(310, 10)
        self.assertEqual((len(self.sender.sent), self.waiting()), (3, 0))
        self.assertEqual([state for _, _, state in self.told], [WAITING, WAITING, DELIVERED])

    def test_of_several_recipients_those_who_have_it_do_not_get_it_again(self) -> None:
        self.sender.answering = lambda shipment, address: (postponed if address[0] == "c" else accepted)(
            shipment, address
        )
        self.lead()
        self.put("b@remote.test", "c@remote.test", "d@remote.test")
        self.sender.answering = accepted
        self.later(121, 2)
        self.assertEqual(self.sender.sent, ["b@remote.test", "c@remote.test", "d@remote.test", "c@remote.test"])
        self.assertEqual(self.waiting(), 0)

    def test_what_is_refused_comes_back(self) -> None:
        self.sender.answering = refused
        self.lead()
        id = self.put("b@remote.test")
        self.assertIsNone(self.found(id))
        self.assertEqual(self.reported, [("bounce", ["b@remote.test"])])
        self.assertEqual(self.waiting(), 0, "the report is in alice's mailbox")
        alice = self.ids["alice"]
        self.assertEqual(len(self.successResultOf(self.store.read(lambda tx: tx.mail.page(alice, limit=9).ids))), 1)

    def test_nobody_gets_a_report_of_a_report(self) -> None:
        self.sender.answering = refused
        self.lead()
        self.put("b@remote.test", return_path="")
        self.put("c@remote.test", reports_failure=False)
        self.put("d@remote.test", notify=["NEVER"])
        self.assertEqual((self.reported, self.waiting()), ([], 0))
        self.assertEqual(self.names().count("delivery.double-bounce"), 3)

    def test_the_lowest_priority_goes_first(self) -> None:
        for address, priority in (("b", 0), ("c", 50), ("d", -50)):
            self.put(f"{address}@remote.test", priority=priority)
        self.lead()
        self.assertEqual([each[0] for each in self.sender.sent], ["d", "b", "c"])


class DeadHostTests(QueueCase):
    """A destination that is not there costs one connection now and then."""

    def test_one_letter_is_tried_and_the_lane_rests(self) -> None:
        self.sender.by_domain["dead.test"] = unreachable
        for n in range(30):
            self.put(f"a{n}@dead.test")
        self.put("b@remote.test")
        self.lead()
        self.assertEqual(sorted(self.sender.sent), ["a0@dead.test", "b@remote.test"])
        self.later(119)
        self.assertEqual(len(self.sender.sent), 2)
        self.later(2)
        self.assertEqual(len(self.sender.sent), 3)
        self.later(3600, 60)
        self.assertEqual(len(self.sender.sent), 8, "5, 10, then every 15 minutes")

    def test_a_destination_that_stays_away_is_a_warning_once(self) -> None:
        self.sender.by_domain["dead.test"] = unreachable
        self.put("a@dead.test")
        self.put("b@dead.test")
        self.lead()
        self.later(16 * 60, 16)
        self.assertEqual((len(self.sender.sent), self.names().count("queue.destination-waits")), (3, 0))
        self.later(3600, 60)
        (keys,) = [keys for name, keys in self.events if name == "queue.destination-waits"]
        self.assertEqual((keys["domain"], keys["total"], keys["reason"]), ("dead.test", 2, "No connection."))

    def test_when_it_is_there_again_all_leave(self) -> None:
        self.sender.by_domain["dead.test"] = unreachable
        for n in range(30):
            self.put(f"a{n}@dead.test")
        self.lead()
        self.sender.by_domain.clear()
        self.later(121, 2)
        self.assertEqual(self.waiting(), 0)

    def test_a_domain_that_does_not_exist_has_nothing_wait(self) -> None:
        self.sender.answering = lambda shipment, address: evolve(unreachable(shipment, address), kind="permanent")
        self.lead()
        for n in range(3):
            self.put(f"a{n}@gone.test")
        self.assertEqual((len(self.reported), self.waiting()), (3, 0))

    def test_new_mail_for_it_waits_too(self) -> None:
        self.sender.answering = unreachable
        self.lead()
        self.put("a@dead.test")
        self.put("b@dead.test")
        self.assertEqual(self.sender.sent, ["a@dead.test"])

    def test_each_letter_has_its_end_all_the_same(self) -> None:
        self.sender.by_domain["dead.test"] = unreachable
        first = self.put("a@dead.test", "x@dead.test", expires_at=NOW + 200)
        second = self.put("b@dead.test", expires_at=NOW + 100)
        self.lead()
        self.later(101, 2)
        self.assertIsNone(self.found(second), "it was never tried")
        self.assertIsNotNone(self.found(first))
        self.later(120, 4)
        self.assertEqual(self.reported, [("bounce", ["b@dead.test"]), ("bounce", ["a@dead.test", "x@dead.test"])])
        self.assertNotIn("b@dead.test", self.sender.sent)


class TurnTests(QueueCase):
    """How many at once."""

    def threads(self, count: int) -> None:
        """So many for mail to other servers."""
        (id,) = [id for id, queue in self.settings.all(MtaVirtualQueue) if queue.name == "remote"]
        self.settle(self.settings.change(MtaVirtualQueue, {"threadsPerNode": count}, id))

    def test_a_lane_begins_with_one_and_grows_when_it_answers(self) -> None:
        for n in range(40):
            self.put(f"a{n}@remote.test")
        self.sender.gate = Deferred()
        self.lead()
        self.assertEqual(self.sender.open, 1)
        first, self.sender.gate = self.sender.gate, Deferred()
        first.callback(None)
        self.assertEqual(self.sender.open, CONNECTIONS)
        self.sender.gate.callback(None)
        self.assertEqual((self.waiting(), self.sender.most_open), (0, CONNECTIONS))

    def test_it_grows_by_what_has_come_since_it_began(self) -> None:
        first = self.sender.gate = Deferred()
        self.lead()
        for n in range(30):
            self.put(f"a{n}@remote.test")
        self.assertEqual(self.sender.open, 1)
        self.sender.gate = Deferred()
        first.callback(None)
        self.assertEqual(self.sender.open, CONNECTIONS)
        self.sender.gate.callback(None)
        self.assertEqual((self.waiting(), self.sender.most_open), (0, CONNECTIONS))

    def test_a_letter_that_hangs_holds_up_itself_only(self) -> None:
        self.lead()
        hangs = self.sender.gate = Deferred()
        self.sender.has_all = True
        self.put("a@remote.test")
        self.sender.gate = None
        for n in range(5):
            self.put(f"b{n}@remote.test")
        self.clock.advance(HANGS)
        self.assertEqual((self.waiting(), self.sender.open), (1, 1))
        self.put("c@remote.test")
        self.clock.advance(HANGS)
        self.assertEqual((self.waiting(), self.sender.open), (1, 1))
        hangs.callback(None)
        self.assertEqual((self.waiting(), len(self.sender.sent)), (0, 7))

    def test_nor_after_many_others(self) -> None:
        self.patch(dispatcher, "QUANTUM", 4)
        self.lead()
        hangs = self.sender.gate = Deferred()
        self.sender.has_all = True
        self.put("a@remote.test")
        self.sender.gate = None
        for n in range(20):
            self.put(f"b{n}@remote.test")
        self.later(10 * HANGS, 10)
        self.assertEqual(self.waiting(), 1)
        hangs.callback(None)
        self.assertEqual((self.waiting(), len(self.sender.sent)), (0, 21))

    def test_one_that_does_not_answer_is_not_asked_by_more(self) -> None:
        self.lead()
        self.sender.gate = Deferred()
        for n in range(5):
            self.put(f"b{n}@remote.test")
        self.later(10, 20)
        self.assertEqual(self.sender.open, 1)
        self.sender.gate.callback(None)
        self.assertEqual(self.waiting(), 0)

    def test_a_part_of_the_queue_has_so_many_threads(self) -> None:
        self.threads(3)
        for n in range(9):
            self.put(f"a@r{n}.test")
        self.put("bob@example.test")
        self.sender.gate = Deferred()
        self.lead()
        self.assertEqual((self.sender.open, self.waiting()), (3, 9), "the one for bob has its own part")
        self.sender.gate.callback(None)
        self.assertEqual((self.waiting(), self.sender.most_open), (0, 3))

    def test_a_lane_with_much_to_do_gives_way(self) -> None:
        self.patch(dispatcher, "QUANTUM", 4)
        self.threads(1)
        for n in range(12):
            self.put(f"a{n}@large.test")
        self.sender.gate = Deferred()
        self.lead()
        self.clock.advance(1)
        self.put("b@small.test")
        self.clock.advance(1)
        self.sender.gate.callback(None)
        self.clock.advance(1)
        place = self.sender.sent.index("b@small.test")
        self.assertLess(place, 10)
        self.assertEqual(self.waiting(), 0)


class PauseTests(QueueCase):
    """x:Action PauseMtaQueue and ResumeMtaQueue."""

    def test_nothing_is_sent_while_it_is_paused(self) -> None:
        self.lead()
        self.settle(self.queue.pause(True))
        self.put("b@remote.test")
        self.later(100, 3)
        self.stop()
        self.restart()
        self.assertEqual(self.sender.sent, [])
        self.settle(self.queue.pause(False))
        self.assertEqual(self.sender.sent, ["b@remote.test"])

    def test_a_lane_that_is_worked_on_stops(self) -> None:
        for n in range(5):
            self.put(f"a{n}@remote.test")
        self.patch(dispatcher, "BATCH", 1)
        gate = self.sender.gate = Deferred()
        self.lead()
        self.settle(self.queue.pause(True))
        gate.callback(None)
        self.assertEqual((len(self.sender.sent), self.waiting()), (1, 4))


class TroubleTests(QueueCase):
    """The store does not answer; the server ends."""

    def test_it_rests_while_the_store_does_not_answer(self) -> None:
        read = self.store.read
        self.patch(self.store, "read", lambda work: fail(Unavailable("not now")))
        self.lead()
        self.assertIn("queue.error", self.names())
        self.patch(self.store, "read", read)
        self.put("b@remote.test")
        self.assertEqual(self.sender.sent, [])
        self.later(REST + 1)
        self.assertEqual(self.sender.sent, ["b@remote.test"])

    def test_an_attempt_that_was_running_is_due_again(self) -> None:
        id = self.put("b@remote.test")
        self.sender.gate = Deferred()
        self.lead()
        self.stop()
        self.assertEqual((self.recipient(id).state, self.recipient(id).attempts), (WAITING, 0))
        self.sender.gate = None
        self.restart()
        self.assertEqual((len(self.sender.sent), self.waiting()), (2, 0))

    def test_attempts_that_end_while_it_closes_are_written(self) -> None:
        self.put("b@remote.test")
        gate = self.sender.gate = Deferred()
        self.queue.lead()
        closing = Deferred.fromCoroutine(self.queue.close())
        self.assertNoResult(closing)
        gate.callback(None)
        self.successResultOf(closing)
        self.assertEqual(self.waiting(), 0)

    def test_a_fault_is_told_and_the_letter_waits(self) -> None:
        def fault(shipment: object, address: str) -> object:
            raise RuntimeError("oh")

        self.sender.answering = fault  # type: ignore[assignment]
        self.lead()
        id = self.put("b@remote.test")
        self.assertEqual(self.recipient(id).answer.error, "io")
        self.assertNotIn("oh", self.recipient(id).answer.message)
        self.assertIn("queue.error", self.names())

    def test_when_the_report_cannot_be_written_nothing_is_lost(self) -> None:
        self.sender.answering = refused
        id = self.put("b@remote.test")
        add = self.intake.add

        def broken(tx: object, letter: object, now: int) -> int:
            raise Unavailable("not now")

        self.patch(self.intake, "add", broken)
        self.lead()
        self.assertEqual(self.recipient(id).state, WAITING)
        self.patch(self.intake, "add", add)
        self.later(REST + 1, 2)
        self.assertIsNone(self.found(id))
        self.assertEqual(self.waiting(), 0)

    def test_a_letter_over_which_the_server_stumbles_does_not_hold_up_others(self) -> None:
        schedule = self.strategies.schedule

        async def stumbling(variables: Any, io: Any) -> Any:
            if variables("rcpt") == "a@remote.test":
                raise RuntimeError("oh")
            return await schedule(variables, io)

        self.patch(self.strategies, "schedule", stumbling)
        first = self.put("a@remote.test")
        self.put("b@remote.test")
        self.lead()
        self.assertEqual(self.sender.sent, ["b@remote.test"])
        self.assertIn("queue.error", self.names())
        self.patch(self.strategies, "schedule", schedule)
        self.later(901, 3)
        self.assertIsNone(self.found(first))

    def test_what_two_have_found_over_is_bounced_once(self) -> None:
        id = self.put("b@remote.test", expires_at=NOW + 5)
        letter = self.found(id)
        assert letter is not None
        ends = [given_up(letter.recipients[0], None)]
        self.settle(self.recording.failed(letter, None, ends))
        self.settle(self.recording.failed(letter, None, ends))
        self.assertEqual(self.waiting(), 1, "one report")

    def test_letters_of_other_processes_are_found(self) -> None:
        self.dispatcher._poll = 1.0
        self.lead()
        self.patch(self.queue, "wake", lambda: None)
        self.put("b@remote.test")
        self.assertEqual(self.sender.sent, [])
        self.later(1.1)
        self.assertEqual(self.sender.sent, ["b@remote.test"])


class TracedTests(QueueCase):
    """An attempt is a span, found by its letter."""

    def test_an_attempt_that_came_to_nothing_is_a_trace(self) -> None:
        collector = TraceCollector(self.telemetry, self.clock.seconds, lambda: 100, lambda: None)
        collector.start()
        self.addCleanup(collector.stop)
        self.sender.answering = postponed
        self.lead()
        id = self.put("b@remote.test")
        (trace,) = collector.take(10)
        told = unpacked(packed(trace.events))
        kinds = [kind for kind, _, _ in told]
        self.assertEqual(kinds, ["delivery.attempt-start", "queue.rescheduled", "delivery.attempt-end"])
        self.assertIn(f" {mark(encode_id(id))} ", summary(told).kinds)
