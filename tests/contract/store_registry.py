"""Settings objects: revisions, unique keys, references, ids. Tests ``stalwart.store.sql.registry`` and the Protocol
``stalwart.store.registry``.
"""

from __future__ import annotations

from typing import Any

from stalwart.errors import Conflict, DanglingReference, Linked, NotFound
from stalwart.store import Row
from tests.contract.store_case import StoreCase


def example(tx: Any) -> None:
    tx.registry.insert("Domain", {"name": "example.org"}, id=1, keys=[("Domain.name", "example.org")])
    tx.registry.insert(
        "Account", {"name": "alice"}, id=7, keys=[("address", "alice@example.org")], links=[("Domain", 1)]
    )


class RegistryContract(StoreCase):
    async def test_what_is_inserted_is_read_back_verbatim(self) -> None:
        data = {"ä": [1, 2.5, None, True, {"x": "\u2028 \U0001f600"}], "big": 2**53, "": ""}
        row = await self.write(lambda tx: tx.registry.insert("Domain", data, id=5))
        self.assertEqual(row, Row(5, 1, data))
        self.assertEqual(await self.read(lambda tx: tx.registry.get("Domain", 5)), row)

    async def test_an_unknown_object_is_none(self) -> None:
        await self.write(example)
        self.assertIsNone(await self.read(lambda tx: tx.registry.get("Domain", 2)))
        self.assertIsNone(await self.read(lambda tx: tx.registry.get("Account", 1)))

    async def test_an_id_that_no_object_can_have_is_none(self) -> None:
        self.assertIsNone(await self.read(lambda tx: tx.registry.get("Domain", 2**64 - 1)))
        self.assertIsNone(await self.read(lambda tx: tx.registry.get("Domain", -1)))
        self.assertEqual(await self.read(lambda tx: tx.registry.list("Domain", after=2**64)), [])

    async def test_the_largest_id_is_kept(self) -> None:
        await self.write(lambda tx: tx.registry.insert("Domain", {}, id=2**63 - 1))
        self.assertEqual((await self.read(lambda tx: tx.registry.list("Domain")))[0].id, 2**63 - 1)

    async def test_list_ascends_from_after_up_to_limit(self) -> None:
        def fill(tx: Any) -> None:
            for id in (9, 3, 7, 1, 5):
                tx.registry.insert("Domain", {}, id=id)
            tx.registry.insert("Role", {}, id=4)

        await self.write(fill)

        async def ids(**page: int) -> list[int]:
            return [row.id for row in await self.read(lambda tx: tx.registry.list("Domain", **page))]

        self.assertEqual(await ids(), [1, 3, 5, 7, 9])
        self.assertEqual(await ids(after=3), [5, 7, 9])
        self.assertEqual(await ids(after=3, limit=2), [5, 7])
        self.assertEqual(await ids(limit=0), [])

    async def test_it_is_known_how_often_something_was_changed(self) -> None:
        async def changes(type: str) -> int:
            return await self.read(lambda tx: tx.registry.changes(type))

        self.assertEqual(await changes("Domain"), 0)
        await self.write(lambda tx: tx.registry.insert("Domain", {}, id=5))
        await self.write(lambda tx: tx.registry.update("Domain", 5, {"a": 1}, revision=1, keys=(), links=()))
        self.assertEqual(await changes("Domain"), 2)
        await self.refused(Conflict, lambda tx: tx.registry.insert("Domain", {}, id=5))
        await self.write(lambda tx: tx.registry.delete("Domain", 5))
        self.assertEqual((await changes("Domain"), await changes("Account")), (3, 0))

    async def test_id_zero_is_listed(self) -> None:
        await self.write(lambda tx: tx.registry.insert("MtaVirtualQueue", {}, id=0))
        self.assertEqual(len(await self.read(lambda tx: tx.registry.list("MtaVirtualQueue"))), 1)

    async def test_an_id_is_taken_once(self) -> None:
        await self.write(example)
        error = await self.refused(Conflict, lambda tx: tx.registry.insert("Domain", {}, id=1))
        self.assertEqual((error.property, error.holder), ("id", ("Domain", 1)))

    async def test_a_taken_key_names_its_holder(self) -> None:
        await self.write(example)
        error = await self.refused(
            Conflict,
            lambda tx: tx.registry.insert("MailingList", {}, id=3, keys=[("address", "alice@example.org")]),
        )
        self.assertEqual((error.property, error.holder), ("address", ("Account", 7)))

    async def test_keys_are_found_by_space(self) -> None:
        await self.write(example)
        find = lambda space, key: self.read(lambda tx: tx.registry.lookup(space, key))  # noqa: E731
        self.assertEqual(await find("Domain.name", "example.org"), ("Domain", 1))
        self.assertIsNone(await find("address", "example.org"))
        self.assertIsNone(await find("Domain.name", "EXAMPLE.org"))

    async def test_an_update_replaces_data_keys_and_links(self) -> None:
        await self.write(example)
        row = await self.write(
            lambda tx: tx.registry.update(
                "Account", 7, {"name": "al"}, revision=1, keys=[("address", "al@example.org")], links=[]
            )
        )
        self.assertEqual(row, Row(7, 2, {"name": "al"}))
        self.assertEqual(await self.read(lambda tx: tx.registry.get("Account", 7)), row)
        self.assertIsNone(await self.read(lambda tx: tx.registry.lookup("address", "alice@example.org")))
        self.assertEqual(await self.read(lambda tx: tx.registry.lookup("address", "al@example.org")), ("Account", 7))
        self.assertEqual(await self.read(lambda tx: tx.registry.linked_from("Domain", 1)), [])

    async def test_an_update_may_keep_its_own_key(self) -> None:
        await self.write(example)
        keys = [("address", "alice@example.org"), ("address", "a@example.org")]
        await self.write(lambda tx: tx.registry.update("Account", 7, {}, revision=1, keys=keys, links=[]))
        self.assertEqual(await self.read(lambda tx: tx.registry.lookup("address", "a@example.org")), ("Account", 7))

    async def test_an_update_may_add_a_link(self) -> None:
        await self.write(example)
        await self.write(lambda tx: tx.registry.insert("Role", {}, id=2))
        links = [("Role", 2), ("Domain", 1)]
        await self.write(lambda tx: tx.registry.update("Account", 7, {}, revision=1, keys=[], links=links))
        self.assertEqual(await self.read(lambda tx: tx.registry.linked_from("Role", 2)), [("Account", 7)])
        await self.refused(Linked, lambda tx: tx.registry.delete("Domain", 1))
        links = [("Role", 3)]
        await self.refused(
            DanglingReference,
            lambda tx: tx.registry.update("Account", 7, {"x": 1}, revision=2, keys=[], links=links),
        )
        self.assertEqual(await self.read(lambda tx: tx.registry.get("Account", 7)), Row(7, 2, {}))

    async def test_a_stale_revision_is_a_conflict(self) -> None:
        await self.write(example)
        await self.write(lambda tx: tx.registry.update("Domain", 1, {"n": 1}, revision=1, keys=[], links=[]))
        await self.refused(
            Conflict, lambda tx: tx.registry.update("Domain", 1, {"n": 2}, revision=1, keys=[], links=[])
        )
        self.assertEqual((await self.read(lambda tx: tx.registry.get("Domain", 1))).data, {"n": 1})

    async def test_an_update_that_meets_a_taken_key_changes_nothing(self) -> None:
        await self.write(example)
        await self.write(lambda tx: tx.registry.insert("Domain", {}, id=2, keys=[("Domain.name", "b.org")]))
        await self.refused(
            Conflict,
            lambda tx: tx.registry.update(
                "Domain", 2, {"x": 1}, revision=1, keys=[("Domain.name", "example.org")], links=[]
            ),
        )
        self.assertEqual(await self.read(lambda tx: tx.registry.get("Domain", 2)), Row(2, 1, {}))
        self.assertEqual(await self.read(lambda tx: tx.registry.lookup("Domain.name", "b.org")), ("Domain", 2))

    async def test_updating_what_is_not_there_is_not_found(self) -> None:
        await self.refused(NotFound, lambda tx: tx.registry.update("Domain", 1, {}, revision=1, keys=[], links=[]))

    async def test_a_link_needs_its_target(self) -> None:
        error = await self.refused(
            DanglingReference, lambda tx: tx.registry.insert("Account", {}, id=1, links=[("Domain", 4)])
        )
        self.assertEqual(error.target, ("Domain", 4))

    async def test_what_is_linked_cannot_be_deleted(self) -> None:
        await self.write(example)
        error = await self.refused(Linked, lambda tx: tx.registry.delete("Domain", 1))
        self.assertEqual(error.linked, (("Account", 7),))
        self.assertIsNotNone(await self.read(lambda tx: tx.registry.get("Domain", 1)))

    async def test_a_deleted_object_frees_its_keys_and_links(self) -> None:
        await self.write(example)
        await self.write(lambda tx: tx.registry.delete("Account", 7))
        await self.write(lambda tx: tx.registry.delete("Domain", 1))
        self.assertEqual(await self.read(lambda tx: tx.registry.count("Domain")), 0)
        await self.write(example)

    async def test_an_object_that_links_to_itself_can_be_deleted(self) -> None:
        await self.write(lambda tx: tx.registry.insert("Role", {}, id=1, links=[("Role", 1)]))
        await self.write(lambda tx: tx.registry.delete("Role", 1))
        self.assertIsNone(await self.read(lambda tx: tx.registry.get("Role", 1)))

    async def test_deleting_what_is_not_there_is_not_found(self) -> None:
        await self.refused(NotFound, lambda tx: tx.registry.delete("Domain", 1))

    async def test_ids_count_up_for_each_type(self) -> None:
        def work(tx: Any) -> list[int]:
            return [
                tx.registry.next_id("Account"),
                tx.registry.next_id("Account"),
                tx.registry.next_id("ClusterNode", first=0),
                tx.registry.next_id("ClusterNode", first=0),
            ]

        self.assertEqual(await self.write(work), [1, 2, 0, 1])

    async def test_counters_pass_over_ids_that_begin_with_a_digit(self) -> None:
        found = await self.write(lambda tx: [tx.registry.next_id("Account") for _ in range(27)])
        self.assertEqual(found, [*range(1, 26), 32, 33])
