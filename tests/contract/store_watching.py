"""Who watches a store hears of what is durable: states by account and type.

Tests ``stalwart.store.watch``.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.store.watch import FIRST, Changed
from tests.contract.store_case import StoreCase
from tests.contract.store_changes import ACCOUNT, BOX, MAIL, three


class WatchingContract(StoreCase):
    def watched(self) -> list[Changed]:
        """What is heard of types; the first numbers are in ``firsts``."""
        heard: list[Changed] = []
        self.firsts: list[dict[int, int | None]] = []

        def hear(changed: Changed) -> None:
            self.firsts.append({id: states.get(FIRST) for id, states in changed.items()})
            heard.append(
                {id: {type: state for type, state in states.items() if type != FIRST} for id, states in changed.items()}
            )

        self.addCleanup(self.store.watch(hear))
        return heard

    async def turn(self) -> None:
        """Whoever is told after an answer was told before the next one."""
        await self.write(lambda tx: None)

    async def test_an_observer_hears_of_states_by_account_and_type(self) -> None:
        heard = self.watched()
        first, *_ = await self.write(three)
        await self.turn()

        def work(tx: Any) -> None:
            tx.objects.kill(ACCOUNT, first, now=20)
            tx.objects.insert(ACCOUNT, BOX, now=20)

        await self.write(work)
        await self.turn()
        self.assertEqual(heard, [{ACCOUNT: {MAIL: 3}}, {ACCOUNT: {MAIL: 4, BOX: 5}}])
        self.assertEqual(self.firsts, [{ACCOUNT: 1}, {ACCOUNT: 4}])

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
        self.assertEqual(heard, [{ACCOUNT: {BOX: 4}}])

    async def test_where_a_part_was_taken_back_the_state_is_uncertain(self) -> None:
        first, *_ = await self.write(three)
        await self.turn()
        heard = self.watched()

        def work(tx: Any) -> None:
            tx.objects.insert(ACCOUNT, BOX, now=10)
            with suppress(KeyError), tx.savepoint():
                tx.objects.kill(ACCOUNT, first, now=20)
                raise KeyError

        await self.write(work)
        await self.turn()
        self.assertEqual((heard, self.firsts), ([{ACCOUNT: {BOX: 0, MAIL: 0}}], [{ACCOUNT: 0}]))

    async def test_a_state_that_is_only_touched(self) -> None:
        await self.write(three)
        await self.turn()
        heard = self.watched()
        await self.write(lambda tx: tx.objects.touch(ACCOUNT, BOX))
        await self.write(lambda tx: tx.objects.touch(ACCOUNT + 1, BOX))
        await self.turn()
        self.assertEqual((heard, self.firsts), ([{ACCOUNT: {BOX: 3}}], [{ACCOUNT: None}]))

    async def test_first_numbers_show_that_nothing_is_missing(self) -> None:
        await self.write(three)
        await self.turn()
        heard = self.watched()

        def work(tx: Any) -> None:
            tx.objects.insert(ACCOUNT, MAIL, now=10)
            tx.objects.insert(ACCOUNT, BOX, now=10)
            tx.objects.touch(ACCOUNT, MAIL)

        for writing in [self.write(work) for _ in range(20)]:  # some of them in one commit
            await writing
        await self.turn()
        known = 3
        for states, first in zip(heard, self.firsts, strict=True):
            self.assertEqual(first, {ACCOUNT: known + 1})
            known = max(states[ACCOUNT].values())
        self.assertEqual(known, 43)

    async def test_who_leaves_hears_no_more(self) -> None:
        heard: list[Changed] = []
        leave = self.store.watch(heard.append)
        leave()
        await self.write(three)
        await self.turn()
        self.assertEqual(heard, [])

    async def test_who_is_told_ahead_is_told_before_the_answer(self) -> None:
        heard: list[str] = []
        self.addCleanup(self.store.watch(lambda changed: heard.append("told"), ahead=True))
        await self.write(three).addCallback(lambda _: heard.append("answered"))
        self.assertEqual(heard, ["told", "answered"])

    async def test_what_is_told_can_be_read(self) -> None:
        found: Deferred[Any] = Deferred()

        def look(_: Changed) -> None:
            self.store.read(lambda tx: tx.objects.state(ACCOUNT, MAIL)).chainDeferred(found)

        self.addCleanup(self.store.watch(look))
        await self.write(three)
        self.assertEqual(await found, 3)
