"""Blobs: each content once, in the database or a file, until nothing has held it for a day.

Tests ``stalwart.store.sql.blobs``.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from stalwart.errors import NotFound, Unavailable
from stalwart.store import Blob, BlobLink, PendingUploads, Swept
from stalwart.store.blob_files import Stored
from tests.contract.store_case import StoreCase

DAY = 86_400
SMALL = b"small \x00 content"
LARGE = bytes(range(256)) * 300


class BlobContract(StoreCase):
    async def put(self, content: bytes, now: int = 0) -> Blob:
        return await self.write(lambda tx: tx.blobs.put(content, now))

    async def content(self, blob: Blob, *section: int) -> bytes | None:
        return await self.read(lambda tx: tx.blobs.get(blob.hash, *section))

    async def test_small_content_is_kept_in_the_database(self) -> None:
        blob = await self.put(SMALL)
        self.assertEqual(blob, Blob(hashlib.sha256(SMALL).digest(), len(SMALL), "db"))
        self.assertEqual(await self.content(blob), SMALL)
        self.assertFalse(self.store.blob_files.exists(blob.hash))

    async def test_large_content_is_kept_in_a_file(self) -> None:
        blob = await self.put(LARGE)
        self.assertEqual(blob, Blob(hashlib.sha256(LARGE).digest(), len(LARGE), "file"))
        self.assertEqual(await self.content(blob), LARGE)
        self.assertTrue(self.store.blob_files.exists(blob.hash))

    async def test_the_line_is_at_64_kib(self) -> None:
        self.assertEqual((await self.put(b"x" * 65_535)).store, "db")
        self.assertEqual((await self.put(b"x" * 65_536)).store, "file")

    async def test_empty_content_is_content(self) -> None:
        blob = await self.put(b"")
        self.assertEqual((blob.size, await self.content(blob)), (0, b""))

    async def test_sections_of_small_content(self) -> None:
        blob = await self.put(SMALL)
        self.assertEqual(await self.content(blob, 6), SMALL[6:])
        self.assertEqual(await self.content(blob, 6, 3), SMALL[6:9])
        self.assertEqual(await self.content(blob, 999, 3), b"")

    async def test_sections_of_large_content(self) -> None:
        blob = await self.put(LARGE)
        self.assertEqual(await self.content(blob, 70_000), LARGE[70_000:])
        self.assertEqual(await self.content(blob, 255, 3), b"\xff\x00\x01")

    async def test_unknown_content_is_none(self) -> None:
        self.assertIsNone(await self.read(lambda tx: tx.blobs.get(b"\x00" * 32)))
        self.assertIsNone(await self.read(lambda tx: tx.blobs.find(b"\x00" * 32)))

    async def test_the_same_content_is_stored_once(self) -> None:
        for content in (SMALL, LARGE):
            self.assertEqual(await self.put(content), await self.put(content, now=5))

    async def test_a_streamed_file_is_adopted(self) -> None:
        writer = self.store.blob_files.begin()
        for start in range(0, len(LARGE), 1000):
            writer.write(LARGE[start : start + 1000])
        stored = writer.commit()
        blob = await self.write(lambda tx: tx.blobs.adopt(stored, now=0))
        self.assertEqual(await self.content(blob), LARGE)

    async def test_a_file_that_is_gone_cannot_be_adopted(self) -> None:
        await self.refused(Unavailable, lambda tx: tx.blobs.adopt(Stored(b"\x01" * 32, 9), now=0))

    def streamed(self, content: bytes) -> Stored:
        with self.store.blob_files.begin() as writer:
            writer.write(content)
            return writer.commit()

    async def test_a_file_that_no_row_needs_is_discarded(self) -> None:
        stored = self.streamed(LARGE)
        self.assertTrue(await self.write(lambda tx: tx.blobs.discard(stored)))
        self.assertFalse(self.store.blob_files.exists(stored.hash))

    async def test_a_file_with_a_row_is_not_discarded(self) -> None:
        stored = self.streamed(LARGE)
        await self.write(lambda tx: tx.blobs.adopt(stored, now=0))
        self.assertFalse(await self.write(lambda tx: tx.blobs.discard(stored)))
        self.assertTrue(self.store.blob_files.exists(stored.hash))

    async def test_a_file_that_another_message_is_about_to_use_is_not_discarded(self) -> None:
        first, second = self.streamed(LARGE), self.streamed(LARGE)
        for stored in (first, second):
            self.assertFalse(await self.write(lambda tx, stored=stored: tx.blobs.discard(stored)))
        await self.write(lambda tx: tx.blobs.adopt(second, now=0))

    async def test_a_file_is_not_needed_where_the_content_is_in_the_database(self) -> None:
        blob = await self.put(SMALL)
        stored = self.streamed(SMALL)
        self.assertEqual(await self.write(lambda tx: tx.blobs.adopt(stored, now=0)), blob)
        self.assertTrue(await self.write(lambda tx: tx.blobs.discard(stored)))
        self.assertEqual(await self.write(lambda tx: tx.blobs.adopt(stored, now=0)), blob)
        self.assertEqual(await self.content(blob), SMALL)
        stored = self.streamed(SMALL)
        later = int(time.time()) + 2 * DAY
        self.assertEqual(await self.write(lambda tx: tx.blobs.sweep_files([stored.hash], later)), 1)
        self.assertEqual(await self.content(blob), SMALL)

    async def test_links_say_who_holds_a_blob(self) -> None:
        blob = await self.put(SMALL)
        await self.write(lambda tx: tx.blobs.link(blob.hash, 5, 77))
        await self.write(lambda tx: tx.blobs.link(blob.hash, 5, -1, type="text/plain", expires_at=100))
        links = lambda account, now: self.read(lambda tx: tx.blobs.links(blob.hash, account, now))  # noqa: E731
        self.assertEqual(await links(5, 99), [BlobLink(5, -1, 100, "text/plain"), BlobLink(5, 77, None, None)])
        self.assertEqual(await links(5, 100), [BlobLink(5, 77, None, None)])
        self.assertEqual(await links(6, 0), [])

    async def test_a_link_needs_its_blob(self) -> None:
        await self.refused(NotFound, lambda tx: tx.blobs.link(b"\x00" * 32, 5, 1))

    async def test_a_held_blob_is_never_swept(self) -> None:
        blob = await self.put(LARGE)
        await self.write(lambda tx: tx.blobs.link(blob.hash, 5, 1))
        self.assertEqual(await self.write(lambda tx: tx.blobs.sweep(now=2**40)), Swept(0, 0))
        self.assertEqual(await self.content(blob), LARGE)

    async def test_a_blob_goes_a_day_after_its_last_link(self) -> None:
        start = int(time.time()) + DAY
        for content in (SMALL, LARGE):
            blob = await self.put(content, now=start)
            await self.write(lambda tx, h=blob.hash: tx.blobs.link(h, 5, 1))
            await self.write(lambda tx, h=blob.hash: tx.blobs.link(h, 6, 1))
            self.assertEqual(await self.write(lambda tx: tx.blobs.unlink(5, 1, now=start)), 1)
            self.assertEqual(await self.write(lambda tx: tx.blobs.unlink(6, 1, now=start + 10)), 1)
            self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=start + DAY + 9))).blobs, 0, "too early")
            self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=start + DAY + 10))).blobs, 1)
            self.assertIsNone(await self.content(blob))
            self.assertFalse(self.store.blob_files.exists(blob.hash))

    async def test_a_blob_that_is_held_again_stays(self) -> None:
        blob = await self.put(SMALL, now=0)
        await self.write(lambda tx: tx.blobs.link(blob.hash, 5, 1))
        await self.write(lambda tx: tx.blobs.unlink(5, 1, now=0))
        await self.write(lambda tx: tx.blobs.link(blob.hash, 5, 2))
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=10 * DAY))).blobs, 0)

    async def test_storing_again_renews_the_grace(self) -> None:
        await self.put(SMALL, now=0)
        await self.put(SMALL, now=DAY)
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=DAY + 5))).blobs, 0)
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=2 * DAY))).blobs, 1)

    async def test_an_upload_expires(self) -> None:
        blob = await self.put(SMALL, now=0)
        await self.write(lambda tx: tx.blobs.link(blob.hash, 5, -1, type="a/b", expires_at=3600))
        self.assertEqual(await self.write(lambda tx: tx.blobs.sweep(now=3600)), Swept(1, 0))
        self.assertEqual(await self.write(lambda tx: tx.blobs.sweep(now=3600 + DAY)), Swept(0, 1))

    async def test_one_of_several_blobs_of_an_owner_is_let_go(self) -> None:
        def work(tx: Any) -> list[int]:
            first, second = tx.blobs.put(b"1", now=0), tx.blobs.put(b"2", now=0)
            tx.blobs.link(first.hash, 5, 1)
            tx.blobs.link(second.hash, 5, 1)
            gone = [
                tx.blobs.unlink(5, 1, now=0, hash=first.hash),
                tx.blobs.unlink(5, 1, now=0, hash=first.hash),
            ]
            return [*gone, tx.blobs.unlink(5, 1, now=0)]

        self.assertEqual(await self.write(work), [1, 0, 1])

    async def test_a_sweep_takes_no_more_than_its_limit(self) -> None:
        for number in range(5):
            await self.put(b"%d" % number, now=0)
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=DAY, limit=3))).blobs, 3)
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=DAY, limit=3))).blobs, 2)

    async def test_a_freshly_written_file_survives_the_sweep(self) -> None:
        blob = await self.put(LARGE, now=0)
        now = int(time.time())
        self.assertEqual((await self.write(lambda tx: tx.blobs.sweep(now=now))).blobs, 0)
        self.assertEqual(await self.content(blob), LARGE)

    async def test_files_without_a_row_are_swept_after_the_grace(self) -> None:
        held = await self.put(LARGE, now=0)
        with self.store.blob_files.begin() as writer:
            writer.write(b"stray")
            stray = writer.commit()
        now = int(time.time())
        sweep = lambda hash, at: self.write(lambda tx: tx.blobs.sweep_files([hash], at))  # noqa: E731
        self.assertEqual(await self.read(lambda tx: tx.blobs.strays([stray.hash, held.hash])), [stray.hash])
        self.assertEqual(await sweep(stray.hash, now), 0)
        self.assertEqual(await sweep(stray.hash, now + 2 * DAY), 1)
        self.assertEqual(await sweep(held.hash, now + 2 * DAY), 0)
        self.assertFalse(self.store.blob_files.exists(stray.hash))
        self.assertTrue(self.store.blob_files.exists(held.hash))

    async def test_pending_uploads_are_counted_for_each_uploader_and_account(self) -> None:
        def work(tx: Any) -> None:
            for number, (account, owner, expires_at) in enumerate(((5, -2, 90), (5, -2, 70), (5, -3, 80), (6, -2, 80))):
                blob = tx.blobs.put(b"x" * (number + 1), now=0)
                tx.blobs.link(blob.hash, account, owner, expires_at=expires_at)

        await self.write(work)
        self.assertEqual(await self.read(lambda tx: tx.blobs.pending(5, -2, now=60)), PendingUploads(2, 3, 70))
        self.assertEqual(await self.read(lambda tx: tx.blobs.pending(5, -2, now=70)), PendingUploads(1, 1, 90))
        self.assertEqual(await self.read(lambda tx: tx.blobs.pending(7, -2, now=60)), PendingUploads(0, 0, None))

    async def test_an_upload_that_an_object_of_the_account_holds_is_not_pending(self) -> None:
        def work(tx: Any) -> None:
            for content, account in ((b"1", 5), (b"22", 6)):
                blob = tx.blobs.put(content, now=0)
                tx.blobs.link(blob.hash, 5, -2, expires_at=90)
                tx.blobs.link(blob.hash, account, 1)

        await self.write(work)
        self.assertEqual(await self.read(lambda tx: tx.blobs.pending(5, -2, now=0)), PendingUploads(1, 2, 90))

    async def test_an_upload_that_was_used_is_not_pending_whatever_becomes_of_the_object(self) -> None:
        blob = await self.put(SMALL)
        link = lambda owner, **more: self.write(lambda tx: tx.blobs.link(blob.hash, 5, owner, **more))  # noqa: E731
        pending = lambda: self.read(lambda tx: tx.blobs.pending(5, -2, now=60).count)  # noqa: E731
        await link(-2, type="a/b", expires_at=90)
        await link(1)
        await self.write(lambda tx: tx.blobs.use(blob.hash, 6))
        await self.write(lambda tx: tx.blobs.unlink(5, 1, now=60))
        self.assertEqual(await pending(), 1, "it was used in another account")
        await self.write(lambda tx: tx.blobs.use(blob.hash, 5))
        self.assertEqual(await pending(), 0)
        self.assertEqual(
            await self.read(lambda tx: tx.blobs.links(blob.hash, 5, 60)), [BlobLink(5, -2, 90, "a/b", used=True)]
        )
        await link(-2, expires_at=99)
        self.assertEqual(await pending(), 1, "uploaded again")

    async def test_work_on_files_gives_its_result(self) -> None:
        def work(files: Any) -> bytes:
            with files.begin() as writer:
                writer.write(LARGE)
                stored = writer.commit()
            return files.read(stored.hash, 255, 3)

        self.assertEqual(await self.store.blob_work(work), b"\xff\x00\x01")

    async def test_work_on_files_that_fails_says_why(self) -> None:
        await self.assertFailure(self.store.blob_work(lambda files: files.read(b"\0" * 32)), NotFound)

    async def test_work_on_files_is_refused_after_the_close(self) -> None:
        await self.store.close()
        await self.assertFailure(self.store.blob_work(lambda files: None), Unavailable)
