"""Blobs in a bucket; against a server in ``tests.interop.test_s3``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound, Unavailable
from stalwart.store.blob_files import Stored
from stalwart.store.s3 import bucket as module
from stalwart.store.s3.blob_files import S3BlobFiles, key_of
from stalwart.store.s3.bucket import PART, Bucket, Place
from tests.store.s3.memory_client import MemoryClient, refusal
from tests.store.test_blob_files import CONTENT, BlobFilesContract

LONG = b"x" * (2 * PART + 5)


class S3BlobFilesTests(BlobFilesContract, SynchronousTestCase):
    def setUp(self) -> None:
        self.client = MemoryClient()
        self.patch(module, "_clients", lambda place: (self.client, self.client))
        self.spool = Path(self.mktemp())
        self.files = S3BlobFiles(Bucket(Place("mail", "here", prefix="a/")), self.spool)

    def test_an_object_is_named_by_prefix_and_hash(self) -> None:
        name = self.stored().hash.hex()
        self.assertEqual(list(self.client.objects), [f"a/{name[:2]}/{name}"])

    def test_large_content_goes_in_parts(self) -> None:
        stored = self.stored(LONG)
        self.assertEqual((self.client.asked["part"], self.client.asked["put"], self.client.uploads), (3, 0, {}))
        self.assertEqual(self.files.read(stored.hash), LONG)
        self.assertTrue(self.files.discard(stored))

    def test_parts_of_an_upload_that_fails_are_given_up(self) -> None:
        self.client.fault, self.client.fault_of = refusal(503, "SlowDown"), "complete"
        with self.assertRaises(Unavailable):
            self.stored(LONG)
        self.assertEqual((self.client.uploads, self.client.objects), ({}, {}))

    def test_what_a_crash_left_unfinished_is_ended_when_old(self) -> None:
        self.client.create_multipart_upload("mail", "a/x", {})
        self.assertEqual(self.files.discard_unfinished(0), 0)
        self.assertEqual(self.files.discard_unfinished(float("inf")), 1)
        self.assertEqual(self.client.uploads, {})

    def test_nothing_is_left_on_the_disk(self) -> None:
        self.stored(LONG)
        self.files.begin().abort()
        with self.files.begin() as writer:
            writer.write(LONG)
        self.assertEqual(list(self.spool.iterdir()), [])

    def test_a_full_disk_is_said(self) -> None:
        writer = self.files.begin()
        writer.abort()
        self.patch(writer, "_gathered", mock.Mock(write=mock.Mock(side_effect=OSError(28, "No space left on device"))))
        with self.assertRaises(Unavailable) as raised:
            writer.write(CONTENT)
        self.assertIn("full", raised.exception.detail)

    def test_damaged_content_is_noticed_at_its_end(self) -> None:
        hash = self.stored().hash
        key = f"a/{key_of(hash)}"
        self.client.objects[key] = (b"y" + CONTENT[1:], *self.client.objects[key][1:])
        with self.assertRaises(Unavailable) as raised:
            self.files.read(hash)
        self.assertIn("damaged", raised.exception.detail)

    def test_an_object_that_is_not_there_after_it_was_stored_is_refused(self) -> None:
        self.patch(self.client, "put_object", lambda **_: None)
        with self.assertRaises(Unavailable):
            self.stored()
        self.files = S3BlobFiles(Bucket(Place("mail", "here", verify_after_write=False)), self.spool)
        self.assertEqual(self.stored().size, len(CONTENT))

    def test_a_section_beyond_the_end_is_empty(self) -> None:
        hash = self.stored().hash
        self.assertEqual(self.files.read(hash, len(CONTENT), 5), b"")
        self.assertEqual(self.files.read(hash, 3, 0), b"")
        with self.assertRaises(NotFound):
            self.files.read(b"\0" * 32, 0, 0)

    def test_all_names_of_a_folder_are_listed(self) -> None:
        stored = [self.stored(b"%d" % number * 100) for number in range(900)]
        for folder in ("00", "7f"):
            wanted = {each.hash for each in stored if each.hash.hex().startswith(folder)}
            self.assertEqual(set(self.files.names(folder)), wanted)
        self.client.objects["a/00/readme"] = self.client.objects[f"a/{key_of(stored[0].hash)}"]
        self.assertEqual(len(self.files.names("00")), sum(each.hash[0] == 0 for each in stored))

    def test_whoever_has_written_last_may_discard_it(self) -> None:
        """Two nodes that store the same at once both find nothing there."""
        heads = iter((None, None))
        self.patch(Bucket, "head", lambda *_, **__: next(heads))
        self.files = S3BlobFiles(Bucket(Place("mail", "here", verify_after_write=False)), self.spool)
        first, second = self.stored(), self.stored()
        self.patch(Bucket, "head", _head)
        self.assertFalse(self.files.discard(first))
        self.assertTrue(self.files.discard(second))
        self.assertEqual(first, Stored(hashlib.sha256(CONTENT).digest(), len(CONTENT)))


_head = Bucket.head
