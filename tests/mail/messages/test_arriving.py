"""Messages are prepared in one turn of a thread, and added in one transaction, to one account or to many."""

from __future__ import annotations

import hashlib
from typing import Any

from attrs import evolve

from stalwart.config.collaboration.email import Email
from stalwart.errors import DanglingReference, NotFound, OverQuota, TooLarge
from stalwart.mail.messages.arriving import SAME_FOR, Messages, Prepared
from stalwart.mail.messages.folders import Folders
from stalwart.mail.messages.parsing import NotAMessage
from stalwart.mail.messages.quota import Quotas
from stalwart.store.blob_files import LARGE, Stored
from stalwart.store.mail_rows import AddedEmail
from stalwart.store.object_types import EMAIL_DELIVERY
from stalwart.telemetry.events import Event
from tests.directory.world import NOW, World

MESSAGE = b"From: a@example.org\r\nSubject: Hello\r\nMessage-ID: <1@example.org>\r\n\r\nText.\r\n"
LONG = MESSAGE + b"line\r\n" * 20_000
TRACE = b"Return-Path: <a@example.org>\r\nReceived: from x by y with LMTP; Fri, 20 Nov 2026 10:00:00 +0000\r\n"


class ArrivalCase(World):
    def setUp(self) -> None:
        super().setUp()
        self.telemetry.observe(self._note)
        self.events: list[tuple[str, dict[str, Any]]] = []
        quotas = Quotas(self.settings, self.clock)
        self.messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)
        self.folders = Folders(self.store, self.settings, self.clock)
        self.alice = self.user()
        self.inbox = self.mailbox(self.alice)

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        if event.category == "message-ingest":
            self.events.append((event.id, keys))

    def write(self, work: Any) -> Any:
        return self.successResultOf(self.store.write(work))

    def mailbox(self, account_id: int, role: str = "inbox") -> int:
        return self.write(lambda tx: self.folders.place(tx, account_id, role, NOW))

    def prepared(self, content: bytes | Stored = MESSAGE, prefix: bytes = b"") -> Prepared:
        return self.settle(self.messages.prepare(content, prefix=prefix))

    def filed(self, content: bytes) -> Stored:
        with self.store.blob_files.begin() as writer:
            writer.write(content)
            return writer.commit()

    def add(self, prepared: Prepared, *mailboxes: int, now: int = NOW, **options: Any) -> AddedEmail:
        boxes = frozenset(mailboxes or {self.inbox})
        return self.write(lambda tx: self.messages.add(tx, self.alice, prepared, mailboxes=boxes, now=now, **options))

    def deliver(self, prepared: Prepared, now: int = NOW) -> AddedEmail:
        return self.add(prepared, now=now, delivered=True)

    def row(self, id: int) -> Any:
        return self.write(lambda tx: tx.mail.list_rows(self.alice, [id], parts=True))[id]

    def content(self, hash: bytes) -> bytes:
        return self.write(lambda tx: tx.blobs.get(hash))

    def total(self) -> int:
        return self.write(lambda tx: tx.mail.mailboxes.get(self.alice, self.inbox)).total


class PrepareTests(ArrivalCase):
    def test_small_content_waits_for_the_transaction(self) -> None:
        made = self.prepared()
        self.assertEqual((made.hash, made.size), (hashlib.sha256(MESSAGE).digest(), len(MESSAGE)))
        self.assertEqual((made.content, made.stored), (MESSAGE, None))
        self.assertEqual(made.parsed.subject_key, "hello")
        self.assertFalse(self.store.blob_files.exists(made.hash))

    def test_large_content_is_in_its_file_before_the_transaction(self) -> None:
        made = self.prepared(LONG)
        self.assertEqual((made.content, made.stored), (None, Stored(made.hash, len(LONG))))
        self.assertEqual(self.store.blob_files.read(made.hash), LONG)
        for size in (LARGE - 1, LARGE):
            made = self.prepared(MESSAGE.ljust(size, b"x"))
            self.assertEqual(made.stored is None, size < LARGE)

    def test_content_in_a_file_is_read_there(self) -> None:
        stored = self.filed(LONG)
        made = self.prepared(stored)
        self.assertEqual((made.hash, made.size, made.content, made.stored), (stored.hash, stored.size, None, stored))
        self.assertEqual(made.parsed.subject_key, "hello")

    def test_trace_fields_go_before_the_message_once(self) -> None:
        for content in (MESSAGE, TRACE + MESSAGE):
            made = self.prepared(content, TRACE)
            self.assertEqual(made.content, TRACE + MESSAGE)
        for stored in (self.filed(LONG), self.filed(TRACE + LONG)):
            made = self.prepared(stored, TRACE)
            self.assertEqual(self.store.blob_files.read(made.hash), TRACE + LONG)
            self.assertEqual((made.size, made.stored), (len(TRACE + LONG), Stored(made.hash, made.size)))

    def test_trace_fields_do_not_count_for_what_is_the_same(self) -> None:
        for content in (MESSAGE, LONG):
            again = TRACE.replace(b"10:00", b"11:00")
            digests = {self.prepared(content, prefix).digest for prefix in (b"", TRACE, again)}
            digests |= {self.prepared(self.filed(prefix + content), prefix).digest for prefix in (TRACE, again)}
            self.assertEqual(len(digests), 1)
        self.assertNotEqual(self.prepared(MESSAGE).digest, self.prepared(LONG).digest)

    def test_what_is_stored_already_is_not_stored_again(self) -> None:
        for content in (MESSAGE, LONG):
            blob = self.write(lambda tx, content=content: tx.blobs.put(content, NOW))
            made = self.settle(self.messages.prepare_stored(blob.hash, blob.size))
            self.assertEqual((made.hash, made.content, made.stored), (blob.hash, None, None))
            self.assertEqual(self.row(self.add(made).id).blob, blob.hash)

    def test_content_that_is_nowhere_is_not_found(self) -> None:
        for size in (10, LARGE):
            with self.assertRaises(NotFound):
                self.settle(self.messages.prepare_stored(b"\0" * 32, size))

    def test_what_is_no_message_is_refused(self) -> None:
        for content in (b"", b"\r\nText", b"no fields here\r\n" * 9000):
            with self.assertRaises(NotAMessage):
                self.prepared(content)

    def test_what_is_too_large_is_refused(self) -> None:
        self.settle(self.settings.change(Email, {"maxMessageSize": len(MESSAGE)}))
        self.prepared(MESSAGE)
        with self.assertRaises(TooLarge):
            self.prepared(MESSAGE, b"X: y\r\n")
        with self.assertRaises(TooLarge):
            self.prepared(self.filed(LONG))
        with self.assertRaises(TooLarge):
            self.settle(self.messages.prepare_stored(b"", len(LONG)))

    def test_no_file_is_left_of_what_is_refused_or_dropped(self) -> None:
        self.settle(self.settings.change(Email, {"maxMessageSize": len(LONG)}))
        for content in (b"no fields here\r\n" * 5000, LONG + b"x"):
            with self.assertRaises((NotAMessage, TooLarge)):
                self.prepared(self.filed(content))
        self.messages.drop([self.prepared(MESSAGE), self.prepared(LONG)])
        self.assertEqual(self.files(), set())

    def test_the_file_without_trace_fields_is_not_kept(self) -> None:
        small = MESSAGE.ljust(20_000, b"x")
        self.assertEqual(self.prepared(self.filed(small), TRACE).content, TRACE + small)
        made = self.prepared(self.filed(LONG), TRACE)
        self.assertEqual(self.files(), {made.hash})

    def test_what_was_added_is_not_dropped(self) -> None:
        first, second = self.prepared(LONG), self.prepared(LONG)
        self.messages.drop([second])
        self.add(first)
        self.messages.drop([first, second])
        self.assertEqual(self.content(first.hash), LONG)

    def files(self) -> set[bytes]:
        """The hashes of all files."""
        names = self.store.blob_files.names
        return {hash for number in range(256) for hash in names(f"{number:02x}")}

    def settle(self, work: Any) -> Any:
        """Raises what ``work`` raises."""
        from twisted.internet.defer import Deferred

        found: list[Any] = []
        Deferred.fromCoroutine(work).addBoth(found.append)
        (outcome,) = found
        if hasattr(outcome, "raiseException"):
            outcome.raiseException()
        return outcome


class AddTests(ArrivalCase):
    def test_an_email_is_there_with_its_content(self) -> None:
        for content in (MESSAGE, LONG):
            made = self.prepared(content)
            added = self.add(made, keywords=frozenset({"$seen"}), received_at=7)
            row = self.row(added.id)
            self.assertEqual((row.blob, row.size, row.received_at), (made.hash, len(content), 7))
            self.assertEqual((row.fragment, row.parts), (made.parsed.fragment, made.parsed.parts))
            self.assertEqual((row.keywords, self.content(made.hash)), ('{"$seen":true}', content))
        self.assertEqual(self.row(self.add(self.prepared()).id).received_at, NOW)

    def test_answers_join_their_thread(self) -> None:
        first = self.add(self.prepared())
        answer = b"Subject: Re: Hello\r\nIn-Reply-To: <1@example.org>\r\n\r\n"
        self.assertEqual(self.add(self.prepared(answer)).thread_id, first.thread_id)
        other = self.add(self.prepared(answer.replace(b"Hello", b"Bye")))
        self.assertNotEqual(other.thread_id, first.thread_id)

    def test_quotas_are_obeyed_before_anything_is_written(self) -> None:
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": len(MESSAGE) + 10}})
        self.add(self.prepared())
        again = self.prepared(MESSAGE + b"more")
        self.failureResultOf(
            self.store.write(
                lambda tx: self.messages.add(tx, self.alice, again, mailboxes=frozenset({self.inbox}), now=NOW)
            ),
            OverQuota,
        )
        self.assertEqual((self.total(), self.content(again.hash)), (1, None))

    def test_a_place_that_is_not_there_is_refused(self) -> None:
        made = self.prepared()
        self.failureResultOf(
            self.store.write(lambda tx: self.messages.add(tx, self.alice, made, mailboxes=frozenset({99}), now=NOW)),
            DanglingReference,
        )

    def test_only_deliveries_change_the_state_of_deliveries(self) -> None:
        def state() -> int:
            return self.write(lambda tx: tx.objects.state(self.alice, EMAIL_DELIVERY))

        self.add(self.prepared())
        self.assertEqual(state(), 0)
        self.deliver(self.prepared())
        first = state()
        self.assertGreater(first, 0)
        self.deliver(self.prepared())
        self.assertEqual(state(), first)
        self.deliver(self.prepared(LONG))
        self.assertGreater(state(), first)


class AgainTests(ArrivalCase):
    def test_a_delivery_that_is_repeated_is_there_once(self) -> None:
        first = self.deliver(self.prepared(MESSAGE, TRACE))
        again = self.deliver(self.prepared(MESSAGE, TRACE.replace(b"10:00", b"10:05")), NOW + SAME_FOR - 1)
        self.assertEqual((again.id, again.thread_id, again.duplicate), (first.id, first.thread_id, True))
        self.assertEqual((first.duplicate, self.total()), (False, 1))

    def test_after_a_week_it_is_another_one(self) -> None:
        first = self.deliver(self.prepared())
        later = self.deliver(self.prepared(), NOW + SAME_FOR)
        self.assertNotEqual(first.id, later.id)
        self.assertEqual(self.deliver(self.prepared(), NOW + SAME_FOR + 1).id, first.id)

    def test_how_long_it_is_the_same_can_be_said(self) -> None:
        made = evolve(self.prepared(), same_for=60)
        self.deliver(made)
        self.assertTrue(self.deliver(made, NOW + 59).duplicate)
        self.assertFalse(self.deliver(made, NOW + 60).duplicate)

    def test_one_that_was_deleted_comes_again(self) -> None:
        first = self.deliver(self.prepared())
        self.write(lambda tx: tx.mail.destroy_emails(self.alice, [first.id], now=NOW))
        self.assertFalse(self.deliver(self.prepared()).duplicate)

    def test_one_that_was_moved_does_not_come_again(self) -> None:
        first = self.deliver(self.prepared())
        trash = self.mailbox(self.alice, "trash")
        self.write(lambda tx: tx.mail.update_email(self.alice, first.id, now=NOW, mailboxes={trash}))
        self.assertTrue(self.deliver(self.prepared()).duplicate)

    def test_what_clients_put_there_may_be_there_twice(self) -> None:
        self.deliver(self.prepared())
        self.assertFalse(self.add(self.prepared()).duplicate)
        self.assertEqual(self.total(), 2)


class TogetherTests(ArrivalCase):
    def test_one_message_for_many_is_one_blob(self) -> None:
        people = [self.alice, self.user("bob"), self.user("carol", quotas={"maxDiskQuota": 3})]
        boxes = [frozenset({self.mailbox(id)}) for id in people]
        made = self.prepared()

        def work(tx: Any) -> list[Any]:
            outcomes = []
            for id, mailboxes in zip(people, boxes, strict=True):
                try:
                    outcomes.append(self.messages.add(tx, id, made, mailboxes=mailboxes, now=NOW, delivered=True))
                except OverQuota as full:
                    outcomes.append(full)
            return outcomes

        self.assertEqual([type(each) for each in self.write(work)], [AddedEmail, AddedEmail, OverQuota])
        links = [self.write(lambda tx, id=id: tx.blobs.links(made.hash, id, NOW)) for id in people]
        self.assertEqual([len(each) for each in links], [1, 1, 0])
        self.assertEqual(self.write(lambda tx: tx.accounts.get(people[2])).used_octets, 0)
        again = self.write(work)
        self.assertEqual([again[0].duplicate, again[1].duplicate], [True, True])

    def test_operators_hear_of_it(self) -> None:
        made = self.prepared()
        size = len(MESSAGE)
        first = self.deliver(made)
        for outcome in (first, self.deliver(made), OverQuota("full"), NotFound()):
            self.messages.report(self.alice, made, outcome, 0.25)
        self.assertEqual(
            self.events,
            [
                ("message-ingest.stored", {"accountId": self.alice, "size": size, "elapsed": 250}),
                ("message-ingest.duplicate", {"accountId": self.alice, "size": size, "elapsed": 250}),
                ("message-ingest.over-quota", {"accountId": self.alice, "size": size, "reason": "full"}),
            ],
        )
