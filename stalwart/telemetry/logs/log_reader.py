"""Reads a log file back: from its end or from any place, in blocks, with an end to the work (settings C.10, x:Log).

The place of an event is the offset of its line, which stays the same while the file grows. A line that is still being
written is not there yet; what is no event (somebody else's text) is passed over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from stalwart.codec.log_lines import continues, plain

BLOCK = 64 << 10
_BLOCK_OF_ONE = 4 << 10
LONGEST = 1 << 20
"""Bytes of a line and of an event; behind a longer one nothing is found."""

MOST_BYTES = 64 << 20
MOST_SECONDS = 2.0

Found = tuple[int, str]
"""The place of an event, and its text without colours."""

_Line = tuple[int, bytes]


class LogReader:
    """``path``, open as long as the ``with`` block lasts, for one search off the reactor's thread. Raises OSError.

    ``is_spent`` tells that a search ended because it has read ``most_bytes`` or taken ``most_seconds``.
    """

    def __init__(
        self,
        path: Path,
        *,
        most_bytes: int = MOST_BYTES,
        most_seconds: float = MOST_SECONDS,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_spent = False
        self._path = path
        self._left = most_bytes
        self._seconds = seconds
        self._until = seconds() + most_seconds

    def __enter__(self) -> LogReader:
        self._file: BinaryIO = open(self._path, "rb", buffering=0)  # closed by __exit__
        self._end = os.fstat(self._file.fileno()).st_size
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def at(self, place: int) -> str | None:
        """The text of the event at ``place``, None if none begins there."""
        if not self._is_line_start(place):
            return None
        first = next(self.oldest_first(place, _BLOCK_OF_ONE), None)
        return first[1] if first is not None and first[0] == place else None

    def newest_first(self, before: int | None = None) -> Iterator[Found]:
        """The events that begin before the place ``before``, which is the start of a line; None is the end."""
        further: list[bytes] = []
        size = 0
        for place, line in self._lines_back(self._end if before is None else before):
            size += len(line)
            if continues(line):
                if size < LONGEST:
                    further.append(line)
                continue
            yield place, _text([line, *reversed(further)])
            further, size = [], 0

    def oldest_first(self, place: int = 0, block: int = BLOCK) -> Iterator[Found]:
        """The events from the one at ``place`` on, which is the start of a line."""
        start, lines = place, list[bytes]()
        size = 0
        for found, line in self._lines(place, block):
            size += len(line)
            if lines and not continues(line):
                yield start, _text(lines)
                start, lines, size = found, [line], len(line)
            elif size < LONGEST:
                start = start if lines else found
                lines.append(line)
        if lines and not self.is_spent:
            yield start, _text(lines)

    def _is_line_start(self, place: int) -> bool:
        return place == 0 or (0 < place < self._end and self._read(place - 1, 1) == b"\n")

    def _lines_back(self, end: int) -> Iterator[_Line]:
        """Whole lines before ``end``, the last one first."""
        place, rest = end, b""
        while place and len(rest) < LONGEST:
            size = min(BLOCK, place)
            if not self._may_go_on(size):
                return
            place -= size
            region = self._read(place, size) + rest
            *lines, partial = region.split(b"\n")
            offset = place + len(region) - len(partial)
            first = 1 if place else 0
            for line in reversed(lines[first:]):
                offset -= len(line) + 1
                yield offset, line
            rest = lines[0] + b"\n" if lines else partial

    def _lines(self, place: int, block: int) -> Iterator[_Line]:
        """Whole lines from ``place`` on."""
        rest = b""
        while place < self._end and len(rest) < LONGEST:
            size = min(block, self._end - place)
            if not self._may_go_on(size):
                return
            *lines, rest_after = (rest + self._read(place, size)).split(b"\n")
            offset = place - len(rest)
            for line in lines:
                yield offset, line
                offset += len(line) + 1
            place, rest = place + size, rest_after

    def _may_go_on(self, size: int) -> bool:
        self._left -= size
        if self._left < 0 or self._seconds() > self._until:
            self.is_spent = True
        return not self.is_spent

    def _read(self, place: int, size: int) -> bytes:
        """Exactly ``size`` bytes; a file that was cut meanwhile has no more events."""
        found = os.pread(self._file.fileno(), size, place)
        return found if len(found) == size else found.ljust(size, b"\0")


def _text(lines: list[bytes]) -> str:
    return plain(b"\n".join(lines).decode("utf-8", "replace"))
