"""Who watches a store hears of what is durable: which types of which accounts.

Tests ``stalwart.store.watch``.
"""

from __future__ import annotations

from typing import Any

from stalwart.store.watch import Changed
from tests.contract.store_case import StoreCase
from tests.contract.store_changes import ACCOUNT, BOX, MAIL, three


class WatchingContract(StoreCase):
    def watched(self) -> list[Changed]:
        heard: list[Changed] = []
        self.addCleanup(
            self.store.watch(lambda changed: heard.append({id: set(types) for id, types in changed.items()}))
        )
        return heard

    async def turn(self) -> None:
        """Whoever is told after an answer was told before the next one."""
        await self.write(lambda tx: None)

    async def test_an_observer_hears_of_types_by_account(self) -> None:
        heard = self.watched()
        first, *_ = await self.write(three)
        await self.turn()

        def work(tx: Any) -> None:
            tx.objects.kill(ACCOUNT, first, now=20)
            tx.objects.insert(ACCOUNT, BOX, now=20)

        await self.write(work)
        await self.turn()
        self.assertEqual(heard, [{ACCOUNT: {MAIL}}, {ACCOUNT: {MAIL, BOX}}])

    async def test_what_changes_no_object_is_not_told(self) -> None:
        heard = self.watched()
        await self.write(lambda tx: tx.accounts.create(ACCOUNT, "alice", "user"))
        await self.read(lambda tx: tx.objects.state(ACCOUNT, MAIL))
        await self.turn()
        self.assertEqual(heard, [])

    async def test_a_work_that_fails_is_not_told(self) -> None:
        await self.write(three)
        await self.turn()
        heard = self.watched()

        def broken(tx: Any) -> None:
            tx.objects.insert(ACCOUNT, MAIL, now=10)
            raise KeyError

        await self.refused(KeyError, broken)
        await self.write(lambda tx: tx.objects.insert(ACCOUNT, BOX, now=10))
        await self.turn()
        self.assertEqual(heard, [{ACCOUNT: {BOX}}])

    async def test_who_leaves_hears_no_more(self) -> None:
        heard: list[Changed] = []
        leave = self.store.watch(heard.append)
        leave()
        await self.write(three)
        await self.turn()
        self.assertEqual(heard, [])

    async def test_what_is_told_can_be_read(self) -> None:
        found: list[Any] = []
        self.addCleanup(
            self.store.watch(
                lambda changed: self.store.read(lambda tx: tx.objects.state(ACCOUNT, MAIL)).addCallback(found.append)
            )
        )
        await self.write(three)
        await self.turn()
        await self.read(lambda tx: None)
        await self.read(lambda tx: None)
        self.assertEqual(found, [3])
