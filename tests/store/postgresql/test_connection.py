"""Statements that wait for the next one, on a real server: sent together, dropped with their savepoint, never late."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unavailable, Unreachable
from stalwart.store.postgresql.connection import _MOST_WAITING, connect, fault
from stalwart.store.sql.dialect import POSTGRESQL
from stalwart.store.sql.session import Session
from tests.postgresql import programs, server


class ComingTests(SynchronousTestCase):
    """What may be over in a moment is told from what only a person can mend; libpq says both as text."""

    def test_what_is_worth_waiting_for(self) -> None:
        for said, is_coming in (
            ('connection to server at "10.0.0.1", port 5432 failed: Connection refused', True),
            ('could not translate host name "db" to address: Name or service not known', True),
            ("connection timeout expired", True),
            ("FATAL:  the database system is starting up", True),
            ("FATAL:  the database system is shutting down", True),
            ("session is read-only: read-write is wanted", True),
            ('FATAL:  password authentication failed for user "stalwart"', False),
            ('FATAL:  role "stalwart" does not exist', False),
            ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "a", database "b", no encryption', False),
            ('FATAL:  database "stalwart" does not exist', False),
            ("server does not support SSL, but SSL was required", False),
            ("FATAL:  sorry, too many clients already", False),
        ):
            found = fault(psycopg.OperationalError(said))
            self.assertEqual((said, isinstance(found, Unreachable)), (said, is_coming))
            self.assertIsInstance(found, Unavailable)


class WaitingTests(SynchronousTestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def setUp(self) -> None:
        address = server().empty()
        self.addCleanup(server().forget, address)
        self.connection = connect(address, "SET client_min_messages = error")
        self.session = Session(self.connection, POSTGRESQL)
        self.addCleanup(self.session.close)
        self.session.run("CREATE TABLE t (x BIGINT PRIMARY KEY)")
        self.session.begin_write()
        self.turns = 0
        pipeline = psycopg.Connection.pipeline

        def counted(connection: Any) -> Any:
            self.turns += 1
            return pipeline(connection)

        self.patch(psycopg.Connection, "pipeline", counted)

    def rows(self) -> list[int]:
        return [row[0] for row in self.session.all("SELECT x FROM t ORDER BY x")]

    def add(self, number: int) -> None:
        self.session.later("INSERT INTO t VALUES (?)", number)

    def test_what_waits_goes_with_the_next_in_one_turn(self) -> None:
        for number in range(5):
            self.add(number)
        self.assertEqual(self.turns, 0)
        self.assertEqual(self.session.changed("UPDATE t SET x = x + ?", 10), 5)
        self.assertEqual((self.turns, self.rows()), (1, [10, 11, 12, 13, 14]))

    def test_a_character_that_it_does_not_have_is_another_one_kept_and_looked_for(self) -> None:
        self.session.run("CREATE TABLE texts (x TEXT PRIMARY KEY)")
        self.session.later("INSERT INTO texts VALUES (?)", "a\0b")
        self.session.later("INSERT INTO texts VALUES (?)", "c")
        found = self.session.all("SELECT x FROM texts WHERE x = ?", "a\0b")
        self.assertEqual((found, self.turns), ([("a\ufffdb",)], 1))
        with self.assertRaises(psycopg.DataError):
            self.session.run("SELECT CAST(? AS BIGINT)", "x\0")

    def test_a_commit_takes_it_along(self) -> None:
        self.add(1)
        self.session.commit()
        self.session.begin_write()
        self.assertEqual(self.rows(), [1])

    def test_a_rollback_forgets_it(self) -> None:
        self.add(1)
        self.session.rollback()
        self.session.begin_write()
        self.assertEqual(self.rows(), [])

    def test_a_savepoint_ends_with_what_was_written_in_it(self) -> None:
        with self.session.savepoint():
            self.add(1)
        with self.assertRaises(KeyError), self.session.savepoint():
            self.add(2)
            raise KeyError
        with self.assertRaises(KeyError), self.session.savepoint():
            self.add(3)
            self.rows()
            self.add(4)
            raise KeyError
        self.assertEqual(self.rows(), [1])

    def test_a_failure_is_that_of_its_own_savepoint(self) -> None:
        with self.session.savepoint():
            self.add(1)
        with self.assertRaises(psycopg.errors.UniqueViolation), self.session.savepoint():
            self.add(1)
        with self.assertRaises(psycopg.errors.UniqueViolation), self.session.savepoint():
            self.add(1)
            self.add(5)
            self.rows()
        with self.session.savepoint():
            self.add(2)
        self.assertEqual(self.rows(), [1, 2])

    def test_savepoints_within_savepoints(self) -> None:
        with self.session.savepoint():
            with self.assertRaises(KeyError), self.session.savepoint():
                self.add(1)
                raise KeyError
            self.add(3)
            with self.assertRaises(KeyError), self.session.savepoint():
                self.add(4)
                raise KeyError
            with self.session.savepoint():
                self.add(5)
        with self.assertRaises(KeyError), self.session.savepoint():
            with self.session.savepoint():
                self.add(6)
            raise KeyError
        self.assertEqual(self.rows(), [3, 5])

    def test_what_fails_within_takes_the_work_along_and_nothing_else(self) -> None:
        with self.session.savepoint():
            self.add(1)
        with self.assertRaises(psycopg.errors.UniqueViolation), self.session.savepoint():
            with self.session.savepoint():
                self.add(2)
                self.add(2)
            with self.session.savepoint():
                self.add(3)
                self.rows()
        with self.assertRaises(psycopg.errors.UniqueViolation), self.session.savepoint():
            self.rows()
            with self.session.savepoint():
                self.add(4)
                with self.assertRaises(psycopg.errors.UniqueViolation), self.session.savepoint():
                    self.add(4)
                    self.rows()
            self.add(5)  # who goes on all the same gets nowhere
        with self.session.savepoint():
            self.add(6)
        self.session.commit()
        self.assertEqual(self.rows(), [1, 6])

    def test_a_failure_that_comes_out_while_others_are_put_off_is_that_of_the_work(self) -> None:
        for count in range(_MOST_WAITING - 4, _MOST_WAITING + 4):
            with self.assertRaises(psycopg.errors.UniqueViolation), self.session.savepoint():
                self.add(1)
                for number in (1, *range(2, count)):
                    with self.session.savepoint():
                        self.add(number)
            with self.session.savepoint():
                self.add(1000 + count)
        self.session.commit()
        self.assertEqual(len(self.rows()), 8)

    def test_savepoints_of_which_nothing_was_sent_yet_are_none(self) -> None:
        statements: list[str] = []
        run = self.connection._run

        def watched(statement: str, values: Any) -> Any:
            statements.append(statement.partition(" ")[0])
            return run(statement, values)

        self.patch(self.connection, "_run", watched)
        with self.session.savepoint():
            self.rows()
            for number in range(5):
                with self.session.savepoint():
                    self.add(number)
            with self.assertRaises(KeyError), self.session.savepoint():
                self.add(5)
                raise KeyError
        self.assertEqual(self.rows(), [0, 1, 2, 3, 4])
        self.assertEqual((statements.count("SAVEPOINT"), statements.count("INSERT")), (1, 5))

    def test_a_statement_that_was_to_be_prepared_when_another_one_failed_is_prepared_later(self) -> None:
        ask = "SELECT COUNT(*) FROM t WHERE x >= ?"
        for failures in range(3):
            for _ in range(12):
                with self.session.savepoint():
                    self.session.one(ask, failures)
                with contextlib.suppress(psycopg.errors.UniqueViolation), self.session.savepoint():
                    self.add(1)
                    self.add(1)
                    self.session.one(ask, 0)
        self.session.rollback()
        self.session.begin_write()
        self.assertEqual(self.session.one(ask, 0), (0,))

    def test_what_looks_at_other_rows_finds_them(self) -> None:
        with self.session.savepoint():
            self.session.add("INSERT INTO t(x)", 3)
            self.session.later("INSERT INTO t SELECT MAX(x) + 1 FROM t")
            self.session.settle("UPDATE t SET x = ? WHERE x = 4", 5, of=1)
            self.session.later("INSERT INTO t VALUES ((SELECT MAX(x) FROM t) + 1)")
            self.session.add("INSERT INTO t(x)", 9)
            self.session.later("DELETE FROM t WHERE x = ?", 9)
        self.assertEqual((self.turns, self.rows()), (1, [3, 5, 6]))

    def test_many_do_not_wait_without_end(self) -> None:
        for number in range(_MOST_WAITING + 1):
            self.add(number)
        self.assertEqual(self.turns, 1)
        self.assertEqual(len(self.rows()), _MOST_WAITING + 1)

    def test_nothing_is_lost_where_rows_are_moved_by_hand(self) -> None:
        self.add(1)
        self.assertEqual(self.connection.driver.execute("SELECT COUNT(*) FROM t").fetchone(), (1,))

    def test_a_read_that_asks_nothing_costs_nothing(self) -> None:
        self.session.commit()
        self.session.begin_read()
        self.session.rollback()
        self.session.begin_read()
        self.assertEqual(self.rows(), [])
        with self.assertRaises(psycopg.errors.ReadOnlySqlTransaction):
            self.session.run("INSERT INTO t VALUES (?)", 1)
        self.session.rollback()
        self.session.begin_read()
        self.assertEqual(self.rows(), [])
        self.session.rollback()
