"""The SQL directory over a real SQLite file, its queries run at once."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity.directory import Directory
from stalwart.directory import hashes
from stalwart.directory.external.sql import SqlDirectory, check_sql, open_sql_directory
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Invalid, Unauthenticated, Unavailable
from stalwart.store.queries import SynchronousQueries
from stalwart.store.sqlite.query import SqliteSource
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_DIRECTORY_AMBIGUOUS,
    AUTH_DIRECTORY_ERROR,
    AUTH_DIRECTORY_UNUSABLE,
    AUTH_ERROR,
    Event,
)

KEY = b"k" * 32
PASSWORD = "correct horse"
TABLES = """\
CREATE TABLE accounts (name TEXT, secret TEXT, description TEXT, type TEXT, active BOOLEAN DEFAULT 1);
CREATE TABLE group_members (name TEXT, member_of TEXT);
CREATE TABLE emails (name TEXT, address TEXT);
"""


def declared(**members: Any) -> Any:
    """The settings with these members, as on the wire."""
    return Directory.from_wire({"@type": "Sql", "description": "Staff", **members})


class SqlTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="sql-"))
        self.addCleanup(shutil.rmtree, folder)
        self.path = folder / "people.db"
        self.write(TABLES, script=True)
        self.account("alice@example.test")
        self.hashing = SynchronousHashing()
        self.events: list[Event] = []
        self.telemetry = Telemetry()
        self.telemetry.observe(lambda event, keys: self.events.append(event))
        verify = hashes.verify  # without the decoys, which take their time on purpose
        self.patch(hashes, "verify", lambda stored, secret: stored[:7] != "$argon2" and verify(stored, secret))

    def write(self, text: str, *values: Any, script: bool = False) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.executescript(text) if script else connection.execute(text, values)
        connection.close()

    def account(self, name: str, secret: str | None = hashes.sha256_of(PASSWORD), kind: str | None = None) -> None:
        self.write("INSERT INTO accounts VALUES (?, ?, 'Alice', ?, 1)", name, secret, kind)

    def directory(self, **members: Any) -> SqlDirectory:
        queries = SynchronousQueries(SqliteSource(self.path))
        return SqlDirectory(declared(**members), queries, self.hashing, self.telemetry, marker_key=KEY)

    def begin(self, secret: str = PASSWORD, address: str = "alice@example.test", **members: Any) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.directory(**members).check(address, secret))

    def check(self, secret: str = PASSWORD, address: str = "alice@example.test", **members: Any) -> Any:
        return self.successResultOf(self.begin(secret, address, **members))

    def find(self, address: str, **members: Any) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(self.directory(**members).find(address)))

    def test_right_password(self) -> None:
        self.write("INSERT INTO emails VALUES ('alice@example.test', 'Al@example.test')")
        self.write("INSERT INTO group_members VALUES ('alice@example.test', 'staff'), ('alice@example.test', NULL)")
        found = self.check()
        self.assertEqual((found.address, found.name, found.kind), ("alice@example.test", "Alice", "User"))
        self.assertEqual((found.groups, found.aliases), (frozenset(("staff",)), frozenset(("al@example.test",))))
        self.assertIsNotNone(found.marker)

    def test_wrong_empty_and_unknown(self) -> None:
        self.assertIsNone(self.check("wrong"))
        self.assertIsNone(self.check(""))
        self.assertIsNone(self.check(address="nobody@example.test"))
        self.assertIsNone(self.check(address="' OR 1=1 --"))
        self.assertIsNone(self.check(address="\ud800"))

    def test_account_without_a_secret_opens_to_nobody(self) -> None:
        self.account("bob@example.test", None)
        self.account("carol@example.test", "")
        for address in ("bob@example.test", "carol@example.test"):
            self.assertIsNone(self.check("", address))
            self.assertIsNone(self.check("x", address))

    def test_time_is_taken_for_somebody_unknown(self) -> None:
        self.check(address="nobody@example.test")
        self.assertEqual(self.hashing.checks, 1)

    def test_several_rows(self) -> None:
        self.account("alice@example.test")
        self.assertIsNone(self.check())
        self.assertIsNone(self.find("alice@example.test"))
        self.assertEqual(self.events, [AUTH_DIRECTORY_AMBIGUOUS, AUTH_DIRECTORY_AMBIGUOUS])

    def test_unknown_scheme_counts_against_nobody(self) -> None:
        self.account("bob@example.test", "{SCRAM-SHA-256}x")
        self.failureResultOf(self.begin("x", "bob@example.test"), Unauthenticated)
        self.assertEqual(self.events, [AUTH_ERROR])

    def test_not_told_without_queries(self) -> None:
        found = self.check(queryMemberOf=None, queryEmailAliases=None)
        self.assertEqual((found.groups, found.aliases), (None, None))

    def test_columns_of_other_names(self) -> None:
        query = "SELECT name AS Mail, secret AS Hash, description AS Who, 'GROUP' AS What FROM accounts WHERE name = $1"
        found = self.check(
            queryLogin=query,
            columnEmail="mail",
            columnSecret="HASH",
            columnDescription="who",
            columnClass="what",
        )
        self.assertEqual((found.name, found.kind, found.groups), ("Alice", "Group", None))

    def test_columns_that_are_not_wanted(self) -> None:
        found = self.check(columnDescription=None, columnClass=None)
        self.assertEqual((found.name, found.kind), (None, "User"))

    def test_column_that_the_query_does_not_give(self) -> None:
        problem = self.failureResultOf(self.begin(columnSecret="hash"), Unavailable).value
        self.assertEqual(
            problem.detail, "columnSecret of the directory Staff does not work. The query gives no column hash."
        )
        self.assertEqual(self.events, [AUTH_DIRECTORY_ERROR])

    def test_query_that_does_not_work(self) -> None:
        problem = self.failureResultOf(self.begin(queryLogin="SELECT a FROM nowhere WHERE b = $1"), Unavailable).value
        self.assertIn("queryLogin of the directory Staff does not work.", problem.detail)
        self.assertIn("no such table: nowhere", problem.detail)

    def test_row_without_an_address(self) -> None:
        self.account("bob")
        self.assertIsNone(self.check(address="bob"))
        self.assertEqual(self.events, [AUTH_DIRECTORY_UNUSABLE])

    def test_marker_changes_with_the_secret(self) -> None:
        first = self.check().marker
        self.assertEqual(self.check().marker, first)
        self.write("UPDATE accounts SET secret = ?", PASSWORD)
        second = self.check().marker
        self.assertNotEqual(first, second)
        self.assertNotIn(PASSWORD, second)

    def test_recipient(self) -> None:
        self.account("staff@example.test", None, "group")
        self.assertEqual(self.find("alice@example.test").kind, "User")
        self.assertEqual(self.find("staff@example.test").kind, "Group")
        self.assertIsNone(self.find("nobody@example.test"))
        self.assertIsNone(self.find("\ud800"))

    def test_recipient_whose_query_tells_no_secret(self) -> None:
        found = self.find("alice@example.test", queryRecipient="SELECT name FROM accounts WHERE name = $1")
        self.assertEqual((found.address, found.marker), ("alice@example.test", None))

    def test_inactive_account_gets_no_mail(self) -> None:
        self.write("UPDATE accounts SET active = 0")
        self.assertIsNone(self.find("alice@example.test"))


class CheckTests(SynchronousTestCase):
    def assert_refused(self, property: str, **members: Any) -> None:
        with self.assertRaises(Invalid) as caught:
            check_sql(declared(**members))
        self.assertEqual(caught.exception.properties, (property,))

    def test_defaults(self) -> None:
        check_sql(declared())
        check_sql(declared(queryMemberOf=None, queryEmailAliases=None))

    def test_queries(self) -> None:
        for property in ("queryLogin", "queryRecipient", "queryMemberOf", "queryEmailAliases"):
            self.assert_refused(property, **{property: "DELETE FROM accounts WHERE name = $1"})

    def test_databases(self) -> None:
        check_sql(declared(store={"@type": "Sqlite", "path": "/var/lib/people.db"}))
        self.assert_refused("store/path", store={"@type": "Sqlite", "path": "people.db"})
        self.assert_refused("store", store={"@type": "PostgreSql", "host": "db.test"})


class OpeningTests(SynchronousTestCase):
    def open(self, data_store: Path | None, **members: Any) -> SqlDirectory:
        reactor = MemoryReactorClock()
        hashing = SynchronousHashing()
        return open_sql_directory(declared(**members), reactor, data_store, hashing, Telemetry(), marker_key=KEY)

    def test_default_is_the_file_of_the_data_store(self) -> None:
        made = self.open(Path("/nonexistent/store.sqlite3"))
        self.successResultOf(Deferred.fromCoroutine(made.close()))

    def test_store_in_memory_has_no_tables(self) -> None:
        with self.assertRaises(Invalid):
            self.open(None)

    def test_file_of_its_own(self) -> None:
        made = self.open(None, store={"@type": "Sqlite", "path": "/nonexistent/people.db"})
        self.successResultOf(Deferred.fromCoroutine(made.close()))

    def test_settings_that_cannot_work(self) -> None:
        with self.assertRaises(Invalid):
            self.open(None, queryLogin="SELECT 1")
