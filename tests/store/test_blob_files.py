"""Blob files: complete and durable under their hash, or not there at all."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound, Unavailable
from stalwart.store.blob_files import DiskBlobFiles, MemoryBlobFiles, Stored

CONTENT = bytes(range(256)) * 1000


class BlobFilesContract:
    """What both kinds do."""

    files: Any

    def stored(self, content: bytes = CONTENT) -> Stored:
        with self.files.begin() as writer:
            writer.write(content[:100])
            writer.write(content[100:])
            return writer.commit()

    def test_a_blob_is_named_by_its_hash(self) -> None:
        self.assertEqual(self.stored(), Stored(hashlib.sha256(CONTENT).digest(), len(CONTENT)))

    def test_the_writer_knows_its_size(self) -> None:
        with self.files.begin() as writer:
            writer.write(b"12345")
            self.assertEqual(writer.size, 5)

    def test_what_is_not_committed_does_not_exist(self) -> None:
        with self.files.begin() as writer:
            writer.write(CONTENT)
        self.assertFalse(self.files.exists(hashlib.sha256(CONTENT).digest()))

    def test_a_section_is_read(self) -> None:
        hash = self.stored().hash
        self.assertEqual(self.files.read(hash), CONTENT)
        self.assertEqual(self.files.read(hash, 1000), CONTENT[1000:])
        self.assertEqual(self.files.read(hash, 1000, 10), CONTENT[1000:1010])

    def test_chunks_add_up(self) -> None:
        hash = self.stored().hash
        chunks = list(self.files.chunks(hash, 5, 200_000))
        self.assertEqual(b"".join(chunks), CONTENT[5:200_005])
        self.assertLessEqual(max(map(len, chunks)), 65_536)
        self.assertEqual(b"".join(self.files.chunks(hash)), CONTENT)

    def test_an_unknown_blob_is_not_found(self) -> None:
        with self.assertRaises(NotFound):
            self.files.read(b"\x00" * 32)
        with self.assertRaises(NotFound):
            list(self.files.chunks(b"\x00" * 32))

    def test_the_same_content_may_be_stored_again(self) -> None:
        self.assertEqual(self.stored(), self.stored())

    def test_only_old_files_are_removed(self) -> None:
        hash = self.stored().hash
        self.assertFalse(self.files.remove(hash, before=time.time() - 60))
        self.assertTrue(self.files.exists(hash))
        self.assertTrue(self.files.remove(hash, before=time.time() + 60))
        self.assertFalse(self.files.exists(hash))
        self.assertTrue(self.files.remove(hash, before=0))

    def test_what_nobody_else_has_written_can_be_discarded(self) -> None:
        stored = self.stored()
        self.assertTrue(self.files.discard(stored))
        self.assertFalse(self.files.exists(stored.hash))
        self.assertTrue(self.files.discard(stored), "it is gone")

    def test_what_others_may_be_about_to_use_is_not_discarded(self) -> None:
        first = self.stored()
        second = self.stored()
        for stored in (first, second, Stored(first.hash, first.size)):
            self.assertFalse(self.files.discard(stored))
        self.assertTrue(self.files.exists(first.hash))
        self.files.remove(first.hash, before=float("inf"))
        third = self.stored()
        for stored in (first, second):
            self.assertFalse(self.files.discard(stored))
        self.assertTrue(self.files.discard(third))

    def test_names_are_listed_by_folder(self) -> None:
        hash = self.stored().hash
        self.assertEqual(self.files.names(hash.hex()[:2]), [hash])
        self.assertEqual(self.files.names("00" if hash.hex()[:2] != "00" else "01"), [])


class MemoryBlobFilesTests(BlobFilesContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.files = MemoryBlobFiles()


class DeepDiskBlobFilesTests(BlobFilesContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.files = DiskBlobFiles(self.root, 3)

    def test_files_are_spread_by_the_digits_of_their_hash(self) -> None:
        name = self.stored().hash.hex()
        self.assertEqual((self.root / name[:2] / name[2:4] / name[4:6] / name).read_bytes(), CONTENT)


class FlatDiskBlobFilesTests(BlobFilesContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.files = DiskBlobFiles(self.root, 0)

    def test_files_lie_side_by_side(self) -> None:
        name = self.stored().hash.hex()
        self.assertEqual((self.root / name).read_bytes(), CONTENT)


class DiskBlobFilesTests(BlobFilesContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.files = DiskBlobFiles(self.root)

    def left_over(self) -> list[Path]:
        return list((self.root / "tmp").iterdir())

    def test_nothing_is_made_before_the_first_blob(self) -> None:
        self.assertEqual(self.files.discard_unfinished(time.time()), 0)
        self.assertFalse(self.root.exists())

    def test_folders_are_the_owners_own(self) -> None:
        self.stored()
        folders = [self.root, *(path for path in self.root.rglob("*") if path.is_dir())]
        self.assertEqual({path.stat().st_mode & 0o777 for path in folders}, {0o700})

    def test_a_file_lies_in_the_folder_of_its_first_two_digits(self) -> None:
        name = self.stored().hash.hex()
        self.assertEqual((self.root / name[:2] / name).read_bytes(), CONTENT)
        self.assertEqual(self.left_over(), [])

    def test_an_aborted_writer_leaves_nothing_open_or_lying_about(self) -> None:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(10):
            self.files.begin().abort()
        self.assertEqual(self.left_over(), [])
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)

    def test_bytes_are_synced_before_they_are_named_and_the_folder_after(self) -> None:
        steps: list[str] = []
        sync, replace = os.fsync, os.replace

        def noted_sync(handle: int) -> None:
            steps.append(Path(os.readlink(f"/proc/self/fd/{handle}")).parent.name)
            sync(handle)

        def noted_replace(*paths: Any) -> None:
            steps.append("rename")
            replace(*paths)

        with mock.patch("os.fsync", noted_sync), mock.patch("os.replace", noted_replace):
            self.stored()
        self.assertIn("tmp", steps[: steps.index("rename")])
        self.assertEqual(steps[-2:], ["rename", self.root.name])

    def test_a_full_disk_is_said_and_leaves_nothing(self) -> None:
        writer = self.files.begin()
        writer.write(CONTENT)
        full = mock.patch("os.fsync", side_effect=OSError(28, "No space left on device"))
        with full, self.assertRaises(Unavailable) as raised:
            writer.commit()
        self.assertEqual(raised.exception.detail, "The disk that holds the blobs is full.")
        self.assertEqual(self.left_over(), [])

    def test_a_folder_that_cannot_be_written_is_said_without_its_path(self) -> None:
        self.root.write_text("a file")
        with self.assertRaises(Unavailable) as raised:
            self.files.begin()
        self.assertTrue(raised.exception.detail.startswith("The blobs cannot be reached: "))
        self.assertNotIn(self.root.name, raised.exception.detail)

    def test_a_link_to_a_disk_that_is_not_there_is_named_in_the_log_only(self) -> None:
        self.root.symlink_to(self.root.with_name("unmounted"))
        with self.assertRaises(Unavailable) as raised:
            self.files.begin()
        self.assertEqual(raised.exception.detail, "The blobs cannot be reached: Not a directory.")
        self.assertIn(str(self.root), str(raised.exception.__cause__))

    def test_what_a_crash_left_unfinished_is_discarded_when_old(self) -> None:
        writer = self.files.begin()
        self.assertEqual(self.files.discard_unfinished(time.time() - 60), 0)
        self.assertEqual(self.files.discard_unfinished(time.time() + 60), 1)
        self.assertEqual(self.left_over(), [])
        writer.abort()
