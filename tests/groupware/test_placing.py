"""How deep a tree is; what is copied and moved is tested with COPY and MOVE (tests/dav/methods/test_copy.py)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import FILES
from stalwart.groupware.placing import depth_below
from stalwart.groupware.resources import locate
from stalwart.groupware.viewers import Viewer
from stalwart.store import MemoryStore, Transaction


class DepthTests(SynchronousTestCase):
    def test_the_longest_way_down_counts(self) -> None:
        def work(tx: Transaction) -> list[int]:
            tx.accounts.create(7, "alice", "user")
            numbers = {"": FILES.home}
            for path in ("a", "a/b", "a/b/c", "a/d", "e"):
                above, _, name = path.rpartition("/")
                numbers[path] = tx.collections.create(7, FILES.type, numbers[above], name, now=1).item_id
            viewer, home = Viewer(7), Home(7, "alice")
            return [
                depth_below(tx, locate(tx, viewer, FILES, home, tuple(path.split("/")))) for path in numbers if path
            ]

        store = MemoryStore()
        self.addCleanup(store.close)
        self.assertEqual(self.successResultOf(store.write(work)), [2, 1, 0, 0, 0])
