"""The SQLite engine: a file that several processes may open, migrated by the first that comes.

One process writes at a time (``BEGIN IMMEDIATE``, the others wait for ``busy_timeout`` seconds, see ``turns``);
readers never wait.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from stalwart.errors import Invalid, StalwartError, Unavailable
from stalwart.store.durable import sync_folder
from stalwart.store.sql.dialect import SQLITE
from stalwart.store.sql.migrate import load_migrations, migrate
from stalwart.store.sql.session import Session
from stalwart.store.sqlite.connection import check_version, connect, fault, refuse_writes, use_write_ahead_log
from stalwart.store.sqlite.turns import Turns, WriterSession
from stalwart.store.sqlite.witness import Witness


def lock_of(database: Path) -> Path:
    """The file that says who serves from ``database``: a daemon holds its lock as long as it does."""
    return database.with_name(f"{database.name}.lock")


def is_gone(database: Path) -> bool:
    """Whether there was a database, of which only what lies beside it is left."""
    return not database.exists() and _witness_of(database).exists()


def _witness_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.witness")


class SqliteEngine:
    """``threads.engine.Engine`` for the database file ``path``."""

    def __init__(self, path: str | os.PathLike[str], synchronous: str = "FULL", busy_timeout: float = 10.0) -> None:
        self._path = Path(path)
        self._synchronous = synchronous
        self._busy_timeout = busy_timeout
        self._witness = Witness(_witness_of(self._path))

    def prepare(self, now: int, newest: int | None = None) -> None:
        check_version()
        try:
            self._create()
            session = self.open_writer()
            try:
                use_write_ahead_log(session, self._busy_timeout)
                migrate(session, load_migrations(SQLITE, newest=newest), now)
            finally:
                session.close()
        except OSError as error:
            raise Invalid(f"The data store {self._path} cannot be used: {error.strerror}.") from error
        except sqlite3.Error as error:
            sentence = fault(error) or Unavailable(f"The data store cannot be prepared: {error}.")
            raise Unavailable(f"{sentence.detail} ({self._path})") from error
        except Invalid as error:
            raise Invalid(f"{error.detail} ({self._path})") from error

    def open_writer(self) -> Session:
        turns = Turns(self._path.with_name(f"{self._path.name}.turns"), self._busy_timeout)
        return WriterSession(self._connect(), SQLITE, turns, self._witness)

    def open_reader(self) -> Session:
        session = Session(self._connect(), SQLITE)
        refuse_writes(session, True)
        return session

    def commit(self, session: Session) -> None:
        session.commit()

    def was_committed(self, session: Session) -> bool:
        """Nobody asks: nothing is repeated."""
        return False

    def repeats(self, error: BaseException) -> bool:
        return False

    @property
    def longest(self) -> float | None:
        return None

    def has_news(self) -> bool:
        return self._witness.news()

    looks = False

    def others(self, session: Session) -> object:
        raise NotImplementedError

    def is_in_turn(self, session: Session) -> bool:
        raise NotImplementedError

    def fault(self, error: BaseException) -> StalwartError | None:
        return fault(error)

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, synchronous=self._synchronous, busy_timeout=self._busy_timeout)

    def _create(self) -> None:
        """The file holds password hashes and keys: nobody else may read it (the log files take over its mode)."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._path.is_dir():
            raise Invalid("The data store is a folder; name a file.")
        # Never open an existing file here: closing it drops the locks of other connections in this process.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            sync_folder(self._path.parent)
