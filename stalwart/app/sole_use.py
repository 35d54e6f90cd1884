"""One daemon at a time on an SQLite file: a second one would send each letter once more, and lead a second time.

All processes of a daemon hold one lock together, on a file beside the database, as long as they serve. The kernel takes
it back from whoever dies. Programs that only read the database, such as backup and check, do not ask for it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from typing import Any

from twisted.internet.task import deferLater

from stalwart.errors import Unavailable
from stalwart.store.sqlite.engine import lock_of

PATIENCE = 20.0
"""Seconds for a daemon before that ends, as in a restart that overlaps."""
PAUSE = 0.1
_LONGEST = 200
_TAKEN = (errno.EAGAIN, errno.EACCES)


class SoleUse:
    """The lock on ``database`` of one process of the daemon ``daemon``: its number, a space, and what no other has."""

    def __init__(self, database: Path, daemon: str) -> None:
        self._database = database
        self._daemon = daemon.encode()
        self._descriptor = -1

    async def begin(self, clock: Any) -> None:
        """Take it, if need be after waiting for another daemon to end. Raises Unavailable. Where the file system knows
        no locks or the folder cannot be written there is none; the database will tell what else is wrong.
        """
        end = clock.seconds() + PATIENCE
        while (holder := self._take()) is not None:
            if clock.seconds() >= end:
                raise Unavailable(
                    f"The data store {self._database} is in use by the server with process id {holder}. "
                    "Stop that one first, or give this one a folder of its own."
                )
            await deferLater(clock, PAUSE)

    def close(self) -> None:
        """Leave it to the next daemon, if this is the last process."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _take(self) -> str | None:
        """None if it was taken, else the number of the daemon that has it."""
        with contextlib.suppress(OSError):
            self._database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._descriptor = os.open(lock_of(self._database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        try:
            if self._lock(fcntl.LOCK_EX):
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, self._daemon, 0)
            if self._lock(fcntl.LOCK_SH) and self._holder() == self._daemon:
                return None
        except OSError:  # no locks here
            self.close()
            return None
        holder = self._holder().decode("ascii", "replace").partition(" ")[0]
        self.close()
        return holder or "that is just starting"

    def _lock(self, how: int) -> bool:
        try:
            fcntl.flock(self._descriptor, how | fcntl.LOCK_NB)
        except OSError as problem:
            if problem.errno in _TAKEN:
                return False
            raise
        return True

    def _holder(self) -> bytes:
        return os.pread(self._descriptor, _LONGEST, 0)
