"""The full text of mail: what waits follows what happens to e-mails; what is indexed is found until it is forgotten.

Tests ``stalwart.store.mail_text``, ``stalwart.store.sql.mail_text`` and ``stalwart.store.sql.mail_words_fts5``.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.search_document import COLUMNS, Document, columns, pack
from stalwart.codec.search_terms import question
from stalwart.errors import Invalid
from stalwart.store.mail_text import IndexedText
from tests.contract.store_case import StoreCase
from tests.contract.store_mail import about, add
from tests.contract.store_mailboxes import ACCOUNT, account, email

OTHER = 6


def text(**texts: str) -> IndexedText:
    document = Document(**texts)
    return IndexedText(pack(document), columns(document))


class MailTextContract(StoreCase):
    async def text_box(self) -> int:
        return (await self.write(lambda tx: account(tx, "inbox")))[0]

    async def text_email(self, inbox: int, **options: Any) -> int:
        return (await self.write(lambda tx: add(tx, inbox, **options))).id

    async def text_indexed(self, id: int, **texts: str) -> int:
        return await self.write(lambda tx: tx.mail_text.index([(ACCOUNT, id, text(**texts))]))

    async def text_found(self, asked: str, *columns: str, account_id: int = ACCOUNT) -> set[int]:
        return set(await self.read(lambda tx: tx.mail_text.match(account_id, question(asked), columns)))

    async def text_waiting(self, account_id: int | None = None) -> int:
        return await self.read(lambda tx: tx.mail_text.waiting(account_id))

    async def test_what_comes_and_goes_waits(self) -> None:
        inbox = await self.text_box()
        one, two = await self.text_email(inbox), await self.text_email(inbox, **about(1))
        self.assertEqual(
            await self.read(lambda tx: tx.mail_text.waiting_of(ACCOUNT, 9)), [(ACCOUNT, two), (ACCOUNT, one)]
        )
        self.assertEqual(await self.read(lambda tx: tx.mail_text.waiting_of(ACCOUNT, 1)), [(ACCOUNT, two)])
        self.assertEqual(await self.read(lambda tx: tx.mail_text.waiting_of(OTHER, 9)), [])
        self.assertEqual((await self.text_indexed(one), await self.text_indexed(two)), (1, 1))
        self.assertEqual((await self.text_waiting(), await self.text_waiting(ACCOUNT)), (0, 0))
        await self.write(lambda tx: tx.mail.update_email(ACCOUNT, one, now=9, keywords=frozenset({"$seen"})))
        self.assertEqual(await self.text_waiting(), 0)
        await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [one], now=9))
        self.assertEqual(await self.read(lambda tx: tx.mail_text.waiting_of(ACCOUNT, 9)), [(ACCOUNT, one)])

    async def test_an_email_that_gets_a_new_id_waits_under_both(self) -> None:
        inbox = await self.text_box()
        first = await self.text_email(inbox, **about(1))
        second = await self.text_email(inbox, **about(2))
        for id in (first, second):
            await self.text_indexed(id, body="hello")
        joined = await self.write(lambda tx: add(tx, inbox, **about(1, 2)))
        ((old, new),) = joined.moved
        self.assertEqual(
            set(await self.read(lambda tx: tx.mail_text.waiting_of(ACCOUNT, 9))),
            {(ACCOUNT, old), (ACCOUNT, new), (ACCOUNT, joined.id)},
        )

    async def test_what_was_indexed_is_found_in_its_columns(self) -> None:
        inbox = await self.text_box()
        one, two = await self.text_email(inbox), await self.text_email(inbox)
        await self.text_indexed(one, sender="Jörg j@example.org", subject="Die Größe", body="東京都庁 and more words")
        await self.text_indexed(two, subject="die Grösse", recipients="jorg", names="größe.pdf")
        self.assertEqual(await self.text_found("größe"), {one, two})
        self.assertEqual(await self.text_found("groesse", "subject"), {one, two})
        self.assertEqual(await self.text_found("joerg", "sender"), {one})
        self.assertEqual(await self.text_found("jorg", "sender", "recipients"), {one, two})
        self.assertEqual(await self.text_found("京都", "body"), {one})
        self.assertEqual(await self.text_found("庁 wor*"), {one})
        self.assertEqual(await self.text_found('"more words"'), {one})
        self.assertEqual(await self.text_found('"words more"'), set())
        self.assertEqual(await self.text_found("größe pdf", "names"), {two})
        self.assertEqual(await self.text_found("größe joerg"), {one})
        self.assertEqual(await self.text_found("j@example.org die"), {one})

    async def test_no_word_means_anything_to_the_index(self) -> None:
        inbox = await self.text_box()
        one = await self.text_email(inbox)
        await self.text_indexed(one, body="near and or not sender x")
        for asked in (
            "NEAR",
            "AND",
            "OR",
            "NOT",
            "not x",
            "sender",
            "sender:x",
            'x" OR "y',
            "(x",
            "x^",
            "-x",
            "{body}",
        ):
            self.assertEqual(
                await self.text_found(asked), {one} if "y" not in asked and "body" not in asked else set(), asked
            )

    async def test_accounts_are_apart(self) -> None:
        inbox = await self.text_box()
        one = await self.text_email(inbox)
        await self.text_indexed(one, body="hello")

        def other(tx: Any) -> int:
            tx.accounts.create(OTHER, "bob", "user")
            tx.mail_text.queue(OTHER, one)
            return tx.mail_text.index([(OTHER, one, text(body="hello"))])

        self.assertEqual(await self.write(other), 0)
        self.assertEqual(await self.text_found("hello", account_id=OTHER), set())
        for strange in (-1, 1 << 40):
            self.assertEqual(await self.text_found("hello", account_id=strange), set())

    async def test_words_of_other_accounts_are_never_found(self) -> None:
        """Numbers whose digits, with the digits of a word, could be read as those of another account."""
        numbers = (0, 1, 35, 36, 37, 46, 1296, (1 << 31) - 1)

        def fill(tx: Any) -> dict[int, int]:
            ids = {}
            for number in numbers:
                tx.accounts.create(number, str(number), "user")
                inbox = tx.mail.mailboxes.create(number, "x", "x", now=1).id
                ids[number] = tx.mail.add_email(number, email(tx, inbox), now=1).id
                tx.mail_text.index([(number, ids[number], text(body=f"hello 1{number} 01 10 b2", subject="hello"))])
            return ids

        ids = await self.write(fill)
        for number in numbers:
            for asked in ("hello", "h*", f"1{number}", "1*", "0*", '"01 10"', "b*"):
                self.assertEqual(await self.text_found(asked, account_id=number), {ids[number]}, (number, asked))
            self.assertEqual(await self.text_found("z*", account_id=number), set())
        await self.write(lambda tx: tx.mail_text.forget_account(36, 9))
        self.assertEqual(await self.text_found("h*", account_id=36), set())
        self.assertEqual(await self.text_found("h*", account_id=37), {ids[37]})

    async def test_numbers_beyond_the_index_are_refused(self) -> None:
        def work(tx: Any) -> None:
            tx.accounts.create(1 << 40, "bob", "user")
            inbox = tx.mail.mailboxes.create(1 << 40, "x", "x", now=1).id
            id = tx.mail.add_email(1 << 40, email(tx, inbox), now=1).id
            tx.mail_text.index([(1 << 40, id, text(body="x"))])

        await self.refused(Invalid, work)

    async def test_only_what_waits_and_is_there_is_taken_up(self) -> None:
        inbox = await self.text_box()
        one = await self.text_email(inbox)
        self.assertEqual(await self.text_indexed(one, body="hello"), 1)
        self.assertEqual(await self.text_indexed(one, body="other"), 0)
        self.assertEqual(await self.text_indexed(99, body="other"), 0)
        await self.write(lambda tx: tx.mail_text.queue(ACCOUNT, 99))
        self.assertEqual(await self.text_indexed(99, body="other"), 0)
        self.assertEqual((await self.text_found("other"), await self.text_waiting()), (set(), 0))

    async def test_a_text_takes_the_place_of_an_older_one(self) -> None:
        inbox = await self.text_box()
        one = await self.text_email(inbox)
        await self.text_indexed(one, body="hello größe", header="abc")
        self.assertIsNone(await self.write(lambda tx: tx.mail_text.queue_account(ACCOUNT)))
        self.assertEqual(await self.text_waiting(), 1)
        self.assertEqual(await self.text_indexed(one, body="bye"), 1)
        self.assertEqual(
            (await self.text_found("hello"), await self.text_found("groesse"), await self.text_found("bye")),
            (set(), set(), {one}),
        )
        self.assertEqual(await self.text_found("abc", "header"), set())

    async def test_an_account_is_queued_some_at_a_time(self) -> None:
        inbox = await self.text_box()
        ids = [await self.text_email(inbox) for _ in range(3)]
        for id in ids:
            await self.text_indexed(id, body="hello")
        self.assertEqual(await self.write(lambda tx: tx.mail_text.queue_account(ACCOUNT, limit=2)), ids[1])
        self.assertEqual(await self.text_waiting(), 2)
        self.assertIsNone(await self.write(lambda tx: tx.mail_text.queue_account(ACCOUNT, ids[1], 2)))
        self.assertEqual(await self.text_waiting(), 3)
        self.assertIsNone(await self.write(lambda tx: tx.mail_text.queue_account(ACCOUNT, ids[2], 2)))

    async def test_what_is_gone_is_forgotten(self) -> None:
        inbox = await self.text_box()
        ids = [await self.text_email(inbox) for _ in range(3)]
        for id in ids:
            await self.text_indexed(id, body="hello")
        await self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, ids[:2], now=9))
        self.assertEqual(await self.text_found("hello"), set(ids))  # callers keep what there is
        places = await self.read(lambda tx: tx.mail_text.waiting_of(ACCOUNT, 9))
        self.assertEqual(await self.write(lambda tx: tx.mail_text.forget([*places, (ACCOUNT, 99)])), 2)
        self.assertEqual((await self.text_found("hello"), await self.text_waiting()), ({ids[2]}, 0))
        self.assertEqual(set(await self.read(lambda tx: tx.mail_text.documents(ACCOUNT, ids))), {ids[2]})

    async def test_documents_come_back(self) -> None:
        inbox = await self.text_box()
        one = await self.text_email(inbox)
        await self.text_indexed(one, body="hello")
        found = await self.read(lambda tx: tx.mail_text.documents(ACCOUNT, [one, 99]))
        self.assertEqual(found, {one: text(body="hello").document})

    async def test_texts_of_an_account_that_is_gone_are_forgotten_some_at_a_time(self) -> None:
        inbox = await self.text_box()
        ids = [await self.text_email(inbox) for _ in range(3)]
        for id in ids:
            await self.text_indexed(id, body="hello")
        await self.write(lambda tx: tx.accounts.delete(ACCOUNT, 9))
        self.assertEqual(await self.read(lambda tx: tx.mail_text.accounts(-1, 9)), [ACCOUNT])
        self.assertEqual(await self.read(lambda tx: tx.mail_text.accounts(ACCOUNT, 9)), [])
        counts = [await self.write(lambda tx: tx.mail_text.forget_account(ACCOUNT, 2)) for _ in range(3)]
        self.assertEqual(counts, [2, 1, 0])
        self.assertEqual(await self.read(lambda tx: tx.mail_text.accounts(-1, 9)), [])
        self.assertEqual(await self.text_found("hello"), set())

    async def test_accounts_take_turns(self) -> None:
        def fill(tx: Any) -> None:
            for account_id, count in ((3, 5), (7, 1), (9, 2)):
                for id in range(1, count + 1):
                    tx.mail_text.queue(account_id, id)

        await self.write(fill)

        async def following(after: int, limit: int, **more: Any) -> list[tuple[int, int]]:
            return await self.read(lambda tx: tx.mail_text.next_waiting(after, limit, **more))

        self.assertEqual(await following(-1, 3), [(3, 5), (3, 4), (3, 3)])
        self.assertEqual(await following(3, 3), [(7, 1), (9, 2), (9, 1)])
        self.assertEqual(await following(7, 4), [(9, 2), (9, 1), (3, 5), (3, 4)])
        self.assertEqual(await following(9, 2), [(3, 5), (3, 4)])
        self.assertEqual(len(await following(3, 100)), 8)
        self.assertEqual(await following(3, 100, accounts=1), [(7, 1)])
        await self.write(lambda tx: tx.mail_text.forget([(3, id) for id in range(6)]))
        self.assertEqual(await following(9, 100), [(7, 1), (9, 2), (9, 1)])

    async def test_the_index_is_made_anew(self) -> None:
        inbox = await self.text_box()
        one, two = await self.text_email(inbox), await self.text_email(inbox)
        await self.text_indexed(one, body="hello")
        self.assertIsNone(await self.read(lambda tx: tx.mail_text.form()))
        await self.write(lambda tx: tx.mail_text.reset("2"))
        self.assertEqual(await self.read(lambda tx: tx.mail_text.form()), "2")
        self.assertEqual((await self.text_found("hello"), await self.text_waiting()), (set(), 2))
        self.assertEqual(await self.read(lambda tx: tx.mail_text.documents(ACCOUNT, [one, two])), {})
        await self.write(lambda tx: tx.mail_text.reset("3"))
        self.assertEqual(await self.read(lambda tx: tx.mail_text.form()), "3")
        await self.text_indexed(one, body="hello")
        self.assertEqual(await self.text_found("hello"), {one})

    async def test_a_write_that_fails_leaves_nothing_in_the_index(self) -> None:
        inbox = await self.text_box()
        one = await self.text_email(inbox)

        def work(tx: Any) -> None:
            tx.mail_text.index([(ACCOUNT, one, text(body="hello"))])
            raise ValueError("afterwards")

        await self.refused(ValueError, work)
        self.assertEqual((await self.text_found("hello"), await self.text_waiting()), (set(), 1))

    async def test_columns_are_those_of_the_document(self) -> None:
        inbox = await self.text_box()
        one = await self.text_email(inbox)
        await self.text_indexed(one, **{name: f"in{name.replace('_', '')}" for name in COLUMNS})
        for name in COLUMNS:
            for other in COLUMNS:
                expected = {one} if name == other else set()
                self.assertEqual(await self.text_found(f"in{name.replace('_', '')}", other), expected)
