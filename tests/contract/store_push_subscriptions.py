"""Push subscriptions: one for each device, until they are over.

Tests ``stalwart.store.push_subscriptions`` and ``stalwart.store.sql.push_subscriptions``.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from stalwart.store.push_subscriptions import PushSubscription
from tests.contract.store_case import StoreCase

ACCOUNT = 5
URL = "https://push.example.net/1"


def add(tx: Any, device: str = "phone", account_id: int = ACCOUNT, **members: Any) -> PushSubscription:
    given = {"keys": ("p", "a"), "code": "c", "now": 10, "expires_at": 100, "types": ("Email",), "holder": [5, None]}
    made: PushSubscription = tx.push_subscriptions.insert(account_id, device, URL, **(given | members))
    return made


class PushSubscriptionContract(StoreCase):
    async def test_a_subscription_is_kept_with_all_it_has(self) -> None:
        made = await self.write(lambda tx: add(tx, email_push={"b": {"filter": None}}))
        self.assertFalse(made.verified)
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.get(ACCOUNT, made.id, 99)), made)
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.of_account(ACCOUNT, 99)), [made])
        bare = await self.write(lambda tx: add(tx, "tablet", keys=None, types=None, holder=None))
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.get(ACCOUNT, bare.id, 99)), bare)

    async def test_it_is_found_by_its_own_account_only(self) -> None:
        made = await self.write(add)
        self.assertIsNone(await self.read(lambda tx: tx.push_subscriptions.get(ACCOUNT + 1, made.id, 0)))
        self.assertFalse(await self.write(lambda tx: tx.push_subscriptions.delete(ACCOUNT + 1, made.id)))
        self.assertTrue(await self.write(lambda tx: tx.push_subscriptions.delete(ACCOUNT, made.id)))
        self.assertFalse(await self.write(lambda tx: tx.push_subscriptions.delete(ACCOUNT, made.id)))

    async def test_a_device_has_one_subscription(self) -> None:
        first = await self.write(add)
        second = await self.write(lambda tx: add(tx, code="d"))
        other = await self.write(lambda tx: add(tx, account_id=ACCOUNT + 1))
        self.assertNotEqual(first.id, second.id)
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.of_account(ACCOUNT, 0)), [second])
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.of_account(ACCOUNT + 1, 0)), [other])
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.accounts(0)), [ACCOUNT, ACCOUNT + 1])

    async def test_what_changes_is_stored(self) -> None:
        made = await self.write(add)
        changed = replace(made, verified=True, expires_at=200, types=None, email_push={"b": {}})
        self.assertTrue(await self.write(lambda tx: tx.push_subscriptions.update(changed)))
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.get(ACCOUNT, made.id, 150)), changed)
        self.assertFalse(await self.write(lambda tx: tx.push_subscriptions.update(replace(made, id=1))))

    async def test_those_that_are_over_are_gone(self) -> None:
        made = await self.write(add)
        self.assertIsNone(await self.read(lambda tx: tx.push_subscriptions.get(ACCOUNT, made.id, 100)))
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.of_account(ACCOUNT, 100)), [])
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.accounts(100)), [])
        self.assertEqual(await self.write(lambda tx: tx.push_subscriptions.purge(99)), 0)
        self.assertEqual(await self.write(lambda tx: tx.push_subscriptions.purge(100)), 1)

    async def test_they_go_with_their_account(self) -> None:
        await self.write(lambda tx: tx.accounts.create(ACCOUNT, "alice", "user"))
        await self.write(add)
        await self.write(lambda tx: tx.accounts.delete(ACCOUNT, 10))
        self.assertEqual(await self.read(lambda tx: tx.push_subscriptions.accounts(0)), [])
