"""Names under which things come back; all else is tested with x:ArchivedItem (tests.jmap.types.test_archived_item)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.groupware import restoring
from stalwart.groupware.kinds import FILES
from stalwart.store import MemoryStore, Transaction


class NameTests(SynchronousTestCase):
    def test_the_first_free_name_is_taken(self) -> None:
        def work(tx: Transaction) -> list[str]:
            tx.accounts.create(7, "alice", "user")
            for name in ("a.txt", "a (2).txt", "b", ".c"):
                tx.collections.create(7, FILES.type, FILES.home, name, now=1)
            return [restoring._free_name(tx, 7, FILES.home, name) for name in ("a.txt", "b", ".c", "d")]

        store = MemoryStore()
        self.addCleanup(store.close)
        self.assertEqual(self.successResultOf(store.write(work)), ["a (3).txt", "b (2)", ".c (2)", "d"])
