"""E-mails that wait are read, taken apart and written, in pieces that are small."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.errors import Unavailable
from stalwart.mail.search import indexing
from stalwart.mail.search.indexing import Done, index
from tests.mail.search.archive import ACCOUNT, ArchiveCase, message

WANTED = frozenset(("from", "subject", "body"))


class CountingStore:
    """Counts the transactions of a store; ``fault`` is what writes end with."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.works: list[str] = []
        self.fault: Exception | None = None

    def read(self, work: Any) -> Any:
        self.works.append("read")
        return self.store.read(work)

    def write(self, work: Any) -> Any:
        self.works.append("write")
        if self.fault is not None:
            raise self.fault
        return self.store.write(work)

    def blob_work(self, work: Any) -> Any:
        self.works.append("thread")
        return self.store.blob_work(work)


class IndexingTests(ArchiveCase):
    def index(self, *ids: int, store: Any = None) -> Done:
        places = [(ACCOUNT, id) for id in ids]
        return self.successResultOf(Deferred.fromCoroutine(index(store or self.store, places, WANTED)))

    def test_what_is_there_is_indexed_and_what_is_gone_forgotten(self) -> None:
        one, two = self.put(message("first needle")), self.put(message("second needle"))
        self.assertEqual(self.index(one, two).emails, 2)
        self.assertEqual((self.find("body", "needle"), self.waiting()), ({one, two}, 0))
        self.write(lambda tx: tx.mail.destroy_emails(ACCOUNT, [one], now=9))
        self.assertEqual(self.index(one).emails, 1)
        self.assertEqual((self.find("body", "needle"), self.waiting()), ({two}, 0))

    def test_large_messages_are_read_from_files(self) -> None:
        data = message("needle " + "hay " * 30_000)
        self.assertGreater(len(data), 64 << 10)
        id = self.put(data)
        done = self.index(id)
        self.assertEqual((done.emails, done.unreadable), (1, ()))
        self.assertEqual(self.find("body", "needle"), {id})

    def test_no_more_than_fits_is_in_memory(self) -> None:
        self.patch(indexing, "MOST_OCTETS", 1000)
        ids = [self.put(message("x " * 150)) for _ in range(5)]
        self.assertEqual(self.index(*ids).emails, 2)
        self.assertEqual(self.waiting(), 3)

    def test_writes_are_slices(self) -> None:
        ids = [self.put(message("word " * 1000)) for _ in range(20)]
        self.patch(indexing, "SLICE_CHARACTERS", 12_000)
        store = CountingStore(self.store)
        self.index(*ids, store=store)
        self.assertEqual(store.works.count("read"), 1)
        self.assertEqual(store.works.count("thread"), 2)
        self.assertEqual(store.works.count("write"), 6 + 2)
        self.assertEqual(self.waiting(), 0)
        self.patch(indexing, "SLICE_CHARACTERS", 1 << 20)
        self.patch(indexing, "SLICE_EMAILS", 4)
        self.write(lambda tx: tx.mail_text.queue_account(ACCOUNT))
        store = CountingStore(self.store)
        self.index(*ids, store=store)
        self.assertEqual(store.works.count("write"), 4 + 1)

    def test_the_next_are_taken_apart_while_some_are_written(self) -> None:
        ids = [self.put(message()) for _ in range(40)]
        store = CountingStore(self.store)
        self.index(*ids, store=store)
        self.assertEqual(store.works[:4], ["read", "thread", "thread", "write"])

    def test_a_message_that_is_lost_waits_no_longer(self) -> None:
        one, two = self.put(message("needle")), self.put(message("x" * 70_000))
        self.store.blob_files.remove(self.blob(two), 1e12)
        done = self.index(one, two)
        self.assertEqual([place for place, _ in done.unreadable], [(ACCOUNT, two)])
        self.assertIn("missing", done.unreadable[0][1])
        self.assertEqual((self.waiting(), self.find("body", "needle")), (0, {one}))

    def blob(self, id: int) -> bytes:
        return self.read(lambda tx: tx.mail.list_rows(ACCOUNT, [id]))[id].blob

    def test_a_message_that_is_a_riddle_waits_no_longer(self) -> None:
        one, two = self.put(message("needle")), self.put(message("other"))

        def riddle(data: bytes, parts: Any, wanted: Any) -> Any:
            if b"other" in data:
                raise ZeroDivisionError("a fault of ours")
            return extracted(data, parts, wanted)

        extracted = indexing.extracted
        self.patch(indexing, "extracted", riddle)
        done = self.index(one, two)
        self.assertEqual([place for place, _ in done.unreadable], [(ACCOUNT, two)])
        self.assertIn("a fault of ours", done.unreadable[0][1])
        self.assertEqual((self.waiting(), self.find("body", "needle")), (0, {one}))

    def test_a_fault_of_the_store_leaves_the_rest_waiting(self) -> None:
        ids = [self.put(message()) for _ in range(40)]
        store = CountingStore(self.store)
        store.fault = Unavailable("The disk is full.")
        running = Deferred.fromCoroutine(index(store, [(ACCOUNT, id) for id in ids], WANTED))  # type: ignore[arg-type]
        self.failureResultOf(running, Unavailable)
        self.assertEqual(self.waiting(), 40)

    def test_waiting_for_a_turn_is_measured(self) -> None:
        self.assertLess(self.index(self.put(message())).waited, 1.0)

    def test_nothing_to_do(self) -> None:
        self.assertEqual(self.index(), Done())
