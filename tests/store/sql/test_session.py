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
