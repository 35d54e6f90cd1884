"""The memory that the processes of one server have in common: a file without a name, mapped by each of them.

The parent makes it, workers inherit its descriptor. What lies in it and where follows from the number of workers alone.
Short critical sections are guarded by record locks, which the kernel takes back from a process that dies. All access is
from one thread of each process. Everything is written so that a process may be killed between any two instructions.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import MutableSequence
from contextlib import AbstractContextManager
from mmap import mmap
from typing import Any, Literal

KEY_BYTES = 16
PLACES_BYTES = 1 << 16
COUNTER_BYTES = 4 << 20
RING_BYTES = 1 << 16
TASKS_BYTES = 64
FIGURES_BYTES = 1 << 12
SERIES_BYTES = 1 << 19
COUNTERS = ("anonymous", "authenticated", "form", "scan", "dpop-even", "dpop-odd")
"""The spaces that are counted in, each with a table of its own."""

Lock = Literal["changes", "places", "counters"]
_LOCKS: dict[Lock, int] = {"changes": 0, "places": 1, "counters": 2}
_HEADER_BYTES = 4096
_SEQUENCE, _TASKS, _WINDOWS = 64, 128, 256
_WINDOW_BYTES = 16
_TRIES = 200
_PAUSE = 0.0005


class SharedMemory:
    """The mapped file behind ``descriptor``. Other views of it must be gone before ``close``."""

    def __init__(self, descriptor: int, workers: int) -> None:
        self.descriptor = descriptor
        self.workers = workers
        self.buffer = mmap(descriptor, size_for(workers))
        self._views: list[memoryview] = []

    @classmethod
    def create(cls, workers: int) -> SharedMemory:
        """New memory, all zeros but for the key. Its pages take space once they are written."""
        descriptor = _nameless_file()
        os.ftruncate(descriptor, size_for(workers))
        memory = cls(descriptor, workers)
        memory.buffer[:KEY_BYTES] = os.urandom(KEY_BYTES)
        return memory

    def close(self) -> None:
        """Let go of it, and of what ``numbers`` has given."""
        for view in self._views:
            view.release()
        self.buffer.close()
        os.close(self.descriptor)

    @property
    def key(self) -> bytes:
        """A secret of the processes, so that nobody else can find keys that share a place in a table."""
        return self.buffer[:KEY_BYTES]

    @property
    def sequence(self) -> int:
        """Where the number of published changes is."""
        return _SEQUENCE

    @property
    def tasks(self) -> int:
        """Where the ids of the running tasks are."""
        return _TASKS

    @property
    def ring(self) -> int:
        """Where the changes are."""
        return _HEADER_BYTES

    def places(self, worker: int) -> int:
        """Where the places are that a worker (counted from 1) has taken."""
        return _HEADER_BYTES + RING_BYTES + (worker - 1) * PLACES_BYTES

    def counters(self, space: str) -> tuple[int, int]:
        """Where the window of a space is, and where its table is."""
        number = COUNTERS.index(space)
        tables = self.places(self.workers + 1)
        return _WINDOWS + number * _WINDOW_BYTES, tables + number * COUNTER_BYTES

    def figures(self, process: int) -> int:
        """Where the figures of a worker are, or of the parent (0): its process id, then what it has counted."""
        return size_for(self.workers) - (process + 1) * FIGURES_BYTES

    def is_there(self, process: int) -> bool:
        """Whether a worker, or the parent (0), is running."""
        return any(self.buffer[self.figures(process) : self.figures(process) + 8])

    def series(self, process: int) -> int:
        """Where a worker, or the parent (0), has the series that it counts."""
        return size_for(self.workers) - (self.workers + 1) * FIGURES_BYTES - (process + 1) * SERIES_BYTES

    def numbers(self, begin: int, length: int) -> MutableSequence[float]:
        """So many bytes from there on as floating-point numbers."""
        whole = memoryview(self.buffer)
        part = whole[begin : begin + length]
        numbers: Any = part.cast("d")
        self._views += (numbers, part, whole)
        return numbers

    def free(self, worker: int) -> None:
        """Give back the places of a worker that is gone, and its process id; what it has counted stays."""
        begin = self.places(worker)
        self.buffer[begin : begin + PLACES_BYTES] = bytes(PLACES_BYTES)
        self.buffer[self.figures(worker) : self.figures(worker) + 8] = bytes(8)

    def forget_tasks(self) -> None:
        """No task is running: whoever carried them out is gone."""
        self.buffer[_TASKS : _TASKS + TASKS_BYTES] = bytes(TASKS_BYTES)

    def locked(self, lock: Lock) -> AbstractContextManager[None]:
        """Alone with what ``lock`` guards.

        It takes microseconds. Should a process be stopped (SIGSTOP) inside, the others wait a tenth of a second and go
        on without it: a count may then be off by one, which is better than a server that stands still.
        """
        return _Alone(self, _LOCKS[lock])

    def _acquired(self, position: int) -> bool:
        for attempt in range(_TRIES):
            try:
                fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, position)
                return True
            except OSError:
                time.sleep(0 if attempt < 10 else _PAUSE)
        return False


class _Alone:
    """What ``locked`` gives: a generator would take as long as the lock itself."""

    __slots__ = ("_held", "_memory", "_position")

    def __init__(self, memory: SharedMemory, position: int) -> None:
        self._memory = memory
        self._position = position
        self._held = False

    def __enter__(self) -> None:
        self._held = self._memory._acquired(self._position)

    def __exit__(self, *_: object) -> None:
        if self._held:
            fcntl.lockf(self._memory.descriptor, fcntl.LOCK_UN, 1, self._position)


def size_for(workers: int) -> int:
    """The bytes of memory for so many workers."""
    tables = len(COUNTERS) * COUNTER_BYTES
    figures = (workers + 1) * (FIGURES_BYTES + SERIES_BYTES)
    return _HEADER_BYTES + RING_BYTES + workers * PLACES_BYTES + tables + figures


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stalwart")
    descriptor, name = tempfile.mkstemp()
    os.unlink(name)
    return descriptor
