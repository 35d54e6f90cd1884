"""Accounts as the anchor of user data. Tests ``stalwart.store.sql.accounts``."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.errors import Conflict, NotFound
from stalwart.store import AccountRow
from tests.contract.store_case import StoreCase


class AccountContract(StoreCase):
    async def test_an_account_is_found_by_id_and_login(self) -> None:
        made = await self.write(lambda tx: tx.accounts.create(5, "alice@example.org", "user"))
        self.assertEqual(made, AccountRow(5, "alice@example.org", "user", 0, 0, 0))
        self.assertEqual(await self.read(lambda tx: tx.accounts.get(5)), made)
        self.assertEqual(await self.read(lambda tx: tx.accounts.by_login("alice@example.org")), made)
        self.assertIsNone(await self.read(lambda tx: tx.accounts.by_login("Alice@example.org")))
        self.assertIsNone(await self.read(lambda tx: tx.accounts.get(6)))

    async def test_many_accounts_come_at_once(self) -> None:
        await self.write(lambda tx: [tx.accounts.create(id, f"u{id}", "user") for id in range(1, 700)])
        rows = await self.read(lambda tx: tx.accounts.many([9, 0, 800, 2**64 - 1, *range(1, 600)]))
        self.assertEqual(list(rows), [9, *range(1, 9), *range(10, 600)])
        self.assertEqual(rows[9], AccountRow(9, "u9", "user", 0, 0, 0))

    async def test_a_login_is_taken_once(self) -> None:
        await self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        error = await self.refused(Conflict, lambda tx: tx.accounts.create(6, "a", "user"))
        self.assertEqual((error.property, error.holder), ("login", ("Account", 5)))

    async def test_an_account_id_is_taken_once(self) -> None:
        await self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        error = await self.refused(Conflict, lambda tx: tx.accounts.create(5, "b", "user"))
        self.assertEqual(error.property, "id")

    async def test_an_account_is_renamed(self) -> None:
        await self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        await self.write(lambda tx: tx.accounts.create(6, "b", "group"))
        await self.write(lambda tx: tx.accounts.rename(5, "c"))
        self.assertEqual((await self.read(lambda tx: tx.accounts.by_login("c"))).id, 5)
        await self.refused(Conflict, lambda tx: tx.accounts.rename(5, "b"))
        await self.refused(NotFound, lambda tx: tx.accounts.rename(7, "d"))

    async def test_object_ids_are_never_given_twice(self) -> None:
        await self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        self.assertEqual(list(await self.write(lambda tx: tx.accounts.new_ids(5, 3))), [1, 2, 3])
        self.assertEqual(list(await self.write(lambda tx: tx.accounts.new_ids(5))), [4])
        await self.refused(NotFound, lambda tx: tx.accounts.new_ids(6))

    async def test_no_object_id_begins_with_a_digit(self) -> None:
        await self.write(lambda tx: tx.accounts.create(5, "a", "user"))
        ids = [*await self.write(lambda tx: tx.accounts.new_ids(5, 24))]
        for count in (1, 3, 1, 800, 1):
            ids += await self.write(lambda tx, count=count: tx.accounts.new_ids(5, count))
        self.assertEqual(ids, sorted(set(ids)))
        self.assertFalse([id for id in map(encode_id, ids) if not id[0].isalpha()])

    async def test_a_deleted_account_takes_its_data_along(self) -> None:
        def fill(tx: Any) -> None:
            for id in (5, 6):
                tx.accounts.create(id, f"user{id}", "user")
                tx.objects.insert(id, 1, now=0, data={"of": id})
                blob = tx.blobs.put(b"shared", now=0)
                tx.blobs.link(blob.hash, id, 1)
            tx.blobs.link(tx.blobs.put(b"own", now=0).hash, 5, 1)

        await self.write(fill)
        await self.write(lambda tx: tx.accounts.delete(5, now=1))
        self.assertIsNone(await self.read(lambda tx: tx.accounts.get(5)))
        self.assertIsNone(await self.read(lambda tx: tx.objects.get(5, 1)))
        self.assertEqual((await self.read(lambda tx: tx.objects.get(6, 1))).data, {"of": 6})
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=1, grace=0))).blobs, 1)
        await self.refused(NotFound, lambda tx: tx.accounts.delete(5, now=1))

    async def test_an_account_is_erased_bit_by_bit(self) -> None:
        def fill(tx: Any) -> None:
            for id in (5, 6):
                tx.accounts.create(id, f"user{id}", "user")
                for number in range(7):
                    tx.objects.insert(id, 1, now=0)
                    blob = tx.blobs.put(b"%d of %d" % (number, id), now=0)
                    tx.blobs.link(blob.hash, id, number)

        await self.write(fill)
        steps = [await self.write(lambda tx: tx.accounts.erase(5, 1, 3)) for _ in range(3)]
        self.assertEqual(steps, [False, False, True])
        self.assertIsNone(await self.read(lambda tx: tx.accounts.get(5)))
        self.assertEqual(await self.read(lambda tx: tx.objects.list(5, 1)), [])
        self.assertEqual(len(await self.read(lambda tx: tx.objects.list(6, 1))), 7)
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=1, grace=0))).blobs, 7)
        await self.refused(NotFound, lambda tx: tx.accounts.erase(5, 1, 3))

    async def test_the_ids_of_accounts_come_page_by_page(self) -> None:
        await self.write(lambda tx: [tx.accounts.create(id, f"u{id}", "user") for id in (9, 3, 5)])
        self.assertEqual(await self.read(lambda tx: tx.accounts.ids(-1, 2)), [3, 5])
        self.assertEqual(await self.read(lambda tx: tx.accounts.ids(5, 2)), [9])

    async def test_used_octets_are_counted_anew(self) -> None:
        def fill(tx: Any) -> None:
            for id in (5, 6):
                tx.accounts.create(id, f"user{id}", "user")
            tx.objects.insert(5, 1, now=0, size=300)
            tx.objects.insert(5, 2, now=0, size=20)
            dead = tx.objects.insert(5, 2, now=0, size=1000)
            tx.objects.kill(5, dead.id, now=0)
            tx.objects.insert(6, 1, now=0, size=7)

        await self.write(fill)
        self.assertEqual(await self.write(lambda tx: tx.accounts.recount(5)), 320)
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(5))).used_octets, 320)
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(6))).used_octets, 7)
        await self.refused(NotFound, lambda tx: tx.accounts.recount(7))
