"""Blobs in a place that is chosen later: what was there before is still found."""

from __future__ import annotations

import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound, Unavailable
from stalwart.store.blob_files import BlobFiles, DiskBlobFiles, Stored
from stalwart.store.blob_places import MissingPlace, placed
from tests.store.test_blob_files import CONTENT, BlobFilesContract


class PlacedBlobFilesTests(BlobFilesContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.folder, self.other = Path(self.mktemp()), Path(self.mktemp())
        self.files = placed(self.folder)

    def chosen(self) -> DiskBlobFiles:
        files = DiskBlobFiles(self.other)
        self.files.choose(files)
        return files

    def test_new_blobs_go_to_the_new_place(self) -> None:
        before = self.stored(b"before" * 100)
        chosen = self.chosen()
        after = self.stored()
        self.assertEqual((chosen.exists(before.hash), chosen.exists(after.hash)), (False, True))
        self.assertEqual(list(self.folder.rglob(after.hash.hex())), [])
        for stored, content in ((before, b"before" * 100), (after, CONTENT)):
            self.assertTrue(self.files.exists(stored.hash))
            self.assertEqual(self.files.read(stored.hash), content)
            self.assertEqual(b"".join(self.files.chunks(stored.hash, 7)), content[7:])
            self.assertEqual(self.files.names(stored.hash.hex()[:2]).count(stored.hash), 1)

    def test_what_is_removed_is_in_neither(self) -> None:
        hash = self.stored().hash
        self.chosen()
        self.stored()
        self.assertEqual(self.files.names(hash.hex()[:2]), [hash])
        self.assertFalse(self.files.remove(hash, time.time() - 60))
        self.assertTrue(self.files.remove(hash, time.time() + 60))
        self.assertFalse(self.files.exists(hash))
        self.assertEqual(self.files.names(hash.hex()[:2]), [])

    def test_discarding_leaves_what_was_there_before(self) -> None:
        self.stored()
        self.chosen()
        again = self.stored()
        self.assertTrue(self.files.discard(again))
        self.assertEqual(self.files.read(again.hash), CONTENT)

    def test_what_is_unfinished_is_discarded_in_both(self) -> None:
        self.stored()
        left = [self.files.begin()]
        self.chosen()
        left.append(self.files.begin())
        self.assertEqual(self.files.discard_unfinished(time.time() + 60), 2)
        for writer in left:
            writer.abort()

    def test_an_empty_first_place_is_not_asked(self) -> None:
        self.chosen()
        self.folder.mkdir()
        (self.folder / "ab").mkdir()
        with self.assertRaises(NotFound):
            self.files.read(b"\0" * 32)
        self.assertFalse(self.files.exists(b"\0" * 32))

    def test_what_was_stored_in_a_former_place_is_found(self) -> None:
        former, gone = DiskBlobFiles(Path(self.mktemp())), MissingPlace("It is not there.")
        with former.begin() as writer:
            writer.write(CONTENT)
            old = writer.commit()
        for chosen in (DiskBlobFiles(self.other), None):
            self.files.choose(chosen, [gone, former])
            self.assertEqual(self.files.read(old.hash, 3, 4), CONTENT[3:7])
            self.assertEqual(b"".join(self.files.chunks(old.hash)), CONTENT)
            self.assertTrue(self.files.exists(old.hash))
            self.assertEqual(self.files.names(old.hash.hex()[:2]), [old.hash])
            new = self.stored(b"new" * 100)
            self.assertEqual(self.files.read(new.hash), b"new" * 100)
            for ask in (self.files.exists, self.files.read, lambda hash: list(self.files.chunks(hash))):
                with self.assertRaises(Unavailable):  # it may be where nobody can look
                    ask(b"\0" * 32)
        self.assertFalse(self.files.remove(old.hash, time.time() + 60), "one place could not be asked")
        self.assertFalse(former.exists(old.hash))


class MissingPlaceTests(SynchronousTestCase):
    def test_everything_is_refused_with_the_reason(self) -> None:
        files: BlobFiles = MissingPlace("It is not there.")
        hash = b"\0" * 32
        for ask in (
            files.begin,
            lambda: files.exists(hash),
            lambda: files.read(hash),
            lambda: files.chunks(hash),
            lambda: files.remove(hash, 0),
            lambda: files.discard(Stored(hash, 1)),
            lambda: files.names("00"),
            lambda: files.discard_unfinished(0),
        ):
            with self.assertRaises(Unavailable) as raised:
                ask()
            self.assertEqual(raised.exception.detail, "It is not there.")
