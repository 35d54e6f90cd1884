"""Items by what they are indexed by, and by their places; no question reads content. Tests ``store.sql.item_index``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore, Transaction
from stalwart.store.collection_rows import NewItem, Placed, home
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR, CALENDAR_EVENT, CONTACT_CARD
from stalwart.store.sql import item_index
from tests.store.opened import session_of

TESTED = item_index
ME, NOW = 7, 1_700_000_000


class ItemIndexTests(SynchronousTestCase):
    """Cards a and b in one address book, b in another one as well; an event."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        self.successResultOf(self.store.write(self._fill))

    def _fill(self, tx: Transaction) -> None:
        tx.accounts.create(ME, "alice", "user")
        self.book, self.other = (
            tx.collections.create(ME, ADDRESS_BOOK, home(ADDRESS_BOOK), name, now=NOW).item_id for name in "xy"
        )
        calendar = tx.collections.create(ME, CALENDAR, home(CALENDAR), "z", now=NOW).item_id
        self.a, self.b = (
            tx.collections.put(ME, self.book, name, NewItem(1, b"x", values=values), now=NOW)[0].item_id
            for name, values in (("a", (("text", "ANN 100%"), ("more", ""))), ("b", (("text", "BOB_X"),)))
        )
        self.linked = tx.collections.link(ME, self.b, self.other, "b2", now=NOW + 9)
        self.event = tx.collections.put(ME, calendar, "e", NewItem(1, b"x"), now=NOW)[0].item_id

    def do(self, work: Callable[[Any], Any]) -> Any:
        return self.successResultOf(self.store.write(lambda tx: work(tx.collections.index)))

    def test_by_type_and_place(self) -> None:
        self.assertEqual(self.do(lambda index: index.all(ME, CONTACT_CARD, 9)), [self.a, self.b])
        self.assertEqual(self.do(lambda index: index.all(ME, CONTACT_CARD, 1)), [self.a])
        self.assertEqual(self.do(lambda index: index.inside(ME, [self.other])), {self.b})
        self.assertEqual(self.do(lambda index: index.inside(ME, [self.book, self.other, 1 << 70])), {self.a, self.b})
        self.assertEqual(self.do(lambda index: index.inside(ME, [])), set())
        places = self.do(lambda index: index.places(ME, CONTACT_CARD, [self.b, self.event, 999]))
        self.assertEqual(list(places), [self.b])
        self.assertIn(Placed(self.other, "b2", self.linked.seq), places[self.b])
        self.assertEqual(set(self.do(lambda index: index.places(ME, CALENDAR_EVENT, [self.event]))), {self.event})
        self.assertEqual(self.do(lambda index: index.times(ME, CONTACT_CARD))[self.a], (NOW, NOW))

    def test_by_value(self) -> None:
        for containing, found in (
            ((), {self.a, self.b}),
            (("0%",), {self.a}),
            (("_X",), {self.b}),
            (("N_",), set()),
            (("A", "1"), {self.a}),
            (("A", "B"), set()),
        ):
            self.assertEqual(self.do(lambda index, c=containing: index.ids(ME, "text", c)), found, containing)
        self.assertEqual(self.do(lambda index: index.values(ME, "text", ["BOB"])), {self.b: "BOB_X"})
        self.assertEqual(self.do(lambda index: index.values_of(ME, "text", [self.a])), {self.a: "ANN 100%"})
        self.assertEqual(self.do(lambda index: index.ids(8, "text")), set())

    def test_what_has_no_value_gets_one(self) -> None:
        self.assertEqual(self.do(lambda index: index.without(ME, CONTACT_CARD, "more", 9)), [self.b])
        self.do(lambda index: index.replace(ME, self.b, [("more", "1")]))
        self.assertEqual(self.do(lambda index: index.without(ME, CONTACT_CARD, "more", 9)), [])
        self.assertEqual(self.do(lambda index: index.ids(ME, "text")), {self.a})

    def test_questions_walk_along_indexes(self) -> None:
        for work, walk in (
            (lambda index: index.ids(ME, "text", ["X", "Y"]), "PRIMARY KEY (account_id=? AND property=?)"),
            (lambda index: index.values(ME, "text", ["X"]), "PRIMARY KEY (account_id=? AND property=?)"),
            (lambda index: index.values_of(ME, "text", [1, 2]), "(account_id=? AND property=? AND id=?)"),
            (lambda index: index.inside(ME, [1, 2]), "PRIMARY KEY (account_id=? AND collection_id=?)"),
            (lambda index: index.places(ME, CONTACT_CARD, [1, 2]), "INDEX binding_item (account_id=? AND item_id=?)"),
            (lambda index: index.times(ME, CONTACT_CARD), "INDEX obj_changes (account_id=? AND type=?)"),
            (lambda index: index.all(ME, CONTACT_CARD, 9), "INDEX obj_changes (account_id=? AND type=?)"),
            (lambda index: index.without(ME, CONTACT_CARD, "t", 9), "(account_id=? AND id=? AND property=?)"),
        ):
            steps = self.plan(work)
            self.assertIn(walk, steps)
            self.assertNotRegex(steps, r"SCAN [vbo]\b")

    def plan(self, work: Callable[[Any], object]) -> str:
        def explain(tx: Any) -> list[str]:
            session = session_of(tx)
            statements: list[str] = []
            session._connection.set_trace_callback(statements.append)
            work(tx.collections.index)
            session._connection.set_trace_callback(None)
            return [row[3] for each in statements for row in session.all(f"EXPLAIN QUERY PLAN {each}")]

        return "\n".join(self.successResultOf(self.store.write(explain)))
