"""Files of blobs from one place to another."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.moving.blobs import FiledBlob, copy_blobs, filed_blobs, is_held
from tests.store.moving.sample import MESSAGES, filled, silent


class CopyBlobsTests(SynchronousTestCase):
    def setUp(self) -> None:
        database, self.source = filled(Path(self.mktemp()))
        database.open(writes=True)
        self.addCleanup(database.close)
        self.session = database.session
        self.target = MemoryBlobFiles()
        (self.blob,) = filed_blobs(self.session)

    def test_large_ones_are_listed(self) -> None:
        self.assertEqual(self.blob, FiledBlob(self.blob.hash, len(MESSAGES[1])))
        self.assertTrue(is_held(self.session, self.blob.hash))
        self.assertFalse(is_held(self.session, b"\0" * 32))

    def test_what_is_not_there_is_copied(self) -> None:
        for _ in range(2):
            self.assertEqual(copy_blobs(self.session, self.source, self.target, silent).count, 1)
        self.assertEqual(self.target.read(self.blob.hash), MESSAGES[1])

    def test_what_is_missing_is_named_if_something_holds_it(self) -> None:
        self.source.remove(self.blob.hash, float("inf"))
        for files in (self.target, self.source):
            copied = copy_blobs(self.session, self.source, files, silent)
            self.assertEqual((copied.count, copied.missing), (0, (self.blob.hash,)))
        self.session.run("DELETE FROM blob_link")
        self.assertEqual(copy_blobs(self.session, self.source, self.target, silent).missing, ())

    def test_what_is_damaged_is_not_counted(self) -> None:
        (path,) = Path(self.source._root).glob("??/*")
        path.write_bytes(b"odd")
        self.assertEqual(copy_blobs(self.session, self.source, self.target, silent).missing, (self.blob.hash,))
