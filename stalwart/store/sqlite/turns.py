"""Processes that write take turns. SQLite alone is not fair: who waits for its lock looks for it now and then, and one
process with much to write can keep the others out for as long as that lasts.

A turnstile of two record locks on a file beside the database: the first is held by whoever is next, the second by
whoever writes. Who has just written finds the next one in front of him. It is about fairness only: the database has its
own lock, so who cannot get a turn in time goes on without. The kernel takes locks back from a process that dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from stalwart.store.sql.dialect import Dialect
from stalwart.store.sql.session import Connection, Session
from stalwart.store.sqlite.witness import Witness

_NEXT, _WRITING = 0, 1
_SHORTEST, _LONGEST, _GROWTH = 0.0002, 0.002, 1.25


class Turns:
    """The turns of one writer; the file ``path`` is made if need be. Of one thread."""

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._descriptor = -1
        self._has_turn = False

    def take(self) -> None:
        """Wait until nobody else writes, ``patience`` seconds at the most."""
        try:
            if self._descriptor < 0:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            end = time.monotonic() + self._patience
            if self._locked(_NEXT, end):
                self._has_turn = self._locked(_WRITING, end)
                self._unlock(_NEXT)
        except OSError:  # a folder that cannot be written, a file system without locks: the database will tell
            return

    def pass_on(self) -> None:
        """Let the next one write."""
        if self._has_turn:
            self._has_turn = False
            self._unlock(_WRITING)

    def close(self) -> None:
        """Pass on, and close the file."""
        self.pass_on()
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _locked(self, position: int, end: float) -> bool:
        pause = _SHORTEST
        while True:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, position)
                return True
            except BlockingIOError:
                if time.monotonic() > end:
                    return False
                time.sleep(pause)
                pause = min(pause * _GROWTH, _LONGEST)

    def _unlock(self, position: int) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, position)


class WriterSession(Session):
    """A session whose write transactions wait for their turn, and whose commits have a witness."""

    def __init__(self, connection: Connection, dialect: Dialect, turns: Turns, witness: Witness) -> None:
        super().__init__(connection, dialect)
        self._turns = turns
        self._witness = witness
        witness.open()

    def begin_write(self) -> None:
        """See ``Session``."""
        self._turns.take()
        super().begin_write()

    def commit(self) -> None:
        """See ``Session``."""
        self._witness.begin()
        try:
            super().commit()
        finally:
            self._witness.end()
        self._turns.pass_on()

    def rollback(self) -> None:
        """See ``Session``."""
        super().rollback()
        self._turns.pass_on()

    def close(self) -> None:
        """See ``Session``; forgets what was not committed first."""
        super().close()
        self._turns.close()
        self._witness.close()
