"""The store in memory keeps the contract, and answers at once."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.store import MemoryStore
from tests.contract.store_contract import StoreContract


class MemoryStoreContractTests(StoreContract, TestCase):
    def make_store(self) -> MemoryStore:
        return MemoryStore()


class MemoryStoreTests(SynchronousTestCase):
    def test_answers_have_fired_already(self) -> None:
        store = MemoryStore()
        self.assertEqual(self.successResultOf(store.write(lambda tx: tx.registry.next_id("Account"))), 1)
        self.assertIsNone(self.successResultOf(store.start()))
        self.assertIsNone(self.successResultOf(store.close()))

    def test_two_stores_share_nothing(self) -> None:
        one, other = MemoryStore(), MemoryStore()
        self.successResultOf(one.write(lambda tx: tx.registry.insert("Domain", {}, id=1)))
        self.assertEqual(self.successResultOf(other.read(lambda tx: tx.registry.count("Domain"))), 0)

    def test_a_copy_goes_its_own_way(self) -> None:
        one = MemoryStore()
        self.successResultOf(one.write(lambda tx: tx.registry.insert("Domain", {}, id=1)))
        copy = MemoryStore(like=one)
        self.successResultOf(copy.write(lambda tx: tx.registry.insert("Domain", {}, id=2)))
        counts = [self.successResultOf(each.read(lambda tx: tx.registry.count("Domain"))) for each in (one, copy)]
        self.assertEqual(counts, [1, 2])
