"""People who are kept in tables sign in to a real daemon: in its own data store, and in a file beside it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory import hashes
from tests.live.daemon import Daemon, basic, new_folder
from tests.live.people import PASSWORD, Administrator

DOMAIN = "tables.example"
TABLES = f"""\
CREATE TABLE accounts (name TEXT, secret TEXT, description TEXT, type TEXT, active BOOLEAN DEFAULT 1);
CREATE TABLE group_members (name TEXT, member_of TEXT);
CREATE TABLE emails (name TEXT, address TEXT);
INSERT INTO accounts VALUES ('alice@{DOMAIN}', '{hashes.sha256_of(PASSWORD)}', 'Alice', 'individual', 1);
INSERT INTO emails VALUES ('alice@{DOMAIN}', 'al@{DOMAIN}');
"""


class SqlDirectoryTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.data = new_folder()
        self.addCleanup(shutil.rmtree, self.data, True)
        self.daemon = Daemon.with_data(self.data)
        self.addCleanup(self.daemon.close)
        self.administrator = Administrator(self.daemon)

    def fill(self, path: Path) -> None:
        """Make the tables, as with the shell of SQLite."""
        connection = sqlite3.connect(path, timeout=10)
        connection.executescript(TABLES)
        connection.close()

    def serve(self, **members: Any) -> None:
        """Bind the domain to a directory."""
        declared = {"@type": "Sql", "description": "Tables", **members}
        directory = self.administrator.create("Directory", declared)["id"]
        self.administrator.create("Domain", {"name": DOMAIN, "directoryId": directory})

    def status(self, password: str, login: str = f"alice@{DOMAIN}") -> int:
        return self.daemon.get("/api/account", basic(login, password))[0]

    def assert_signs_in(self) -> None:
        self.assertEqual(self.status(PASSWORD), 200)
        self.assertEqual(self.status("wrong"), 401)
        self.assertEqual(self.status(PASSWORD, f"nobody@{DOMAIN}"), 401)

    def test_tables_in_the_data_store(self) -> None:
        self.fill(self.data / "store.sqlite3")
        self.serve()
        self.assert_signs_in()

    def test_tables_in_another_file(self) -> None:
        path = self.data / "people.db"
        self.fill(path)
        self.serve(store={"@type": "Sqlite", "path": str(path)})
        self.assert_signs_in()

    def test_tables_of_the_server_stay_hidden(self) -> None:
        own = "SELECT name AS name, name AS secret, name AS description, name AS type FROM secret WHERE name = $1"
        self.serve(queryLogin=own)
        status, _, body = self.daemon.get("/api/account", basic(f"alice@{DOMAIN}", PASSWORD))
        self.assertEqual(status, 503)
        self.assertIn(b"none of the server's own tables", body)
