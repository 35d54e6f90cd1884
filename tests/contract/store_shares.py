"""Rights on objects of other accounts, and who is told when they change (``stalwart.store.sql.shares``)."""

from __future__ import annotations

from typing import Any

from stalwart.store import Transaction
from stalwart.store.collection_rows import home
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR, SHARES
from tests.contract.store_case import StoreCase

NOW = 1_800_000_000
ME, BOB, CAROL = 5, 8, 9
CALENDARS = home(CALENDAR)


class SharesContract(StoreCase):
    async def _begin(self) -> tuple[int, int]:
        """Two calendars of mine; bob and carol are there too."""

        def make(tx: Transaction) -> tuple[int, int]:
            for id, name in ((ME, "alice"), (BOB, "bob"), (CAROL, "carol")):
                tx.accounts.create(id, name, "user")
            work, play = (tx.collections.create(ME, CALENDAR, CALENDARS, each, now=NOW) for each in ("work", "play"))
            return work.item_id, play.item_id

        return await self.write(make)

    async def _share(self, id: int, grants: dict[int, int]) -> int:
        """The state of the calendars after they were shared anew."""

        def share(tx: Transaction) -> int:
            tx.collections.update(ME, id, now=NOW, data=None)
            tx.shares.replace(ME, id, grants)
            return tx.objects.state(ME, CALENDAR)

        return await self.write(share)

    async def _told(self, *grantees: int) -> list[int]:
        """How far each has been told of something."""

        def look(tx: Transaction) -> list[int]:
            return [tx.objects.state(id, SHARES) for id in grantees or (BOB, CAROL)]

        return await self.read(look)

    async def _ask(self, work: Any) -> Any:
        return await self.read(work)

    async def test_what_is_shared_is_known_by_account_and_type(self) -> None:
        work, play = await self._begin()
        await self._share(work, {BOB: 3, CAROL: 1})
        await self._share(play, {BOB: 3})
        book = await self.write(
            lambda tx: tx.collections.create(ME, ADDRESS_BOOK, home(ADDRESS_BOOK), "b", now=NOW).item_id
        )
        await self._share(book, {CAROL: 1})
        found = await self._ask(lambda tx: tx.shares.accounts([BOB]))
        self.assertEqual([tuple(each) for each in found], [(ME, CALENDAR, 3)])
        found = await self._ask(lambda tx: tx.shares.accounts([CAROL, BOB, BOB]))
        self.assertEqual(
            sorted(tuple(each) for each in found), [(ME, CALENDAR, 1), (ME, CALENDAR, 3), (ME, ADDRESS_BOOK, 1)]
        )
        self.assertEqual(await self._ask(lambda tx: tx.shares.accounts([ME])), [])
        self.assertEqual(await self._ask(lambda tx: tx.shares.grantees(ME)), {BOB, CAROL})
        await self._share(work, {})
        await self._share(play, {})
        self.assertEqual(await self._ask(lambda tx: tx.shares.grantees(ME)), {CAROL})

    async def test_nothing_is_left_of_a_right_that_was_taken_away_but_when(self) -> None:
        work, _ = await self._begin()
        await self._share(work, {BOB: 3})
        last = await self._share(work, {})
        self.assertEqual(await self._ask(lambda tx: tx.shares.of_object(ME, work)), {})
        self.assertEqual(await self._ask(lambda tx: tx.shares.of_objects(ME, [work])), {})
        self.assertEqual(await self._ask(lambda tx: tx.shares.granted([BOB])), [])
        self.assertEqual(await self._ask(lambda tx: tx.shares.accounts([BOB])), [])
        self.assertEqual(await self._ask(lambda tx: tx.shares.last_change(ME, [BOB, CAROL])), last)

    async def test_somebody_is_told_when_an_account_shows_him_something_else(self) -> None:
        work, play = await self._begin()
        self.assertEqual(await self._told(), [0, 0])
        await self._share(work, {BOB: 3})
        bob, carol = await self._told()
        self.assertTrue(bob)
        self.assertEqual(carol, 0)
        for id, grants, news in (
            (play, {BOB: 3}, False),  # more of the same
            (play, {BOB: 1}, True),
            (work, {BOB: 3, CAROL: 1}, False),
            (work, {CAROL: 1}, True),
            (play, {}, True),
        ):
            await self._share(id, grants)
            now = (await self._told(BOB))[0]
            self.assertEqual(now > bob, news, (id, grants))
            bob = now

    async def test_it_is_noted_for_those_who_watch(self) -> None:
        work, _ = await self._begin()
        await self.write(lambda tx: None)
        heard: list[Any] = []
        self.addCleanup(self.store.watch(heard.append))
        await self._share(work, {BOB: 3})
        await self.write(lambda tx: None)
        self.assertEqual([BOB in each and SHARES in each[BOB] for each in heard], [True])

    async def test_what_goes_is_told_too(self) -> None:
        work, play = await self._begin()
        await self._share(work, {BOB: 3})
        await self._share(play, {BOB: 3, CAROL: 1})
        before = await self._told()
        await self.write(lambda tx: tx.collections.remove(ME, CALENDARS, "work", now=NOW))
        self.assertEqual(await self._told(), before)  # there is another one
        await self.write(lambda tx: tx.collections.remove(ME, CALENDARS, "play", now=NOW))
        bob, carol = await self._told()
        self.assertTrue(bob > before[0] and carol > before[1])
        self.assertEqual(await self._ask(lambda tx: tx.shares.last_change(ME, [BOB])), 0)

    async def test_what_goes_with_an_account_is_told(self) -> None:
        work, _ = await self._begin()
        await self._share(work, {BOB: 3})
        (before,) = await self._told(BOB)
        await self.write(lambda tx: tx.accounts.delete(ME, NOW))
        self.assertGreater((await self._told(BOB))[0], before)
        self.assertEqual(await self._ask(lambda tx: tx.shares.accounts([BOB])), [])

    async def test_what_was_granted_goes_with_who_had_it(self) -> None:
        work, _ = await self._begin()
        await self._share(work, {BOB: 3, 77: 1})  # there is no account 77
        await self.write(lambda tx: tx.accounts.delete(BOB, NOW))
        self.assertEqual(await self._ask(lambda tx: tx.shares.of_object(ME, work)), {77: 1})

    async def test_what_somebody_knows_is_outdated_when_his_rights_change(self) -> None:
        work, _ = await self._begin()
        before = await self._ask(lambda tx: tx.objects.state(ME, CALENDAR))
        after = await self._share(work, {BOB: 3})

        def changed(type: int, *grantees: int, since: int = before) -> Any:
            return self.read(lambda tx: tx.shares.changed_since(ME, grantees, type, since))

        self.assertTrue(await changed(CALENDAR, BOB))
        self.assertTrue(await changed(CALENDAR, CAROL, BOB))
        self.assertFalse(await changed(CALENDAR, CAROL))
        self.assertFalse(await changed(ADDRESS_BOOK, BOB))
        self.assertFalse(await changed(CALENDAR, BOB, since=after))
        self.assertEqual(await self._ask(lambda tx: tx.shares.last_change(ME, [BOB])), after)
        self.assertEqual(await self._ask(lambda tx: tx.shares.last_change(ME, [CAROL])), 0)

    async def test_what_is_made_and_shared_is_only_new(self) -> None:
        await self._begin()
        before = await self._ask(lambda tx: tx.objects.state(ME, CALENDAR))
        new = await self.write(lambda tx: tx.collections.create(ME, CALENDAR, CALENDARS, "new", now=NOW).item_id)
        await self._share(new, {BOB: 3})
        self.assertFalse(await self._ask(lambda tx: tx.shares.changed_since(ME, [BOB], CALENDAR, before)))
