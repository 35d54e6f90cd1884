"""The common memory: where things lie in it, who has it, and the locks."""

from __future__ import annotations

import os
import time
from itertools import pairwise

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.workers import memory as module
from stalwart.app.workers.memory import (
    COUNTER_BYTES,
    COUNTERS,
    FIGURES_BYTES,
    KEY_BYTES,
    PLACES_BYTES,
    RING_BYTES,
    TASKS_BYTES,
    SharedMemory,
    size_for,
)
from tests.app.workers.world import MemoryCase, held, running

PLACES_LOCK, COUNTERS_LOCK = 1, 2


class PlanTests(SynchronousTestCase):
    """What lies where follows from the number of workers."""

    def regions(self, memory: SharedMemory) -> list[tuple[int, int]]:
        found = [(0, KEY_BYTES), (memory.sequence, 8), (memory.tasks, TASKS_BYTES), (memory.ring, RING_BYTES)]
        found += [(memory.places(worker), PLACES_BYTES) for worker in range(1, memory.workers + 1)]
        for space in COUNTERS:
            head, table = memory.counters(space)
            found += [(head, 16), (table, COUNTER_BYTES)]
        found += [(memory.figures(process), FIGURES_BYTES) for process in range(memory.workers + 1)]
        return sorted(found)

    def test_nothing_lies_on_something_else_or_beyond_the_end(self) -> None:
        for workers in (1, 2, 64):
            memory = SharedMemory.create(workers)
            self.addCleanup(memory.close)
            regions = self.regions(memory)
            for (begin, length), (following, _) in pairwise(regions):
                self.assertLessEqual(begin + length, following)
            self.assertEqual(sum(regions[-1]), size_for(workers))

    def test_numbers_are_aligned(self) -> None:
        memory = SharedMemory.create(2)
        self.addCleanup(memory.close)
        self.assertEqual([begin for begin, _ in self.regions(memory) if begin % 8], [])

    def test_space_that_nobody_counts_in_is_refused(self) -> None:
        memory = SharedMemory.create(1)
        self.addCleanup(memory.close)
        self.assertRaises(ValueError, memory.counters, "somewhere")


class SharingTests(MemoryCase):
    """The file and its maps."""

    def test_new_memory_is_empty_but_for_a_key(self) -> None:
        self.assertNotEqual(self.memory.key, bytes(KEY_BYTES))
        self.assertEqual(self.memory.buffer[KEY_BYTES:], bytes(size_for(3) - KEY_BYTES))

    def test_each_server_has_another_key(self) -> None:
        other = SharedMemory.create(1)
        self.addCleanup(other.close)
        self.assertNotEqual(self.memory.key, other.key)

    def test_whoever_has_the_descriptor_sees_what_others_write(self) -> None:
        other = SharedMemory(os.dup(self.memory.descriptor), 3)
        self.addCleanup(other.close)
        self.memory.buffer[self.memory.tasks] = 7
        self.assertEqual((other.buffer[other.tasks], other.key), (7, self.memory.key))

    def test_pages_take_space_once_they_are_written(self) -> None:
        self.assertLess(os.fstat(self.memory.descriptor).st_blocks * 512, 1 << 16)

    def test_descriptor_is_not_inherited_by_accident(self) -> None:
        self.assertFalse(os.get_inheritable(self.memory.descriptor))

    def test_system_without_such_files_has_one_that_is_gone_from_its_folder(self) -> None:
        folder = self.mktemp()
        os.mkdir(folder)
        self.patch(module.tempfile, "tempdir", folder)
        if hasattr(os, "memfd_create"):
            self.patch(os, "memfd_create", None)
            del os.memfd_create
        memory = SharedMemory.create(1)
        self.addCleanup(memory.close)
        memory.buffer[memory.ring] = 1
        self.assertEqual(os.listdir(folder), [])

    def test_closing_closes_the_descriptor(self) -> None:
        memory = SharedMemory.create(1)
        memory.close()
        self.assertRaises(OSError, os.fstat, memory.descriptor)

    def test_freeing_a_worker_frees_nobody_else(self) -> None:
        for worker in (1, 2, 3):
            begin = self.memory.places(worker)
            self.memory.buffer[begin : begin + PLACES_BYTES] = b"x" * PLACES_BYTES
        self.memory.buffer[self.memory.ring + RING_BYTES - 1] = 1
        self.memory.free(2)
        columns = [self.memory.buffer[self.memory.places(worker) :][:PLACES_BYTES] for worker in (1, 2, 3)]
        self.assertEqual([set(column) for column in columns], [{ord("x")}, {0}, {ord("x")}])
        self.assertEqual(self.memory.buffer[self.memory.ring + RING_BYTES - 1], 1)

    def test_forgetting_tasks_forgets_nothing_else(self) -> None:
        begin = self.memory.tasks
        self.memory.buffer[begin - 1 : begin + TASKS_BYTES + 1] = b"x" * (TASKS_BYTES + 2)
        self.memory.forget_tasks()
        found = self.memory.buffer[begin - 1 : begin + TASKS_BYTES + 1]
        self.assertEqual(found, b"x" + bytes(TASKS_BYTES) + b"x")


class LockTests(MemoryCase):
    """Other processes hold locks here."""

    def seconds(self, lock: module.Lock) -> float:
        """How long it takes to go in and out."""
        began = time.monotonic()
        with self.memory.locked(lock):
            pass
        return time.monotonic() - began

    def test_lock_of_somebody_who_is_stopped_is_waited_for_a_moment_only(self) -> None:
        with held(self.memory, PLACES_LOCK):
            self.assertGreater(self.seconds("places"), 0.05)
            self.assertLess(self.seconds("places"), 1)

    def test_going_on_without_the_lock_does_not_take_it_away(self) -> None:
        with held(self.memory, PLACES_LOCK):
            self.seconds("places")
            self.assertGreater(self.seconds("places"), 0.05)

    def test_the_other_locks_are_free(self) -> None:
        with held(self.memory, PLACES_LOCK):
            self.patch(time, "sleep", lambda seconds: self.fail("waited"))
            self.seconds("changes")
            self.seconds("counters")

    def test_kernel_takes_the_lock_back_from_the_dead(self) -> None:
        with held(self.memory, COUNTERS_LOCK) as holder:
            holder.kill()
            holder.wait()
            self.patch(time, "sleep", lambda seconds: self.fail("waited"))
            self.seconds("counters")

    def test_holder_who_is_quick_is_waited_for(self) -> None:
        with held(self.memory, COUNTERS_LOCK) as holder:
            pauses: list[float] = []

            def sleep(seconds: float) -> None:
                pauses.append(seconds)
                if len(pauses) == 3:
                    holder.kill()
                    holder.wait()

            self.patch(time, "sleep", sleep)
            self.seconds("counters")
            self.assertEqual(pauses, [0, 0, 0])

    def test_fault_inside_gives_the_lock_back(self) -> None:
        with self.assertRaises(ZeroDivisionError), self.memory.locked("places"):
            raise ZeroDivisionError
        code = f"import fcntl; fcntl.lockf({self.memory.descriptor}, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, {PLACES_LOCK})"
        with running(code, self.memory.descriptor, isolated=True) as process:
            self.assertEqual(process.wait(), 0)
