"""x:BlobStore at the start of a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from stalwart.app.blob_place import choose_blob_place
from stalwart.config import registry
from stalwart.config.blob_places import remember
from stalwart.config.storage.blob_store import BlobStore
from stalwart.errors import Unavailable
from stalwart.store import MemoryStore, Transaction, open_store
from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.blob_places import PlacedBlobFiles
from stalwart.telemetry import Telemetry

LARGE = b"x" * 70_000


class ChooseBlobPlaceTests(TestCase):
    async def started(self, before: Any = None, **members: Any) -> Any:
        from twisted.internet import reactor

        self.told: list[Any] = []
        telemetry = Telemetry()
        telemetry.observe(lambda event, keys: self.told.append((event.id, keys.get("reason"))))
        path = Path(self.mktemp()) / "db.sqlite3"
        store = open_store({"@type": "Sqlite", "path": str(path)}, reactor, telemetry)
        await store.start()
        self.addCleanup(store.close)
        if before is not None:
            await store.write(before)
        chosen = BlobStore.from_wire({key.replace("at_", "@"): value for key, value in members.items()})
        await choose_blob_place(store, chosen, reactor, telemetry)
        return store

    async def test_blobs_go_to_the_folder_that_was_chosen(self) -> None:
        root = Path(self.mktemp()).absolute()
        store = await self.started(at_type="FileSystem", path=str(root))
        blob = await store.write(lambda tx: tx.blobs.put(LARGE, 0))
        self.assertEqual([path.name for path in root.rglob("??/??/*")], [blob.hash.hex()])
        self.assertEqual(self.told, [])

    async def test_the_default_stays_beside_the_database(self) -> None:
        store = await self.started(at_type="Default")
        await store.write(lambda tx: tx.blobs.put(LARGE, 0))
        assert isinstance(store.blob_files, PlacedBlobFiles)
        self.assertEqual(len(list(store.blob_files.folder.rglob("??/*"))), 1)

    async def test_a_folder_beside_the_store_that_cannot_be_written_is_said(self) -> None:
        def full(files: DiskBlobFiles) -> Any:
            raise Unavailable("Read-only file system.")

        self.patch(DiskBlobFiles, "begin", full)
        store = await self.started(at_type="Default")
        ((_, reason),) = self.told
        self.assertIn(f"cannot be kept in {store.blob_files.folder}", reason)
        self.assertIn("Read-only file system.", reason)

    async def test_what_was_stored_where_blobs_were_kept_before_is_read(self) -> None:
        root, other = (Path(self.mktemp()).absolute() for _ in range(2))
        store = await self.started(at_type="FileSystem", path=str(root))
        blob = await store.write(lambda tx: tx.blobs.put(LARGE, 0))
        await store.close()

        def before(tx: Transaction) -> None:
            first = {"@type": "FileSystem", "path": str(root)}
            for members in (first, {"@type": "FileSystem", "path": "gone"}, {"@type": "Default"}):
                former = registry.get(tx, BlobStore)
                assert former is not None
                entry = registry.create(tx, BlobStore, members, now=0)
                remember(tx, former.value, entry.value)

        store = await self.started(before, at_type="FileSystem", path=str(other))
        self.assertEqual(await store.blob_work(lambda files: files.read(blob.hash)), LARGE)
        self.assertIn("The folder of x:BlobStore must be an absolute path.", [reason for _, reason in self.told])

    async def test_a_place_that_cannot_be_is_said_and_the_server_starts(self) -> None:
        store = await self.started(at_type="FileSystem", path="relative")
        reason = "The folder of x:BlobStore must be an absolute path."
        self.assertIn(("store.unexpected-error", reason), self.told)
        problem = await self.assertFailure(store.write(lambda tx: tx.blobs.put(LARGE, 0)), Unavailable)
        self.assertEqual(problem.detail, reason)
        await store.write(lambda tx: tx.blobs.put(b"small", 0))

    async def test_a_bucket_that_cannot_be_reached_is_said_and_the_server_starts(self) -> None:
        region = {"@type": "Custom", "customEndpoint": "http://127.0.0.1:9", "customRegion": "r"}
        keys = {
            "accessKey": {"@type": "Value", "value": "a"},
            "secretKey": {"@type": "Value", "secret": "b"},
            "maxRetries": 1,
        }
        store = await self.started(at_type="S3", bucket="mail", region=region, **keys)
        await self.assertFailure(store.write(lambda tx: tx.blobs.put(LARGE, 0)), Unavailable)
        await store.close()
        self.assertIn(("store.unexpected-error", "The bucket of the blobs cannot be reached."), self.told)

    async def test_a_store_in_memory_has_no_choice(self) -> None:
        store = MemoryStore()
        files = store.blob_files
        await choose_blob_place(store, BlobStore.from_wire({"@type": "Default"}), None, Telemetry())
        self.assertIs(store.blob_files, files)
