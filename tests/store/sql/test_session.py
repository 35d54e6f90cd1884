"""``Session``: savepoints within savepoints, and a transaction that is lost."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.sql.session import TransactionLost
from stalwart.store.sqlite.connection import open_memory, refuse_writes


class SavepointTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.session = open_memory()
        self.session.run("CREATE TABLE t (x BIGINT)")
        self.session.begin_write()
        self.addCleanup(self.session.close)

    def rows(self) -> list[int]:
        return [row[0] for row in self.session.all("SELECT x FROM t ORDER BY x")]

    def add(self, number: int) -> None:
        self.session.run("INSERT INTO t VALUES (?)", number)

    def test_an_inner_failure_spares_the_outer_work(self) -> None:
        with self.session.savepoint():
            self.add(1)
            with self.assertRaises(KeyError), self.session.savepoint():
                self.add(2)
                raise KeyError
            self.add(3)
        self.session.commit()
        self.assertEqual(self.rows(), [1, 3])

    def test_an_outer_failure_takes_the_inner_work_along(self) -> None:
        with self.assertRaises(KeyError), self.session.savepoint():
            with self.session.savepoint():
                self.add(1)
            raise KeyError
        self.session.commit()
        self.assertEqual(self.rows(), [])

    def test_one_that_begins_with_another_shares_its_mark(self) -> None:
        marks = []
        connection = self.session._connection
        execute = connection.execute

        class Watched:
            def execute(self, statement: str, *values: Any) -> Any:
                marks.append(statement.partition(" ")[0])
                return execute(statement, *values)

        self.session._connection = Watched()  # type: ignore[assignment]
        with self.session.savepoint():
            self.rows()
            with self.session.savepoint():
                self.add(1)
            with self.assertRaises(KeyError), self.session.savepoint():
                self.add(2)
                raise KeyError
        with self.assertRaises(KeyError), self.session.savepoint():
            with self.assertRaises(ValueError), self.session.savepoint():
                self.add(3)
                raise ValueError
            with self.assertRaises(ValueError), self.session.savepoint():
                self.add(4)
                raise ValueError
            with self.session.savepoint():
                self.add(5)
            raise KeyError
        self.session._connection = connection
        self.assertEqual(self.rows(), [1])
        self.assertEqual((marks.count("SAVEPOINT"), marks.count("RELEASE")), (3, 3))

    def test_a_lost_transaction_is_told_with_its_reason(self) -> None:
        reason = KeyError("why")
        with self.assertRaises(TransactionLost) as raised, self.session.savepoint(), self.session.savepoint():
            self.session.rollback()
            raise reason
        self.assertIs(raised.exception.__cause__, reason)

    def test_a_transaction_lost_in_silence_is_noticed(self) -> None:
        with self.assertRaises(TransactionLost), self.session.savepoint():
            self.session.rollback()

    def test_writes_can_be_refused_and_accepted_again(self) -> None:
        refuse_writes(self.session, True)
        with self.assertRaisesRegex(Exception, "readonly"):
            self.add(1)
        refuse_writes(self.session, False)
        self.assertEqual(self.session.changed("INSERT INTO t VALUES (?), (?)", 1, 2), 2)


class SettlingTests(SynchronousTestCase):
    """What is said again and again of something is written once, and never where it should not be."""

    def setUp(self) -> None:
        self.session = open_memory()
        self.addCleanup(self.session._connection.close)
        self.session.run("CREATE TABLE t (id BIGINT, n BIGINT, last BIGINT)")
        for id in (1, 2):
            self.session.run("INSERT INTO t VALUES (?, 0, 0)", id)
        self.statements: list[str] = []
        connection = self.session._connection

        class Watched:
            @staticmethod
            def execute(statement: str, *values: Any) -> Any:
                self.statements.append(statement)
                return connection.execute(statement, *values)

        self.session._connection = Watched()  # type: ignore[assignment]
        self.session.begin_write()

    def count(self, id: int, last: int) -> None:
        self.session.settle("UPDATE t SET n = n + ?, last = ? WHERE id = ?", last, id, of=id, more=1)

    def rows(self) -> list[tuple[int, int, int]]:
        return self.session.all("SELECT id, n, last FROM t ORDER BY id")

    def updates(self) -> int:
        return sum(statement.startswith("UPDATE") for statement in self.statements)

    def test_once_before_the_next_statement(self) -> None:
        for last in (5, 6, 7):
            self.count(1, last)
        self.count(2, 9)
        self.assertEqual(self.updates(), 0)
        self.assertEqual((self.rows(), self.updates()), ([(1, 3, 7), (2, 1, 9)], 2))
        self.count(1, 8)
        self.session.commit()
        self.assertEqual((self.rows(), self.updates()), ([(1, 4, 8), (2, 1, 9)], 3))

    def test_before_another_one_about_the_table(self) -> None:
        self.count(1, 5)
        self.session.later("UPDATE t SET n = n * 10")
        self.count(1, 6)
        self.assertEqual(self.rows(), [(1, 11, 6), (2, 0, 0)])

    def test_a_savepoint_that_fails_takes_only_its_own_along(self) -> None:
        with self.session.savepoint():
            self.count(1, 5)
            for reads in (False, True):
                with self.assertRaises(KeyError), self.session.savepoint():
                    self.count(1, 6)
                    self.count(2, 6)
                    if reads:
                        self.assertEqual(self.rows(), [(1, 2, 6), (2, 1, 6)])
                    raise KeyError
            with self.session.savepoint():
                self.count(1, 7)
        self.assertEqual(self.rows(), [(1, 2, 7), (2, 0, 0)])

    def test_what_was_said_outside_stays_though_it_was_written_inside(self) -> None:
        with self.session.savepoint():
            self.session.run("INSERT INTO t VALUES (3, 0, 0)")
            self.count(1, 5)
            with self.assertRaises(KeyError), self.session.savepoint():
                self.rows()
                raise KeyError
        self.assertEqual(self.rows(), [(1, 1, 5), (2, 0, 0), (3, 0, 0)])

    def test_rows_of_a_table_go_together(self) -> None:
        inserts = lambda: [each for each in self.statements if each.startswith("INSERT")]  # noqa: E731
        with self.session.savepoint():
            for number in range(3, 80):
                with self.session.savepoint():
                    self.session.add("INSERT INTO t(id, n, last)", number, 0, 0, then=" ON CONFLICT DO NOTHING")
            with self.assertRaises(KeyError), self.session.savepoint():
                self.session.add("INSERT INTO t(id, n, last)", 100, 0, 0, then=" ON CONFLICT DO NOTHING")
                raise KeyError
            self.assertEqual(inserts(), [])
            with self.assertRaises(KeyError), self.session.savepoint():
                self.session.add("INSERT INTO t(id, n, last)", 101, 0, 0)
                self.assertEqual(len(self.rows()), 80)
                raise KeyError
            self.count(79, 5)
        self.assertEqual([row[0] for row in self.rows()], list(range(1, 80)))
        self.assertEqual(self.rows()[-1], (79, 1, 5))
        self.assertEqual([each.count("?") // 3 for each in inserts()][-4:], [64, 8, 4, 1])

    def test_many_rows_do_not_wait_without_end(self) -> None:
        for number in range(3, 1000):
            self.session.add("INSERT INTO t(id, n, last)", number, 0, 0)
        self.assertTrue(any(each.startswith("INSERT") for each in self.statements))
        self.assertEqual(len(self.rows()), 999)

    def test_nothing_of_it_is_left_for_another_transaction(self) -> None:
        self.count(1, 5)
        self.session.rollback()
        self.session.begin_write()
        self.assertEqual(self.rows(), [(1, 0, 0), (2, 0, 0)])

    def test_what_is_recalled_is_as_it_is(self) -> None:
        def last() -> int:
            ask = "SELECT SUM(last) FROM t"
            return int(self.session.recalled("t", "last", lambda: self.session.one(ask))[0])

        self.assertEqual((last(), last()), (0, 0))
        asked = len(self.statements)
        self.assertEqual((last(), len(self.statements)), (0, asked))
        with self.assertRaises(KeyError), self.session.savepoint():
            self.session.later("UPDATE t SET last = 4")
            self.assertEqual(last(), 8)
            raise KeyError
        self.assertEqual(last(), 0)
        self.session.run("UPDATE t SET last = 1")
        self.assertEqual(last(), 2)
        self.session.rollback()
        self.session.begin_write()
        self.assertEqual(last(), 0)
