"""A backup of a database, and a database of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.moving.backing_up import back_up, restore_blobs
from stalwart.store.moving.backup_file import Backup
from stalwart.store.moving.blobs import filed_blobs
from stalwart.store.moving.copying import copy_rows
from stalwart.store.moving.tables import newest_schema
from stalwart.store.sqlite.bulk import SqliteBulk
from tests.store.moving.sample import MESSAGES, fill, filled, silent


class BackUpTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.database, self.files = filled(Path(self.mktemp()))
        self.database.open(writes=True)
        self.addCleanup(self.database.close)
        self.path = Path(self.mktemp())

    def backup(self) -> Backup:
        self.copied = back_up(self.database, self.files, self.path, silent)
        return Backup(self.path, newest_schema())

    def restored(self, backup: Backup) -> tuple[Any, MemoryBlobFiles]:
        target, files = SqliteBulk(Path(self.mktemp())), MemoryBlobFiles()
        target.prepare(backup.manifest.schema)
        target.open(writes=True)
        self.addCleanup(target.close)
        self.assertEqual(copy_rows(backup, backup.manifest.schema, target, silent), backup.sums)
        return target, files

    def test_everything_comes_back(self) -> None:
        backup = self.backup()
        target, files = self.restored(backup)
        self.assertEqual((restore_blobs(backup, files, silent).count, self.copied.missing), (1, ()))
        (blob,) = filed_blobs(target.session)
        self.assertEqual(files.read(blob.hash), MESSAGES[1])
        self.assertEqual(restore_blobs(backup, files, silent).count, 1)

    def test_what_comes_while_it_is_made_is_not_in_it(self) -> None:
        self.database.close()
        self.database.open(writes=False)
        other = SqliteBulk(self.database.path)
        other.open(writes=True)
        self.addCleanup(other.close)
        other.session.run("DELETE FROM email")
        other.commit()
        target, _ = self.restored(self.backup())
        self.assertEqual(target.session.one("SELECT COUNT(*) FROM email")[0], 2)

    def test_large_values_that_are_missing_or_damaged_do_not_stop_it(self) -> None:
        (blob,) = filed_blobs(self.database.session)
        (file,) = Path(self.files._root).glob("??/*")
        for number, content in enumerate((b"short", b"", b"y" * len(MESSAGES[1]), None)):
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content)
            self.path = Path(self.mktemp())
            backup, files = self.backup(), MemoryBlobFiles()
            self.assertEqual((self.copied.count, self.copied.missing), (0, (blob.hash,)), number)
            self.assertEqual(restore_blobs(backup, files, silent).missing, () if content is None else (blob.hash,))
            self.assertEqual(files.names(""), [])
        self.database.session.run("DELETE FROM blob_link")
        self.path = Path(self.mktemp())
        self.backup()
        self.assertEqual(self.copied.missing, (), "nothing needs it")

    def test_an_empty_store_has_a_backup_too(self) -> None:
        self.database.close()
        self.database = SqliteBulk(Path(self.mktemp()))
        self.database.prepare()
        self.database.open(writes=True)
        self.addCleanup(self.database.close)
        target, files = self.restored(self.backup())
        fill(target.session, files)
