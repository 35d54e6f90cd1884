"""``Recall``: what was read is known until its table is written to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.sql.recall import Recall, reads, table_of


class RecallTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.recall = Recall()
        self.asked = 0

    def ask(self) -> int:
        self.asked += 1
        return self.asked

    def get(self, table: str = "t", key: object = 1) -> int:
        return self.recall.get(table, key, self.ask)

    def test_it_is_asked_once(self) -> None:
        self.assertEqual([self.get(), self.get(), self.get(key=2), self.get("u")], [1, 1, 2, 3])

    def test_that_there_is_nothing_is_known_too(self) -> None:
        self.assertIsNone(self.recall.get("t", 1, lambda: None))
        self.assertIsNone(self.get())

    def test_who_writes_to_the_table_has_it_be_asked_again(self) -> None:
        for statement in ("INSERT INTO t(x) VALUES (?)", "UPDATE t SET x = ?", "DELETE FROM t WHERE x = ?"):
            before = self.get()
            self.recall.written("INSERT INTO other(x) SELECT x FROM t")
            self.assertEqual(self.get(), before)
            self.recall.written(statement)
            self.assertEqual(self.get(), before + 1)

    def test_what_was_put_down_is_found(self) -> None:
        self.assertIsNone(self.recall.find("t", 1))
        self.recall.put("t", 1, "x")
        self.assertEqual((self.recall.find("t", 1), self.get()), ("x", "x"))
        self.recall.clear()
        self.assertIsNone(self.recall.find("t", 1))

    def test_what_fails_is_not_known(self) -> None:
        def fail() -> None:
            raise KeyError

        self.assertRaises(KeyError, self.recall.get, "t", 1, fail)
        self.assertEqual(self.get(), 1)

    def test_what_depends_on_other_rows(self) -> None:
        alone = ("INSERT INTO t(x) VALUES (?)", "UPDATE t SET x = x + 1 WHERE id = ?", "DELETE FROM t WHERE id = ?")
        for statement in alone:
            self.assertFalse(reads(statement), statement)
        others = (
            "INSERT INTO t(x) SELECT x FROM u",
            "INSERT INTO t(x) VALUES ((SELECT seq FROM account))",
            "UPDATE t SET x = u.x FROM u WHERE u.id = t.id",
            "DELETE FROM t WHERE id IN (SELECT id FROM u)",
        )
        for statement in others:
            self.assertTrue(reads(statement), statement)

    def test_the_table_of_a_statement(self) -> None:
        tables = {
            "INSERT INTO obj(id) VALUES (?)": "obj",
            " UPDATE binding AS b SET x = 1": "binding",
            "DELETE FROM span WHERE id = ?": "span",
            "SELECT x FROM obj": "",
            "SAVEPOINT work1": "",
        }
        self.assertEqual({each: table_of(each) for each in tables}, tables)
