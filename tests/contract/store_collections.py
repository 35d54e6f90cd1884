"""Calendars, address books, folders and what is in them.

Tests ``stalwart.store.collections``, ``stalwart.store.collection_rows``, ``stalwart.store.sql.collections``,
``stalwart.store.sql.collection_writing``, ``stalwart.store.sql.sharing`` and ``stalwart.store.sql.archive``.
"""

from __future__ import annotations

import hashlib
from typing import Any

from stalwart.errors import Conflict, NotFound
from stalwart.store import Transaction
from stalwart.store.collection_rows import Lock, Member, NewItem, Span, home
from stalwart.store.object_types import (
    ADDRESS_BOOK,
    CALENDAR,
    CALENDAR_EVENT,
    CALENDAR_EVENT_NOTIFICATION,
    CONTACT_CARD,
    FILE_NODE,
)
from tests.contract.store_case import StoreCase

ME, NOW, MANY = 7, 1_700_000_000, 1000
CALENDARS, BOOKS, FILES = home(CALENDAR), home(ADDRESS_BOOK), home(FILE_NODE)


def event(text: str = "BEGIN", uid: str | None = "u1", **given: Any) -> NewItem:
    return NewItem(len(text) + 1, text.encode(), uid=uid, **given)


def names(members: Any) -> list[str]:
    return [each.segment for each in members]


class CollectionContract(StoreCase):
    async def _calendar(self, name: str = "work") -> int:
        def make(tx: Transaction) -> int:
            if tx.accounts.get(ME) is None:
                tx.accounts.create(ME, "alice", "user")
            return tx.collections.create(ME, CALENDAR, CALENDARS, name, now=NOW, data={"n": name}).item_id

        return await self.write(make)

    async def _put(self, place: int, name: str, item: NewItem, now: int = NOW) -> tuple[Member, bool]:
        return await self.write(lambda tx: tx.collections.put(ME, place, name, item, now=now))

    async def _changes(self, place: int, since: int, limit: int = MANY) -> Any:
        return await self.read(lambda tx: tx.collections.changes(ME, place, since, limit=limit))

    async def test_what_is_asked_again_in_a_write_is_as_it_is_by_then(self) -> None:
        work, home = await self._calendar(), await self._calendar("home")

        def seen(tx: Transaction, id: int) -> tuple[Any, ...]:
            found = tx.objects.get(ME, id)
            return (
                tx.collections.octets(ME, id),
                tx.collections.octets_of(ME, [id, id + 1000]),
                found.uid if found else None,
                found.seq if found else None,
                names(tx.collections.places(ME, id)),
                [each.segment for each in tx.collections.index.places(ME, CALENDAR_EVENT, [id]).get(id, [])],
                names(tx.collections.by_uid(ME, CALENDAR_EVENT, "u1")),
                names(tx.collections.walk(ME, CALENDARS, ("work", "a"))),
                tx.collections.get(ME, work).items,
                tx.collections.data_of(ME, work),
                tx.collections.type_of(ME, work),
                tx.collections.path(ME, work),
                tx.accounts.get(ME),
                tx.accounts.name(ME).login,
            )

        def work_on(tx: Transaction) -> None:
            def undone() -> None:
                with tx.savepoint():
                    tx.collections.put(ME, work, "b", event("OTHER", uid="u2"), now=NOW)
                    tx.collections.put(ME, work, "a", event("THIRD"), now=NOW)
                    tx.collections.remove(ME, work, "a", now=NOW)
                    looks.append(seen(tx, first.item_id))
                    raise KeyError

            looks: list[tuple[Any, ...]] = []
            first, _ = tx.collections.put(ME, work, "a", event("FIRST"), now=NOW, is_new=True)
            looks.append(seen(tx, first.item_id))
            self.assertRaises(KeyError, undone)
            looks.append(seen(tx, first.item_id))
            self.assertEqual(looks[0], looks[2])
            self.assertEqual((looks[1][0], looks[1][4], looks[1][6], looks[1][8]), (None, [], [], 1))
            for step in (
                lambda: tx.collections.put(ME, work, "a", event("SECOND"), now=NOW),
                lambda: tx.collections.link(ME, first.item_id, home, "z", now=NOW),
                lambda: tx.collections.update(ME, work, now=NOW, data={"n": "other"}),
                lambda: tx.collections.move(ME, CALENDARS, "work", CALENDARS, "moved", now=NOW),
                lambda: tx.collections.move(ME, CALENDARS, "moved", CALENDARS, "work", now=NOW),
                lambda: tx.accounts.rename(ME, "bob"),
                lambda: tx.collections.remove(ME, home, "z", now=NOW),
            ):
                step()
                looks.append(seen(tx, first.item_id))
                self.assertNotEqual(looks[-1], looks[-2])
            self.looks = looks
            self.id = first.item_id

        await self.write(work_on)
        self.assertEqual(await self.read(lambda tx: seen(tx, self.id)), self.looks[-1])
        self.assertEqual(self.looks[3][0], b"SECOND")
        self.assertEqual((self.looks[4][4], self.looks[4][6]), (["a", "z"], ["a", "z"]))
        self.assertEqual((self.looks[5][9], self.looks[6][11], self.looks[6][7]), ({"n": "other"}, ("moved",), []))
        self.assertEqual((self.looks[8][13], self.looks[9][4]), ("bob", ["a"]))

    async def test_a_collection_is_there_by_name_and_id(self) -> None:
        work = await self._calendar()
        found = await self.read(lambda tx: tx.collections.get(ME, work))
        self.assertEqual(
            (found.type, found.parent_id, found.segment, found.items, found.data),
            (CALENDAR, CALENDARS, "work", 0, {"n": "work"}),
        )
        member = await self.read(lambda tx: tx.collections.member(ME, CALENDARS, "work", with_data=True))
        self.assertEqual(
            (member.item_id, member.is_collection, member.seq, member.data), (work, True, found.seq, {"n": "work"})
        )
        self.assertEqual(await self.read(lambda tx: tx.collections.path(ME, work)), ("work",))
        self.assertIsNone(await self.read(lambda tx: tx.collections.path(ME, work + 1)))
        self.assertEqual(await self.read(lambda tx: tx.collections.path(ME, CALENDARS)), ())
        await self.refused(Conflict, lambda tx: tx.collections.create(ME, CALENDAR, CALENDARS, "work", now=NOW))
        await self.refused(NotFound, lambda tx: tx.collections.create(ME, CALENDAR, work + 5, "x", now=NOW))
        self.assertEqual(await self.read(lambda tx: tx.collections.count(ME, CALENDAR)), 1)

    async def test_an_item_is_kept_and_replaced(self) -> None:
        work = await self._calendar()
        member, is_new = await self._put(work, "a.ics", event("one", data={"t": 1}))
        self.assertTrue(is_new)
        self.assertEqual((member.type, member.size, member.created_at, member.dead), (CALENDAR_EVENT, 3, NOW, False))
        again, is_new = await self._put(work, "a.ics", event("second", "u2"), NOW + 5)
        self.assertFalse(is_new)
        self.assertEqual(
            (again.item_id, again.created_at, again.modified_at, again.size), (member.item_id, NOW, NOW + 5, 6)
        )
        self.assertNotEqual(again.etag, member.etag)
        self.assertEqual(await self.read(lambda tx: tx.collections.member(ME, work, "a.ics")), again)
        self.assertEqual(await self.read(lambda tx: tx.collections.octets(ME, member.item_id)), b"second")
        self.assertEqual(await self.read(lambda tx: tx.collections.by_uid(ME, CALENDAR_EVENT, "u1")), [])
        self.assertEqual(names(await self.read(lambda tx: tx.collections.by_uid(ME, CALENDAR_EVENT, "u2"))), ["a.ics"])
        account = await self.read(lambda tx: tx.accounts.get(ME))
        self.assertEqual(account.used_octets, 6)
        state = await self.read(lambda tx: tx.objects.state(ME, CALENDAR_EVENT))
        self.assertEqual((state, account.seq), (again.seq, again.seq))
        collection = await self.read(lambda tx: tx.collections.get(ME, work))
        self.assertEqual((collection.seq, collection.items), (again.seq, 1))

    async def test_an_item_can_be_called_by_its_number(self) -> None:
        await self._calendar()
        inbox = home(CALENDAR_EVENT_NOTIFICATION)

        def put(tx: Transaction) -> tuple[int, Member]:
            (id,) = tx.accounts.new_ids(ME)
            return id, tx.collections.put(ME, inbox, f"{id}.ics", event(), now=NOW, id=id)[0]

        id, member = await self.write(put)
        self.assertEqual((member.item_id, member.type), (id, CALENDAR_EVENT_NOTIFICATION))
        found = await self.read(lambda tx: tx.collections.member(ME, inbox, f"{id}.ics"))
        self.assertEqual(found, member)

    async def test_nothing_is_put_where_it_cannot_be(self) -> None:
        work = await self._calendar()
        await self.refused(NotFound, lambda tx: tx.collections.put(ME, work + 9, "a", event(), now=NOW))
        await self.write(lambda tx: tx.collections.create(ME, FILE_NODE, FILES, "docs", now=NOW))
        await self.refused(Conflict, lambda tx: tx.collections.put(ME, FILES, "docs", event(), now=NOW))

    async def test_lists_go_on_after_a_name(self) -> None:
        work = await self._calendar()
        for name in ("b", "a", "c", "ä"):
            await self._put(work, name, event(name, name))
        listed = await self.read(lambda tx: tx.collections.members(ME, work, limit=3))
        self.assertEqual(names(listed), ["a", "b", "c"])
        rest = await self.read(lambda tx: tx.collections.members(ME, work, after="c", limit=3))
        self.assertEqual(names(rest), ["ä"])
        contents = await self.read(lambda tx: tx.collections.contents(ME, work, after="a", limit=2))
        self.assertEqual([(each.member.segment, each.octets) for each in contents], [("b", b"b"), ("c", b"c")])
        named = await self.read(lambda tx: tx.collections.named_contents(ME, work, ["c", "x", "a", "c"]))
        self.assertEqual({name: each.octets for name, each in named.items()}, {"c": b"c", "a": b"a"})
        self.assertEqual(set(await self.read(lambda tx: tx.collections.named(ME, work, ["ä", "?"]))), {"ä"})
        items = [each.item_id for each in listed[:2]]
        found = await self.read(lambda tx: tx.collections.item_contents(ME, work, [*items, 1, -1]))
        self.assertEqual({each.octets for each in found}, {b"a", b"b"})
        self.assertEqual(
            await self.read(lambda tx: tx.collections.octets_of(ME, items)), dict(zip(items, (b"a", b"b"), strict=True))
        )

    async def test_changes_say_what_is_new_changed_and_gone(self) -> None:
        work = await self._calendar()
        first, _ = await self._put(work, "a", event("a", "a"))
        second, _ = await self._put(work, "b", event("b", "b"))
        self.assertEqual(names(await self._changes(work, 0)), ["a", "b"])
        self.assertEqual(await self._changes(work, second.seq), [])
        await self._put(work, "a", event("aa", "a"))
        await self.write(lambda tx: tx.collections.remove(ME, work, "b", now=NOW))
        await self._put(work, "c", event("c", "c"))
        await self.write(lambda tx: tx.collections.remove(ME, work, "c", now=NOW))
        changed = await self._changes(work, second.seq)
        self.assertEqual([(each.segment, each.dead) for each in changed], [("a", False), ("b", True)])
        self.assertEqual(names(await self._changes(work, 0)), ["a"])
        page = await self._changes(work, first.seq, 1)
        self.assertEqual(names(page), ["a"])
        self.assertEqual(names(await self._changes(work, page[-1].seq)), ["b"])

    async def test_a_name_that_comes_again_is_a_change_and_its_end_is_told(self) -> None:
        work = await self._calendar()
        known, _ = await self._put(work, "a", event("a", "a"))
        await self.write(lambda tx: tx.collections.remove(ME, work, "a", now=NOW))
        await self._put(work, "a", event("new", "n"))
        self.assertEqual([(each.segment, each.dead) for each in await self._changes(work, known.seq)], [("a", False)])
        await self.write(lambda tx: tx.collections.remove(ME, work, "a", now=NOW))
        self.assertEqual([(each.segment, each.dead) for each in await self._changes(work, known.seq)], [("a", True)])

    async def test_states_that_never_were_or_are_forgotten(self) -> None:
        work = await self._calendar()
        last = None
        for name in ("a", "b", "c", "d"):
            last, _ = await self._put(work, name, event(name, name))
        assert last is not None
        self.assertIsNone(await self._changes(work, last.seq + 1))
        begin = last.seq
        for name in ("a", "b"):
            await self.write(lambda tx, name=name: tx.collections.remove(ME, work, name, now=NOW))
        self.assertEqual(await self.write(lambda tx: tx.collections.forget_removed(ME, 10)), 0)
        await self.write(lambda tx: tx.objects.trim(ME, 1, 100))
        self.assertIsNone(await self._changes(work, begin))
        listing = await self.read(
            lambda tx: tx.collections.changes(ME, work, 1, limit=MANY, begun=tx.objects.state(ME, CALENDAR_EVENT))
        )
        self.assertEqual(names(listing), ["c", "d"])
        self.assertIsNone(await self.read(lambda tx: tx.collections.changes(ME, work, 1, limit=MANY, begun=begin)))
        self.assertEqual(await self.write(lambda tx: tx.collections.forget_removed(ME, 1)), 1)
        self.assertEqual(names(await self._changes(work, 0)), ["c", "d"])

    async def test_an_item_in_two_collections_is_one(self) -> None:
        work, home_calendar = await self._calendar(), await self._calendar("home")
        member, _ = await self._put(work, "a", event("a", "a"))
        linked = await self.write(lambda tx: tx.collections.link(ME, member.item_id, home_calendar, "b", now=NOW))
        self.assertEqual(linked.item_id, member.item_id)
        await self.refused(Conflict, lambda tx: tx.collections.link(ME, member.item_id, home_calendar, "b", now=NOW))
        await self.refused(NotFound, lambda tx: tx.collections.link(ME, work, home_calendar, "c", now=NOW))
        await self._put(work, "a", event("longer", "a"))
        (other,) = await self._changes(home_calendar, linked.seq)
        self.assertEqual((other.segment, other.size), ("b", 6))
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(ME))).used_octets, 6)
        await self.write(lambda tx: tx.collections.remove(ME, work, "a", now=NOW))
        self.assertEqual(await self.read(lambda tx: tx.collections.octets(ME, member.item_id)), b"longer")
        self.assertEqual(names(await self.read(lambda tx: tx.collections.places(ME, member.item_id))), ["b"])
        changes = await self.read(lambda tx: tx.objects.changes(ME, CALENDAR_EVENT, other.seq))
        self.assertEqual((changes.updated, changes.destroyed), ((member.item_id,), ()))
        await self.write(lambda tx: tx.collections.remove(ME, home_calendar, "b", now=NOW))
        self.assertIsNone(await self.read(lambda tx: tx.collections.octets(ME, member.item_id)))
        self.assertIsNone(await self.read(lambda tx: tx.objects.get(ME, member.item_id)))
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(ME))).used_octets, 0)

    async def test_a_calendar_goes_with_what_is_nowhere_else(self) -> None:
        work, other = await self._calendar(), await self._calendar("home")
        kept, _ = await self._put(work, "kept", event("k", "k", span=Span(1, 5, 9)))
        await self.write(lambda tx: tx.collections.link(ME, kept.item_id, other, "kept", now=NOW))
        gone = [(await self._put(work, name, event(name, name, span=Span(1, 5, 9))))[0] for name in "abc"]
        state = gone[-1].seq
        await self.write(lambda tx: tx.collections.remove(ME, CALENDARS, "work", now=NOW))
        self.assertIsNone(await self.read(lambda tx: tx.collections.get(ME, work)))
        changes = await self.read(lambda tx: tx.objects.changes(ME, CALENDAR_EVENT, state))
        self.assertEqual(set(changes.destroyed), {each.item_id for each in gone})
        self.assertEqual(changes.updated, (kept.item_id,))
        below = await self.read(lambda tx: tx.collections.home_changes(ME, CALENDARS, state, limit=MANY))
        self.assertEqual([(each.segment, each.dead) for each in below], [("work", True)])
        spanned = await self.read(lambda tx: tx.collections.spans(ME, None, start=0, end=10))
        self.assertEqual([each.member.segment for each in spanned], ["kept"])
        self.assertEqual((await self.read(lambda tx: tx.accounts.get(ME))).used_octets, 1)

    async def test_events_are_found_by_time(self) -> None:
        work, other = await self._calendar(), await self._calendar("home")
        for name, place, span in (
            ("a", work, Span(1, 10, 20)),
            ("b", work, Span(2, 15, 40, b"x")),
            ("c", other, Span(1, 10, 20)),
        ):
            await self._put(place, name, event(name, name, span=span))
        for asked, found in (
            ({}, "ab"),
            ({"start": 20}, "ab"),
            ({"start": 21}, "b"),
            ({"end": 14}, "a"),
            ({"end": 9}, ""),
            ({"start": 30, "end": 31}, "b"),
            ({"kind": 1}, "a"),
        ):
            rows = await self.read(lambda tx, asked=asked: tx.collections.spans(ME, work, **asked))
            self.assertEqual("".join(sorted(names(each.member for each in rows))), found, asked)
        rows = await self.read(lambda tx: tx.collections.spans(ME, work, start=30, with_octets=True))
        self.assertEqual([(each.span, each.octets) for each in rows], [(Span(2, 15, 40, b"x"), b"b")])
        await self._put(work, "b", event("b", "b"))
        self.assertEqual(await self.read(lambda tx: tx.collections.spans(ME, work, start=30)), [])

    async def test_alarms_are_due_in_order(self) -> None:
        work = await self._calendar()
        self.assertIsNone(await self.read(lambda tx: tx.collections.next_alarm()))
        ids = {}
        for name, at in (("late", 300), ("early", 100), ("none", None)):
            ids[name] = (await self._put(work, name, event(name, name, span=Span(1, 0, 9, alarm_at=at))))[0].item_id
        self.assertEqual(await self.read(lambda tx: tx.collections.next_alarm()), 100)
        self.assertEqual(
            await self.read(lambda tx: tx.collections.due_alarms(300, 10)),
            [(ME, ids["early"], 100), (ME, ids["late"], 300)],
        )
        await self.write(lambda tx: tx.collections.set_alarm(ME, ids["early"], None))
        self.assertEqual(await self.read(lambda tx: tx.collections.due_alarms(299, 10)), [])

    async def test_cards_are_found_by_values(self) -> None:
        def make(tx: Transaction) -> int:
            tx.accounts.create(ME, "alice", "user")
            return tx.collections.create(ME, ADDRESS_BOOK, BOOKS, "b", now=NOW).item_id

        book = await self.write(make)
        ids = {}
        for name, values in (
            ("one", (("FN", "ann lee"), ("EMAIL", "a_b@x"))),
            ("two", (("FN", "bob"), ("FN", "rob 5%"))),
        ):
            ids[name] = (await self._put(book, name, event(name, name, values=values)))[0].item_id
        for property, values, every, found in (
            ("FN", [("*", "n")], True, {"one"}),
            ("FN", [("*", "o"), ("$", "b")], True, {"two"}),
            ("FN", [("^", "ann"), ("=", "bob")], False, {"one", "two"}),
            ("FN", [("=", "ann")], True, set()),
            ("FN", [("*", "%")], True, {"two"}),
            ("EMAIL", [("*", "a_b")], True, {"one"}),
            ("EMAIL", [("*", "a_x")], True, set()),
        ):
            asked = (ME, book, property, values)
            got = await self.read(lambda tx, asked=asked, every=every: tx.collections.matching(*asked, every=every))
            self.assertEqual(got, {ids[each] for each in found}, (property, values))
        self.assertEqual(await self.read(lambda tx: tx.collections.having(ME, book, "EMAIL")), {ids["one"]})
        one, two = ids["one"], ids["two"]
        for asked, got in (
            (lambda index: index.ids(ME, "FN", ["n", "e"]), {one}),
            (lambda index: index.values(ME, "EMAIL"), {one: "a_b@x"}),
            (lambda index: index.values_of(ME, "EMAIL", [one, two]), {one: "a_b@x"}),
            (lambda index: index.all(ME, CONTACT_CARD, 9), [one, two]),
            (lambda index: index.inside(ME, [book, 9]), {one, two}),
            (lambda index: set(index.places(ME, CONTACT_CARD, [one])), {one}),
            (lambda index: index.times(ME, CONTACT_CARD), {one: (NOW, NOW), two: (NOW, NOW)}),
            (lambda index: index.without(ME, CONTACT_CARD, "EMAIL", 9), [two]),
        ):
            self.assertEqual(await self.read(lambda tx, asked=asked: asked(tx.collections.index)), got)
        await self._put(book, "one", event("one", "one"))
        self.assertEqual(await self.read(lambda tx: tx.collections.having(ME, book, "EMAIL")), set())

    async def test_an_item_moves_and_takes_its_id_along(self) -> None:
        work, other = await self._calendar(), await self._calendar("home")
        member, _ = await self._put(work, "a", event("a", "a"))
        moved = await self.write(lambda tx: tx.collections.move(ME, work, "a", other, "b", now=NOW))
        self.assertEqual((moved.item_id, moved.segment, moved.size), (member.item_id, "b", 1))
        self.assertEqual([(each.segment, each.dead) for each in await self._changes(work, member.seq)], [("a", True)])
        self.assertEqual(names(await self._changes(other, member.seq)), ["b"])
        self.assertEqual(await self.read(lambda tx: tx.collections.octets(ME, member.item_id)), b"a")
        await self._put(work, "a", event("x", "x"))
        await self.refused(Conflict, lambda tx: tx.collections.move(ME, work, "a", other, "b", now=NOW))
        await self.refused(NotFound, lambda tx: tx.collections.move(ME, work, "?", other, "c", now=NOW))

    async def _tree(self) -> dict[str, int]:
        """Folders /a/b/c with a file in each."""

        def make(tx: Transaction) -> dict[str, int]:
            tx.accounts.create(ME, "alice", "user")
            place, ids = FILES, {}
            for name in "abc":
                place = ids[name] = tx.collections.create(ME, FILE_NODE, place, name, now=NOW).item_id
                blob = tx.blobs.put(name.encode(), NOW)
                tx.collections.put(ME, place, "f", NewItem(1, blob=blob.hash, size=blob.size), now=NOW)
            return ids

        return await self.write(make)

    async def test_paths_are_walked_as_far_as_they_go(self) -> None:
        ids = await self._tree()
        for path, found in (("abcf", "abcf"), ("abx", "ab"), ("af", "af"), ("aff", "af"), ("x", "")):
            walked = await self.read(lambda tx, path=path: tx.collections.walk(ME, FILES, path))
            self.assertEqual("".join(names(walked)), found, path)
        self.assertEqual(await self.read(lambda tx: tx.collections.path(ME, ids["c"])), ("a", "b", "c"))

    async def test_a_folder_moves_with_all_that_is_in_it(self) -> None:
        ids = await self._tree()
        state = await self.read(lambda tx: tx.objects.state(ME, FILE_NODE))
        for target in (ids["b"], ids["c"]):
            await self.refused(Conflict, lambda tx, to=target: tx.collections.move(ME, ids["a"], "b", to, "x", now=NOW))
        await self.write(lambda tx: tx.collections.move(ME, ids["a"], "b", FILES, "z", now=NOW))
        self.assertEqual(await self.read(lambda tx: tx.collections.path(ME, ids["c"])), ("z", "c"))
        below = await self.read(lambda tx: tx.collections.home_changes(ME, FILES, state, limit=MANY))
        self.assertEqual(
            sorted((each.segment, each.dead) for each in below),
            [("b", True), ("c", False), ("f", False), ("f", False), ("z", False)],
        )
        self.assertEqual(len({each.seq for each in below}), 5)
        self.assertEqual(names(await self._changes(ids["a"], state)), ["b"])

    async def test_files_hold_their_blobs_until_they_go(self) -> None:
        ids = await self._tree()
        hashes = [hashlib.sha256(name).digest() for name in (b"a", b"b", b"c", b"d")]

        def held(tx: Transaction) -> list[bool]:
            return [bool(tx.blobs.links(hash, ME, NOW)) for hash in hashes]

        def replace(tx: Transaction) -> None:
            blob = tx.blobs.put(b"d", NOW)
            tx.collections.put(ME, ids["a"], "f", NewItem(2, blob=blob.hash, size=1), now=NOW)

        self.assertEqual(await self.read(held), [True, True, True, False])
        await self.write(replace)
        self.assertEqual(await self.read(held), [False, True, True, True])
        await self.write(lambda tx: tx.collections.remove(ME, ids["a"], "b", now=NOW))
        self.assertEqual(await self.read(held), [False, False, False, True])
        self.assertEqual(await self.read(lambda tx: tx.objects.count(ME, FILE_NODE)), 2)
        self.assertIsNone(await self.read(lambda tx: tx.collections.get(ME, ids["c"])))

    async def test_what_is_known_of_something_changes(self) -> None:
        work = await self._calendar()
        before = await self.read(lambda tx: tx.collections.member(ME, CALENDARS, "work"))
        after = await self.write(lambda tx: tx.collections.update(ME, work, now=NOW + 1, data={"x": 1}))
        self.assertGreater(after.seq, before.seq)
        self.assertEqual((await self.read(lambda tx: tx.collections.get(ME, work))).data, {"x": 1})
        self.assertEqual(names(await self._changes(CALENDARS, before.seq)), ["work"])
        item, _ = await self._put(work, "a", event("a", "a"))
        changed = await self.write(lambda tx: tx.collections.update(ME, item.item_id, now=NOW, data={"y": 2}, mark=9))
        self.assertEqual((changed.segment, changed.mark, changed.size), ("a", 9, 1))
        self.assertEqual(await self.read(lambda tx: tx.collections.octets(ME, item.item_id)), b"a")
        await self.refused(NotFound, lambda tx: tx.collections.update(ME, 99_999, now=NOW, data=None))

    async def test_everything_goes_with_the_account(self) -> None:
        work = await self._calendar()
        await self._put(work, "a", event("a", "a", span=Span(1, 0, 9, alarm_at=1), values=(("FN", "x"),)))
        await self.write(lambda tx: tx.accounts.delete(ME, NOW))
        await self.write(lambda tx: tx.accounts.create(ME, "alice", "user"))
        self.assertEqual(await self.read(lambda tx: tx.collections.members(ME, work, limit=9)), [])
        self.assertEqual(await self.read(lambda tx: tx.collections.members(ME, CALENDARS, limit=9)), [])
        self.assertIsNone(await self.read(lambda tx: tx.collections.next_alarm()))


class SharingContract(StoreCase):
    async def _owned(self) -> int:
        def make(tx: Transaction) -> int:
            tx.accounts.create(ME, "alice", "user")
            return tx.collections.create(ME, CALENDAR, CALENDARS, "work", now=NOW).item_id

        return await self.write(make)

    async def test_rights_are_given_and_taken(self) -> None:
        work = await self._owned()
        await self.write(lambda tx: tx.shares.replace(ME, work, {8: 3, 9: 1}))
        self.assertEqual(await self.read(lambda tx: tx.shares.of_object(ME, work)), {8: 3, 9: 1})
        granted = await self.read(lambda tx: tx.shares.granted([9, 10]))
        self.assertEqual([tuple(each) for each in granted], [(ME, work, CALENDAR, 9, 1)])
        self.assertEqual(await self.read(lambda tx: tx.shares.granted([9], ME + 1)), [])
        await self.write(lambda tx: tx.shares.replace(ME, work, {9: 5}))
        self.assertEqual(await self.read(lambda tx: tx.shares.of_objects(ME, [work, 5])), {work: {9: 5}})
        await self.write(lambda tx: tx.collections.remove(ME, CALENDARS, "work", now=NOW))
        self.assertEqual(await self.read(lambda tx: tx.shares.of_object(ME, work)), {})

    async def test_people_see_things_in_their_own_way(self) -> None:
        work = await self._owned()
        await self.write(lambda tx: tx.preferences.set(ME, work, 8, {"name": "Alice at work"}))
        self.assertEqual(await self.read(lambda tx: tx.preferences.get(ME, work, 8)), {"name": "Alice at work"})
        self.assertIsNone(await self.read(lambda tx: tx.preferences.get(ME, work, 9)))
        await self.write(lambda tx: tx.preferences.set(ME, work, 8, {"name": "Al"}))
        self.assertEqual(await self.read(lambda tx: tx.preferences.of_objects(ME, [work], 8)), {work: {"name": "Al"}})
        await self.write(lambda tx: tx.preferences.set(ME, work, 8, None))
        self.assertEqual(await self.read(lambda tx: tx.preferences.of_objects(ME, [work], 8)), {})

    async def test_locks_end_by_themselves(self) -> None:
        deep = Lock(1, ME, FILE_NODE, "/a", 5, True, False, "<o/>", NOW + 10)
        shared = Lock(2, ME, FILE_NODE, "/b", 5, False, True, None, NOW + 20)
        for lock in (shared, deep):
            await self.write(lambda tx, lock=lock: tx.locks.add(lock))
        self.assertEqual(await self.read(lambda tx: tx.locks.of_account(ME, FILE_NODE, NOW)), [deep, shared])
        self.assertEqual(await self.read(lambda tx: tx.locks.of_account(ME, CALENDAR, NOW)), [])
        self.assertEqual(await self.read(lambda tx: tx.locks.of_account(ME, FILE_NODE, NOW + 10)), [shared])
        await self.write(lambda tx: tx.locks.refresh(1, NOW + 30))
        await self.write(lambda tx: tx.locks.remove(2))
        left = await self.read(lambda tx: tx.locks.of_account(ME, FILE_NODE, NOW + 25))
        self.assertEqual([each.token for each in left], [1])
        self.assertEqual(await self.write(lambda tx: tx.locks.purge(NOW + 30)), 1)


class ArchiveContract(StoreCase):
    async def test_a_tree_is_kept_with_its_blobs(self) -> None:
        def make(tx: Transaction) -> int:
            tx.accounts.create(ME, "alice", "user")
            a = tx.collections.create(ME, FILE_NODE, FILES, "a", now=NOW, data={"d": 1}).item_id
            b = tx.collections.create(ME, FILE_NODE, a, "b", now=NOW).item_id
            for place, name in ((a, "1"), (b, "2")):
                blob = tx.blobs.put(name.encode(), NOW)
                tx.collections.put(ME, place, name, NewItem(1, blob=blob.hash, size=1), now=NOW)
            id = tx.archive.keep(ME, FILES, "a", now=NOW, expires_at=NOW + 100)
            tx.collections.remove(ME, FILES, "a", now=NOW)
            return id

        id = await self.write(make)
        (kept,) = await self.read(lambda tx: tx.archive.kept(ME))
        self.assertEqual((kept.id, kept.type, kept.path, kept.items, kept.size), (id, FILE_NODE, "a", 4, 2))
        self.assertEqual(await self.read(lambda tx: tx.archive.get(ME, id)), kept)
        self.assertEqual(await self.read(lambda tx: tx.archive.used(ME)), 2)
        items = await self.read(lambda tx: tx.archive.items(ME, id))
        self.assertEqual(
            [(each.path, each.is_collection) for each in items],
            [("", True), ("/1", False), ("/b", True), ("/b/2", False)],
        )
        self.assertEqual((items[0].data, items[1].blob), ({"d": 1}, hashlib.sha256(b"1").digest()))
        held = hashlib.sha256(b"2").digest()
        self.assertTrue(await self.read(lambda tx: tx.blobs.links(held, ME, NOW)))
        self.assertEqual(await self.write(lambda tx: tx.archive.purge(NOW + 99, 10)), 0)
        self.assertEqual(await self.write(lambda tx: tx.archive.purge(NOW + 100, 10)), 1)
        self.assertFalse(await self.read(lambda tx: tx.blobs.links(held, ME, NOW)))
        self.assertFalse(await self.write(lambda tx: tx.archive.remove(ME, id, NOW)))

    async def test_what_is_held_beside_octets_goes_with_them(self) -> None:
        held = hashlib.sha256(b"attached").digest()

        def make(tx: Transaction) -> tuple[int, int]:
            tx.accounts.create(ME, "alice", "user")
            tx.accounts.create(ME + 1, "bob", "user")
            work = tx.collections.create(ME, CALENDAR, CALENDARS, "work", now=NOW).item_id
            other = tx.collections.create(ME + 1, CALENDAR, CALENDARS, "other", now=NOW).item_id
            tx.blobs.put(b"attached", NOW)
            item = event("octets", held=(held,), size=8)
            member, _ = tx.collections.put(ME, work, "e", item, now=NOW)
            assert (member.size, tx.accounts.get(ME).used_octets) == (6, 14)  # type: ignore[union-attr]
            tx.collections.copy(ME, work, "e", ME + 1, other, "e", now=NOW)
            archived = tx.archive.keep(ME, work, "e", now=NOW, expires_at=NOW + 100)
            tx.collections.remove(ME, work, "e", now=NOW)
            return archived, tx.accounts.get(ME + 1).used_octets  # type: ignore[union-attr]

        archived, used = await self.write(make)
        self.assertEqual(used, 14)
        links = await self.read(lambda tx: tx.blobs.links(held, ME, NOW))
        self.assertEqual([each.owner_id for each in links], [archived])
        self.assertEqual(len(await self.read(lambda tx: tx.blobs.links(held, ME + 1, NOW))), 1)
        self.assertTrue(await self.write(lambda tx: tx.archive.remove(ME, archived, NOW)))
        self.assertFalse(await self.read(lambda tx: tx.blobs.links(held, ME, NOW)))

    async def test_an_event_is_kept_with_its_octets(self) -> None:
        def make(tx: Transaction) -> int:
            tx.accounts.create(ME, "alice", "user")
            work = tx.collections.create(ME, CALENDAR, CALENDARS, "work", now=NOW).item_id
            tx.collections.put(ME, work, "e", event("octets"), now=NOW)
            return tx.archive.keep(ME, work, "e", now=NOW, expires_at=NOW + 1)

        id = await self.write(make)
        (item,) = await self.read(lambda tx: tx.archive.items(ME, id))
        self.assertEqual((item.path, item.type, item.octets), ("", CALENDAR_EVENT, b"octets"))
        self.assertEqual((await self.read(lambda tx: tx.archive.get(ME, id))).path, "work/e")
        await self.refused(NotFound, lambda tx: tx.archive.keep(ME, CONTACT_CARD, "?", now=NOW, expires_at=NOW))
