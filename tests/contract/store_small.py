"""Tokens, bans, counters, secrets, sign-ins and factors.

Tests ``stalwart.store.sql.tokens``, ``stalwart.store.sql.bans``, ``stalwart.store.sql.counters``,
``stalwart.store.sql.secrets``, ``stalwart.store.sql.sign_ins`` and ``stalwart.store.sql.factors``.
"""

from __future__ import annotations

from twisted.internet.defer import gatherResults

from stalwart.errors import Conflict
from stalwart.store import Ban, Factor, SignIn
from stalwart.store.store import Transaction
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
        for value in (b"put", b"again"):
            await self.write(lambda tx, value=value: tx.secrets.put("key", value))
            self.assertEqual(await self.read(lambda tx: tx.secrets.get("key")), value)

    async def test_a_sign_in_is_found_until_it_is_over(self) -> None:
        made = await self.write(lambda tx: tx.sign_ins.insert(7, "app", {"scope": "openid"}, now=10, expires_at=100))
        self.assertEqual(
            made,
            SignIn(made.id, 7, None, "app", 0, created_at=10, used_at=10, expires_at=100, data={"scope": "openid"}),
        )
        self.assertEqual(await self.read(lambda tx: tx.sign_ins.get(made.id, 99)), made)
        self.assertIsNone(await self.read(lambda tx: tx.sign_ins.get(made.id, 100)))
        self.assertEqual(await self.read(lambda tx: tx.sign_ins.of_account(7, 99)), [made])
        self.assertEqual(await self.read(lambda tx: tx.sign_ins.of_account(7, 100)), [])

    async def test_a_sign_in_changes_in_what_is_given(self) -> None:
        made = await self.write(lambda tx: tx.sign_ins.insert(7, "app", {"a": 1}, now=10, expires_at=100))
        self.assertTrue(await self.write(lambda tx: tx.sign_ins.update(made.id, generation=3, used_at=20)))
        self.assertTrue(await self.write(lambda tx: tx.sign_ins.update(made.id, expires_at=200, data={"b": 2})))
        self.assertTrue(await self.write(lambda tx: tx.sign_ins.update(made.id)))
        self.assertEqual(
            await self.read(lambda tx: tx.sign_ins.get(made.id, 150)),
            SignIn(made.id, 7, None, "app", 3, created_at=10, used_at=20, expires_at=200, data={"b": 2}),
        )
        self.assertFalse(await self.write(lambda tx: tx.sign_ins.update(made.id + 1, generation=1)))
        self.assertFalse(await self.write(lambda tx: tx.sign_ins.update(made.id + 1)))

    async def test_sign_ins_end_one_by_one_or_together(self) -> None:
        def some(tx: Transaction) -> list[int]:
            places = [(1, "a"), (1, "a"), (1, "b"), (2, "a"), (2, "b")]
            return [tx.sign_ins.insert(who, app, {}, now=0, expires_at=9).id for who, app in places]

        first, second, third, fourth, fifth = await self.write(some)
        self.assertTrue(await self.write(lambda tx: tx.sign_ins.delete(first)))
        self.assertFalse(await self.write(lambda tx: tx.sign_ins.delete(first)))
        self.assertEqual(await self.write(lambda tx: tx.sign_ins.delete_of_account(1, client="a")), 1)
        self.assertEqual(await self.write(lambda tx: tx.sign_ins.delete_of_account(1, spare=third)), 0)
        self.assertEqual(await self.write(lambda tx: tx.sign_ins.delete_of_account(2, spare=fifth)), 1)
        self.assertEqual(await self.write(lambda tx: tx.sign_ins.delete_of_client("b")), 2)
        for gone in (first, second, third, fourth, fifth):
            self.assertIsNone(await self.read(lambda tx, gone=gone: tx.sign_ins.get(gone, 0)))

    async def test_a_sign_in_to_anothers_account_ends_with_those_of_its_presenter(self) -> None:
        made = await self.write(lambda tx: tx.sign_ins.insert(7, "a", {}, now=0, expires_at=9, presenter_id=3))
        self.assertEqual((await self.read(lambda tx: tx.sign_ins.of_account(7, 0))), [made])
        self.assertEqual(await self.write(lambda tx: tx.sign_ins.delete_of_account(3)), 1)

    async def test_purging_sign_ins_spares_the_living(self) -> None:
        await self.write(lambda tx: tx.sign_ins.insert(1, "a", {}, now=0, expires_at=10))
        kept = await self.write(lambda tx: tx.sign_ins.insert(1, "a", {}, now=0, expires_at=11))
        self.assertEqual(await self.write(lambda tx: tx.sign_ins.purge(10)), 1)
        self.assertEqual(await self.read(lambda tx: tx.sign_ins.of_account(1, 0)), [kept])

    async def test_a_factor_has_one_holder(self) -> None:
        made = await self.write(lambda tx: tx.factors.insert(1, "passkey", "k", {"n": 1}, now=5))
        self.assertEqual(made, Factor(1, made.id, "passkey", "k", 5, {"n": 1}))
        with self.assertRaises(Conflict):
            await self.write(lambda tx: tx.factors.insert(2, "passkey", "k", {}, now=6))
        await self.write(lambda tx: tx.factors.insert(2, "recovery-code", "k", {}, now=6))
        self.assertEqual(await self.read(lambda tx: tx.factors.find("passkey", "k")), made)
        self.assertIsNone(await self.read(lambda tx: tx.factors.get(2, made.id)))

    async def test_a_factor_is_changed_and_used_up(self) -> None:
        made = await self.write(lambda tx: tx.factors.insert(1, "passkey", "k", {}, now=5))
        self.assertTrue(await self.write(lambda tx: tx.factors.update(1, made.id, {"count": 2})))
        self.assertFalse(await self.write(lambda tx: tx.factors.update(2, made.id, {})))
        self.assertEqual((await self.read(lambda tx: tx.factors.get(1, made.id))).data, {"count": 2})
        takers = [self.write(lambda tx: tx.factors.delete(1, made.id)) for _ in range(5)]
        self.assertEqual(sorted(await gatherResults(takers)), [False] * 4 + [True])

    async def test_factors_are_listed_and_removed_by_kind(self) -> None:
        for now, key in enumerate("cab"):
            await self.write(lambda tx, now=now, key=key: tx.factors.insert(1, "recovery-code", key, {}, now=now))
        await self.write(lambda tx: tx.factors.insert(1, "passkey", "p", {}, now=0))
        listed = await self.read(lambda tx: tx.factors.of_account(1, "recovery-code"))
        self.assertEqual([factor.key for factor in listed], ["c", "a", "b"])
        self.assertEqual(await self.write(lambda tx: tx.factors.delete_of_account(1, "recovery-code")), 3)
        self.assertEqual(len(await self.read(lambda tx: tx.factors.of_account(1, "passkey"))), 1)

    async def test_sign_ins_and_factors_go_with_their_account(self) -> None:
        await self.write(lambda tx: tx.accounts.create(1, "a", "user"))
        await self.write(lambda tx: tx.sign_ins.insert(1, "app", {}, now=0, expires_at=9))
        await self.write(lambda tx: tx.factors.insert(1, "passkey", "k", {}, now=0))
        await self.write(lambda tx: tx.accounts.delete(1, 0))
        self.assertEqual(await self.read(lambda tx: tx.sign_ins.of_account(1, 0)), [])
        self.assertIsNone(await self.read(lambda tx: tx.factors.find("passkey", "k")))
