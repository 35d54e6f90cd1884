"""Transactions: all or nothing, isolated from each other, seen once acknowledged.

Tests ``stalwart.store.sql.transaction``.
"""

from __future__ import annotations

import contextlib
from typing import Any

from twisted.internet.defer import gatherResults

from stalwart.errors import Conflict, Unavailable
from tests.contract.store_case import StoreCase
from tests.store.opened import session_of


class Broken(Exception):
    """What a faulty caller raises."""


class TransactionContract(StoreCase):
    async def test_a_write_answers_what_the_work_returned(self) -> None:
        self.assertEqual(await self.write(lambda tx: tx.registry.next_id("Domain")), 1)

    async def test_an_acknowledged_write_is_seen_by_the_next_read(self) -> None:
        for number in range(20):
            await self.write(lambda tx, n=number: tx.registry.insert("Domain", {}, id=n))
            self.assertEqual(await self.read(lambda tx: tx.registry.count("Domain")), number + 1)

    async def test_a_work_sees_its_own_writes(self) -> None:
        def work(tx: Any) -> Any:
            tx.registry.insert("Domain", {"name": "a"}, id=1)
            return tx.registry.get("Domain", 1)

        self.assertEqual((await self.write(work)).data, {"name": "a"})

    async def test_a_failed_work_leaves_nothing(self) -> None:
        def work(tx: Any) -> None:
            tx.registry.insert("Domain", {}, id=1, keys=[("Domain.name", "a")])
            tx.counters.increment("bucket", 10)
            raise Broken

        await self.refused(Broken, work)
        self.assertEqual(await self.read(lambda tx: tx.registry.count("Domain")), 0)
        self.assertIsNone(await self.read(lambda tx: tx.registry.lookup("Domain.name", "a")))
        self.assertEqual(await self.read(lambda tx: tx.counters.value("bucket")), 0)

    async def test_a_failed_work_takes_no_other_with_it(self) -> None:
        def broken(tx: Any) -> None:
            tx.registry.next_id("Domain")
            raise Broken

        waiting = []
        for number in range(30):
            waiting.append(self.write(lambda tx, n=number: tx.registry.insert("Domain", {}, id=n)))
            waiting.append(self.assertFailure(self.write(broken), Broken))
        await gatherResults(waiting)
        self.assertEqual(await self.read(lambda tx: tx.registry.count("Domain")), 30)
        self.assertEqual(await self.write(lambda tx: tx.registry.next_id("Domain")), 1)

    async def test_a_refused_call_can_be_survived_inside_a_work(self) -> None:
        def work(tx: Any) -> None:
            tx.registry.insert("Domain", {}, id=1, keys=[("Domain.name", "a")])
            with self.assertRaises(Conflict):
                tx.registry.insert("Domain", {}, id=2, keys=[("Domain.alias", "b"), ("Domain.name", "a")])
            tx.registry.insert("Domain", {}, id=3)

        await self.write(work)
        rows = await self.read(lambda tx: tx.registry.list("Domain"))
        self.assertEqual([row.id for row in rows], [1, 3])
        self.assertIsNone(await self.read(lambda tx: tx.registry.lookup("Domain.alias", "b")))

    async def test_a_savepoint_is_kept_or_leaves_nothing(self) -> None:
        def work(tx: Any) -> None:
            for id in range(4):
                with contextlib.suppress(Broken), tx.savepoint():
                    tx.registry.insert("Domain", {}, id=id)
                    tx.counters.increment("tries", 10)
                    if id % 2:
                        raise Broken

        await self.write(work)
        self.assertEqual([row.id for row in await self.read(lambda tx: tx.registry.list("Domain"))], [0, 2])
        self.assertEqual(await self.read(lambda tx: tx.counters.value("tries")), 2)

    async def test_savepoints_can_be_nested(self) -> None:
        def work(tx: Any) -> None:
            with contextlib.suppress(Broken), tx.savepoint():
                tx.registry.insert("Domain", {}, id=1)
                with contextlib.suppress(Broken), tx.savepoint():
                    tx.registry.insert("Domain", {}, id=2)
                    raise Broken
                self.assertEqual(tx.registry.count("Domain"), 1)
                with tx.savepoint():
                    tx.registry.insert("Domain", {}, id=3)
                raise Broken
            with tx.savepoint():
                tx.registry.insert("Domain", {}, id=4)

        await self.write(work)
        self.assertEqual([row.id for row in await self.read(lambda tx: tx.registry.list("Domain"))], [4])

    async def test_a_failed_work_takes_its_savepoints_with_it(self) -> None:
        def work(tx: Any) -> None:
            with tx.savepoint():
                tx.registry.insert("Domain", {}, id=1)
            raise Broken

        await self.refused(Broken, work)
        self.assertEqual(await self.read(lambda tx: tx.registry.count("Domain")), 0)

    async def test_a_transaction_lost_in_a_savepoint_is_told_with_its_reason(self) -> None:
        def work(tx: Any) -> None:
            with tx.savepoint():
                tx.registry.insert("Domain", {}, id=1)
                session_of(tx).rollback()  # as a database does when its disk is full
                raise Broken

        await self.refused(Broken, work)
        await self.write(lambda tx: tx.registry.insert("Domain", {}, id=2))
        self.assertEqual([row.id for row in await self.read(lambda tx: tx.registry.list("Domain"))], [2])

    async def test_a_savepoint_may_be_read_in(self) -> None:
        def work(tx: Any) -> int:
            with tx.savepoint():
                return int(tx.registry.count("Domain"))

        self.assertEqual(await self.read(work), 0)

    async def test_a_read_may_not_write(self) -> None:
        failing = self.read(lambda tx: tx.registry.insert("Domain", {}, id=1))
        await self.assertFailure(failing, Unavailable)
        self.assertEqual(await self.read(lambda tx: tx.registry.count("Domain")), 0)

    async def test_a_failing_read_fails_only_itself(self) -> None:
        def broken(tx: Any) -> None:
            raise Broken

        await self.assertFailure(self.read(broken), Broken)
        self.assertEqual(await self.read(lambda tx: tx.registry.count("Domain")), 0)

    async def test_many_writers_count_right(self) -> None:
        sums = await gatherResults([self.write(lambda tx: tx.counters.increment("b", 10)) for _ in range(200)])
        self.assertEqual(sorted(sums), list(range(1, 201)))

    async def test_ping_fires(self) -> None:
        self.assertIsNone(await self.store.ping())

    async def test_a_closed_store_refuses_everything(self) -> None:
        await self.store.close()
        await self.assertFailure(self.read(lambda tx: None), Unavailable)
        await self.assertFailure(self.write(lambda tx: None), Unavailable)
        await self.assertFailure(self.store.ping(), Unavailable)

    async def test_closing_twice_is_harmless(self) -> None:
        await self.store.close()
        self.assertIsNone(await self.store.close())
