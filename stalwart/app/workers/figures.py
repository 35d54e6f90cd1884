"""What a server of several processes tells about itself as one: events counted in shared memory, and who is running.

Each process has a column, the parent the first one; only its owner writes it, everybody reads all of them. The counts
of a process that dies stay, and the one that takes its place counts on: sums never go down.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping

from stalwart.app.workers.memory import FIGURES_BYTES, SharedMemory
from stalwart.app.workers.series import SharedSeries
from stalwart.telemetry.events import declared_events
from stalwart.telemetry.figures.gauges import BETWEEN

PARENT = 0
_NUMBER = struct.Struct("Q")  # native, so that it is written at once
MOST_EVENTS = FIGURES_BYTES // _NUMBER.size - 1


class SharedFigures:
    """``telemetry.stream.Crew`` with the column of ``process``: a worker's number, or ``PARENT``."""

    def __init__(self, memory: SharedMemory, process: int) -> None:
        self._buffer = memory.buffer
        self.shelf = SharedSeries(memory, process)
        self._columns = {number: memory.figures(number) for number in range(memory.workers + 1)}
        self._own = self._columns[process]
        self._places = {
            event.id: (position + 1) * _NUMBER.size for position, event in enumerate(declared_events()[:MOST_EVENTS])
        }
        for begin, end in BETWEEN.values():  # whatever the former process had begun has ended with it
            self._set(end.id, self._count(self._own, begin.id))
        _NUMBER.pack_into(self._buffer, self._own, os.getpid())

    def count(self, id: str, times: int = 1) -> None:
        """See ``Crew``."""
        self._set(id, self._count(self._own, id) + times)

    def total(self, id: str) -> int:
        """See ``Crew``."""
        return sum(self._count(column, id) for column in self._columns.values())

    def processes(self) -> Mapping[str, int]:
        """See ``Crew``."""
        found = {number: self._read(column) for number, column in self._columns.items()}
        return {"parent" if number == PARENT else str(number): pid for number, pid in found.items() if pid}

    def _count(self, column: int, id: str) -> int:
        place = self._places.get(id)
        return 0 if place is None else self._read(column + place)

    def _read(self, position: int) -> int:
        found: int = _NUMBER.unpack_from(self._buffer, position)[0]
        return found

    def _set(self, id: str, count: int) -> None:
        place = self._places.get(id)
        if place is not None:
            _NUMBER.pack_into(self._buffer, self._own + place, count)
