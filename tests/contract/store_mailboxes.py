"""Mailboxes: names among siblings, roles, and what happens to mail when one goes (RFC 8621 2).

Tests ``stalwart.store.sql.mailboxes`` and ``stalwart.store.object_types``.
"""

from __future__ import annotations

import itertools
from typing import Any

from stalwart.errors import Conflict, DanglingReference, Linked, NotFound
from stalwart.store.mail_rows import MailboxRow, NewEmail
from stalwart.store.object_types import EMAIL, MAILBOX
from tests.contract.store_case import StoreCase

ACCOUNT = 5
_numbers = itertools.count()


def account(tx: Any, *names: str) -> list[int]:
    """An account with mailboxes; one that is named as a role has it."""
    tx.accounts.create(ACCOUNT, "alice", "user")
    return [box(tx, name, role=name if name in ("inbox", "trash") else None).id for name in names]


def box(tx: Any, name: str, **options: Any) -> MailboxRow:
    return tx.mail.mailboxes.create(ACCOUNT, name, name.casefold(), **{"now": 7, **options})


def email(tx: Any, *mailboxes: int, **options: Any) -> NewEmail:
    """One whose content there is not yet; received at 1000 if not said otherwise."""
    blob = tx.blobs.put(b"message %d" % next(_numbers), now=0)
    return NewEmail(
        **{"blob": blob.hash, "size": 10, "received_at": 1000, "mailboxes": frozenset(mailboxes), **options}
    )


def counters(tx: Any, id: int) -> tuple[int, int, int, int]:
    found = tx.mail.mailboxes.get(ACCOUNT, id)
    return (found.total, found.unread, found.total_threads, found.unread_threads)


class MailboxContract(StoreCase):
    async def test_a_mailbox_is_created(self) -> None:
        def work(tx: Any) -> Any:
            (parent,) = account(tx, "inbox")
            return box(tx, "Work", parent_id=parent, sort_order=3, data={"isSubscribed": True})

        made = await self.write(work)
        self.assertEqual(made, MailboxRow(2, 1, "Work", "work", None, 3, 7, 1, 2, 0, 0, 0, 0, {"isSubscribed": True}))
        boxes = await self.read(lambda tx: tx.mail.mailboxes.list(ACCOUNT))
        self.assertEqual([row.name for row in boxes], ["inbox", "Work"])
        self.assertEqual(await self.read(lambda tx: tx.mail.mailboxes.by_name(ACCOUNT, 1, "work")), made)
        self.assertIsNone(await self.read(lambda tx: tx.mail.mailboxes.by_name(ACCOUNT, None, "work")))
        self.assertEqual((await self.read(lambda tx: tx.mail.mailboxes.by_role(ACCOUNT, "inbox"))).id, 1)
        self.assertEqual(await self.read(lambda tx: tx.mail.mailboxes.many(ACCOUNT, [9, 2])), {2: made})
        changes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, MAILBOX, 0))
        self.assertEqual(changes.created, (1, 2))
        self.assertEqual(await self.read(lambda tx: [tx.mail.mailboxes.count(each) for each in (ACCOUNT, 6)]), [2, 0])

    async def test_a_mailbox_of_another_account_is_not_there(self) -> None:
        await self.write(lambda tx: account(tx, "inbox"))
        self.assertIsNone(await self.read(lambda tx: tx.mail.mailboxes.get(6, 1)))
        await self.refused(NotFound, lambda tx: tx.mail.mailboxes.create(6, "a", "a", now=1))

    async def test_siblings_have_different_names(self) -> None:
        inbox, other = await self.write(lambda tx: account(tx, "inbox", "Other"))
        error = await self.refused(Conflict, lambda tx: box(tx, "OTHER"))
        self.assertEqual((error.property, error.holder), ("name", ("Mailbox", other)))
        await self.write(lambda tx: box(tx, "Other", parent_id=inbox))
        move = {"now": 8, "parent_id": inbox}
        error = await self.refused(Conflict, lambda tx: tx.mail.mailboxes.update(ACCOUNT, other, **move))
        self.assertEqual(error.property, "name")

    async def test_a_role_is_given_once(self) -> None:
        inbox, other = await self.write(lambda tx: account(tx, "inbox", "Other"))
        error = await self.refused(Conflict, lambda tx: box(tx, "In", role="inbox"))
        self.assertEqual((error.property, error.holder), ("role", ("Mailbox", inbox)))
        update = {"now": 8, "role": "inbox"}
        error = await self.refused(Conflict, lambda tx: tx.mail.mailboxes.update(ACCOUNT, other, **update))
        self.assertEqual(error.property, "role")

    async def test_a_parent_must_be_there(self) -> None:
        await self.write(lambda tx: account(tx, "inbox"))
        error = await self.refused(DanglingReference, lambda tx: box(tx, "a", parent_id=99))
        self.assertEqual((error.target, error.properties), (("Mailbox", 99), ("parentId",)))

    async def test_an_update_of_a_mailbox_changes_what_is_given(self) -> None:
        inbox, other = await self.write(lambda tx: account(tx, "inbox", "Other"))

        def work(tx: Any) -> Any:
            update = tx.mail.mailboxes.update
            update(ACCOUNT, other, now=9, name="New", name_key="new", parent_id=inbox, data={"a": 1})
            return update(ACCOUNT, other, now=9, sort_order=4, role="archive")

        new = await self.write(work)
        self.assertEqual((new.name, new.parent_id, new.sort_order, new.role), ("New", inbox, 4, "archive"))
        self.assertEqual(new, await self.read(lambda tx: tx.mail.mailboxes.get(ACCOUNT, other)))
        changes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, MAILBOX, 2))
        self.assertEqual((changes.updated, changes.only_counts), ((other,), False))
        await self.refused(NotFound, lambda tx: tx.mail.mailboxes.update(ACCOUNT, 99, now=9, sort_order=4))

    async def test_an_update_that_changes_nothing_is_not_logged(self) -> None:
        (inbox,) = await self.write(lambda tx: account(tx, "inbox"))
        await self.write(lambda tx: tx.mail.mailboxes.update(ACCOUNT, inbox, now=9, name="inbox", role="inbox"))
        self.assertEqual(await self.read(lambda tx: tx.objects.state(ACCOUNT, MAILBOX)), 1)

    async def test_ancestors_are_named_from_the_parent_up(self) -> None:
        def work(tx: Any) -> int:
            (id,) = account(tx, "inbox")
            for name in "abc":
                id = box(tx, name, parent_id=id).id
            return id

        deepest = await self.write(work)
        self.assertEqual(await self.read(lambda tx: tx.mail.mailboxes.ancestors(ACCOUNT, deepest)), (3, 2, 1))
        self.assertEqual(await self.read(lambda tx: tx.mail.mailboxes.ancestors(ACCOUNT, deepest, 2)), (3, 2))
        self.assertEqual(await self.read(lambda tx: tx.mail.mailboxes.ancestors(ACCOUNT, 99)), ())

    async def test_a_mailbox_with_children_stays(self) -> None:
        (inbox,) = await self.write(lambda tx: account(tx, "inbox"))
        child = await self.write(lambda tx: box(tx, "a", parent_id=inbox).id)
        delete = {"now": 9, "remove_emails": True}
        error = await self.refused(Linked, lambda tx: tx.mail.mailboxes.delete(ACCOUNT, inbox, **delete))
        self.assertEqual(error.linked, (("Mailbox", child),))

    async def test_a_mailbox_with_mail_stays_unless_that_is_to_go(self) -> None:
        inbox, other = await self.write(lambda tx: account(tx, "inbox", "Other"))

        def fill(tx: Any) -> list[int]:
            places = ((other,), (inbox, other), (inbox,))
            return [tx.mail.add_email(ACCOUNT, email(tx, *place), now=8).id for place in places]

        lost, kept, untouched = await self.write(fill)
        error = await self.refused(Linked, lambda tx: tx.mail.mailboxes.delete(ACCOUNT, other, now=9))
        self.assertEqual(error.linked, (("Email", lost),))
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, EMAIL))
        await self.write(lambda tx: tx.mail.mailboxes.delete(ACCOUNT, other, now=9, remove_emails=True))
        changes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, EMAIL, state))
        self.assertEqual((changes.created, changes.updated, changes.destroyed), ((), (kept,), (lost,)))
        self.assertEqual(await self.read(lambda tx: counters(tx, inbox)), (2, 2, 2, 2))
        self.assertIsNone(await self.read(lambda tx: tx.mail.mailboxes.get(ACCOUNT, other)))
        page = await self.read(lambda tx: tx.mail.page(ACCOUNT, limit=9, ascending=True))
        self.assertEqual(page.ids, (kept, untouched))
        boxes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, MAILBOX, 2))
        self.assertEqual(boxes.destroyed, (other,))
        await self.refused(NotFound, lambda tx: tx.mail.mailboxes.delete(ACCOUNT, other, now=9))

    async def test_a_mailbox_that_becomes_the_trash_is_counted_apart(self) -> None:
        inbox, other = await self.write(lambda tx: account(tx, "inbox", "Other"))

        def fill(tx: Any) -> None:
            for place, keywords in ((inbox, {"$seen"}), (other, set())):
                new = email(tx, place, keywords=frozenset(keywords), references=frozenset({3}), subject_hash=4)
                tx.mail.add_email(ACCOUNT, new, now=8)

        await self.write(fill)
        self.assertEqual(await self.read(lambda tx: counters(tx, inbox)), (1, 0, 1, 1))
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, MAILBOX))
        new = await self.write(lambda tx: tx.mail.mailboxes.update(ACCOUNT, other, now=9, role="trash"))
        self.assertEqual((new.role, new.unread_threads), ("trash", 1))
        self.assertEqual(await self.read(lambda tx: counters(tx, inbox)), (1, 0, 1, 0))
        changes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, MAILBOX, state))
        self.assertEqual(set(changes.updated), {inbox, other})
        await self.write(lambda tx: tx.mail.mailboxes.update(ACCOUNT, other, now=9, role=None))
        self.assertEqual(await self.read(lambda tx: counters(tx, inbox)), (1, 0, 1, 1))
