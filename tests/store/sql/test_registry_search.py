"""Searches walk an index: no statement reads a whole table, and pages by id are not sorted first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store import MemoryStore, Term
from tests.store.opened import session_of

ALICE = Term("text", "=", "alice")
DOMAIN = Term("domainId", "=", "b")
DUE = Term("due", ">", "2026")

VALUE = "PRIMARY KEY (type=? AND property=? AND value=?)"
RANGE = "PRIMARY KEY (type=? AND property=? AND value>?)"
TEST = "PRIMARY KEY (type=? AND property=? AND value=? AND id=?)"
ALL = "INDEX sqlite_autoindex_registry_1"
OWNER = "INDEX registry_index_owner"


class PlanTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)

    def plan(self, work: Callable[[Any], object]) -> list[str]:
        """What SQLite means to do for each step of the statements that ``work`` runs."""

        def explain(tx: Any) -> list[str]:
            session = session_of(tx)
            statements: list[str] = []
            session._connection.set_trace_callback(statements.append)
            work(tx.registry)
            session._connection.set_trace_callback(None)
            return [row[3] for statement in statements for row in session.all(f"EXPLAIN QUERY PLAN {statement}")]

        steps: list[str] = self.successResultOf(self.store.write(explain))
        return steps

    def assert_walks(self, steps: list[str], *indexes: str, sorts: bool = False) -> None:
        """Tables are read in the named ways only: by the index and as many leading columns."""
        read = {step.partition(" USING ")[2] for step in steps if step.startswith("SEARCH")}
        self.assertEqual({ways.removeprefix("COVERING ") for ways in read}, set(indexes))
        scanned = {step for step in steps if step.startswith("SCAN")}
        self.assertLessEqual(scanned, {"SCAN CONSTANT ROW", "SCAN r", "SCAN f"}, "results of subqueries only")
        self.assertEqual(any("ORDER BY" in step for step in steps), sorts)

    def test_all_by_id(self) -> None:
        self.assert_walks(self.plan(lambda r: r.search("T", [])), f"{ALL} (type=?)")

    def test_one_term(self) -> None:
        self.assert_walks(self.plan(lambda r: r.search("T", [ALICE])), VALUE)
        self.assert_walks(self.plan(lambda r: r.count_matching("T", [ALICE])), VALUE)

    def test_second_term_is_tested_for_each_id(self) -> None:
        self.assert_walks(self.plan(lambda r: r.search("T", [ALICE, DOMAIN])), VALUE, TEST)
        self.assert_walks(self.plan(lambda r: r.count_matching("T", [ALICE, DOMAIN])), VALUE, TEST)

    def test_comparison_is_tested_for_each_id(self) -> None:
        tested = f"{OWNER} (type=? AND id=? AND property=? AND value>?)"
        self.assert_walks(self.plan(lambda r: r.search("T", [DUE, ALICE])), VALUE, tested)

    def test_comparison_alone_is_a_range(self) -> None:
        self.assert_walks(self.plan(lambda r: r.search("T", [DUE])), RANGE, sorts=True)
        self.assert_walks(self.plan(lambda r: r.count_matching("T", [DUE])), RANGE)

    def test_order_of_a_property_is_that_of_the_index(self) -> None:
        self.assert_walks(self.plan(lambda r: r.search("T", [], sort="due")), "PRIMARY KEY (type=? AND property=?)")
        self.assert_walks(self.plan(lambda r: r.search("T", [DUE], sort="due")), RANGE)

    def test_few_are_sorted_and_many_are_walked_in_order(self) -> None:
        looked_up = f"{OWNER} (type=? AND id=? AND property=?)"
        self.assert_walks(self.plan(lambda r: r.search("T", [ALICE], sort="due")), VALUE, looked_up, sorts=True)
        rows = ((id, "text", "alice") for id in range(1000))
        self.successResultOf(self.store.write(lambda tx: tx.registry.reindex("T", "", rows)))
        walked = self.plan(lambda r: r.search("T", [ALICE], sort="due"))
        self.assert_walks(walked, VALUE, "PRIMARY KEY (type=? AND property=?)", TEST)

    def test_rarest_term_leads(self) -> None:
        rows = ((id, "domainId", "b") for id in range(20))
        self.successResultOf(self.store.write(lambda tx: tx.registry.reindex("T", "", rows)))
        statements: list[str] = []

        def work(tx: Any) -> None:
            session_of(tx)._connection.set_trace_callback(statements.append)
            for terms in ([ALICE, DOMAIN], [DOMAIN, ALICE]):
                tx.registry.search("T", terms)
            session_of(tx)._connection.set_trace_callback(None)

        self.successResultOf(self.store.write(work))
        self.assertEqual(
            [text.index("alice") < text.index("'b'") for text in statements if "EXISTS" in text], [True] * 2
        )

    def test_place_is_counted_in_the_index(self) -> None:
        owner = f"{ALL} (type=? AND id=?)"
        self.assert_walks(self.plan(lambda r: r.position("T", [], 5)), owner, f"{ALL} (type=? AND id>?)")
        before = "PRIMARY KEY (type=? AND property=? AND value=? AND id>?)"
        self.assert_walks(self.plan(lambda r: r.position("T", [ALICE], 5)), owner, before, TEST)
        looked_up = f"{OWNER} (type=? AND id=? AND property=?)"
        self.assert_walks(self.plan(lambda r: r.position("T", [], 5, sort="due")), owner, RANGE, looked_up)
