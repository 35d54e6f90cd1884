"""Whether another process has written to the database, told by a look at memory that all of them share.

Each process that may write has a number in a mapped file beside the database. It goes up by one before a commit and by
one after it, before anybody is told of the commit; so an odd one is a commit under way, or one whose process died
meanwhile. Whoever has looked, and finds the numbers of the others even and as they were, knows that they have committed
nothing since. The kernel takes the place of a process that dies back, and the next one there leaves another number.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from pathlib import Path

PLACES = 64
"""Processes that have a number of their own; of more than that nobody can tell."""

_WIDTH = 8
_LOCK = "hhqqi4x"  # struct flock of Linux: type, whence, start, length, pid


class Witness:
    """One process among those that write to a database. ``news`` belongs to the reactor, all else to the writer's
    thread. Unless it is open, and where files have no locks of that kind, there is always news.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._map: mmap.mmap | None = None
        self._descriptor = -1
        self._place = -1
        self._numbers: memoryview | None = None
        self._before = self._behind = b""
        self._is_quiet = False

    def open(self) -> None:
        """Take a place; it lasts as long as the file is open."""
        if self._map is not None or not hasattr(fcntl, "F_OFD_SETLK"):
            return
        try:
            descriptor = self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(descriptor, PLACES * _WIDTH)
            shared = mmap.mmap(descriptor, PLACES * _WIDTH)
        except OSError:  # a folder that cannot be written: the database will tell
            return
        self._numbers = memoryview(shared).cast("Q")
        self._place = next((place for place in range(PLACES - 1) if _is_ours(descriptor, place)), PLACES - 1)
        if self._place == PLACES - 1:
            self._numbers[self._place] |= 1  # for ever
        else:
            self._numbers[self._place] += 2 - self._numbers[self._place] % 2
        self._map = shared

    def close(self) -> None:
        """Give the place up."""
        shared, numbers, descriptor = self._map, self._numbers, self._descriptor
        self._map, self._numbers, self._descriptor = None, None, -1
        if numbers is not None:
            numbers.release()
        if shared is not None:
            shared.close()
        if descriptor >= 0:
            os.close(descriptor)

    def begin(self) -> None:
        """A commit begins."""
        self._step()

    def end(self) -> None:
        """It is over, however it went."""
        self._step()

    def _step(self) -> None:
        if self._numbers is not None and self._place < PLACES - 1:
            self._numbers[self._place] += 1

    def news(self) -> bool:
        """Whether others may have committed something since this was asked last."""
        shared, place = self._map, self._place
        if shared is None or place == PLACES - 1:
            return True
        own = place * _WIDTH
        try:
            before, behind = shared[:own], shared[own + _WIDTH :]
        except ValueError:  # it is being closed
            return True
        if before == self._before and behind == self._behind:
            return not self._is_quiet
        self._before, self._behind = before, behind
        self._is_quiet = not any(octet & 1 for octet in (before + behind)[_LOW::_WIDTH])
        return True


_LOW = 0 if struct.pack("=H", 1)[0] else _WIDTH - 1  # where the lowest bit of a number is


def _is_ours(descriptor: int, place: int) -> bool:
    """Whether the place could be taken. The lock is that of the open file, not of the process, which may open more."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0))
    except OSError:
        return False
    return True
