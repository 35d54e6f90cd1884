"""What the processes of one server measure, in shared memory: each writes series of its own, readers sum them up.

A process has a region: the number of bytes in use, then records of (bytes of the key, numbers, key, numbers), each at
a multiple of eight. Only its owner writes it, and the number of bytes last, so a process may be killed at any moment.
What a dead process has counted stays; the one that takes its place counts on, but for gauges, which begin at nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, MutableSequence, Sequence

from stalwart.app.workers.memory import SERIES_BYTES, SharedMemory
from stalwart.telemetry.series import Labels

_USED = struct.Struct("Q")
_RECORD = struct.Struct("II")
_GAUGE = "gauge"


class SharedSeries:
    """``telemetry.series.Shelf`` with the region of ``process``."""

    def __init__(self, memory: SharedMemory, process: int) -> None:
        self._memory = memory
        self._buffer = memory.buffer
        self._regions = [memory.series(number) for number in range(memory.workers + 1)]
        self._own = self._regions[process]
        self._numbers = memory.numbers(self._own, SERIES_BYTES)
        self._places: dict[bytes, int] = {}
        for key, begin, count in self._records(self._own):
            self._places[key] = (begin - self._own) // 8
            if key.startswith(_GAUGE.encode()):
                for offset in range(count):
                    self._numbers[(begin - self._own) // 8 + offset] = 0.0

    def claim(self, name: str, labels: Labels, size: int, kind: str) -> tuple[MutableSequence[float], int] | None:
        """See ``Shelf``."""
        key = "\0".join((kind, name, *labels)).encode()
        place = self._places.get(key)
        if place is None:
            place = self._append(key, size)
            if place is None:
                return None
            self._places[key] = place
        return self._numbers, place

    def read(self) -> Iterator[tuple[str, Labels, Sequence[float]]]:
        """See ``Shelf``; gauges of processes that are gone are left out."""
        for process, region in enumerate(self._regions):
            is_there = self._memory.is_there(process)
            for key, begin, count in self._records(region):
                kind, name, *labels = key.decode().split("\0")
                if is_there or kind != _GAUGE:
                    yield name, tuple(labels), struct.unpack_from(f"{count}d", self._buffer, begin)

    def _append(self, key: bytes, size: int) -> int | None:
        used = _USED.unpack_from(self._buffer, self._own)[0] or _USED.size
        begin = used + _RECORD.size + _padded(len(key))
        end = begin + size * 8
        if end > SERIES_BYTES:
            return None
        _RECORD.pack_into(self._buffer, self._own + used, len(key), size)
        self._buffer[self._own + used + _RECORD.size : self._own + used + _RECORD.size + len(key)] = key
        self._buffer[self._own + begin : self._own + end] = bytes(size * 8)
        _USED.pack_into(self._buffer, self._own, end)
        return begin // 8

    def _records(self, region: int) -> Iterator[tuple[bytes, int, int]]:
        """Key, place of the first number, how many numbers."""
        place, end = region + _USED.size, region + int(_USED.unpack_from(self._buffer, region)[0])
        while place < end:
            length, count = _RECORD.unpack_from(self._buffer, place)
            key = self._buffer[place + _RECORD.size : place + _RECORD.size + length]
            begin = place + _RECORD.size + _padded(length)
            yield key, begin, count
            place = begin + count * 8


def _padded(length: int) -> int:
    return (length + 7) // 8 * 8
