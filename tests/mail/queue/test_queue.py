"""Letters are put in, found, cancelled, and told of."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.mail.queue_quota import MtaQueueQuota
from stalwart.config.mail.schedule import MtaDeliverySchedule
from stalwart.config.mail.strategy import MtaOutboundStrategy
from stalwart.config.mail.virtual_queue import MtaVirtualQueue
from stalwart.errors import Invalid, OverQuota
from stalwart.mail.circles import MOST_PASSED
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment
from stalwart.mail.queue import intake
from stalwart.mail.queue.intake import destination_of
from stalwart.mail.queue.letter import MOST_RECIPIENTS
from stalwart.store.blob_files import LARGE, Stored
from stalwart.telemetry.measures import AUTHENTICATED_SIZE, REPORT_SIZE
from tests.mail.queue.world import ALICE, MESSAGE, QueueCase, postponed, unreachable

NOW = 1_800_000_000


class PutTests(QueueCase):
    """What ``put`` answers is in the store."""

    def refused(self, kind: type[Exception], *addresses: str, **members: Any) -> Any:
        work = self.queue.put(self.letter(*addresses, **members))
        return self.failureResultOf(Deferred.fromCoroutine(work), kind).value

    def test_a_letter_waits_with_all_it_has(self) -> None:
        id = self.put("bob@remote.test", "al@example.test", env_id="e", ret="HDRS", priority=-3, body="8BITMIME")
        found = self.found(id)
        assert found is not None
        self.assertEqual((found.return_path, found.source, found.size), (ALICE, "authenticated", len(MESSAGE)))
        self.assertEqual((found.env_id, found.ret, found.priority, found.body), ("e", "HDRS", -3, "8BITMIME"))
        self.assertEqual((found.account_id, found.tenant_id, found.created_at), (self.ids["alice"], None, NOW))
        remote, local = found.recipients
        self.assertEqual((remote.queue, remote.destination, remote.due), ("remote", "remote.test", NOW))
        self.assertEqual((local.queue, local.destination), ("local", "example.test"))
        self.assertEqual((remote.expires_at, remote.notice_at), (NOW + 3 * 86400, NOW + 86400))
        blob = self.successResultOf(self.store.read(lambda tx: tx.blobs.get(found.blob)))
        self.assertEqual(blob, MESSAGE)

    def test_what_is_held_is_due_when_it_is_released(self) -> None:
        id = self.put("bob@remote.test", hold_until=NOW + 5000)
        found = self.recipient(id)
        self.assertEqual((found.due, found.expires_at), (NOW + 5000, NOW + 5000 + 3 * 86400))
        self.lead()
        self.later(4999)
        self.assertEqual(self.sender.sent, [])
        self.later(2)
        self.assertEqual(self.sender.sent, ["bob@remote.test"])

    def test_time_that_the_sender_gives_is_the_end(self) -> None:
        self.assertEqual(self.recipient(self.put("b@remote.test", expires_at=NOW + 60)).expires_at, NOW + 60)
        self.assertEqual(self.recipient(self.put("b@remote.test", expires_at=NOW - 60)).expires_at, NOW)

    def test_large_content_is_a_file_and_small_content_a_row(self) -> None:
        large = MESSAGE + b"x" * LARGE
        prepared = self.settle(self.queue.prepare(large))
        self.assertIsInstance(prepared, Stored)
        self.assertIs(self.settle(self.queue.prepare(MESSAGE)), MESSAGE)
        id = self.settle(self.queue.put(evolve(self.letter("b@remote.test"), content=prepared)))
        found = self.found(id)
        assert found is not None
        self.assertEqual(found.size, len(large))

    def test_a_number_that_is_taken_is_not_given_away_again(self) -> None:
        numbers = iter((7, 7, 7, 8))
        self.patch(intake, "new_span", lambda: next(numbers))
        self.assertEqual([self.put("b@remote.test"), self.put("b@remote.test")], [7, 8])

    def test_each_address_is_there_once(self) -> None:
        found = self.found(self.put("b@remote.test", "c@remote.test", "b@remote.test"))
        assert found is not None
        self.assertEqual([each.address for each in found.recipients], ["b@remote.test", "c@remote.test"])

    def test_nonsense_is_refused(self) -> None:
        self.refused(Invalid)
        self.refused(Invalid, "nobody")
        self.refused(Invalid, "bob@")
        self.refused(Invalid, "b@remote.test", source="elsewhere")
        self.refused(Invalid, *(f"a{n}@remote.test" for n in range(MOST_RECIPIENTS + 1)))
        self.assertEqual(self.waiting(), 0)

    def test_what_runs_in_a_circle_is_refused(self) -> None:
        content = b"Received: from a by b; now\r\n" * (MOST_PASSED + 1) + MESSAGE
        self.assertIn("circle", self.refused(Invalid, "b@remote.test", content=content).detail)
        self.refused(Invalid, "b@remote.test", content=content + b"x" * LARGE)
        self.put("b@remote.test", content=b"Received: from a by b; now\r\n" * MOST_PASSED + MESSAGE)

    def test_nobody_hears_of_delays_who_does_not_want_to(self) -> None:
        for members in ({"return_path": ""}, {"notify": ["NEVER"]}, {"notify": ["FAILURE"]}, {"source": "report"}):
            self.assertIsNone(self.recipient(self.put("b@remote.test", **members)).notice_at, members)
        self.assertIsNone(self.recipient(self.put("b@remote.test", reports_failure=False)).notice_at)
        self.assertIsNotNone(self.recipient(self.put("b@remote.test", notify=["DELAY"])).notice_at)

    def test_it_is_told_of(self) -> None:
        self.put("b@remote.test", "c@remote.test", source="dsn")
        (keys,) = [keys for name, keys in self.events if name == "queue.dsn-queued"]
        self.assertEqual((keys["total"], keys["to"]), (2, "b@remote.test, c@remote.test"))

    def test_sizes_are_measured_by_who_sends(self) -> None:
        for source in ("authenticated", "report", "dsn"):
            self.put("b@remote.test", source=source)
        found = self.telemetry.book.read((AUTHENTICATED_SIZE, REPORT_SIZE))
        sums = [found[measure][()][0] for measure in (AUTHENTICATED_SIZE, REPORT_SIZE)]
        self.assertEqual(sums, [len(MESSAGE)] * 2)

    def test_rules_choose_the_part_of_the_queue(self) -> None:
        queue = self.create(MtaVirtualQueue, {"name": "slow", "threadsPerNode": 1})
        self.create(MtaDeliverySchedule, {"name": "bulk", "queueId": encode_id(queue)})
        rule = {"match": {"0": {"if": "sender_domain == 'example.test' && size > 10", "then": "'bulk'"}}}
        self.settle(self.settings.change(MtaOutboundStrategy, {"schedule": {**rule, "else": "'remote'"}}))
        self.assertEqual(self.recipient(self.put("b@remote.test")).queue, "slow")
        self.assertEqual(self.recipient(self.put("b@remote.test", return_path="")).queue, "remote")

    def test_a_rule_that_has_to_wait_is_asked_when_it_is_tried(self) -> None:
        queue = self.create(MtaVirtualQueue, {"name": "slow"})
        self.create(MtaDeliverySchedule, {"name": "bulk", "queueId": encode_id(queue)})
        rule = {"else": "if_then(key_exists('', rcpt), 'remote', 'bulk')"}
        self.settle(self.settings.change(MtaOutboundStrategy, {"schedule": rule}))
        id = self.put("b@remote.test")
        self.assertEqual(self.recipient(id).queue, "")
        self.sender.answering = postponed
        self.lead()
        self.later(1)
        self.assertEqual(self.recipient(id).queue, "slow")
        self.assertEqual(self.sender.sent, ["b@remote.test"])


class QuotaTests(QueueCase):
    """x:MtaQueueQuota, without the one that a new store has."""

    def setUp(self) -> None:
        super().setUp()

        def forget(tx: Any) -> None:
            for each in registry.listed(tx, MtaQueueQuota):
                registry.destroy(tx, MtaQueueQuota, each.id)

        self.successResultOf(self.store.write(forget))
        self.settle(self.settings.reload())

    def full(self, *addresses: str, **members: Any) -> None:
        work = self.queue.put(self.letter(*addresses, **members))
        self.failureResultOf(Deferred.fromCoroutine(work), OverQuota)

    def uncounted(self, *ids: int) -> None:
        """No quota was told of these letters."""
        self.assertEqual([letter and letter.counted for letter in map(self.found, ids)], [()] * len(ids))

    def test_messages_are_counted_by_sender(self) -> None:
        self.create(MtaQueueQuota, {"key": {"sender": True}, "messages": 2})
        first = self.put("b@remote.test")
        self.put("b@remote.test")
        self.full("b@remote.test")
        self.assertIn("queue.quota-exceeded", self.names())
        self.put("b@remote.test", return_path="bob@example.test")
        self.successResultOf(self.store.write(lambda tx: tx.queue.remove(first, NOW)))
        self.put("b@remote.test")

    def test_people_here_get_their_mail_although_it_is_full(self) -> None:
        self.create(MtaQueueQuota, {"description": "All", "messages": 1})
        waiting = self.put("b@remote.test")
        here = [self.put("bob@example.test") for _ in range(2)]
        self.uncounted(*here)
        self.full("b@remote.test", "bob@example.test")
        self.full("bob@example.test", hold_until=NOW + 60)
        keys = [keys for name, keys in self.events if name == "queue.quota-exceeded"]
        self.assertEqual(
            [(each["from"], each["to"], each["limit"], each["details"]) for each in keys],
            [(ALICE, each, "All", "1 messages") for each in ("b@remote.test", "bob@example.test")],
        )
        self.assertIsNotNone(self.found(waiting))

    def test_octets_are_counted_by_domain_of_recipients(self) -> None:
        self.create(MtaQueueQuota, {"key": {"rcptDomain": True}, "size": len(MESSAGE) * 2})
        self.put("b@remote.test", "c@remote.test")
        self.put("b@remote.test", "c@other.test")
        self.full("x@other.test", "y@remote.test")
        self.put("x@other.test")

    def test_a_quota_counts_what_it_applies_to(self) -> None:
        rule = {"match": {"0": {"if": "rcpt_domain == 'remote.test'", "then": "true"}}, "else": "false"}
        self.create(MtaQueueQuota, {"key": {"senderDomain": True}, "messages": 1, "match": rule})
        self.put("b@other.test")
        self.put("b@remote.test")
        self.full("b@remote.test")
        self.put("b@other.test")

    def test_reports_of_failure_are_never_too_many(self) -> None:
        self.create(MtaQueueQuota, {"key": {"sender": True}, "messages": 1})
        self.uncounted(*(self.put("b@remote.test", source="dsn", return_path="") for _ in range(2)))

    def test_a_quota_that_is_off_counts_nothing(self) -> None:
        self.create(MtaQueueQuota, {"key": {"sender": True}, "messages": 1, "enable": False})
        self.uncounted(*(self.put("b@remote.test") for _ in range(2)))


class CancelTests(QueueCase):
    """A letter can be taken back until somebody tries it."""

    def cancel(self, id: int) -> bool:
        return bool(self.successResultOf(self.store.write(lambda tx: self.queue.cancel(tx, id, NOW))))

    def test_what_waits_is_taken_back_once(self) -> None:
        id = self.put("b@remote.test", hold_until=NOW + 60, submission_id=3)
        self.assertTrue(self.cancel(id))
        self.assertFalse(self.cancel(id))
        self.lead()
        self.later(100)
        self.assertEqual(self.sender.sent, [])

    def test_what_is_being_tried_is_not(self) -> None:
        id = self.put("b@remote.test", submission_id=3)
        self.sender.gate = Deferred()
        self.lead()
        self.assertEqual(self.sender.sent, ["b@remote.test"])
        self.assertFalse(self.cancel(id))

    def test_what_nobody_has_got_is(self) -> None:
        ids = [self.put(f"{number}@remote.test", submission_id=number) for number in range(3)]
        self.sender.answering = postponed
        self.lead()
        found = self.successResultOf(self.store.read(lambda tx: self.queue.find(tx, ids[0])))
        self.assertEqual(found.recipients[0].attempts, 1)
        self.assertEqual([self.cancel(id) for id in ids], [True, True, True])

    def test_what_waits_behind_others_is(self) -> None:
        ids = [self.put(f"{number}@remote.test", submission_id=number) for number in range(3)]
        self.sender.answering = unreachable
        self.lead()
        self.assertEqual(len(self.sender.sent), 1)
        self.assertEqual([self.cancel(id) for id in ids], [True, True, True])

    def test_what_somebody_may_have_got_is_not(self) -> None:
        def in_doubt(shipment: Shipment, address: str) -> RecipientOutcome:
            return evolve(postponed(shipment, address), sure=False)

        id = self.put("b@remote.test", submission_id=3)
        self.sender.answering = in_doubt
        self.lead()
        self.assertFalse(self.cancel(id))


class DestinationTests(QueueCase):
    """Lanes are called by domains."""

    def test_forms_of_a_domain_are_one(self) -> None:
        self.assertEqual(destination_of("a@B\u00fccher.example"), "xn--bcher-kva.example")
        self.assertEqual(destination_of("a@XN--bcher-kva.example"), "xn--bcher-kva.example")
        self.assertEqual(destination_of("a@[192.0.2.1]"), "[192.0.2.1]")
        self.assertEqual(destination_of('"x@y"@Remote.Test'), "remote.test")
