"""A PostgreSQL server of the test's own: on a socket in a folder, without durability, gone when the process ends."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import psycopg

from stalwart.store.postgresql.engine import PostgreSqlEngine

_FOLDERS = ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin")
_QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off"
_SILENT = "-c listen_addresses="
_PATIENCE = 60


@cache
def programs() -> Path | None:
    """The folder that has ``initdb``; None if PostgreSQL is not installed."""
    found = shutil.which("initdb")
    folders = ([Path(found).parent] if found else []) + [Path(each) for each in _FOLDERS]
    return next((each for each in folders if (each / "initdb").exists() and (each / "pg_ctl").exists()), None)


class Server:
    """A running server; ``address()`` is a new, migrated database on it. Anybody is taken who comes to ``listens``."""

    def __init__(self, *options: str, quick: bool = True, listens: str = "") -> None:
        folder = programs()
        assert folder is not None
        self._programs = folder
        base = "/dev/shm" if quick and os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=base))
        self._user = _nobody() if os.geteuid() == 0 else None  # the server refuses to be root
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._data = self.folder / "data"
        self._run("initdb", "-D", str(self._data), "-U", "stalwart", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        if listens:
            with (self._data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all all trust\n")
            options = (*options, f"-c listen_addresses={listens}")
        self._options = " ".join(
            (_QUICK if quick else "", _SILENT, f"-c unix_socket_directories={self.folder}", *options)
        )
        self.start()
        self._made = 0

    def start(self) -> None:
        """Start it, or start it again."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-w", "-o", self._options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``immediate`` is as a crash is."""
        self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")

    def close(self) -> None:
        """Stop it and remove what it kept."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def to(self, database: str) -> str:
        """The connection string of a database."""
        return f"host={self.folder} user=stalwart dbname={database}"

    def empty(self) -> str:
        """A new database with nothing in it."""
        self._made += 1
        name = f"test{self._made}"
        self._do(f"CREATE DATABASE {name}")
        return self.to(name)

    def address(self) -> str:
        """A new database, migrated already: a copy of one."""
        self._made += 1
        name = f"test{self._made}"
        if not self._has_template:
            self._do("CREATE DATABASE migrated")
            PostgreSqlEngine(self.to("migrated")).prepare(0)
            self._has_template = True
        self._do(f"CREATE DATABASE {name} TEMPLATE migrated STRATEGY FILE_COPY")
        return self.to(name)

    _has_template = False

    def config(self) -> dict[str, object]:
        """What a ``config.json`` says of a new, migrated database."""
        return {"@type": "PostgreSql", "host": str(self.folder), "database": self.address().rpartition("=")[2]}

    def forget(self, address: str) -> None:
        """Remove a database."""
        self._do(f"DROP DATABASE IF EXISTS {address.rpartition('=')[2]} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        with psycopg.connect(self.to("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *words: str) -> None:
        user = self._user
        done = subprocess.run(
            [str(self._programs / program), *words],
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            cwd="/",
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {done.stdout!r}")


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@cache
def server() -> Server:
    """The one that tests of this process share."""
    made = Server()
    atexit.register(made.close)
    return made
