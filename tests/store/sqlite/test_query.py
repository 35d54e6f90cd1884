"""Queries of administrators against SQLite files: what is found, and what is kept from them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Unavailable
from stalwart.store.sqlite import query as module
from stalwart.store.sqlite.engine import SqliteEngine
from stalwart.store.sqlite.query import MOST_ROWS, SqliteSource, own_tables

LOGIN = "SELECT Name, secret, 7 AS number FROM accounts WHERE name = $1"


class Shared:
    """What holds in a file of an administrator's, and in that of the data store."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="query-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = self.folder / "people ?#.db"  # signs that mean something in a URI
        self.make()
        self.source = SqliteSource(self.path)

    def make(self) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute("CREATE TABLE accounts (name TEXT, secret TEXT)")
            connection.execute("INSERT INTO accounts VALUES ('alice', 'hash'), ('o''hara', x'ff')")
        connection.close()

    def rows(self, query: str, value: str = "alice", timeout: float = 5, stopped: bool = False) -> list[dict[str, Any]]:
        return self.source.rows(query, value, timeout, lambda: stopped)

    def assert_refused(self, query: str, why: str, **options: Any) -> None:
        with self.assertRaises(Unavailable) as caught:
            self.rows(query, **options)
        self.assertIn(why, caught.exception.detail)

    def test_rows_by_name_in_lower_case(self) -> None:
        self.assertEqual(self.rows(LOGIN), [{"name": "alice", "secret": "hash", "number": 7}])

    def test_value_is_never_part_of_the_text(self) -> None:
        for value in ("' OR 1=1 --", "alice' --", "%", "*"):
            self.assertEqual(self.rows(LOGIN, value), [])
        self.assertEqual(self.rows("SELECT name FROM accounts WHERE name = $1", "o'hara"), [{"name": "o'hara"}])

    def test_value_in_several_places(self) -> None:
        self.assertEqual(self.rows("SELECT $1 AS a, $1 || 'x' AS b"), [{"a": "alice", "b": "alicex"}])

    def test_recursion_and_functions(self) -> None:
        query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT max(i) AS m FROM n"
        self.assertEqual(self.rows(query), [{"m": 3}])

    def test_writing_is_refused(self) -> None:
        for query in (
            "INSERT INTO accounts VALUES ($1, 'x')",
            "UPDATE accounts SET secret = $1",
            "DELETE FROM accounts WHERE name = $1",
            "DROP TABLE accounts",
            "CREATE TEMP TABLE t (a)",
            "DELETE FROM accounts WHERE name = $1 RETURNING name",
            "ATTACH '/tmp/other.db' AS other",
            "PRAGMA query_only=OFF",
            "BEGIN",
            "VACUUM INTO '/tmp/other.db'",
        ):
            self.assert_refused(query, "It may only read")
        self.assertEqual(len(self.rows("SELECT * FROM accounts")), 2)

    def test_doors_of_sqlite_are_shut(self) -> None:
        for query in (
            "SELECT * FROM sqlite_master",
            "SELECT * FROM pragma_table_info('accounts')",
            "SELECT * FROM dbstat",
            "SELECT load_extension($1)",
            "SELECT fts3_tokenizer('simple')",
        ):
            self.assert_refused(query, "")

    def test_several_statements(self) -> None:
        self.assert_refused("SELECT 1; SELECT 2", "one statement")

    def test_other_placeholders(self) -> None:
        self.assert_refused("SELECT ? AS a", "It cannot be run")
        self.assert_refused("SELECT $2 AS a", "It cannot be run")

    def test_table_that_is_not_there(self) -> None:
        self.assert_refused("SELECT name FROM nobody", "no such table: nobody")

    def test_statement_without_rows(self) -> None:
        self.assert_refused("-- nothing", "no rows")

    def test_time_is_bounded(self) -> None:
        query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        self.assert_refused(query, "took too long", timeout=0.02)
        self.assert_refused(query, "took too long", stopped=True)

    def test_number_of_rows_is_bounded(self) -> None:
        query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"
        self.assertEqual(len(self.rows(query.format(MOST_ROWS))), MOST_ROWS)
        self.assert_refused(query.format(MOST_ROWS + 1), "more than 1000 rows")

    def test_length_of_values_is_bounded(self) -> None:
        self.assert_refused("SELECT zeroblob(2000000)", "too long")

    def test_octets_that_are_no_text(self) -> None:
        self.assertEqual(self.rows("SELECT CAST(secret AS TEXT) AS s FROM accounts", "")[1], {"s": "\ufffd"})

    def test_file_that_is_not_there_is_not_made(self) -> None:
        missing = self.folder / "missing.db"
        self.source = SqliteSource(missing)
        self.assert_refused(LOGIN, "cannot be opened")
        self.assertFalse(missing.exists())


class FileTests(Shared, SynchronousTestCase):
    """A file with a table of accounts."""

    def test_file_that_is_no_database(self) -> None:
        self.path.write_bytes(b"x" * 1000)
        self.assert_refused(LOGIN, "not an SQLite database")

    def test_file_that_is_replaced_is_noticed(self) -> None:
        self.rows(LOGIN)
        self.path.unlink()
        self.make()
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE accounts SET secret = 'new'")
        connection.close()
        self.assertEqual(self.rows(LOGIN)[0]["secret"], "new")


class OwnStoreTests(Shared, SynchronousTestCase):
    """The same in the file of the data store itself, and what is hidden there."""

    def make(self) -> None:
        engine = SqliteEngine(self.path)
        engine.prepare(0)
        writer = engine.open_writer()
        self.addCleanup(writer.close)  # as in a running server, the file is open
        writer.run("CREATE TABLE accounts (name TEXT, secret TEXT)")
        writer.run("INSERT INTO accounts VALUES ('alice', 'hash'), ('o''hara', x'ff')")
        writer.run("CREATE VIEW peep AS SELECT value AS name FROM secret")

    def setUp(self) -> None:
        super().setUp()
        self.source = SqliteSource(self.path, self.path)

    def test_every_table_of_the_server_is_hidden(self) -> None:
        self.assertIn("secret", own_tables())
        self.assertIn("mail_words_data", own_tables())
        for table in sorted(own_tables()):
            self.assert_refused(f"SELECT * FROM {table}", "")
            self.assert_refused(f'SELECT count(*) FROM "{table.upper()}"', "")

    def test_no_view_and_no_subquery_helps(self) -> None:
        self.assert_refused("SELECT name FROM peep", "none of the server's own tables")
        self.assert_refused("SELECT (SELECT value FROM main.secret) AS name", "none of the server's own tables")
        self.assert_refused("SELECT 1 AS a WHERE EXISTS (SELECT 1 FROM registry)", "none of the server's own tables")

    def test_another_name_of_the_file_does_not_help(self) -> None:
        linked, hard = self.folder / "linked.db", self.folder / "hard.db"
        linked.symlink_to(self.path)
        os.link(self.path, hard)
        for name in (linked, hard, self.folder / "." / self.path.name):
            self.source = SqliteSource(name, self.path)
            self.assert_refused("SELECT * FROM secret", "none of the server's own tables")

    def test_another_file_may_have_tables_of_these_names(self) -> None:
        other = self.folder / "other.db"
        with sqlite3.connect(other) as connection:
            connection.execute("CREATE TABLE account (name TEXT)")
        connection.close()
        self.source = SqliteSource(other, self.path)
        self.assertEqual(self.rows("SELECT name FROM account"), [])

    def test_tables_are_listed_once(self) -> None:
        self.rows(LOGIN)
        self.patch(module, "own_tables", lambda: self.fail("listed again"))
        self.rows(LOGIN)
