"""The change log: every changed object a number of its own, /changes and its limits (RFC 8620 5.2).

Tests ``stalwart.store.sql.objects``.
"""

from __future__ import annotations

import random
from typing import Any

from stalwart.errors import NotFound
from stalwart.store import Changes
from stalwart.store.sql import objects
from tests.contract.store_case import StoreCase

ACCOUNT = 5
MAIL = 2
BOX = 1


def three(tx: Any) -> list[int]:
    tx.accounts.create(ACCOUNT, "alice", "user")
    return [tx.objects.insert(ACCOUNT, MAIL, now=10, data={"n": n}).id for n in range(3)]


class ChangesContract(StoreCase):
    async def changes(self, since: int, limit: int | None = None, origin: int | None = None) -> Changes | None:
        return await self.read(lambda tx: tx.objects.changes(ACCOUNT, MAIL, since, limit, origin))

    async def test_every_change_has_its_own_number(self) -> None:
        await self.write(three)
        self.assertEqual(list(await self.write(lambda tx: tx.objects.allocate(ACCOUNT, 3))), [4, 5, 6])
        await self.refused(NotFound, lambda tx: tx.objects.allocate(6))

    async def test_a_new_account_has_no_changes(self) -> None:
        await self.write(lambda tx: tx.accounts.create(ACCOUNT, "alice", "user"))
        self.assertEqual(await self.changes(0), Changes((), (), (), 0, 0, False, False, 0))

    async def test_objects_are_created_updated_and_destroyed(self) -> None:
        first, second, third = await self.write(three)
        state = await self.read(lambda tx: tx.objects.state(ACCOUNT, MAIL))

        def work(tx: Any) -> None:
            tx.objects.update(ACCOUNT, first, now=20, data={"n": 9})
            tx.objects.kill(ACCOUNT, second, now=20)
            tx.objects.insert(ACCOUNT, MAIL, now=20)

        await self.write(work)
        self.assertEqual(await self.changes(state), Changes((4,), (first,), (second,), 3, 6, False, False, 3))
        self.assertEqual(await self.changes(6), Changes((), (), (), 6, 6, False, False, 6))
        self.assertEqual((await self.changes(0)).created, (third, first, 4))

    async def test_types_have_states_of_their_own(self) -> None:
        await self.write(three)
        box = await self.write(lambda tx: tx.objects.insert(ACCOUNT, BOX, now=1))
        self.assertEqual(box.seq, 4)
        self.assertEqual(await self.read(lambda tx: tx.objects.state(ACCOUNT, MAIL)), 3)
        self.assertEqual(await self.read(lambda tx: tx.objects.state(ACCOUNT, BOX)), 4)
        self.assertEqual(await self.read(lambda tx: tx.objects.states(ACCOUNT)), {MAIL: 3, BOX: 4})
        self.assertEqual(await self.read(lambda tx: tx.objects.states(ACCOUNT + 1)), {})
        self.assertEqual((await self.read(lambda tx: tx.objects.changes(ACCOUNT, BOX, 0))).created, (box.id,))

    async def test_a_state_follows_changes_of_something_else(self) -> None:
        await self.write(three)
        await self.write(lambda tx: tx.objects.follow(ACCOUNT, BOX, 3))
        self.assertEqual(await self.read(lambda tx: tx.objects.state(ACCOUNT, BOX)), 0)
        made = await self.write(lambda tx: tx.objects.insert(ACCOUNT, BOX, now=1))
        for seq, expected in ((made.seq + 5, made.seq + 5), (made.seq, made.seq + 5)):
            await self.write(lambda tx, seq=seq: tx.objects.follow(ACCOUNT, BOX, seq))
            changes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, BOX, made.seq))
            self.assertEqual((changes.new_state, changes.updated), (expected, ()))

    async def test_created_and_destroyed_since_is_not_mentioned(self) -> None:
        first, *_ = await self.write(three)
        await self.write(lambda tx: tx.objects.kill(ACCOUNT, first, now=20))
        self.assertEqual((await self.changes(0)).destroyed, ())
        self.assertEqual((await self.changes(1)).destroyed, (first,))

    async def test_updated_since_its_creation_is_created(self) -> None:
        first, *_ = await self.write(three)
        await self.write(lambda tx: tx.objects.update(ACCOUNT, first, now=20, etag="x"))
        self.assertIn(first, (await self.changes(0)).created)
        self.assertEqual((await self.changes(1)).updated, (first,))

    async def test_a_limit_ends_in_an_intermediate_state(self) -> None:
        first, second, third = await self.write(three)
        page = await self.changes(0, limit=2)
        self.assertEqual(page, Changes((first, second), (), (), 0, 2, True, False, 0))
        self.assertEqual(
            await self.changes(page.new_state, limit=2, origin=page.origin),
            Changes((third,), (), (), 2, 3, False, False, 0),
        )

    async def test_a_limit_that_is_just_met_has_no_more(self) -> None:
        await self.write(three)
        page = await self.changes(0, limit=3)
        self.assertEqual((page.has_more, page.new_state), (False, 3))

    async def test_made_before_and_changed_after_a_page_is_still_created(self) -> None:
        first, *_ = await self.write(three)
        await self.write(lambda tx: tx.objects.update(ACCOUNT, first, now=20, etag="x"))
        page = await self.changes(0, limit=1)
        rest = await self.changes(page.new_state, origin=page.origin)
        self.assertIn(first, rest.created)
        self.assertEqual(rest.updated, ())

    async def test_a_state_of_the_future_cannot_be_calculated_from(self) -> None:
        await self.write(three)
        self.assertIsNone(await self.changes(4))
        self.assertIsNone(await self.changes(-1))

    async def test_a_purge_raises_the_floor(self) -> None:
        first, second, _ = await self.write(three)
        await self.write(lambda tx: tx.objects.kill(ACCOUNT, first, now=20))
        await self.write(lambda tx: tx.objects.kill(ACCOUNT, second, now=30))
        self.assertEqual(await self.write(lambda tx: tx.objects.purge(ACCOUNT, MAIL, before=25)), 1)
        self.assertIsNone(await self.changes(3))
        self.assertEqual((await self.changes(4)).destroyed, (second,))
        self.assertEqual(await self.write(lambda tx: tx.objects.purge(ACCOUNT, MAIL, before=25)), 0)

    async def test_a_trim_keeps_the_last_changes_and_their_states(self) -> None:
        first, second, third = await self.write(three)
        await self.write(lambda tx: tx.objects.insert(ACCOUNT, BOX, now=10))  # change 4, the only one of its type
        for id in (first, second, third):  # changes 5 to 7
            await self.write(lambda tx, id=id: tx.objects.kill(ACCOUNT, id, now=20))
        self.assertEqual(await self.trim(7), 0)
        self.assertEqual(await self.trim(1), 3)  # the box too
        self.assertIsNone(await self.changes(5))
        self.assertEqual((await self.changes(6)).destroyed, (third,))
        boxes = await self.read(lambda tx: tx.objects.changes(ACCOUNT, BOX, 4))
        self.assertEqual((boxes.created, boxes.new_state), ((), 4))
        self.assertEqual((await self.trim(1), await self.trim(1, account_id=99)), (0, 0))

    async def trim(self, keep: int, limit: int = 100, account_id: int = ACCOUNT) -> int:
        return await self.write(lambda tx: tx.objects.trim(account_id, keep, limit))

    async def test_a_trim_looks_at_so_many_objects_at_once(self) -> None:
        ids = [*await self.write(three)]
        for _ in range(9):  # changes 4 to 12
            ids.append((await self.write(lambda tx: tx.objects.insert(ACCOUNT, MAIL, now=10))).id)
        for id in ids[1::2]:  # changes 13 to 18
            await self.write(lambda tx, id=id: tx.objects.kill(ACCOUNT, id, now=20))
        seen = []
        for _ in range(4):
            seen.append(await self.trim(1, limit=4))
            dead = await self.read(lambda tx: tx._session.all("SELECT seq FROM obj WHERE dead = 1 ORDER BY seq"))
            (floor,) = await self.read(lambda tx: tx._session.one("SELECT low_seq FROM type_state"))
            self.assertEqual([seq for (seq,) in dead if seq <= floor], [])
            self.assertIsNone(await self.changes(floor - 1))
            known = {id for id in ids[1::2][-len(dead) :] if ids.index(id) < floor}
            self.assertEqual(set((await self.changes(floor)).destroyed), known)
        self.assertEqual((seen, len(dead), floor), ([4, 4, 3, 0], 1, 17))

    async def test_counter_changes_are_told_apart(self) -> None:
        first, second, _ = await self.write(three)
        await self.write(lambda tx: tx.objects.update(ACCOUNT, first, now=20, counts_only=True, data={"n": 1}))
        self.assertTrue((await self.changes(3)).only_counts)
        await self.write(lambda tx: tx.objects.update(ACCOUNT, second, now=20, data={"n": 1}))
        self.assertFalse((await self.changes(3)).only_counts)
        self.assertFalse((await self.changes(5)).only_counts)

    async def test_an_update_changes_what_is_given(self) -> None:
        def work(tx: Any) -> Any:
            tx.accounts.create(ACCOUNT, "alice", "user")
            made = tx.objects.insert(ACCOUNT, MAIL, now=1, uid="u", etag="e", blob=b"h", size=10, data={"a": 1})
            return tx.objects.update(ACCOUNT, made.id, now=2, uid=None, size=4)

        new = await self.write(work)
        self.assertEqual((new.uid, new.etag, new.blob, new.size, new.data), (None, "e", b"h", 4, {"a": 1}))
        self.assertEqual((new.created_at, new.modified_at, new.created_seq, new.seq), (1, 2, 1, 2))
        self.assertEqual(await self.read(lambda tx: tx.objects.get(ACCOUNT, new.id)), new)

    async def test_octets_are_counted(self) -> None:
        def work(tx: Any) -> list[int]:
            tx.accounts.create(ACCOUNT, "alice", "user")
            used = []
            first = tx.objects.insert(ACCOUNT, MAIL, now=1, size=100)
            tx.objects.insert(ACCOUNT, MAIL, now=1, size=7)
            used.append(tx.accounts.get(ACCOUNT).used_octets)
            tx.objects.update(ACCOUNT, first.id, now=1, size=40)
            used.append(tx.accounts.get(ACCOUNT).used_octets)
            tx.objects.kill(ACCOUNT, first.id, now=1)
            used.append(tx.accounts.get(ACCOUNT).used_octets)
            return used

        self.assertEqual(await self.write(work), [107, 47, 7])

    async def test_the_dead_are_not_found(self) -> None:
        first, second, third = await self.write(three)
        await self.write(lambda tx: tx.objects.kill(ACCOUNT, first, now=20))
        self.assertIsNone(await self.read(lambda tx: tx.objects.get(ACCOUNT, first)))
        await self.refused(NotFound, lambda tx: tx.objects.kill(ACCOUNT, first, now=20))
        await self.refused(NotFound, lambda tx: tx.objects.update(ACCOUNT, first, now=20, etag="x"))
        listed = await self.read(lambda tx: tx.objects.list(ACCOUNT, MAIL))
        self.assertEqual([found.id for found in listed], [second, third])
        page = await self.read(lambda tx: tx.objects.list(ACCOUNT, MAIL, after=second, limit=1))
        self.assertEqual([found.id for found in page], [third])
        self.assertEqual(await self.read(lambda tx: tx.objects.count(ACCOUNT, MAIL)), 2)
        self.assertEqual(await self.read(lambda tx: tx.objects.count(ACCOUNT, BOX)), 0)

    async def test_a_type_with_many_objects_is_listed_like_one_with_few(self) -> None:
        first, second, third = await self.write(three)
        for many in (100, 1):
            self.patch(objects, "_MANY", many)
            listed = await self.read(lambda tx: tx.objects.list(ACCOUNT, MAIL, after=first, limit=5))
            self.assertEqual([found.id for found in listed], [second, third])

    async def test_objects_are_found_by_a_member(self) -> None:
        async def made(name: str, value: str, type: int = MAIL) -> int:
            data = {"n": 1, name: value, "z": "%"}
            return (await self.write(lambda tx: tx.objects.insert(ACCOUNT, type, now=1, data=data))).id

        async def found(name: str, value: str, limit: int = 9) -> list[int]:
            return [
                each.id
                for each in await self.read(lambda tx: tx.objects.with_member(ACCOUNT, MAIL, name, value, limit))
            ]

        await self.write(lambda tx: tx.accounts.create(ACCOUNT, "jane", "user"))
        first, second = await made("key", 'a"b%c_ö'), await made("key", 'a"b%c_ö')
        for name, value, type in (("key", 'A"b%c_ö', MAIL), ("key", 'a"bxcyö', MAIL), ("key", 'a"b%c_ö', BOX)):
            await made(name, value, type)
        self.assertEqual(await found("key", 'a"b%c_ö'), [first, second])
        self.assertEqual(await found("key", 'a"b%c_ö', 1), [first])
        self.assertEqual(await found("other", 'a"b%c_ö'), [])
        await self.write(lambda tx: tx.objects.kill(ACCOUNT, first, now=2))
        self.assertEqual(await found("key", 'a"b%c_ö'), [second])

    async def test_an_object_is_found_by_uid(self) -> None:
        await self.write(three)
        made = await self.write(lambda tx: tx.objects.insert(ACCOUNT, MAIL, now=1, uid="x@y"))
        self.assertEqual((await self.read(lambda tx: tx.objects.by_uid(ACCOUNT, MAIL, "x@y"))).id, made.id)
        self.assertIsNone(await self.read(lambda tx: tx.objects.by_uid(ACCOUNT, BOX, "x@y")))
        await self.write(lambda tx: tx.objects.kill(ACCOUNT, made.id, now=2))
        self.assertIsNone(await self.read(lambda tx: tx.objects.by_uid(ACCOUNT, MAIL, "x@y")))

    async def test_a_client_that_follows_the_changes_ends_with_the_same_objects(self) -> None:
        rng = random.Random(1)
        await self.write(lambda tx: tx.accounts.create(ACCOUNT, "alice", "user"))
        client = Client()
        for _ in range(60):
            await self.write(lambda tx: some_changes(tx, rng))
            page = await self.changes(client.state, limit=rng.randint(1, 4), origin=client.origin)
            client.apply(page)
            if rng.random() < 0.2:
                while client.origin is not None:
                    client.apply(await self.changes(client.state, limit=3, origin=client.origin))
                living = await self.read(lambda tx: {found.id for found in tx.objects.list(ACCOUNT, MAIL)})
                self.assertEqual(client.known, living)
        self.assertGreater(client.pages, 60)


class Client:
    """Does as RFC 8620 5.2 tells clients, and complains about updates of what it was never told of."""

    def __init__(self) -> None:
        self.known: set[int] = set()
        self.state = 0
        self.origin: int | None = None
        self.pages = 0

    def apply(self, page: Changes) -> None:
        assert set(page.updated) <= self.known, "updated before it was created"
        self.known |= set(page.created)
        self.known -= set(page.destroyed)
        self.state = page.new_state
        self.origin = page.origin if page.has_more else None
        self.pages += 1


def some_changes(tx: Any, rng: random.Random) -> None:
    for _ in range(rng.randint(0, 3)):
        living = [found.id for found in tx.objects.list(ACCOUNT, MAIL)]
        what = rng.random()
        if what < 0.5 or not living:
            tx.objects.insert(ACCOUNT, MAIL, now=1)
        elif what < 0.8:
            tx.objects.update(ACCOUNT, rng.choice(living), now=1, data={})
        else:
            tx.objects.kill(ACCOUNT, rng.choice(living), now=1)
