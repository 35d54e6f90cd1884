"""From a configuration to a database."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.store.moving.places import blobs_of, bulk_of, config_of
from stalwart.store.postgresql.bulk import PostgreSqlBulk
from stalwart.store.sqlite.bulk import SqliteBulk

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
