"""Rate limits that several processes count together, in shared memory.

A table for each space, in buckets of fixed size: a key lives in the bucket that its hash says, and in a full bucket the
oldest key gives way, as in ``web.limits.MemoryCounters``. Another window, or a reset, makes all entries of the space
old at once by giving it another number (epoch). Keys are kept as keyed hashes.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterable
from hashlib import blake2b

from stalwart.app.workers.memory import COUNTER_BYTES, SharedMemory

_WAYS = 16
_HEAD = struct.Struct("<qI")  # window, epoch
_ENTRY = struct.Struct("<QII")  # tag, epoch, count
_BUCKET = struct.Struct("<" + "QII" * _WAYS)
_BUCKETS = COUNTER_BYTES // _BUCKET.size
_HASH = struct.Struct("<QQ")
_MOST = (1 << 32) - 1


class SharedCounters:
    """``web.limits.Counters`` for the ``spaces`` named, which this object alone resets."""

    def __init__(self, memory: SharedMemory, spaces: Iterable[str]) -> None:
        self._memory = memory
        self._buffer = memory.buffer
        self._key = memory.key
        self._spaces = {space: memory.counters(space) for space in spaces}

    def increment(self, space: str, key: Hashable, window: int, by: int = 1) -> int:
        """See ``Counters``."""
        head, table = self._spaces[space]
        place, tag = self._hashed(space, key)
        bucket = table + place % _BUCKETS * _BUCKET.size
        with self._memory.locked("counters"):
            epoch = self._epoch(head, window)
            values = _BUCKET.unpack_from(self._buffer, bucket)
            for position in range(0, len(values), 3):
                if values[position] == tag and values[position + 1] == epoch:
                    count: int = min(values[position + 2] + by, _MOST)
                    _ENTRY.pack_into(self._buffer, bucket + position // 3 * _ENTRY.size, tag, epoch, count)
                    return count
            self._insert(bucket, values, tag, epoch, by)
        return by

    def clear(self) -> None:
        """See ``Counters``."""
        with self._memory.locked("counters"):
            for head, _ in self._spaces.values():
                window, epoch = _HEAD.unpack_from(self._buffer, head)
                _HEAD.pack_into(self._buffer, head, window, _next(epoch))

    def _hashed(self, space: str, key: Hashable) -> tuple[int, int]:
        found: tuple[int, int] = _HASH.unpack(
            blake2b(f"{space} {key!r}".encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()
        )
        return found

    def _epoch(self, head: int, window: int) -> int:
        """The number of the present window, a new one if that has changed. New memory begins with 0, which is none.

        Who looked at the clock just before the window ended counts in the new one.
        """
        present, epoch = _HEAD.unpack_from(self._buffer, head)
        if epoch == 0 or not present - 1 <= window <= present:
            epoch = _next(epoch)
            _HEAD.pack_into(self._buffer, head, window, epoch)
        found: int = epoch
        return found

    def _insert(self, bucket: int, values: tuple[int, ...], tag: int, epoch: int, count: int) -> None:
        """A first count, in place of an entry that is old; if there is none, of the one that came first."""
        for position in range(0, len(values), 3):
            if values[position + 1] != epoch:
                _ENTRY.pack_into(self._buffer, bucket + position // 3 * _ENTRY.size, tag, epoch, count)
                return
        _BUCKET.pack_into(self._buffer, bucket, *values[3:], tag, epoch, count)


def _next(epoch: int) -> int:
    """Epochs come again after 2**32 windows."""
    return epoch + 1 if epoch < _MOST else 1
