"""Statements over lists: few different texts, chunks, nothing twice."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.sql.lists import insert_new, select_in
from stalwart.store.sqlite.connection import open_memory


class ListTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.session = open_memory()
        self.addCleanup(self.session.close)
        self.session.run("CREATE TABLE t (id BIGINT PRIMARY KEY, kind TEXT)")
        self.statements: list[str] = []
        connection: Any = self.session._connection
        connection.set_trace_callback(self.statements.append)

    def test_all_rows_are_inserted_and_found(self) -> None:
        self.assertEqual(insert_new(self.session, "INSERT INTO t(id, kind)", [(id, "k") for id in range(1300)]), 1300)
        ids = [*range(1300), 5, -1, 2**64]
        found = select_in(self.session, "SELECT id FROM t WHERE kind = ? AND id IN", "k", ids=ids)
        self.assertEqual(sorted(found), [(id,) for id in range(1300)])

    def test_rows_that_are_there_are_not_counted(self) -> None:
        insert_new(self.session, "INSERT INTO t(id, kind)", [(1, "a")])
        self.assertEqual(insert_new(self.session, "INSERT INTO t(id, kind)", [(1, "b"), (2, "b")]), 1)
        self.assertEqual(self.session.all("SELECT id, kind FROM t ORDER BY id"), [(1, "a"), (2, "b")])

    def test_nothing_takes_no_statement(self) -> None:
        self.assertEqual(insert_new(self.session, "INSERT INTO t(id, kind)", []), 0)
        self.assertEqual(select_in(self.session, "SELECT id FROM t WHERE id IN", ids=[-5]), [])
        self.assertEqual(self.statements, [])

    def test_lists_come_in_few_lengths(self) -> None:
        for length in range(1, 100):
            select_in(self.session, "SELECT id FROM t WHERE id IN", ids=range(length))
        self.assertEqual(len({text.count(",") for text in self.statements}), 8)
