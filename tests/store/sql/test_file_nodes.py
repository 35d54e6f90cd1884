"""Files and folders by their numbers; each question walks an index. Tests ``stalwart.store.sql.file_nodes``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore, Transaction
from stalwart.store.collection_rows import FileNode, NewItem, NodeOrder, home
from stalwart.store.object_types import ADDRESS_BOOK, FILE_NODE
from stalwart.store.sql import file_nodes
from tests.store.opened import session_of

TESTED = file_nodes
ME, NOW = 7, 1_700_000_000
TOP = home(FILE_NODE)


class FileNodeTests(SynchronousTestCase):
    """``/a/b/c.txt``, ``/a/d.txt``, ``/e.txt``, and an address book."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        self.do(self._fill)

    def _fill(self, tx: Transaction) -> None:
        tx.accounts.create(ME, "alice", "user")
        self.a = tx.collections.create(ME, FILE_NODE, TOP, "a", now=NOW, data={"role": "documents"}).item_id
        self.b = tx.collections.create(ME, FILE_NODE, self.a, "b", now=NOW).item_id
        self.blob = tx.blobs.put(b"content", NOW)
        self.c, self.d, self.e = (
            tx.collections.put(ME, place, name, NewItem(1, blob=self.blob.hash, size=7, data={}), now=NOW)[0].item_id
            for place, name in ((self.b, "c.txt"), (self.a, "d.txt"), (TOP, "e.txt"))
        )
        self.book = tx.collections.create(ME, ADDRESS_BOOK, home(ADDRESS_BOOK), "friends", now=NOW).item_id

    def do(self, work: Callable[[Transaction], Any]) -> Any:
        return self.successResultOf(self.store.write(work))

    def test_all_that_is_known_of_some(self) -> None:
        found = self.do(lambda tx: tx.collections.nodes.many(ME, [self.a, self.c, self.book, 999, -15]))
        self.assertEqual(
            found,
            {
                self.a: FileNode(self.a, TOP, "a", True, 0, NOW, NOW, None, {"role": "documents"}),
                self.c: FileNode(self.c, self.b, "c.txt", False, 7, NOW, NOW, self.blob.hash, {}),
            },
        )
        self.assertEqual(self.do(lambda tx: tx.collections.nodes.many(8, [self.a])), {})

    def test_what_is_gone_is_gone(self) -> None:
        self.do(lambda tx: tx.collections.remove(ME, self.a, "b", now=NOW))
        self.assertEqual(list(self.do(lambda tx: tx.collections.nodes.many(ME, [self.b, self.c, self.d]))), [self.d])

    def test_the_folders_above(self) -> None:
        found = self.do(lambda tx: tx.collections.nodes.above(ME, [self.c, self.d, self.e]))
        self.assertEqual(set(found), {self.a, self.b})
        self.assertEqual(self.do(lambda tx: tx.collections.nodes.above(ME, [self.e, 999])), {})

    def test_what_is_in_folders(self) -> None:
        def names(*folders: int, **given: bool) -> list[str]:
            return sorted(n.name for n in self.do(lambda tx: tx.collections.nodes.inside(ME, folders, **given)))

        self.assertEqual(names(TOP), ["a", "e.txt"])
        self.assertEqual(names(self.a, self.b), ["b", "c.txt", "d.txt"])
        self.assertEqual(names(self.c), [])
        self.assertEqual(names(1 << 70), [])
        (c,) = self.do(lambda tx: tx.collections.nodes.inside(ME, [self.b], with_data=True))
        self.assertEqual((c.blob, c.data), (self.blob.hash, {}))

    def test_everything(self) -> None:
        for with_data in (False, True):
            found = self.do(lambda tx, w=with_data: tx.collections.nodes.all(ME, with_data=w))
            self.assertEqual(sorted(node.name for node in found), ["a", "b", "c.txt", "d.txt", "e.txt"])

    def test_folders_below_with_their_levels(self) -> None:
        below = self.do(lambda tx: tx.collections.nodes.folders_below(ME, TOP))
        self.assertEqual(list(below.items()), [(TOP, 0), (self.a, 1), (self.b, 2)])

    def test_pages_are_in_the_order_of_names(self) -> None:
        def page(folder: int, offset: int, limit: int) -> Any:
            return self.do(lambda tx: tx.collections.nodes.page(ME, folder, offset, limit))

        self.assertEqual(page(TOP, 0, 10), [self.a, self.e])
        self.assertEqual(page(TOP, 1, 10), [self.e])
        self.assertEqual(page(self.a, 0, 1), [self.b])
        positions = [
            self.do(lambda tx, id=id: tx.collections.nodes.position(ME, self.a, id)) for id in (self.b, self.d, self.c)
        ]
        self.assertEqual(positions, [0, 1, None])
        counts = [self.do(lambda tx, id=id: tx.collections.nodes.count(ME, id)) for id in (TOP, self.a, self.b, 999)]
        self.assertEqual(counts, [2, 2, 1, 0])

    def test_what_an_older_version_has_stored_may_have_no_order_of_names(self) -> None:
        def forget(tx: Any) -> None:
            session_of(tx).run("UPDATE binding SET collated = NULL WHERE segment = 'd.txt'")

        for folder, is_collated in ((self.a, False), (TOP, True), (999, True)):
            with self.subTest(folder):
                self.assertTrue(self.do(lambda tx, f=folder: tx.collections.nodes.are_collated(ME, f)))
                self.do(forget)
                found = self.do(lambda tx, f=folder: tx.collections.nodes.are_collated(ME, f))
                self.assertEqual(found, is_collated)
                self.do(lambda tx: tx.collections.move(ME, self.a, "d.txt", self.a, "e.txt", now=NOW))
                self.do(lambda tx: tx.collections.move(ME, self.a, "e.txt", self.a, "d.txt", now=NOW))

    def test_changes_that_only_jmap_tells(self) -> None:
        state = self.do(lambda tx: tx.objects.state(ME, FILE_NODE))
        etags = self.do(lambda tx: [m.etag for m in tx.collections.members(ME, self.a, limit=9)])
        self.do(lambda tx: tx.collections.nodes.note_changed(ME, [self.d, self.b]))
        self.do(lambda tx: tx.collections.nodes.note_changed(ME, []))
        changes = self.do(lambda tx: tx.objects.changes(ME, FILE_NODE, state))
        self.assertEqual(changes.updated, (self.d, self.b))
        self.assertEqual(self.do(lambda tx: [m.etag for m in tx.collections.members(ME, self.a, limit=9)]), etags)

    def plan(self, work: Callable[[Any], object]) -> str:
        def explain(tx: Any) -> list[str]:
            session = session_of(tx)
            statements: list[str] = []
            session._connection.set_trace_callback(statements.append)
            work(tx.collections.nodes)
            session._connection.set_trace_callback(None)
            return [row[3] for each in statements for row in session.all(f"EXPLAIN QUERY PLAN {each}")]

        return "\n".join(self.do(explain))

    def test_each_question_walks_an_index(self) -> None:
        for work, walk in (
            (lambda nodes: nodes.many(ME, [self.a]), "INDEX binding_item (account_id=? AND item_id=?)"),
            (lambda nodes: nodes.above(ME, [self.c]), "INDEX binding_item (account_id=? AND item_id=?)"),
            (lambda nodes: nodes.inside(ME, [self.a]), "PRIMARY KEY (account_id=? AND collection_id=?)"),
            (
                lambda nodes: nodes.inside(ME, [self.a], with_data=True),
                "PRIMARY KEY (account_id=? AND collection_id=?)",
            ),
            (lambda nodes: nodes.all(ME), "INDEX binding_home (account_id=? AND home=?)"),
            (lambda nodes: nodes.folders_below(ME, self.a), "INDEX collection_parent (account_id=? AND parent_id=?)"),
            (lambda nodes: nodes.page(ME, self.a, 5, 5), "PRIMARY KEY (account_id=? AND collection_id=?)"),
            (lambda nodes: nodes.position(ME, self.a, self.d), "(account_id=? AND collection_id=? AND segment<?)"),
            (
                lambda nodes: nodes.page(ME, self.a, 5, 5, NodeOrder.NAME),
                "INDEX binding_collated (account_id=? AND collection_id=? AND collated>?)",
            ),
            (lambda nodes: nodes.page(ME, self.a, 5, 5, NodeOrder.NAME_DESCENDING), "INDEX binding_collated"),
            (
                lambda nodes: nodes.position(ME, self.a, self.d, NodeOrder.NAME),
                "INDEX binding_collated (account_id=? AND collection_id=? AND collated>? AND collated<?)",
            ),
            (lambda nodes: nodes.are_collated(ME, self.a), "INDEX binding_uncollated"),
            (lambda nodes: nodes.count(ME, TOP), "PRIMARY KEY (account_id=? AND collection_id=?)"),
        ):
            steps = self.plan(work)
            self.assertIn(walk, steps)
            self.assertNotIn(" (account_id=?)\n", f"{steps}\n")
            self.assertNotIn("SCAN binding", steps)
            self.assertNotIn("SCAN obj", steps)
        for order in (NodeOrder.SEGMENT, NodeOrder.NAME):
            with self.subTest(order):
                self.assertNotIn("TEMP B-TREE", self.plan(lambda nodes: nodes.page(ME, self.a, 5, 5, order)))  # noqa: B023
