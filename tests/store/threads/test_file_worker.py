"""``FileWorker``: work on files, side by side, in threads that come up when they are needed."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Any

from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.errors import NotFound
from stalwart.store.blob_files import MemoryBlobFiles
from stalwart.store.threads.file_worker import FileWorker
from stalwart.store.threads.work import Failed, Work
from tests.store.opened import opened


def file_threads() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("store-files"))


class FileThreadsTests(TestCase):
    timeout = 20

    async def test_threads_come_with_the_first_work_and_go_with_the_store(self) -> None:
        store = await opened(self, file_workers=2)
        self.assertEqual(file_threads(), [])
        name = await store.blob_work(lambda files: threading.current_thread().name)
        self.assertIn(name, ["store-files-0", "store-files-1"])
        await store.blob_work(lambda files: None)
        self.assertEqual(file_threads(), ["store-files-0", "store-files-1"])
        await store.close()
        self.assertEqual(file_threads(), [])

    async def test_works_run_side_by_side_and_hold_up_no_reader(self) -> None:
        store = await opened(self, file_workers=3)
        meet = threading.Barrier(3, timeout=10)
        working = [store.blob_work(lambda files: meet.wait()) for _ in range(3)]
        self.assertEqual(await store.read(lambda tx: tx.registry.count("Domain")), 0)
        self.assertEqual(sorted([await each for each in working]), [0, 1, 2])


class FileWorkerTests(SynchronousTestCase):
    def test_answers_results_and_failures_and_skips_what_was_given_up(self) -> None:
        files = MemoryBlobFiles()
        works = [Work(lambda given: given is files, 0.0), Work(lambda given: given.read(b""), 0.0), Work(len, 0.0)]
        works[2].claim()
        queue: Any = SimpleQueue()
        for work in (*works, None):
            queue.put(work)
        answers: list[Any] = []
        FileWorker(queue, files, answers.extend).run()
        outcomes = dict(answers)
        self.assertEqual(set(outcomes), {works[0], works[1]})
        self.assertIs(outcomes[works[0]], True)
        self.assertIsInstance(outcomes[works[1]], Failed)
        self.assertIsInstance(outcomes[works[1]].error, NotFound)
