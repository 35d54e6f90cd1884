"""Each piece of cleaning, over a real store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.search_document import Document, columns, pack
from stalwart.codec.search_terms import question
from stalwart.config.storage.retention import DataRetention
from stalwart.store import AccountRow, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.collection_rows import Lock, NewItem, home
from stalwart.store.mail_reports import ReportRow, ReportSearch
from stalwart.store.mail_rows import NewEmail
from stalwart.store.mail_text import IndexedText
from stalwart.store.object_types import (
    CALENDAR_EVENT_NOTIFICATION,
    EMAIL_SUBMISSION,
    FILE_NODE,
    QUEUE_ID,
    SHARE_NOTIFICATION,
)
from stalwart.store.queue_rows import NewRecipient, QueuedLetter
from stalwart.tasks import cleaning as module
from stalwart.tasks.cleaning import FOLDER_PAUSE, Cleaning
from tests.contract.store_queue import letter, to
from tests.tasks.world import NOW, TaskCase

DAY = 86_400


class CleaningTests(TaskCase):
    def setUp(self) -> None:
        super().setUp()
        self.cleaning = Cleaning(self.store, self.settings, self.clock)

    def account(self, id: int, octets: int = 0) -> None:
        """An account with three changes: one object, one tombstone."""

        def fill(tx: Any) -> None:
            tx.accounts.create(id, f"user{id}", "user")
            tx.objects.insert(id, 1, now=NOW, size=octets)
            dead = tx.objects.insert(id, 1, now=NOW)
            tx.objects.kill(id, dead.id, now=NOW)

        self.write(fill)

    def row(self, id: int) -> AccountRow | None:
        return self.write(lambda tx: tx.accounts.get(id))

    def changes(self, id: int, since: int) -> Any:
        return self.write(lambda tx: tx.objects.changes(id, 1, since))

    def test_locks_and_what_was_deleted_go_when_they_are_over(self) -> None:
        def fill(tx: Transaction) -> None:
            tx.accounts.create(7, "user7", "user")
            for name, end in (("old", NOW), ("new", NOW + 1)):
                tx.locks.add(Lock(end, 7, FILE_NODE, f"/{name}", 7, False, False, None, end))
                tx.collections.create(7, FILE_NODE, home(FILE_NODE), name, now=NOW)
                tx.archive.keep(7, home(FILE_NODE), name, now=NOW, expires_at=end)

        def left(tx: Transaction) -> tuple[list[str], list[str]]:
            locks = tx.locks.of_account(7, FILE_NODE, NOW - 9)
            return [each.path for each in locks], [each.path for each in tx.archive.kept(7)]

        self.write(fill)
        self.done(self.cleaning.purge_expired())
        self.assertEqual(self.write(left), (["/new"], ["new"]))
        self.done(self.cleaning.end_locks())
        self.assertEqual(self.write(left), ([], ["new"]))

    def test_names_that_nobody_can_ask_about_any_more_are_forgotten(self) -> None:
        def fill(tx: Transaction) -> int:
            tx.accounts.create(7, "user7", "user")
            place = tx.collections.create(7, FILE_NODE, home(FILE_NODE), "a", now=NOW).item_id
            blob = tx.blobs.put(b"x", NOW)
            for n in range(5):
                tx.collections.put(7, place, f"{n}", NewItem(1, blob=blob.hash, size=1), now=NOW)
                tx.collections.remove(7, place, f"{n}", now=NOW)
            return place

        place = self.write(fill)
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": 2}))
        self.done(self.cleaning.trim(7))
        changes = self.write(lambda tx: tx.collections.changes(7, place, 3, limit=9))
        self.assertIsNone(changes)

    def test_what_has_expired_goes_and_the_rest_stays(self) -> None:
        def fill(tx: Any) -> None:
            for name, end in (("old", NOW), ("new", NOW + 1)):
                tx.tokens.put(name, "t", {}, end)
                tx.counters.increment(name, end)
                tx.bans.add(f"192.0.2.{end - NOW}", name, NOW - 9, end)

        self.write(fill)
        self.done(self.cleaning.purge_expired())

        def left(tx: Any) -> list[Any]:
            tokens = [name for name in ("old", "new") if tx.tokens.get(name, "t", 0) is not None]
            return [tokens, tx.counters.value("old"), tx.counters.value("new"), [ban.reason for ban in tx.bans.list(0)]]

        self.assertEqual(self.write(left), [["new"], 0, 1, ["new"]])

    def test_every_blob_that_nobody_holds_goes_after_its_day(self) -> None:
        self.write(lambda tx: [tx.blobs.put(b"%d" % number, NOW) for number in range(450)])
        kept = self.write(lambda tx: tx.blobs.put(b"kept", NOW))
        self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        self.write(lambda tx: tx.blobs.link(kept.hash, 5, 1))
        hashes = self.write(lambda tx: [tx.blobs.put(b"%d" % number, NOW).hash for number in (0, 449)])
        self.clock.advance(DAY)
        self.done(self.cleaning.sweep_blobs())
        found = self.write(lambda tx: [tx.blobs.find(hash) is not None for hash in (*hashes, kept.hash)])
        self.assertEqual(found, [False, False, True])

    def test_every_folder_is_walked_with_pauses(self) -> None:
        swept: list[str] = []
        self.patch(self.store.blob_files, "names", lambda folder: swept.append(folder) or [])
        walking = Deferred.fromCoroutine(self.cleaning.sweep_folders())
        self.assertEqual(swept, ["00"])
        self.clock.pump([FOLDER_PAUSE] * 256)
        self.successResultOf(walking)
        self.assertEqual(swept, [f"{number:02x}" for number in range(256)])

    def test_files_that_nobody_needs_go_after_their_day(self) -> None:
        def written(content: bytes) -> Stored:
            with self.store.blob_files.begin() as writer:
                writer.write(content)
                return writer.commit()

        strays = [written(b"%d" % number) for number in range(60)]
        held = self.write(lambda tx: tx.blobs.adopt(written(b"held"), NOW))
        for wait in (0, DAY + 1):
            self.clock.advance(wait)
            walking = Deferred.fromCoroutine(self.cleaning.sweep_folders())
            self.clock.pump([FOLDER_PAUSE] * 256)
            self.successResultOf(walking)
            left = sum(self.store.blob_files.exists(stray.hash) for stray in strays)
            self.assertEqual(left, 0 if wait else 60)
        self.assertTrue(self.store.blob_files.exists(held.hash))

    def test_old_deletions_of_an_account_are_forgotten(self) -> None:
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": 0}))
        self.account(5)
        self.account(6)
        self.done(self.cleaning.trim(5))
        self.assertIsNone(self.changes(5, 0))
        self.assertIsNotNone(self.changes(6, 0))
        self.done(self.cleaning.trim(77))

    def test_as_many_changes_as_the_settings_say_are_kept(self) -> None:
        self.account(5)
        self.done(self.cleaning.trim_all())
        self.assertIsNotNone(self.changes(5, 0))
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": None}))
        self.done(self.cleaning.trim_all())
        self.assertIsNotNone(self.changes(5, 0))

    def test_every_account_is_reached(self) -> None:
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": 0}))
        ids = range(1, 121)
        for id in ids:
            self.account(id)
        self.done(self.cleaning.trim_all())
        self.assertEqual([id for id in ids if self.changes(id, 0) is not None], [])

    def test_bytes_are_counted_anew(self) -> None:
        self.account(5, 40)
        self.account(6, 50)

        def spoil(tx: Any) -> None:
            tx._session.run("UPDATE account SET used_octets = 9")  # what a crash of an older version might leave

        self.write(spoil)
        self.done(self.cleaning.recount(5))
        self.assertEqual([self.row(id).used_octets for id in (5, 6)], [40, 9])  # type: ignore[union-attr]
        self.done(self.cleaning.recount_all())
        self.assertEqual(self.row(6).used_octets, 50)  # type: ignore[union-attr]
        self.done(self.cleaning.recount(77))

    def folders(self, id: int) -> dict[str, int]:
        """An account with a trash, a junk folder and another one."""

        def make(tx: Any) -> dict[str, int]:
            tx.accounts.create(id, f"user{id}", "user")
            roles = ("trash", "junk", "archive")
            return {role: tx.mail.mailboxes.create(id, role, role, now=NOW, role=role).id for role in roles}

        return self.write(make)

    def put(self, id: int, mailboxes: Iterable[int], count: int = 1) -> list[int]:
        """E-mails that come now."""

        def add(tx: Any) -> list[int]:
            blob = tx.blobs.put(b"message", NOW)
            new = NewEmail(blob=blob.hash, size=7, received_at=1, mailboxes=frozenset(mailboxes))
            return [tx.mail.add_email(id, new, now=int(self.clock.seconds())).id for _ in range(count)]

        return self.write(add)

    def emails(self, id: int) -> set[int]:
        return set(self.write(lambda tx: tx.mail.page(id, limit=1000)).ids)

    def test_what_is_in_the_trash_for_long_is_deleted(self) -> None:
        boxes = self.folders(5)
        old = self.put(5, [boxes["trash"]], 130) + self.put(5, [boxes["junk"]])
        (kept,) = self.put(5, [boxes["archive"]])
        (both,) = self.put(5, [boxes["archive"], boxes["junk"]])
        self.clock.advance(20 * DAY)
        (moved,) = self.put(5, [boxes["archive"]])
        self.write(lambda tx: tx.mail.update_email(5, moved, now=NOW + 20 * DAY, mailboxes={boxes["trash"]}))
        self.clock.advance(10 * DAY)
        self.done(self.cleaning.expunge(5))
        self.assertEqual(self.emails(5), {*old, kept, both, moved})
        self.clock.advance(1)
        self.done(self.cleaning.expunge(5))
        self.assertEqual(self.emails(5), {kept, both, moved})
        self.assertEqual(self.write(lambda tx: tx.mail.list_rows(5, [both]))[both].mailboxes, '{"d":true}')
        self.clock.advance(20 * DAY)
        self.done(self.cleaning.expunge(5))
        self.assertEqual(self.emails(5), {kept, both})
        self.done(self.cleaning.expunge(77))

    def submission(self, account_id: int, queue_id: int) -> int:
        data = {QUEUE_ID: queue_id}
        work = lambda tx: tx.objects.insert(account_id, EMAIL_SUBMISSION, now=int(self.clock.seconds()), data=data)  # noqa: E731
        return int(self.write(work).id)

    def submissions(self, account_id: int) -> list[int]:
        return [each.id for each in self.write(lambda tx: tx.objects.list(account_id, EMAIL_SUBMISSION))]

    def test_the_inbox_of_scheduling_is_cleared(self) -> None:
        self.account(5)
        inbox = home(CALENDAR_EVENT_NOTIFICATION)

        def put(name: str) -> None:
            now = int(self.clock.seconds())
            self.write(lambda tx: tx.collections.put(5, inbox, name, NewItem(1, b"x"), now=now))

        def there() -> list[str]:
            return [each.segment for each in self.write(lambda tx: tx.collections.members(5, inbox, limit=10))]

        for name in ("1.ics", "2.ics"):
            put(name)
        self.clock.advance(30 * DAY)
        put("3.ics")
        self.done(self.cleaning.expunge(5))
        self.assertEqual(there(), ["1.ics", "2.ics", "3.ics"])
        self.clock.advance(1)
        self.write(lambda tx: self.assertEqual(module._expunge_notices(tx, 5, NOW + 1, NOW, 1), 1))
        self.assertEqual(there(), ["2.ics", "3.ics"])
        self.done(self.cleaning.expunge_all())
        self.assertEqual(there(), ["3.ics"])
        self.done(self.settings.change(DataRetention, {"expungeSchedulingInboxAfter": None}))
        self.clock.advance(90 * DAY)
        self.done(self.cleaning.expunge_all())
        self.assertEqual(there(), ["3.ics"])

    def test_notifications_of_shares_go_with_time(self) -> None:
        self.account(5)

        def put() -> int:
            now = int(self.clock.seconds())
            return int(self.write(lambda tx: tx.objects.insert(5, SHARE_NOTIFICATION, now=now, data={}).id))

        def there() -> list[int]:
            return [each.id for each in self.write(lambda tx: tx.objects.list(5, SHARE_NOTIFICATION))]

        old = [put(), put()]
        self.clock.advance(30 * DAY)
        new = put()
        self.done(self.cleaning.expunge(5))
        self.assertEqual(there(), [*old, new])
        self.clock.advance(1)
        self.done(self.cleaning.expunge_all())
        self.assertEqual(there(), [new])

    def test_records_of_what_was_sent_are_deleted(self) -> None:
        for id in (5, 6):
            self.folders(id)
        letter = QueuedLetter(
            *(7, 0, self.write(lambda tx: tx.blobs.put(b"x", NOW)).hash, 1, "", "authenticated", 5, None, None, 0),
            *(None, None, "", 0, "", False, "7BIT", False, False, True, ()),
        )
        far = NewRecipient("a@b.test", "remote", "b.test", NOW + 30 * DAY, NOW + 40 * DAY)
        self.write(lambda tx: tx.queue.insert(letter, (far,), NOW))
        held = self.submission(5, 7)
        self.submission(5, 8)
        self.submission(6, 9)
        self.clock.advance(3 * DAY)
        new = self.submission(5, 10)
        self.clock.advance(1)
        self.done(self.cleaning.expunge(5))
        self.assertEqual((self.submissions(5), len(self.submissions(6))), ([held, new], 1))
        self.done(self.cleaning.expunge_all())
        self.assertEqual(self.submissions(6), [])
        self.done(self.settings.change(DataRetention, {"expungeSubmissionsAfter": None}))
        self.clock.advance(90 * DAY)
        self.done(self.cleaning.expunge_all())
        self.assertEqual(self.submissions(5), [held, new])

    def test_every_trash_is_reached(self) -> None:
        for id in range(1, 61):
            self.put(id, [self.folders(id)["trash"]], 110 if id == 7 else 1)
        self.clock.advance(31 * DAY)
        self.done(self.settings.change(DataRetention, {"expungeTrashAfter": None}))
        self.done(self.cleaning.expunge_all())
        self.done(self.cleaning.expunge(1))
        self.assertEqual([len(self.emails(id)) for id in (1, 7, 60)], [1, 110, 1])
        self.done(self.settings.change(DataRetention, {"expungeTrashAfter": 30 * DAY * 1000}))
        self.done(self.cleaning.expunge_all())
        self.assertEqual([id for id in range(1, 61) if self.emails(id)], [])

    def steps(self, tell: Callable[[Transaction], int]) -> list[int]:
        """What ``tell`` answers less after each write than before, from now on."""
        found: list[int] = []
        write = self.store.write

        def noted(work: Any) -> Any:
            def both(tx: Transaction) -> Any:
                before = tell(tx)
                result = work(tx)
                found.append(before - tell(tx))
                return result

            return write(both)

        self.store.write = noted
        return found

    def test_a_transaction_expunges_no_more_than_so_much_of_all_accounts(self) -> None:
        for id in range(1, 31):
            boxes = self.folders(id)
            self.put(id, [boxes["trash"]], 30)
            self.put(id, [boxes["junk"]], 450 if id == 7 else 0)
        self.clock.advance(31 * DAY)
        gone = self.steps(lambda tx: tx._session.one("SELECT COUNT(*) FROM email")[0])  # type: ignore[attr-defined]
        self.done(self.cleaning.expunge_all())
        self.assertEqual((sum(gone), max(gone)), (30 * 30 + 450, 200))
        self.assertLess(len(gone), 11)

    def test_a_transaction_forgets_no_more_than_so_much_of_all_accounts(self) -> None:
        self.patch(module, "_TRIMMED", 50)
        for id in range(1, 21):
            trash = self.folders(id)["trash"]
            ids = self.put(id, [trash], 9 if id != 4 else 200)
            self.write(lambda tx, id=id, ids=ids: tx.mail.destroy_emails(id, ids, now=NOW))
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": 0}))
        rows = "SELECT (SELECT COUNT(*) FROM obj WHERE dead = 1) + (SELECT COUNT(*) FROM member WHERE dead = 1)"
        left = self.write(lambda tx: tx._session.one(rows)[0])
        gone = self.steps(lambda tx: tx._session.one(rows)[0])  # type: ignore[attr-defined]
        self.done(self.cleaning.trim_all())
        self.assertEqual((sum(gone), max(gone)), (left, 50))
        self.assertEqual([id for id in range(1, 21) if self.changes(id, 0) is not None], [])

    def test_deliveries_are_forgotten_when_they_are_over(self) -> None:
        def note(tx: Any) -> None:
            for number in range(2100):
                tx.mail.note_delivery(5, number.to_bytes(16, "big"), b"", expires_at=NOW + (number > 2090))

        self.write(note)
        self.done(self.cleaning.purge_expired())
        self.assertEqual(self.write(lambda tx: tx.mail.purge_deliveries(NOW + 9, 100)), 9)

    def test_reports_are_removed_when_they_are_over(self) -> None:
        def note(tx: Any) -> None:
            for number in range(450):
                expires_at = NOW + (number > 440)
                row = ReportRow(number, "tls", str(number), "a.test", None, "", (), "", "", expires_at, b"")
                tx.mail_reports.insert(row)

        self.write(note)
        self.done(self.cleaning.purge_expired())
        self.assertEqual(self.write(lambda tx: tx.mail_reports.count(ReportSearch("tls"))), 9)

    def test_what_left_mailboxes_is_forgotten_with_the_changes(self) -> None:
        trash = self.folders(5)["trash"]
        ids = self.put(5, [trash], 5)
        self.write(lambda tx: tx.mail.destroy_emails(5, ids, now=NOW))
        self.done(self.settings.change(DataRetention, {"maxChangesHistory": 0}))
        self.done(self.cleaning.trim(5))
        self.assertEqual(self.write(lambda tx: tx.mail.forget_removed(5, 9)), 0)
        self.assertEqual(self.write(lambda tx: tx._session.one("SELECT COUNT(*) FROM member")), (0,))

    def test_mail_is_counted_anew(self) -> None:
        trash = self.folders(5)["trash"]
        self.put(5, [trash], 3)
        for count in (lambda: self.cleaning.recount(5), self.cleaning.recount_all):
            self.write(lambda tx: tx._session.run("UPDATE container SET total = 9"))
            self.done(count())
            self.assertEqual(self.write(lambda tx: tx.mail.mailboxes.get(5, trash)).total, 3)

    def test_account_is_erased_in_steps_and_twice_does_no_harm(self) -> None:
        self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        self.write(lambda tx: [tx.objects.insert(5, 1, now=NOW) for _ in range(1200)])
        writes: list[Any] = []
        write = self.store.write

        def counted(work: Any) -> Any:
            writes.append(work)
            return write(work)

        self.store.write = counted
        self.done(self.cleaning.erase(5))
        self.assertEqual(len(writes), 5)  # one for its letters, one for the text of mail
        self.assertIsNone(self.row(5))
        self.done(self.cleaning.erase(5))

    def test_its_letters_go_with_an_account(self) -> None:
        self.patch(module, "_LETTERS", 2)

        def put(tx: Transaction) -> None:
            for id in range(1, 6):
                tx.queue.insert(letter(tx, id), [to("a@example.com")], NOW)
            tx.queue.insert(letter(tx, 6, source="unauthenticated"), [to("a@example.com")], NOW)
            tx.queue.insert(letter(tx, 7, account_id=6), [to("a@example.com")], NOW)

        self.write(put)
        self.done(self.cleaning.erase(5))
        self.assertEqual([id for id in range(1, 8) if self.write(lambda tx, id=id: tx.queue.get(id))], [6, 7])

    def test_the_text_of_its_mail_goes_with_an_account(self) -> None:
        text = IndexedText(pack(Document(body="needle")), columns(Document(body="needle")))

        def mail(tx: Transaction) -> None:
            tx.accounts.create(5, "a", "user")
            inbox = tx.mail.mailboxes.create(5, "Inbox", "inbox", now=NOW).id
            for _ in range(40):
                new = NewEmail(blob=tx.blobs.put(b"x", NOW).hash, size=1, received_at=1, mailboxes=frozenset({inbox}))
                tx.mail_text.index([(5, tx.mail.add_email(5, new, now=NOW).id, text)])

        self.write(mail)
        self.assertEqual(self.write(lambda tx: tx.mail_text.accounts(-1, 9)), [5])
        self.done(self.cleaning.erase(5))
        self.assertEqual(self.write(lambda tx: tx.mail_text.accounts(-1, 9)), [])
        self.assertEqual(self.write(lambda tx: tx.mail_text.match(5, question("needle"))), set())
