"""Deliveries that are remembered for a while, how many e-mails an account has, and what has stayed somewhere for long.

Tests ``stalwart.store.sql.mail_arrivals``.
"""

from __future__ import annotations

from typing import Any

from stalwart.store.mail_rows import AddedEmail
from stalwart.store.object_types import EMAIL_DELIVERY
from tests.contract.store_case import StoreCase
from tests.contract.store_mailboxes import ACCOUNT, account, box, email

DIGEST = b"d" * 16


class ArrivalContract(StoreCase):
    async def arrived(self, mailbox: int, *, until: int = 100, **options: Any) -> AddedEmail:
        """A delivery that is remembered ``until``."""

        def work(tx: Any) -> Any:
            new = email(tx, mailbox, **options)
            made = tx.mail.add_email(ACCOUNT, new, now=8)
            tx.mail.note_delivery(ACCOUNT, DIGEST, new.blob, expires_at=until)
            return made

        return await self.write(work)

    async def known(self, now: int = 50, account_id: int = ACCOUNT) -> AddedEmail | None:
        return await self.read(lambda tx: tx.mail.delivered(account_id, DIGEST, now=now))

    async def test_a_delivery_is_known_until_it_is_over(self) -> None:
        (inbox,) = await self.write(lambda tx: account(tx, "inbox"))
        self.assertIsNone(await self.known())
        made = await self.arrived(inbox)
        self.assertEqual(await self.known(99), AddedEmail(made.id, made.thread_id, duplicate=True))
        self.assertIsNone(await self.known(100))
        self.assertIsNone(await self.known(account_id=6))

    async def test_a_delivery_whose_message_is_gone_is_not_known(self) -> None:
        (inbox,) = await self.write(lambda tx: account(tx, "inbox"))
        made = await self.arrived(inbox)
        await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [made.id], now=9))
        self.assertIsNone(await self.known())
        again = await self.arrived(inbox)
        self.assertEqual((await self.known()).id, again.id)

    async def test_a_delivery_is_known_under_the_new_id_of_its_message(self) -> None:
        (inbox,) = await self.write(lambda tx: account(tx, "inbox"))
        first = await self.write(
            lambda tx: tx.mail.add_email(ACCOUNT, email(tx, inbox, references=frozenset({1}), subject_hash=1), now=8)
        )
        made = await self.arrived(inbox, references=frozenset({2}), subject_hash=1)
        joined = await self.write(
            lambda tx: tx.mail.add_email(ACCOUNT, email(tx, inbox, references=frozenset({1, 2}), subject_hash=1), now=8)
        )
        ((old, new),) = joined.moved
        self.assertEqual((old, joined.thread_id), (made.id, first.thread_id))
        self.assertEqual(await self.known(), AddedEmail(new, first.thread_id, duplicate=True))

    async def test_deliveries_that_are_over_are_forgotten_in_pieces(self) -> None:
        def work(tx: Any) -> None:
            (inbox,) = account(tx, "inbox")
            for number in range(5):
                tx.mail.note_delivery(ACCOUNT, bytes([number]) * 16, email(tx, inbox).blob, expires_at=10 + number)

        await self.write(work)
        purged = [await self.write(lambda tx: tx.mail.purge_deliveries(13, 3)) for _ in range(3)]
        self.assertEqual(purged, [3, 1, 0])

    async def test_deliveries_go_with_their_account(self) -> None:
        (inbox,) = await self.write(lambda tx: account(tx, "inbox"))
        await self.arrived(inbox)
        await self.write(lambda tx: tx.accounts.erase(ACCOUNT, 9, 100))
        self.assertEqual(await self.write(lambda tx: tx.mail.purge_deliveries(1000, 9)), 0)

    async def test_emails_are_counted_once(self) -> None:
        inbox, other = await self.write(lambda tx: account(tx, "inbox", "Other"))
        for _ in range(3):
            await self.write(lambda tx: tx.mail.add_email(ACCOUNT, email(tx, inbox, other), now=8))
        counted = await self.read(lambda tx: [tx.mail.count(ACCOUNT, enough) for enough in (1, 6, 7)])
        self.assertEqual(counted, [3, 3, 6])
        self.assertEqual(await self.read(lambda tx: tx.mail.count(6, 1)), 0)

    async def test_what_came_into_a_mailbox_long_ago_is_expunged(self) -> None:
        def work(tx: Any) -> Any:
            trash, other = account(tx, "trash", "Other")
            made = [
                tx.mail.add_email(ACCOUNT, email(tx, *boxes), now=now).id
                for now, boxes in ((5, [trash]), (5, [trash, other]), (5, [other]), (9, [trash]))
            ]
            tx.mail.update_email(ACCOUNT, made[2], now=8, mailboxes={trash})
            tx.mail.update_email(ACCOUNT, made[0], now=9, keywords={"$seen"})
            gone = [tx.mail.expunge(ACCOUNT, trash, before=8, limit=1, now=20) for _ in range(3)]
            rows = tx.mail.list_rows(ACCOUNT, made)
            return made, gone, {id: rows[id].mailboxes for id in rows}, tx.mail.mailboxes.get(ACCOUNT, trash).total

        made, gone, rows, total = await self.write(work)
        self.assertEqual(gone, [1, 1, 0])
        self.assertEqual(rows, {made[1]: '{"c":true}', made[2]: '{"b":true}', made[3]: '{"b":true}'})
        self.assertEqual(total, 2)

    async def test_a_moved_thread_keeps_the_time_of_its_members(self) -> None:
        def work(tx: Any) -> Any:
            (trash,) = account(tx, "trash")
            for now, references in ((5, {1}), (5, {2}), (50, {1, 2})):
                new = email(tx, trash, references=frozenset(references), subject_hash=1)
                tx.mail.add_email(ACCOUNT, new, now=now)
            return tx.mail.expunge(ACCOUNT, trash, before=40, limit=9, now=60)

        self.assertEqual(await self.write(work), 2)

    async def test_a_type_without_objects_has_a_state(self) -> None:
        def work(tx: Any) -> Any:
            account(tx)
            before = tx.objects.state(ACCOUNT, EMAIL_DELIVERY)
            box(tx, "inbox")
            tx.objects.touch(ACCOUNT, EMAIL_DELIVERY)
            tx.objects.touch(99, EMAIL_DELIVERY)
            return before, tx.objects.state(ACCOUNT, EMAIL_DELIVERY), tx.objects.changes(ACCOUNT, EMAIL_DELIVERY, 0)

        before, after, changes = await self.write(work)
        self.assertEqual((before, after), (0, (await self.read(lambda tx: tx.accounts.get(ACCOUNT))).seq))
        self.assertEqual((changes.created, changes.updated, changes.new_state), ((), (), after))
