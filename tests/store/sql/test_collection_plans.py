"""What is asked of collections walks an index or finds rows by keys, however much an account keeps.

Tests ``stalwart.store.sql.collections``, ``stalwart.store.sql.collection_writing`` and the hint in
``stalwart.store.sql.dialect``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore
from stalwart.store.collection_rows import NewItem, Span, home
from stalwart.store.object_types import CALENDAR, CALENDAR_EVENT
from stalwart.store.sql.dialect import POSTGRESQL, SQLITE
from tests.store.opened import session_of

ME, NOW = 7, 1_700_000_000


class PlanTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)
        self.calendar = self.successResultOf(self.store.write(self._fill))

    def _fill(self, tx: Any) -> int:
        tx.accounts.create(ME, "alice", "user")
        id: int = tx.collections.create(ME, CALENDAR, home(CALENDAR), "work", now=NOW).item_id
        for number in range(3):
            item = NewItem(1, b"x", uid=f"u{number}", span=Span(1, number, number), values=(("summary", "x"),))
            tx.collections.put(ME, id, f"e{number}", item, now=NOW)
        return id

    def plan(self, work: Callable[[Any], object]) -> str:
        def explain(tx: Any) -> list[str]:
            session = session_of(tx)
            statements: list[str] = []
            session._connection.set_trace_callback(statements.append)
            work(tx.collections)
            session._connection.set_trace_callback(None)
            return [row[3] for each in statements for row in session.all(f"EXPLAIN QUERY PLAN {each}")]

        return "\n".join(self.successResultOf(self.store.write(explain)))

    def test_an_object_is_found_by_its_uid(self) -> None:
        steps = self.plan(lambda collections: collections.by_uid(ME, CALENDAR_EVENT, "u1"))
        self.assertIn("INDEX obj_uid (account_id=? AND type=? AND uid=?)", steps)
        self.assertIn("INDEX binding_item (account_id=? AND item_id=?)", steps)
        self.assertNotIn("SCAN", steps)

    def test_putting_looks_at_no_other_member(self) -> None:
        for name in ("e1", "new"):
            item = NewItem(2, b"yy", uid="u1", span=Span(1, 0, 9))
            steps = self.plan(lambda tx, name=name, item=item: tx.put(ME, self.calendar, name, item, now=NOW))
            self.assertNotIn("SCAN", steps.replace("SCAN json_each", ""))
            self.assertNotIn("PRIMARY KEY (account_id=?)", steps)

    def test_removing_and_moving_look_at_no_other_member(self) -> None:
        other = self.successResultOf(
            self.store.write(lambda tx: tx.collections.create(ME, CALENDAR, home(CALENDAR), "home", now=NOW).item_id)
        )
        for work in (
            lambda tx: tx.move(ME, self.calendar, "e0", other, "e0", now=NOW),
            lambda tx: tx.remove(ME, self.calendar, "e1", now=NOW),
        ):
            steps = self.plan(work)
            self.assertNotIn("PRIMARY KEY (account_id=?)", steps)
            self.assertNotIn("SCAN binding", steps)

    def test_lists_and_changes_walk(self) -> None:
        for work, walk in (
            (lambda tx: tx.members(ME, self.calendar, limit=9), "segment>?"),
            (lambda tx: tx.contents(ME, self.calendar, limit=9), "segment>?"),
            (lambda tx: tx.members(ME, self.calendar, limit=9, with_data=True), "segment>?"),
            (lambda tx: tx.named_contents(ME, self.calendar, ["e1"]), "segment=?"),
            (lambda tx: tx.item_contents(ME, self.calendar, [1, 2]), "INDEX binding_item"),
            (lambda tx: tx.of_type(ME, CALENDAR), "INDEX collection_type (account_id=? AND type=?)"),
            (lambda tx: tx.count(ME, CALENDAR), "INDEX collection_type (account_id=? AND type=?)"),
            (lambda tx: tx.changes(ME, self.calendar, 1, limit=9), "INDEX binding_seq"),
            (lambda tx: tx.home_changes(ME, home(CALENDAR), 1, limit=9), "INDEX binding_home"),
            (lambda tx: tx.spans(ME, self.calendar, start=1, end=2), "INDEX span_time"),
            (lambda tx: tx.spans(ME, None, start=1, with_octets=True), "INDEX span_time"),
            (lambda tx: tx.having(ME, self.calendar, "summary"), "PRIMARY KEY (account_id=? AND property=?)"),
            (lambda tx: tx.due_alarms(NOW, 10), "INDEX span_alarm"),
        ):
            steps = self.plan(work)
            self.assertIn(walk, steps)
            self.assertNotIn(" (account_id=?)\n", f"{steps}\n")
            self.assertNotIn("USE TEMP B-TREE FOR ORDER BY", steps)

    def test_only_some_databases_are_told_which_index(self) -> None:
        self.assertEqual(SQLITE.by_index("binding_item"), " INDEXED BY binding_item")
        self.assertEqual(POSTGRESQL.by_index("binding_item"), "")
