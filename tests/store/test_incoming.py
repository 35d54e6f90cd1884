"""Content on its way into the store."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase

from stalwart.store.blob_files import LARGE as LINE
from stalwart.store.blob_files import Stored
from stalwart.store.incoming import Incoming, discard, put_before, store_content
from tests.jmap.blobs.shelf import LARGE, ShelfCase
from tests.store.opened import opened


class IncomingTests(ShelfCase):
    """Small in memory, large in a file."""

    def arrived(self, *pieces: bytes) -> bytes | Stored:
        return self.settle(self.arriving(pieces))

    async def arriving(self, pieces: tuple[bytes, ...]) -> bytes | Stored:
        incoming = Incoming(self.store)
        for piece in pieces:
            await incoming.add(piece)
        return await incoming.finish()

    def test_nothing(self) -> None:
        self.assertEqual(self.arrived(), b"")

    def test_small_content_is_handed_over_whole(self) -> None:
        self.assertEqual(self.arrived(b"a" * 60000, b"b" * 5535), b"a" * 60000 + b"b" * 5535)

    def test_the_line_is_where_the_store_has_it(self) -> None:
        self.assertIsInstance(self.arrived(b"x" * (LINE - 1)), bytes)
        self.assertIsInstance(self.arrived(b"x" * (LINE - 1), b"x"), Stored)

    def test_large_content_is_hashed_and_in_its_file(self) -> None:
        stored = self.arrived(LARGE[:1000], LARGE[1000:90000], LARGE[90000:])
        self.assertEqual(stored, Stored(hashlib.sha256(LARGE).digest(), len(LARGE)))
        assert isinstance(stored, Stored)
        self.assertEqual(self.store.blob_files.read(stored.hash), LARGE)

    def test_many_pieces_take_few_turns_of_a_thread(self) -> None:
        turns: list[bool] = []
        work = self.store.blob_work

        def counted(given: Any, *, writes: bool = False) -> Any:
            turns.append(writes)
            return work(given, writes=writes)

        self.patch(self.store, "blob_work", counted)
        stored = self.arrived(*[b"x" * 5000] * 100)
        self.assertEqual(stored, Stored(hashlib.sha256(b"x" * 500000).digest(), 500000))
        self.assertEqual(len(turns), 3)

    def test_what_is_abandoned_is_no_blob(self) -> None:
        incoming = Incoming(self.store)
        self.settle(incoming.add(LARGE))
        incoming.abandon()
        self.assertFalse(self.store.blob_files.exists(hashlib.sha256(LARGE).digest()))

    def test_something_before_it(self) -> None:
        stored = self.arrived(LARGE)
        assert isinstance(stored, Stored)
        made = self.settle(put_before(self.store, b"A: b\r\n", stored, 10))
        self.assertEqual(self.store.blob_files.read(made.hash), b"A: b\r\n" + LARGE[10:])
        self.assertEqual((made.size, self.store.blob_files.exists(stored.hash)), (len(LARGE) - 4, True))

    def test_abandoning_what_is_finished_leaves_what_is_needed(self) -> None:
        incoming = Incoming(self.store)
        incoming.abandon()
        self.settle(incoming.add(LARGE))
        stored = self.settle(incoming.finish())
        assert isinstance(stored, Stored)
        blob = self.successResultOf(self.store.write(lambda tx: tx.blobs.adopt(stored, 0)))
        incoming.abandon()
        self.assertTrue(self.store.blob_files.exists(blob.hash))

    def test_abandoning_what_is_finished_removes_what_is_not(self) -> None:
        incoming = Incoming(self.store)
        self.settle(incoming.add(LARGE))
        stored = self.settle(incoming.finish())
        assert isinstance(stored, Stored)
        incoming.abandon()
        incoming.abandon()
        self.assertFalse(self.store.blob_files.exists(stored.hash))

    def test_discarding_after_the_store_has_closed_hurts_nobody(self) -> None:
        stored = self.settle(store_content(self.store, LARGE))
        assert isinstance(stored, Stored)
        self.store.close()
        discard(self.store, (stored,))
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_abandoning_after_the_store_has_closed_hurts_nobody(self) -> None:
        incoming = Incoming(self.store)
        self.settle(incoming.add(LARGE))
        self.store.close()
        incoming.abandon()
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_content_at_hand(self) -> None:
        self.assertEqual(self.settle(store_content(self.store, b"x" * (LINE - 1))), b"x" * (LINE - 1))
        stored = self.settle(store_content(self.store, LARGE))
        self.assertEqual(stored, Stored(hashlib.sha256(LARGE).digest(), len(LARGE)))


class CancelledTests(TestCase):
    """A client that leaves while its bytes are written, on a real disk."""

    timeout = 20

    async def test_nothing_is_left_of_what_was_about_to_be_complete(self) -> None:
        path = self.mktemp()
        store = await opened(self, path)
        incoming = Incoming(store)
        await incoming.add(LARGE)
        held, going_on = threading.Event(), threading.Event()
        writer = incoming._writer
        assert writer is not None
        commit = writer.commit

        def slow() -> Stored:
            held.set()
            going_on.wait(10)
            return commit()

        writer.commit = slow  # type: ignore[method-assign]
        finishing = Deferred.fromCoroutine(incoming.finish())
        await store.blob_work(lambda files: held.wait(10))
        finishing.cancel()
        await self.assertFailure(finishing, CancelledError)
        incoming.abandon()
        going_on.set()
        left = ["not looked yet"]
        while left:  # the time limit ends it
            await store.write(lambda tx: None)
            left = [name for _, _, names in os.walk(Path(f"{path}.blobs")) for name in names]
        await store.close()

    async def test_nothing_is_left_of_a_write_that_was_running(self) -> None:
        path = self.mktemp()
        store = await opened(self, path)
        incoming = Incoming(store)
        await incoming.add(LARGE)
        held, going_on = threading.Event(), threading.Event()
        writer = incoming._writer
        assert writer is not None
        write = writer.write

        def slow(chunk: bytes | bytearray) -> None:
            held.set()
            going_on.wait(10)
            write(chunk)

        writer.write = slow  # type: ignore[method-assign]
        adding = Deferred.fromCoroutine(incoming.add(LARGE * 3))
        await store.blob_work(lambda files: held.wait(10))
        adding.cancel()
        await self.assertFailure(adding, CancelledError)
        incoming.abandon()
        going_on.set()
        await store.close()
        left = [name for _, _, names in os.walk(Path(f"{path}.blobs")) for name in names]
        self.assertEqual(left, [])
