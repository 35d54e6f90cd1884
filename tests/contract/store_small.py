"""Tokens, bans, counters and secrets.

Tests ``stalwart.store.sql.tokens``, ``stalwart.store.sql.bans``, ``stalwart.store.sql.counters`` and
``stalwart.store.sql.secrets``.
"""

from __future__ import annotations

from twisted.internet.defer import gatherResults

from stalwart.store import Ban
from tests.contract.store_case import StoreCase


class SmallContract(StoreCase):
    async def test_a_token_lives_until_it_expires(self) -> None:
        await self.write(lambda tx: tx.tokens.put("t", "live", {"a": 1}, expires_at=100))
        self.assertEqual(await self.read(lambda tx: tx.tokens.get("t", "live", now=99)), {"a": 1})
        self.assertIsNone(await self.read(lambda tx: tx.tokens.get("t", "live", now=100)))

    async def test_a_token_is_bound_to_its_kind(self) -> None:
        await self.write(lambda tx: tx.tokens.put("t", "live", {}, expires_at=100))
        self.assertIsNone(await self.write(lambda tx: tx.tokens.take("t", "code", now=0)))
        self.assertEqual(await self.read(lambda tx: tx.tokens.get("t", "live", now=0)), {})

    async def test_a_token_is_replaced_by_its_successor(self) -> None:
        await self.write(lambda tx: tx.tokens.put("t", "live", {"a": 1}, expires_at=10))
        await self.write(lambda tx: tx.tokens.put("t", "live", {"a": 2}, expires_at=20))
        self.assertEqual(await self.read(lambda tx: tx.tokens.get("t", "live", now=15)), {"a": 2})

    async def test_of_many_takers_one_gets_the_token(self) -> None:
        await self.write(lambda tx: tx.tokens.put("code", "oauth", {"who": 1}, expires_at=100))
        takers = [self.write(lambda tx: tx.tokens.take("code", "oauth", now=1)) for _ in range(50)]
        taken = await gatherResults(takers)
        self.assertEqual([data for data in taken if data is not None], [{"who": 1}])

    async def test_an_expired_token_cannot_be_taken(self) -> None:
        await self.write(lambda tx: tx.tokens.put("t", "code", {}, expires_at=100))
        self.assertIsNone(await self.write(lambda tx: tx.tokens.take("t", "code", now=100)))

    async def test_purging_tokens_spares_the_living(self) -> None:
        await self.write(lambda tx: tx.tokens.put("old", "code", {}, expires_at=10))
        await self.write(lambda tx: tx.tokens.put("new", "code", {}, expires_at=20))
        self.assertEqual(await self.write(lambda tx: tx.tokens.purge(15)), 1)
        self.assertEqual(await self.read(lambda tx: tx.tokens.get("new", "code", now=15)), {})

    async def test_bans_end_in_time(self) -> None:
        await self.write(lambda tx: tx.bans.add("192.0.2.1", "scan", 5, 10))
        await self.write(lambda tx: tx.bans.add("198.51.100.0/24", "by hand", 5, None))
        self.assertEqual(
            await self.read(lambda tx: tx.bans.list(9)),
            [Ban("192.0.2.1", "scan", 5, 10), Ban("198.51.100.0/24", "by hand", 5, None)],
        )
        self.assertEqual([ban.network for ban in await self.read(lambda tx: tx.bans.list(10))], ["198.51.100.0/24"])

    async def test_a_ban_is_renewed(self) -> None:
        await self.write(lambda tx: tx.bans.add("192.0.2.1", "scan", 5, 10))
        await self.write(lambda tx: tx.bans.add("192.0.2.1", "login", 8, 20))
        self.assertEqual(await self.read(lambda tx: tx.bans.list(9)), [Ban("192.0.2.1", "login", 8, 20)])

    async def test_a_ban_is_lifted_once(self) -> None:
        await self.write(lambda tx: tx.bans.add("192.0.2.1", "scan", 5, None))
        self.assertTrue(await self.write(lambda tx: tx.bans.remove("192.0.2.1")))
        self.assertFalse(await self.write(lambda tx: tx.bans.remove("192.0.2.1")))

    async def test_purging_bans_spares_the_endless(self) -> None:
        await self.write(lambda tx: tx.bans.add("192.0.2.1", "scan", 5, 10))
        await self.write(lambda tx: tx.bans.add("192.0.2.2", "by hand", 5, None))
        self.assertEqual(await self.write(lambda tx: tx.bans.purge(10)), 1)
        self.assertEqual([ban.network for ban in await self.read(lambda tx: tx.bans.list(0))], ["192.0.2.2"])

    async def test_a_counter_adds_up(self) -> None:
        self.assertEqual(await self.write(lambda tx: tx.counters.increment("b", 10)), 1)
        self.assertEqual(await self.write(lambda tx: tx.counters.increment("b", 10, by=5)), 6)
        self.assertEqual(await self.read(lambda tx: tx.counters.value("b")), 6)
        self.assertEqual(await self.read(lambda tx: tx.counters.value("other")), 0)

    async def test_a_counter_starts_anew_after_its_window(self) -> None:
        await self.write(lambda tx: tx.counters.increment("b", 10, by=3, now=0))
        self.assertEqual(await self.write(lambda tx: tx.counters.increment("b", 20, now=9)), 4)
        self.assertEqual(await self.read(lambda tx: tx.counters.value("b", now=10)), 0)
        self.assertEqual(await self.write(lambda tx: tx.counters.increment("b", 20, now=10)), 1)
        self.assertEqual(await self.read(lambda tx: tx.counters.value("b", now=19)), 1)

    async def test_purging_counters_spares_running_windows(self) -> None:
        await self.write(lambda tx: tx.counters.increment("old", 10))
        await self.write(lambda tx: tx.counters.increment("new", 20))
        self.assertEqual(await self.write(lambda tx: tx.counters.purge(10)), 1)
        self.assertEqual(await self.read(lambda tx: tx.counters.value("new")), 1)

    async def test_a_secret_is_made_once(self) -> None:
        made = iter([b"\x00first", b"second"])
        first = await self.write(lambda tx: tx.secrets.get_or_create("key", lambda: next(made)))
        again = await self.read(lambda tx: tx.secrets.get_or_create("key", lambda: next(made)))
        self.assertEqual((first, again), (b"\x00first", b"\x00first"))
        self.assertEqual(await self.read(lambda tx: tx.secrets.get("key")), b"\x00first")
        self.assertIsNone(await self.read(lambda tx: tx.secrets.get("other")))
