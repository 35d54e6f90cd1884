"""``Session``: savepoints within savepoints, and a transaction that is lost."""

from __future__ import annotations

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
