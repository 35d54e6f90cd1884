"""A data store on the command line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.store.places import choose_blob_store, data_store, opened
from stalwart.errors import Invalid, Unavailable


class DataStoreTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.store = data_store(str(self.folder), makes=True)

    def test_the_key_of_the_vault_is_beside_the_database(self) -> None:
        self.assertEqual(self.store.vault_key, self.folder / "vault.key")
        self.assertEqual(self.store.blob_folder, self.folder / "store.sqlite3.blobs")

    def test_errors_of_the_driver_are_sentences(self) -> None:
        self.store.database.prepare()
        full = sqlite3.OperationalError("full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        with self.assertRaises(Unavailable), opened(self.store, writes=True):
            raise full
        with self.assertRaises(ZeroDivisionError), opened(self.store, writes=True):
            raise ZeroDivisionError

    def test_blobs_are_where_the_settings_say(self) -> None:
        self.store.database.prepare()
        elsewhere, choice = Path(self.mktemp()).absolute(), self.folder / "blobs.json"
        choice.write_text(f'{{"@type": "FileSystem", "path": "{elsewhere}", "depth": 0}}')
        with opened(self.store, writes=True) as database:
            choose_blob_store(database.session, self.store.blob_files(), str(choice), 1)
            with self.store.blob_files().begin() as writer:
                name = writer.commit().hash.hex()
            self.assertTrue((elsewhere / name).exists())
            with self.assertRaises(Invalid):
                choose_blob_store(database.session, self.store.blob_files(), "/nowhere.json", 1)
