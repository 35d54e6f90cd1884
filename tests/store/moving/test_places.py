"""From a configuration to a database."""

from __future__ import annotations

import json
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid, Unavailable
from stalwart.store.moving.places import blobs_of, bulk_of, config_of, is_filled
from stalwart.store.postgresql.bulk import PostgreSqlBulk
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.postgresql import programs, server
from tests.store.moving.sample import filled

POSTGRESQL = {"@type": "PostgreSql", "host": "db.example.test"}


class PlacesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()

    def test_a_folder_has_its_configuration(self) -> None:
        made, file = config_of(self.folder, makes=True)
        self.assertEqual(file, self.folder / "config.json")
        self.assertEqual(config_of(self.folder), (made, file))
        self.assertEqual(config_of(file), (made, file))

    def test_nothing_is_made_to_be_read(self) -> None:
        for path in (self.folder, self.folder / "config.json"):
            with self.assertRaises(Invalid):
                config_of(path)
        with self.assertRaises(Invalid):
            config_of(self.folder / "other.json", makes=True)
        self.assertFalse(self.folder.exists())

    def test_blobs_are_beside_the_database_or_the_configuration(self) -> None:
        config, file = config_of(self.folder, makes=True)
        self.assertIsInstance(bulk_of(config), SqliteBulk)
        self.assertEqual(blobs_of(config, file), self.folder / "store.sqlite3.blobs")
        file.write_text(json.dumps(POSTGRESQL))
        config, file = config_of(self.folder)
        self.assertIsInstance(bulk_of(config), PostgreSqlBulk)
        self.assertEqual(blobs_of(config, file), self.folder / "blobs")

    def test_a_kind_that_is_not_supported_is_refused(self) -> None:
        for config in ({"@type": "RocksDb", "path": "x"}, {}, {"@type": "PostgreSql"}):
            with self.assertRaises(Invalid):
                bulk_of(config)

    def test_a_missing_driver_is_said(self) -> None:
        gone = mock.patch.dict("sys.modules", {"stalwart.store.postgresql.bulk": None})
        with gone, self.assertRaises(Invalid) as raised:
            bulk_of(POSTGRESQL)
        self.assertIn("psycopg", raised.exception.detail)


class FilledTests(SynchronousTestCase):
    """Whether there is a server's data in a store that is to be used."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        self.path = folder / "config.json"
        self.database = folder / "other.sqlite3"
        self.config = {"@type": "Sqlite", "path": "other.sqlite3"}

    def test_one_that_is_not_there_is_empty_and_is_made_if_that_is_asked(self) -> None:
        self.assertFalse(is_filled(self.path, self.config))
        self.assertFalse(self.database.exists())
        self.assertFalse(is_filled(self.path, self.config, True))
        self.assertTrue(self.database.exists())
        self.assertFalse(is_filled(self.path, self.config))

    def test_one_with_settings_is_filled(self) -> None:
        filled(self.database)
        self.assertTrue(is_filled(self.path, self.config))

    def test_what_no_server_can_open_is_refused(self) -> None:
        with self.assertRaises(Invalid):
            is_filled(self.path, {"@type": "Sqlite", "path": "/proc/nope/x.sqlite3"}, True)
        self.database.write_text("nonsense " * 1000)
        with self.assertRaisesRegex(Unavailable, r"not an SQLite database.*\(file is not a database\)"):
            is_filled(self.path, self.config)
        self.database.unlink()
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("CREATE TABLE theirs (a)")
        for makes in (False, True):
            with self.assertRaisesRegex(Invalid, "another program"):
                is_filled(self.path, self.config, makes)
        self.database.unlink()
        is_filled(self.path, self.config, True)
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("INSERT INTO migration VALUES (9999, 'later', '', 0)")
            connection.commit()
        with self.assertRaisesRegex(Invalid, "newer version"):
            is_filled(self.path, self.config)

    def test_the_reason_is_that_of_the_driver(self) -> None:
        with self.assertRaisesRegex(Unavailable, r"cannot be reached.*127\.0\.0\.1.*port 9 .*refused"):
            is_filled(self.path, {"@type": "PostgreSql", "host": "127.0.0.1", "port": 9})


class PostgreSqlFilledTests(SynchronousTestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def test_databases(self) -> None:
        path = Path(self.mktemp()).absolute() / "config.json"
        found = []
        for options in ("", "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"):
            database = f"trial{secrets.token_hex(4)}"
            server()._do(f"CREATE DATABASE {database} {options}")
            self.addCleanup(server().forget, server().to(database))
            found.append({"@type": "PostgreSql", "host": str(server().folder), "database": database})
        empty, latin = found
        self.assertFalse(is_filled(path, empty))
        self.assertFalse(is_filled(path, empty, True))
        for makes in (False, True):
            with self.assertRaisesRegex(Invalid, "encoding LATIN1"):
                is_filled(path, latin, makes)
        with self.assertRaisesRegex(Unavailable, "not there.*no_such"):
            is_filled(path, {**empty, "database": "no_such"})
