"""E-mails come, change and go, with threads, counters, and one change number for each object (RFC 8621 2 to 4).

Tests ``stalwart.store.sql.mail``, ``stalwart.store.sql.mail_writing``, ``stalwart.store.sql.mail_ledger``,
``stalwart.store.sql.mail_threads``, ``stalwart.store.sql.mail_recount``.
"""

from __future__ import annotations

import json
from typing import Any

from stalwart.errors import DanglingReference, Invalid, NotFound
from stalwart.store.mail_rows import AddedEmail, Condition, Miscount, Recounted
from stalwart.store.object_types import EMAIL, MAILBOX, THREAD
from tests.contract.store_case import StoreCase
from tests.contract.store_mailboxes import ACCOUNT, account, counters, email
from tests.store.opened import session_of

SEEN = frozenset({"$seen"})


def add(tx: Any, *mailboxes: int, **options: Any) -> AddedEmail:
    return tx.mail.add_email(ACCOUNT, email(tx, *mailboxes, **options), now=8)


def about(*references: int, subject: int = 1) -> dict[str, Any]:
    return {"references": frozenset(references), "subject_hash": subject}


class MailContract(StoreCase):
    async def boxes(self, *names: str) -> list[int]:
        return await self.write(lambda tx: account(tx, *names))

    async def add(self, *mailboxes: int, **options: Any) -> AddedEmail:
        return await self.write(lambda tx: add(tx, *mailboxes, **options))

    async def update(self, id: int, **options: Any) -> bool:
        return await self.write(lambda tx: tx.mail.update_email(ACCOUNT, id, now=9, **options))

    async def counters(self, id: int) -> tuple[int, int, int, int]:
        return await self.read(lambda tx: counters(tx, id))

    async def last(self) -> int:
        """The number of the last change in the account."""
        return (await self.read(lambda tx: tx.accounts.get(ACCOUNT))).seq

    async def logged(self, type: int, since: int) -> tuple[Any, ...]:
        found = await self.read(lambda tx: tx.objects.changes(ACCOUNT, type, since))
        return found.created, found.updated, found.destroyed

    async def test_who_mentions_a_message(self) -> None:
        (inbox,) = await self.boxes("inbox")
        first = await self.add(inbox, **about(1), fragment=b'{"n":1}')
        second = await self.add(inbox, **about(2, 1), fragment=b'{"n":2}')
        await self.add(inbox, **about(3))

        async def found(reference: int, limit: int = 10) -> list[tuple[int, bytes]]:
            return await self.read(lambda tx: tx.mail.mentioning(ACCOUNT, reference, limit))

        self.assertEqual(await found(1), [(first.id, b'{"n":1}'), (second.id, b'{"n":2}')])
        self.assertEqual(await found(2, 1), [(first.id, b'{"n":1}')])
        self.assertEqual(await found(9), [])

    async def test_an_email_is_revised_by_what_it_has(self) -> None:
        inbox, other = await self.boxes("inbox", "Other")
        made = await self.add(inbox, keywords=SEEN)
        asked: list[Any] = []

        def revise(mailboxes: Any, keywords: Any) -> Any:
            asked.append((set(mailboxes), set(keywords)))
            return {other}, keywords | {"work"}

        def refuse(mailboxes: Any, keywords: Any) -> Any:
            raise Invalid("No.")

        async def revised(how: Any) -> int:
            return await self.write(lambda tx: tx.mail.revise_email(ACCOUNT, made.id, how, now=9))

        number = await revised(revise)
        self.assertEqual(number, await self.read(lambda tx: tx.objects.state(ACCOUNT, EMAIL)))
        self.assertEqual(await revised(lambda mailboxes, keywords: (mailboxes, keywords)), 0)
        self.assertEqual(asked, [({inbox}, {"$seen"})])
        rows = await self.read(lambda tx: tx.mail.list_rows(ACCOUNT, [made.id]))
        self.assertEqual(rows[made.id].keywords, '{"$seen":true,"work":true}')
        self.assertEqual([(await self.counters(id))[0] for id in (inbox, other)], [0, 1])
        state = await self.last()
        await self.refused(Invalid, lambda tx: tx.mail.revise_email(ACCOUNT, made.id, refuse, now=9))
        await self.refused(NotFound, lambda tx: tx.mail.revise_email(ACCOUNT, 99, revise, now=9))
        self.assertEqual(await self.last(), state)

    async def test_an_email_is_stored_with_all_that_lists_show(self) -> None:
        inbox, other = await self.boxes("inbox", "Other")

        def work(tx: Any) -> Any:
            new = email(
                tx, inbox, other, keywords=frozenset({"$seen", "work"}), fragment=b'{"a":1}', parts=b"p", size=77
            )
            made = tx.mail.add_email(ACCOUNT, new, now=8)
            return new, made, tx.mail.list_rows(ACCOUNT, [99, made.id], parts=True)

        new, made, rows = await self.write(work)
        row = rows[made.id]
        self.assertEqual(list(rows), [made.id])
        self.assertEqual((row.thread_id, row.blob, row.size, row.received_at), (made.thread_id, new.blob, 77, 1000))
        self.assertEqual(json.loads(row.mailboxes), {"b": True, "c": True})
        self.assertEqual(row.keywords, '{"$seen":true,"work":true}')
        self.assertEqual((row.fragment, row.parts, row.flags), (b'{"a":1}', b"p", 1))
        self.assertIsNone((await self.read(lambda tx: tx.mail.list_rows(ACCOUNT, [made.id])))[made.id].parts)
        links = await self.read(lambda tx: tx.blobs.links(new.blob, ACCOUNT, now=9))
        self.assertEqual([link.owner_id for link in links], [made.id])
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(ACCOUNT))).used_octets, 77)
        found = await self.read(lambda tx: tx.objects.get(ACCOUNT, made.id))
        self.assertEqual((found.type, found.blob, found.size), (EMAIL, new.blob, 77))

    async def test_each_object_that_changes_gets_one_number(self) -> None:
        inbox, other = await self.boxes("inbox", "Other")
        made = await self.add(inbox, other)
        self.assertEqual(await self.last(), 2 + 4)
        self.assertEqual(await self.logged(EMAIL, 2), ((made.id,), (), ()))
        self.assertEqual(await self.logged(THREAD, 2), ((made.thread_id,), (), ()))
        changes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, MAILBOX, 2))
        self.assertEqual((set(changes.updated), changes.only_counts), ({inbox, other}, True))

    async def test_what_cannot_be_stored_changes_nothing(self) -> None:
        (inbox,) = await self.boxes("inbox")
        await self.refused(Invalid, lambda tx: add(tx))
        error = await self.refused(DanglingReference, lambda tx: add(tx, inbox, 99))
        self.assertEqual((error.target, error.properties), (("Mailbox", 99), ("mailboxIds",)))
        made = await self.add(inbox)

        def survive(tx: Any) -> None:
            for options in ({"mailboxes": set()}, {"mailboxes": {inbox, made.thread_id}}, {"mailboxes": {99}}):
                with self.assertRaises(Invalid):
                    tx.mail.update_email(ACCOUNT, made.id, now=9, keywords={"$seen"}, **options)
            with self.assertRaises(NotFound):
                tx.mail.update_email(ACCOUNT, 99, now=9, keywords=SEEN)
            with self.assertRaises(NotFound):
                tx.mail.add_email(ACCOUNT, email(tx, inbox, blob=b"\0" * 32), now=9)

        state = await self.last()
        await self.write(survive)
        self.assertEqual(await self.last(), state)
        self.assertEqual(await self.counters(inbox), (1, 1, 1, 1))

    async def test_uids_grow_and_are_never_given_again(self) -> None:
        inbox, other = await self.boxes("inbox", "Other")
        made = await self.add(inbox)
        await self.update(made.id, mailboxes={other})
        await self.update(made.id, mailboxes={inbox})

        def uids(tx: Any) -> Any:
            return session_of(tx).all(
                "SELECT uid, dead FROM member WHERE account_id = ? AND container_id = ? ORDER BY uid", ACCOUNT, inbox
            )

        self.assertEqual(await self.read(uids), [(1, 1), (2, 0)])
        self.assertEqual((await self.read(lambda tx: tx.mail.mailboxes.get(ACCOUNT, inbox))).uidnext, 3)

    async def test_the_same_subject_and_a_common_reference_make_a_thread(self) -> None:
        (inbox,) = await self.boxes("inbox")
        first = await self.add(inbox, received_at=50, **about(10))
        answer = await self.add(inbox, received_at=40, **about(11, 10))
        again = await self.add(inbox, received_at=60, **about(12, 11))
        other_subject = await self.add(inbox, **about(13, 10, subject=2))
        self.assertEqual([answer.thread_id, again.thread_id], [first.thread_id] * 2)
        self.assertNotEqual(other_subject.thread_id, first.thread_id)
        threads = await self.read(lambda tx: tx.mail.threads(ACCOUNT, [99, first.thread_id]))
        self.assertEqual(threads, {first.thread_id: (answer.id, first.id, again.id)})
        self.assertEqual(await self.counters(inbox), (4, 4, 2, 2))

    async def test_a_thread_is_updated_when_emails_join_or_leave_only(self) -> None:
        inbox, other = await self.boxes("inbox", "Other")
        first = await self.add(inbox, **about(10))
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, THREAD))
        await self.update(first.id, keywords=SEEN)
        await self.update(first.id, mailboxes={other})
        self.assertEqual(await self.read(lambda tx: tx.objects.state(ACCOUNT, THREAD)), state)
        second = await self.add(inbox, **about(10))
        self.assertEqual(await self.logged(THREAD, state), ((), (first.thread_id,), ()))
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, THREAD))
        await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [second.id], now=9))
        self.assertEqual(await self.logged(THREAD, state), ((), (first.thread_id,), ()))
        await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [first.id], now=9))
        self.assertEqual(await self.logged(THREAD, state), ((), (), (first.thread_id,)))

    async def test_threads_that_turn_out_to_be_one_get_new_emails(self) -> None:
        (inbox,) = await self.boxes("inbox")
        old = await self.add(inbox, keywords=frozenset({"work"}), **about(10))
        late = await self.add(inbox, keywords=SEEN | {"work"}, **about(20))
        state = await self.last()
        joint = await self.add(inbox, **about(30, 10, 20))
        self.assertEqual(joint.thread_id, old.thread_id)
        ((gone, come),) = joint.moved
        self.assertEqual(gone, late.id)
        self.assertEqual(await self.logged(EMAIL, 5), ((joint.id, come), (), (late.id,)))
        self.assertEqual((await self.logged(THREAD, 6))[2], (late.thread_id,))
        rows = await self.read(lambda tx: tx.mail.list_rows(ACCOUNT, [gone, come]))
        self.assertEqual((list(rows), rows[come].thread_id), ([come], old.thread_id))
        self.assertEqual(rows[come].keywords, '{"$seen":true,"work":true}')
        labelled = Condition("has_keyword", "work")
        found = await self.read(lambda tx: tx.mail.matching(ACCOUNT, labelled, limit=9))
        self.assertEqual(set(found), {old.id, come})
        links = await self.read(lambda tx: tx.blobs.links(rows[come].blob, ACCOUNT, now=9))
        self.assertEqual([link.owner_id for link in links], [come])
        self.assertEqual(await self.counters(inbox), (3, 2, 1, 1))
        self.assertEqual((await self.add(inbox, **about(20))).thread_id, old.thread_id)
        self.assertGreater(await self.last(), state)

    async def test_too_many_emails_are_not_moved(self) -> None:
        (inbox,) = await self.boxes("inbox")
        small = await self.add(inbox, **about(10))
        large = await self.write(lambda tx: [add(tx, inbox, **about(20)) for _ in range(101)])
        joint = await self.add(inbox, **about(10, 20))
        self.assertEqual((joint.thread_id, joint.moved), (large[0].thread_id, ()))
        self.assertNotEqual(small.thread_id, joint.thread_id)
        self.assertEqual(await self.counters(inbox), (103, 103, 2, 2))

    async def test_a_reference_is_forgotten_with_the_last_email_that_has_it(self) -> None:
        (inbox,) = await self.boxes("inbox")
        first = await self.add(inbox, **about(10, 11))
        second = await self.add(inbox, **about(11))
        await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [first.id], now=9))
        self.assertNotEqual((await self.add(inbox, **about(10))).thread_id, first.thread_id)
        self.assertEqual((await self.add(inbox, **about(11))).thread_id, second.thread_id)

    async def test_unread_is_neither_seen_nor_a_draft(self) -> None:
        (inbox,) = await self.boxes("inbox")
        made = await self.add(inbox)
        self.assertEqual(await self.counters(inbox), (1, 1, 1, 1))
        for keywords in ({"$seen"}, {"$draft"}, {"$seen", "$draft"}):
            await self.update(made.id, keywords=keywords)
            self.assertEqual(await self.counters(inbox), (1, 0, 1, 0), keywords)
        await self.update(made.id, keywords={"$flagged"})
        self.assertEqual(await self.counters(inbox), (1, 1, 1, 1))

    async def test_a_thread_is_unread_wherever_the_unread_email_is_but_in_the_trash(self) -> None:
        inbox, archive, trash = await self.boxes("inbox", "Archive", "trash")
        await self.add(inbox, keywords=SEEN, **about(10))
        unread = await self.add(archive, **about(10))
        self.assertEqual(await self.counters(inbox), (1, 0, 1, 1))
        self.assertEqual(await self.counters(archive), (1, 1, 1, 1))
        await self.update(unread.id, mailboxes={trash})
        self.assertEqual(await self.counters(inbox), (1, 0, 1, 0))
        self.assertEqual(await self.counters(trash), (1, 1, 1, 1))
        await self.update(unread.id, mailboxes={trash, archive})
        self.assertEqual(await self.counters(inbox), (1, 0, 1, 1))
        await self.update(unread.id, keywords=SEEN)
        self.assertEqual([await self.counters(id) for id in (inbox, archive, trash)], [(1, 0, 1, 0)] * 3)

    async def test_an_unread_email_outside_does_not_count_in_the_trash(self) -> None:
        inbox, trash = await self.boxes("inbox", "trash")
        await self.add(trash, keywords=SEEN, **about(10))
        await self.add(inbox, **about(10))
        self.assertEqual(await self.counters(trash), (1, 0, 1, 0))
        self.assertEqual(await self.counters(inbox), (1, 1, 1, 1))

    async def test_a_mailbox_whose_thread_becomes_unread_is_logged(self) -> None:
        inbox, archive = await self.boxes("inbox", "Archive")
        await self.add(inbox, keywords=SEEN, **about(10))
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, MAILBOX))
        await self.add(archive, **about(10))
        self.assertEqual(set((await self.logged(MAILBOX, state))[1]), {inbox, archive})

    async def test_keywords_are_replaced(self) -> None:
        (inbox,) = await self.boxes("inbox")
        made = await self.add(inbox, keywords=frozenset({"a", "$seen"}))
        state = await self.last()
        self.assertTrue(await self.update(made.id, keywords={"b", "$seen", "$flagged"}))
        self.assertEqual(await self.logged(EMAIL, state - 3), ((made.id,), (), ()))
        row = (await self.read(lambda tx: tx.mail.list_rows(ACCOUNT, [made.id])))[made.id]
        self.assertEqual((row.keywords, row.flags), ('{"$flagged":true,"$seen":true,"b":true}', 3))
        self.assertEqual(await self.last(), state + 1, "no counter changed")

    async def test_an_update_that_changes_nothing_takes_no_number(self) -> None:
        (inbox,) = await self.boxes("inbox")
        made = await self.add(inbox, keywords=SEEN)
        state = await self.last()
        self.assertFalse(await self.update(made.id, mailboxes={inbox}, keywords={"$seen"}))
        self.assertFalse(await self.update(made.id))
        self.assertEqual(await self.last(), state)

    async def test_a_mailbox_knows_when_what_is_in_it_changed(self) -> None:
        inbox, other = await self.boxes("inbox", "Other")
        made = await self.add(inbox)
        await self.update(made.id, keywords={"$flagged"})
        number = (await self.read(lambda tx: tx.objects.get(ACCOUNT, made.id))).seq
        self.assertEqual((await self.read(lambda tx: tx.mail.mailboxes.get(ACCOUNT, inbox))).seq, number)
        self.assertLess((await self.read(lambda tx: tx.mail.mailboxes.get(ACCOUNT, other))).seq, number)

    async def test_many_are_destroyed_at_once(self) -> None:
        inbox, other = await self.boxes("inbox", "Other")
        made = await self.write(lambda tx: [add(tx, inbox, other, **about(n % 3)) for n in range(700)])
        ids = [email.id for email in made]
        state = await self.last()
        gone = await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [*ids[:650], 9999, *ids[:3]], now=9))
        self.assertEqual(gone, frozenset(ids[:650]))
        self.assertEqual(await self.counters(inbox), (50, 50, 3, 3))
        self.assertEqual(await self.last(), state + 650 + 3 + 2)
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(ACCOUNT))).used_octets, 500)
        self.assertEqual(await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, ids[:650], now=9)), frozenset())
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=9, grace=0))).blobs, 650)

    async def test_a_recount_finds_nothing_wrong(self) -> None:
        inbox, trash = await self.boxes("inbox", "trash")
        await self.write(lambda tx: [add(tx, (inbox, trash)[n % 2], **about(n % 3)) for n in range(20)])
        state = await self.last()
        self.assertEqual(await self.write(lambda tx: tx.mail.recount(ACCOUNT, now=9)), Recounted((), 0))
        self.assertEqual(await self.last(), state)

    async def test_a_recount_puts_right_what_is_wrong(self) -> None:
        inbox, _ = await self.boxes("inbox", "Other")
        await self.write(lambda tx: [add(tx, inbox, **about(n % 2)) for n in range(5)])

        def damage(tx: Any) -> None:
            session_of(tx).run("UPDATE container SET unread = 9, total_threads = 7 WHERE id = ?", inbox)
            session_of(tx).run("DELETE FROM thread_count WHERE container_id = ?", inbox)

        await self.write(damage)
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, MAILBOX))
        found = await self.write(lambda tx: tx.mail.recount(ACCOUNT, now=9))
        wrong = (Miscount(inbox, "unread", 9, 5), Miscount(inbox, "total_threads", 7, 2))
        self.assertEqual(found, Recounted(wrong, 2))
        self.assertEqual(await self.counters(inbox), (5, 5, 2, 2))
        self.assertEqual(await self.logged(MAILBOX, state), ((), (inbox,), ()))
        self.assertEqual(await self.write(lambda tx: tx.mail.recount(ACCOUNT, now=9)), Recounted((), 0))

    async def test_a_deleted_account_takes_its_mail_along(self) -> None:
        (inbox,) = await self.boxes("inbox")
        await self.add(inbox, keywords=SEEN, **about(10))
        await self.write(lambda tx: tx.accounts.delete(ACCOUNT, now=9))

        def left(tx: Any) -> list[int]:
            tables = ("container", "member", "email", "keyword", "thread_ref", "thread_count", "obj")
            return [session_of(tx).one(f"SELECT COUNT(*) FROM {table}")[0] for table in tables]

        self.assertEqual(await self.read(left), [0] * 7)
