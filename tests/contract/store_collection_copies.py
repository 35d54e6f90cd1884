"""Copies of calendars, address books, folders and of what is in them.

Tests ``stalwart.store.sql.collection_copying``.
"""

from __future__ import annotations

import hashlib
from functools import partial

from stalwart.errors import Conflict, NotFound
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem, NodeOrder, Span
from stalwart.store.object_types import CALENDAR, CALENDAR_EVENT, FILE_NODE
from tests.contract.store_case import StoreCase
from tests.contract.store_collections import CALENDARS, FILES, ME, NOW, event, names

HER = ME + 1


class CopyContract(StoreCase):
    async def _folders(self) -> int:
        """``a`` with ``1`` and ``b`` in it, and ``2`` in ``b``; the number of ``a``."""

        def make(tx: Transaction) -> int:
            tx.accounts.create(ME, "alice", "user")
            tx.accounts.create(HER, "bob", "user")
            a = tx.collections.create(ME, FILE_NODE, FILES, "a", now=NOW, data={"d": 1}).item_id
            b = tx.collections.create(ME, FILE_NODE, a, "b", now=NOW).item_id
            for place, name in ((a, "1"), (b, "2")):
                blob = tx.blobs.put(name.encode(), NOW)
                tx.collections.put(ME, place, name, NewItem(1, blob=blob.hash, size=1, data={"n": name}), now=NOW)
            return a

        return await self.write(make)

    async def test_files_are_in_the_order_of_their_names(self) -> None:
        a = await self._folders()
        names = ["z", "Z", "É", "e", "Ж", "_", "a b", "a", "A"]

        def make(tx: Transaction) -> None:
            for name in names:
                tx.collections.put(ME, a, name, NewItem(1, size=1, data={}), now=NOW)
            tx.collections.move(ME, a, "b", a, "Ba", now=NOW)

        def listed(tx: Transaction, folder: int, order: NodeOrder) -> list[str]:
            nodes = tx.collections.nodes
            ids = nodes.page(ME, folder, 0, 99, order)
            self.assertEqual([nodes.position(ME, folder, id, order) for id in ids], list(range(len(ids))))
            self.assertEqual(nodes.page(ME, folder, 3, 4, order), ids[3:7])
            known = nodes.many(ME, ids)
            return [known[id].name for id in ids]

        await self.write(make)
        expected = ["1", "a", "A", "a b", "Ba", "e", "É", "z", "Z", "_", "Ж"]
        self.assertEqual(await self.read(lambda tx: listed(tx, a, NodeOrder.NAME)), expected)
        down = ["Ж", "_", "z", "Z", "É", "e", "Ba", "a b", "a", "A", "1"]
        self.assertEqual(await self.read(lambda tx: listed(tx, a, NodeOrder.NAME_DESCENDING)), down)
        copy = await self.write(lambda tx: tx.collections.copy(ME, FILES, "a", ME, FILES, "c", now=NOW).item_id)
        there = await self.read(lambda tx: listed(tx, copy, NodeOrder.NAME))
        self.assertEqual([each.casefold() for each in there], [each.casefold() for each in expected])
        self.assertTrue(await self.read(lambda tx: tx.collections.nodes.are_collated(ME, copy)))

    def _copied(self, levels: int, tx: Transaction) -> list[str]:
        """The names in a copy of ``a``."""
        copied = tx.collections.copy(ME, FILES, "a", ME, FILES, f"c{levels}", now=NOW, levels=levels)
        return names(tx.collections.members(ME, copied.item_id, limit=9))

    async def test_a_tree_is_there_twice(self) -> None:
        a = await self._folders()
        before = await self.read(lambda tx: tx.objects.states(ME))
        copied = await self.write(lambda tx: tx.collections.copy(ME, FILES, "a", ME, FILES, "c", now=NOW + 5))
        self.assertNotEqual(copied.item_id, a)
        walked = await self.read(lambda tx: tx.collections.walk(ME, FILES, ("c", "b", "2")))
        self.assertEqual(names(walked), ["c", "b", "2"])
        self.assertEqual((walked[0], walked[2].size, walked[2].modified_at), (copied, 1, NOW + 5))
        inside = await self.read(lambda tx: tx.collections.members(ME, copied.item_id, limit=9, with_data=True))
        self.assertEqual([(each.segment, each.data) for each in inside], [("1", {"n": "1"}), ("b", None)])
        self.assertEqual((await self.read(lambda tx: tx.collections.get(ME, copied.item_id))).items, 2)
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(ME))).used_octets, 4)
        new = await self.read(lambda tx: tx.objects.changes(ME, FILE_NODE, before[FILE_NODE]))
        self.assertEqual(len(new.created), 4)
        seen = await self.read(lambda tx: tx.collections.home_changes(ME, FILES, before[FILE_NODE], limit=9))
        self.assertEqual(sorted(names(seen)), ["1", "2", "b", "c"])
        await self.write(lambda tx: tx.collections.remove(ME, FILES, "a", now=NOW))
        self.assertTrue(await self.read(lambda tx: tx.blobs.links(hashlib.sha256(b"2").digest(), ME, NOW)))

    async def test_so_many_levels_are_copied(self) -> None:
        await self._folders()
        for levels, wanted in ((0, []), (1, ["1", "b"])):
            self.assertEqual(await self.write(partial(self._copied, levels)), wanted)
        self.assertEqual(len(await self.read(lambda tx: tx.collections.of_type(ME, FILE_NODE))), 5)

    async def test_what_cannot_be_is_refused(self) -> None:
        a = await self._folders()
        await self.refused(Conflict, lambda tx: tx.collections.copy(ME, FILES, "a", ME, FILES, "a", now=NOW))
        await self.refused(Conflict, lambda tx: tx.collections.copy(ME, FILES, "a", ME, a, "x", now=NOW))
        await self.refused(NotFound, lambda tx: tx.collections.copy(ME, FILES, "z", ME, FILES, "x", now=NOW))
        await self.refused(NotFound, lambda tx: tx.collections.copy(ME, FILES, "a", HER, 99, "x", now=NOW))

    async def test_an_event_goes_to_another_account_with_what_it_is_found_by(self) -> None:
        def make(tx: Transaction) -> int:
            for id, name in ((ME, "alice"), (HER, "bob")):
                tx.accounts.create(id, name, "user")
                place = tx.collections.create(id, CALENDAR, CALENDARS, "work", now=NOW).item_id
                if id == ME:
                    found = event("octets", span=Span(1, 10, 20, b"p", 5), values=(("summary", "x"),))
                    tx.collections.put(ME, place, "e", found, now=NOW)
                    mine = place
            tx.collections.copy(ME, mine, "e", HER, place, "f", now=NOW)
            return place

        place = await self.write(make)
        (content,) = await self.read(lambda tx: tx.collections.contents(HER, place, limit=9))
        self.assertEqual((content.member.segment, content.octets), ("f", b"octets"))
        self.assertEqual(content.member.type, CALENDAR_EVENT)
        (spanned,) = await self.read(lambda tx: tx.collections.spans(HER, place))
        self.assertEqual(spanned.span, Span(1, 10, 20, b"p", 5))
        self.assertEqual(
            await self.read(lambda tx: tx.collections.having(HER, place, "summary")), {content.member.item_id}
        )
        self.assertEqual(names(await self.read(lambda tx: tx.collections.by_uid(HER, CALENDAR_EVENT, "u1"))), ["f"])
