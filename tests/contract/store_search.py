"""Searching settings objects: terms, order, pages, places; the index is that of what is stored.

Tests ``stalwart.store.sql.registry_search`` and ``stalwart.store.sql.registry_index``.
"""

from __future__ import annotations

import itertools
from typing import Any

from stalwart.errors import Conflict
from stalwart.store import Term
from tests.contract.store_case import StoreCase

COLOURS = ("red", "green", "blue")


def fill(tx: Any) -> None:
    """Things 0 to 29: three colours in turn, two shapes, a size (none for each tenth), words; and another type."""
    for id in range(30):
        index = [
            ("colour", COLOURS[id % 3]),
            ("shape", "round" if id % 2 else "square"),
            ("size", "" if id % 10 == 9 else f"{id % 7:03}"),
            *(("text", word) for word in ("thing", f"word{id}", "rare" if id in (4, 10, 25) else "common")),
            *(("owner", owner) for owner in ("a", "b")[: id % 3]),
        ]
        tx.registry.insert("Thing", {}, id=id, index=index)
    tx.registry.insert("Other", {}, id=3, index=[("colour", "red")])


def sizes(id: int) -> str:
    return "" if id % 10 == 9 else f"{id % 7:03}"


class SearchContract(StoreCase):
    async def found(self, *terms: tuple[str, Any, str], **order: Any) -> list[int]:
        wanted = [Term(*term) for term in terms]
        ids: list[int] = await self.read(lambda tx: tx.registry.search("Thing", wanted, **order))
        return ids

    async def test_without_terms_all_are_found_newest_first(self) -> None:
        await self.write(fill)
        self.assertEqual(await self.found(), list(range(29, -1, -1)))
        self.assertEqual(await self.found(descending=False, limit=3), [0, 1, 2])
        self.assertEqual(await self.read(lambda tx: tx.registry.search("Nothing", [])), [])

    async def test_one_term_finds_what_has_the_value(self) -> None:
        await self.write(fill)
        self.assertEqual(await self.found(("colour", "=", "red")), list(range(27, -1, -3)))
        self.assertEqual(await self.found(("colour", "=", "pink")), [])
        self.assertEqual(await self.found(("size", "=", "")), [29, 19, 9])

    async def test_all_terms_must_hold(self) -> None:
        await self.write(fill)
        self.assertEqual(await self.found(("colour", "=", "red"), ("shape", "=", "round")), [27, 21, 15, 9, 3])
        self.assertEqual(await self.found(("text", "=", "rare"), ("text", "=", "word4")), [4])
        self.assertEqual(await self.found(("text", "=", "rare"), ("text", "=", "word5")), [])

    async def test_comparisons_leave_out_none(self) -> None:
        await self.write(fill)

        async def wanted(comparison: str, holds: Any) -> None:
            expected = [id for id in range(29, -1, -1) if sizes(id) and holds(sizes(id))]
            self.assertEqual(await self.found(("size", comparison, "003")), expected)

        await wanted("<", lambda size: size < "003")
        await wanted("<=", lambda size: size <= "003")
        await wanted(">", lambda size: size > "003")
        await wanted(">=", lambda size: size >= "003")

    async def test_object_with_several_values_in_a_range_is_found_once(self) -> None:
        await self.write(fill)
        self.assertEqual(await self.found(("owner", ">=", "a")), [id for id in range(29, -1, -1) if id % 3])
        self.assertEqual(await self.read(lambda tx: tx.registry.count_matching("Thing", [Term("owner", ">", "")])), 20)

    async def test_order_is_by_value_then_id_in_the_same_direction(self) -> None:
        await self.write(fill)
        wanted = sorted(range(30), key=lambda id: (sizes(id), id))
        self.assertEqual(await self.found(sort="size", descending=False), wanted)
        self.assertEqual(await self.found(sort="size"), wanted[::-1])

    async def test_every_question_is_answered_as_a_plain_filter_would(self) -> None:
        await self.write(fill)
        things = [
            (("colour", "=", "red"), lambda id: id % 3 == 0),
            (("text", "=", "rare"), lambda id: id in (4, 10, 25)),
            (("size", ">", "002"), lambda id: sizes(id) > "002"),
            (("size", "<=", "004"), lambda id: "" < sizes(id) <= "004"),
            (("owner", ">", "a"), lambda id: id % 3 == 2),
        ]
        for count in range(4):
            for chosen in itertools.combinations(things, count):
                for sort, descending in itertools.product((None, "size"), (True, False)):
                    await self.check(
                        [Term(*term) for term, _ in chosen], [holds for _, holds in chosen], sort, descending
                    )

    async def check(self, terms: list[Term], tests: list[Any], sort: str | None, descending: bool) -> None:
        matching = [id for id in range(30) if all(holds(id) for holds in tests)]
        matching.sort(key=lambda id: (sizes(id) if sort else "", id), reverse=descending)
        order: dict[str, Any] = {"sort": sort, "descending": descending}

        def work(tx: Any) -> Any:
            places = [tx.registry.position("Thing", terms, id, **order) for id in range(31)]
            return (
                tx.registry.search("Thing", terms, **order),
                tx.registry.search("Thing", terms, offset=1, limit=3, **order),
                tx.registry.count_matching("Thing", terms),
                places,
            )

        wanted_places = [matching.index(id) if id in matching else None for id in range(31)]
        self.assertEqual(await self.read(work), (matching, matching[1:4], len(matching), wanted_places), terms)

    async def test_pages(self) -> None:
        await self.write(fill)
        reds = [id for id in range(29, -1, -1) if id % 3 == 0]
        pages = [await self.found(("colour", "=", "red"), offset=offset, limit=4) for offset in (0, 4, 8, 12)]
        self.assertEqual(pages, [reds[:4], reds[4:8], reds[8:], []])
        self.assertEqual(await self.found(limit=0), [])

    async def test_place_of_what_no_object_can_have_is_none(self) -> None:
        await self.write(fill)
        places = [
            await self.read(lambda tx, id=id: tx.registry.position("Thing", [], id)) for id in (-1, 30, 2**64 - 1)
        ]
        self.assertEqual(places, [None, None, None])

    async def test_values_are_text_and_nothing_else(self) -> None:
        odd = "'; DROP TABLE registry; -- ?%s \U0001f600"
        await self.write(lambda tx: tx.registry.insert("Thing", {}, id=1, index=[("name", odd), ("name", "Ä")]))
        self.assertEqual(await self.found(("name", "=", odd)), [1])
        self.assertEqual(await self.found(("name", "=", "ä")), [])

    async def test_order_of_text_is_that_of_code_points(self) -> None:
        names = ["B", "a", "b", "ä", "\uffff", "\U0001f600"]

        def work(tx: Any) -> list[int]:
            for id, name in enumerate(names):
                tx.registry.insert("Thing", {}, id=id, index=[("name", name)])
            ids: list[int] = tx.registry.search("Thing", [], sort="name", descending=False)
            return ids

        self.assertEqual(await self.write(work), [0, 1, 2, 3, 4, 5])

    async def test_update_replaces_the_index(self) -> None:
        await self.write(fill)
        index = [("colour", "red"), ("colour", "pink")]
        await self.write(lambda tx: tx.registry.update("Thing", 4, {}, revision=1, keys=[], links=[], index=index))
        self.assertEqual(await self.found(("text", "=", "rare")), [25, 10])
        self.assertEqual(await self.found(("colour", "=", "pink"), ("colour", "=", "red")), [4])

    async def test_refused_update_keeps_the_index(self) -> None:
        await self.write(fill)
        await self.refused(
            Conflict,
            lambda tx: tx.registry.update("Thing", 4, {}, revision=7, keys=[], links=[], index=[("colour", "pink")]),
        )
        self.assertEqual(await self.found(("text", "=", "word4")), [4])

    async def test_deleted_object_is_not_found(self) -> None:
        await self.write(fill)
        await self.write(lambda tx: tx.registry.delete("Thing", 4))
        self.assertEqual(await self.found(("text", "=", "rare")), [25, 10])
        self.assertEqual(await self.found(("owner", "=", "a"), ("text", "=", "word4")), [])

    async def test_index_of_a_type_is_rebuilt_and_says_how(self) -> None:
        await self.write(fill)
        rows = [(id, "name", f"n{id}") for id in range(30)]
        await self.write(lambda tx: tx.registry.reindex("Thing", "second", iter(rows)))
        self.assertEqual((await self.found(("name", "=", "n7")), await self.found(("colour", "=", "red"))), ([7], []))
        self.assertEqual(await self.read(lambda tx: tx.registry.search("Other", [Term("colour", "=", "red")])), [3])
        await self.write(lambda tx: tx.registry.reindex("Thing", "third", []))
        self.assertEqual(await self.read(lambda tx: tx.registry.index_forms()), {"Thing": "third"})

    async def test_many_objects_come_at_once(self) -> None:
        await self.write(lambda tx: [tx.registry.insert("Thing", {"n": id}, id=id) for id in range(1500)])
        ids = [1499, 3, 3, 2**64 - 1, 5000, -1, *range(1000)]
        rows = await self.read(lambda tx: tx.registry.many("Thing", ids))
        self.assertEqual(list(rows), [1499, 3, 0, 1, 2, *range(4, 1000)])
        self.assertTrue(all(row.id == id and row.data == {"n": id} and row.revision == 1 for id, row in rows.items()))
        self.assertEqual(await self.read(lambda tx: tx.registry.many("Thing", [])), {})
