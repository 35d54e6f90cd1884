"""A zip file that is written while it is made: nobody knows how long it becomes, and nothing of it is held.

Entries are deflated; what they turned out to be stands behind them (APPNOTE 4.4.4 bit 3). Their records for the end are
kept in a file that the caller gives. Sizes beyond 4 GiB are written where they occur (APPNOTE 4.5.3).
"""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

LONGEST_NAME: Final = 1024
_PIECE = 1 << 16
_LARGE = 0xFFFFFFFF
_MANY = 0xFFFF
_FLAGS = 0x808  # sizes behind the content, names in UTF-8
_LEVEL = 1
_ZIP64 = 45


class ZipStream:
    """One after the other ``begin``, ``write`` as often as wanted, ``end``; ``finish`` once. Each gives octets to send.

    ``records`` is an empty file for what the end needs. An entry whose ``size`` may reach 4 GiB has to say so.
    """

    def __init__(self, records: BinaryIO) -> None:
        self._records = records
        self._count = 0
        self._offset = 0
        self._name = b""
        self._stamp = 0
        self._start = 0
        self._crc = 0
        self._size = 0
        self._packed = 0
        self._is_large = False
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)

    def begin(self, name: str, changed_at: float, size: int = 0) -> bytes:
        """An entry; ``name`` with ``/`` between folders, ``changed_at`` in seconds since the epoch, written as UTC."""
        self._name = name.encode("utf-8", "replace")[: LONGEST_NAME * 4]
        self._stamp = _stamp(changed_at)
        self._start = self._offset
        self._crc = self._size = self._packed = 0
        self._is_large = size >= _LARGE - (size >> 8) - _PIECE
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if self._is_large else b""
        sizes = (_LARGE, _LARGE) if self._is_large else (0, 0)
        version = _ZIP64 if self._is_large else 20
        fixed = struct.pack(
            "<4s3HIIIIHH", b"PK\3\4", version, _FLAGS, 8, self._stamp, 0, *sizes, len(self._name), len(extra)
        )
        return self._sent(fixed + self._name + extra)

    def write(self, piece: bytes) -> bytes:
        """More of the content."""
        self._crc = zlib.crc32(piece, self._crc)
        self._size += len(piece)
        return self._content(self._deflate.compress(piece))

    def end(self) -> bytes:
        """The end of the entry."""
        last = self._content(self._deflate.flush())
        form = "<4sIQQ" if self._is_large else "<4sIII"
        self._record()
        return last + self._sent(struct.pack(form, b"PK\7\10", self._crc, self._packed, self._size))

    def finish(self) -> Iterator[bytes]:
        """The directory of all entries, piece by piece, and the end."""
        start, size = self._offset, self._records.tell()
        self._records.seek(0)
        while piece := self._records.read(_PIECE):
            yield self._sent(piece)
        if self._count >= _MANY or start >= _LARGE or size >= _LARGE:
            at = self._offset
            counts = self._count, self._count, size, start
            yield struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, _ZIP64, _ZIP64, 0, 0, *counts)
            yield struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
        count = min(self._count, _MANY)
        yield struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, count, count, min(size, _LARGE), min(start, _LARGE), 0)

    def _record(self) -> None:
        large = [value for value in (self._size, self._packed, self._start) if value >= _LARGE]
        extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
        sizes = min(self._packed, _LARGE), min(self._size, _LARGE)
        version = _ZIP64 if large or self._is_large else 20
        made = 0x300 | version  # by a Unix
        fixed = struct.pack("<4s4HIIII", b"PK\1\2", made, version, _FLAGS, 8, self._stamp, self._crc, *sizes)
        rest = struct.pack("<5HII", len(self._name), len(extra), 0, 0, 0, 0o100644 << 16, min(self._start, _LARGE))
        self._records.write(fixed + rest + self._name + extra)
        self._count += 1

    def _content(self, packed: bytes) -> bytes:
        self._packed += len(packed)
        return self._sent(packed)

    def _sent(self, octets: bytes) -> bytes:
        self._offset += len(octets)
        return octets


def _stamp(at: float) -> int:
    """Date and time as MS-DOS has them, between 1980 and 2107."""
    year, month, day, hour, minute, second = time.gmtime(min(max(at, 0), 4_354_819_198))[:6]
    if year < 1980:
        return 1 << 21 | 1 << 16
    return (year - 1980) << 25 | month << 21 | day << 16 | hour << 11 | minute << 5 | second >> 1
