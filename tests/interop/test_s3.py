"""Blobs in a bucket of s3proxy: the contracts of blob files and of blobs, and a server that goes away."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import Unavailable
from stalwart.store.blob_files import Stored
from stalwart.store.s3.blob_files import S3BlobFiles, key_of
from stalwart.store.s3.bucket import PART, Bucket
from stalwart.store.sqlite.engine import SqliteEngine
from stalwart.store.threads.store import ThreadedStore
from stalwart.telemetry import Telemetry
from tests.contract.store_blobs import BlobContract
from tests.interop.s3proxy import BUCKET, S3Proxy, missing, server
from tests.store.test_blob_files import CONTENT, BlobFilesContract

LONG = secrets.token_bytes(PART) * 2 + b"the end"


class S3BlobFilesContractTests(BlobFilesContract, SynchronousTestCase):
    skip = missing()

    def setUp(self) -> None:
        self.prefix = f"{secrets.token_hex(8)}/"
        self.files = S3BlobFiles(Bucket(server().place(prefix=self.prefix)), Path(self.mktemp()))

    def test_large_content_is_sent_in_parts(self) -> None:
        stored = self.stored(LONG)
        self.assertEqual(stored, Stored(hashlib.sha256(LONG).digest(), len(LONG)))
        self.assertEqual(hashlib.sha256(b"".join(self.files.chunks(stored.hash))).digest(), stored.hash)
        self.assertEqual(self.files.read(stored.hash, PART - 3, 9), LONG[PART - 3 : PART + 6])
        self.assertEqual(self.files.discard_unfinished(time.time() + 60), 0)
        self.assertTrue(self.files.discard(stored))

    def test_an_upload_that_was_begun_and_left_is_ended(self) -> None:
        server().client().create_multipart_upload(Bucket=BUCKET, Key=f"{self.prefix}x")
        self.assertEqual(self.files.discard_unfinished(time.time() - 60), 0)
        self.assertEqual(self.files.discard_unfinished(time.time() + 60), 1)

    def test_a_section_beyond_the_end_is_empty(self) -> None:
        hash = self.stored().hash
        self.assertEqual(self.files.read(hash, len(CONTENT) + 5, 5), b"")

    def test_damaged_content_is_noticed(self) -> None:
        hash = self.stored().hash
        server().client().put_object(Bucket=BUCKET, Key=self.prefix + key_of(hash), Body=b"y" * len(CONTENT))
        with self.assertRaises(Unavailable):
            self.files.read(hash)

    def test_wrong_keys_and_a_missing_bucket_are_said(self) -> None:
        place = server().place()
        for members, said in (({"secret_key": "other"}, "refuses the keys"), ({"access_key": "nobody"}, "refuses the")):
            files = S3BlobFiles(Bucket(server().place(**members)), Path(self.mktemp()))
            with self.assertRaises(Unavailable) as raised, files.begin() as writer:
                writer.commit()
            self.assertIn(said, raised.exception.detail)
        elsewhere = type(place)("elsewhere", place.region, place.endpoint, access_key="access", secret_key="hush")
        files = S3BlobFiles(Bucket(elsewhere), Path(self.mktemp()))
        with self.assertRaises(Unavailable) as raised, files.begin() as writer:
            writer.commit()
        self.assertIn("is not there", raised.exception.detail)


class S3BlobsContractTests(BlobContract, TestCase):
    skip = missing()

    async def setUp(self) -> None:
        self.store = await opened(self, server())


class S3OutageTests(TestCase):
    skip = missing()
    timeout = 120

    async def test_a_server_that_goes_away_costs_nothing_that_was_acknowledged(self) -> None:
        proxy = S3Proxy(Path(tempfile.mkdtemp(prefix="s3-")))
        self.addCleanup(proxy.close)
        store = await opened(self, proxy)
        contents = [secrets.token_bytes(100_000) for _ in range(8)]
        kept: list[bytes] = []
        for number, content in enumerate(contents):
            if number == 4:
                proxy.stop()
            if number == 6:
                proxy.start()
            try:
                stored = await store.blob_work(lambda files, content=content: _written(files, content), writes=True)
                blob = await store.write(lambda tx, stored=stored: tx.blobs.adopt(stored, 0))
                kept.append(blob.hash)
            except Unavailable as problem:
                self.assertIn("cannot be reached", problem.detail)
                await store.write(lambda tx: tx.blobs.put(b"small", 0))
        wanted = [content for number, content in enumerate(contents) if number not in (4, 5)]
        self.assertEqual(kept, [hashlib.sha256(content).digest() for content in wanted])
        for hash, content in zip(kept, wanted, strict=True):
            self.assertEqual(await store.read(lambda tx, hash=hash: tx.blobs.get(hash)), content)

    async def test_a_server_that_says_nothing_holds_up_nobody_who_writes_something_small(self) -> None:
        proxy = S3Proxy(Path(tempfile.mkdtemp(prefix="s3-")))
        self.addCleanup(proxy.close)
        store = await opened(self, proxy)
        stored = await store.blob_work(lambda files: _written(files, b"x" * 100_000), writes=True)
        proxy.pause()
        try:
            large = store.blob_work(lambda files: _written(files, b"y" * 100_000), writes=True)
            linking = [store.write(lambda tx: tx.blobs.adopt(stored, 0)) for _ in range(5)]
            small = await store.write(lambda tx: tx.blobs.put(b"small", 0))
            self.assertFalse(large.called)
            for each in linking:
                await self.assertFailure(each, Unavailable)
            self.assertEqual(await store.read(lambda tx: tx.blobs.get(small.hash)), b"small")
            await self.assertFailure(large, Unavailable)
        finally:
            proxy.resume()
        await store.write(lambda tx: tx.blobs.put(b"z" * 100_000, 0))
        await store.write(lambda tx: tx.blobs.adopt(stored, 0))


def _written(files: Any, content: bytes) -> Stored:
    with files.begin() as writer:
        writer.write(content)
        return writer.commit()


async def opened(test: Any, proxy: S3Proxy) -> ThreadedStore:
    """A store in a file, with its blobs in the bucket."""
    from twisted.internet import reactor

    folder = Path(test.mktemp())
    files = S3BlobFiles(Bucket(proxy.place(prefix=f"{secrets.token_hex(8)}/")), folder / "spool")
    store = ThreadedStore(SqliteEngine(folder / "db.sqlite3"), files, reactor, Telemetry())
    await store.start()
    test.addCleanup(store.close)
    return store
