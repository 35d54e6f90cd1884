"""Orders are remembered with their keys, which nobody can read in the store."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.vault import Vault, VaultKey
from stalwart.store import MemoryStore
from stalwart.tls.order_journal import LIFETIME, Entry, OrderJournal, drop, same_names

NOW = 1_800_000_000
ENTRY = Entry(3, ("a.test", "b.test"), "-----BEGIN PRIVATE KEY-----", NOW)


class JournalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.journal = OrderJournal(self.store, Vault(VaultKey("j" * 40)))

    def done(self, work: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def test_an_order_is_found_where_it_was_left(self) -> None:
        self.done(self.journal.write(7, ENTRY))
        self.assertEqual(self.done(self.journal.entry(7, NOW + 5)), ENTRY)
        later = evolve(ENTRY, url="https://ca.test/order/1")
        self.done(self.journal.write(7, later))
        self.assertEqual(self.done(self.journal.entry(7, NOW + 5)), later)
        self.assertIsNone(self.done(self.journal.entry(8, NOW)))

    def test_an_order_is_not_taken_up_after_a_week(self) -> None:
        self.done(self.journal.write(7, ENTRY))
        self.assertIsNone(self.done(self.journal.entry(7, NOW + LIFETIME)))

    def test_forgotten_by_itself_or_with_more(self) -> None:
        for forget in (self.journal.forget, lambda id: self.in_transaction(id)):
            self.done(self.journal.write(7, ENTRY))
            self.done(forget(7))
            self.assertIsNone(self.done(self.journal.entry(7, NOW)))

    async def in_transaction(self, id: int) -> None:
        await self.store.write(lambda tx: drop(tx, id))

    def test_the_key_is_sealed(self) -> None:
        self.done(self.journal.write(7, ENTRY))
        data = self.successResultOf(self.store.read(lambda tx: tx.tokens.get("7", "acme-order", NOW)))
        self.assertNotIn("PRIVATE", str(data))
        self.assertNotIn("PRIVATE", repr(ENTRY))
        self.assertIsNone(self.done(OrderJournal(self.store, Vault(VaultKey("k" * 40))).entry(7, NOW)))

    def test_order_of_names_does_not_matter(self) -> None:
        self.assertTrue(same_names(("a", "b"), ["b", "a"]))
        self.assertFalse(same_names(("a", "b"), ("a",)))
