"""Places that several processes count together, in shared memory: each notes in a column of its own what it has taken.

Only its owner writes a column, everybody reads all of them. When a worker dies the parent clears its column, and its
places are free.
"""

from __future__ import annotations

import struct
from hashlib import blake2b
from zlib import crc32

from stalwart.app.workers.memory import PLACES_BYTES, SharedMemory
from stalwart.directory.places import Key, MemoryPlaces

_WAYS = 8
_ENTRY = struct.Struct("<qII")  # key, kind, count
_BUCKET = struct.Struct("<" + "qII" * _WAYS)
_BUCKETS = PLACES_BYTES // _BUCKET.size
_MIX = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio: neighbouring ids end up far apart


class SharedPlaces:
    """``directory.places.Places`` with the column of ``worker``.

    Should a bucket of it be full (thousands of accounts at once), this process counts the rest for itself.
    """

    def __init__(self, memory: SharedMemory, worker: int) -> None:
        self._memory = memory
        self._buffer = memory.buffer
        self._own = memory.places(worker)
        self._columns = [memory.places(number) for number in range(1, memory.workers + 1)]
        self._beside = MemoryPlaces()
        self._kinds: dict[str, int] = {}

    def taken(self, kind: str, key: Key) -> int:
        """See ``Places``."""
        return self._total(self._kind(kind), _number(key)) + self._beside.taken(kind, key)

    def take(self, kind: str, key: Key, most: int | None) -> bool:
        """See ``Places``."""
        kind_number, number = self._kind(kind), _number(key)
        with self._memory.locked("places"):
            if most is not None and self._total(kind_number, number) + self._beside.taken(kind, key) >= most:
                return False
            place, count = self._own_entry(kind_number, number, or_empty=True)
            if place is None:
                return self._beside.take(kind, key, None)
            _ENTRY.pack_into(self._buffer, place, number, kind_number, count + 1)
        return True

    def free(self, kind: str, key: Key) -> None:
        """See ``Places``."""
        if self._beside.taken(kind, key):
            self._beside.free(kind, key)
            return
        kind_number, number = self._kind(kind), _number(key)
        place, count = self._own_entry(kind_number, number)
        if place is not None:
            _ENTRY.pack_into(self._buffer, place, number, kind_number, count - 1)

    def lead(self, kind: str, key: Key) -> int:
        """See ``Places``: up to a quarter more than the least is even. Processes that are gone do not count."""
        kind_number, number = self._kind(kind), _number(key)
        bucket = _bucket(kind_number, number)
        taken = {
            column: self._entry(column + bucket, kind_number, number)[1]
            for worker, column in enumerate(self._columns, 1)
            if column == self._own or self._memory.is_there(worker)
        }
        least = min(taken.values())
        return taken[self._own] - least - least // 4

    def _total(self, kind: int, number: int) -> int:
        bucket = _bucket(kind, number)
        return sum(self._entry(column + bucket, kind, number)[1] for column in self._columns)

    def _own_entry(self, kind: int, number: int, *, or_empty: bool = False) -> tuple[int | None, int]:
        """Where the count is in this process's column, and the count."""
        bucket = self._own + _bucket(kind, number)
        place, count = self._entry(bucket, kind, number)
        if place is None and or_empty:
            values = _BUCKET.unpack_from(self._buffer, bucket)
            empty = next((each for each in range(_WAYS) if values[3 * each + 2] == 0), None)
            place = None if empty is None else bucket + empty * _ENTRY.size
        return place, count

    def _entry(self, bucket: int, kind: int, number: int) -> tuple[int | None, int]:
        values = _BUCKET.unpack_from(self._buffer, bucket)
        for each in range(_WAYS):
            if values[3 * each] == number and values[3 * each + 1] == kind and values[3 * each + 2]:
                return bucket + each * _ENTRY.size, values[3 * each + 2]
        return None, 0

    def _kind(self, kind: str) -> int:
        number = self._kinds.get(kind)
        if number is None:
            number = self._kinds[kind] = crc32(kind.encode())
        return number


def _bucket(kind: int, number: int) -> int:
    mixed = (number ^ kind << 20) * _MIX & 0xFFFFFFFFFFFFFFFF
    return (mixed >> 40) % _BUCKETS * _BUCKET.size


def _number(key: Key) -> int:
    """The key itself, or what stands for a name."""
    if isinstance(key, int):
        return key
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little", signed=True)
