"""From the ``DataStore`` object of ``config.json`` to a store that is ready to be started."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stalwart.errors import Invalid, StalwartError
from stalwart.store.blob_places import placed
from stalwart.store.postgresql.address import address_of
from stalwart.store.sqlite.engine import SqliteEngine
from stalwart.store.store import Store
from stalwart.store.threads.store import ThreadedStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR

DRIVER_MISSING = "PostgreSQL needs the package psycopg: install stalwart-twisted[postgresql]."
"""What to do where the driver is not there."""

_LONGEST_REASON = 400
_READERS = 4
_NEVER_READ = 3
_OTHERS = ("RocksDb", "FoundationDb", "MySql")
_SQLITE_MEMBERS = ("@type", "path", "poolMaxConnections", "poolWorkers")


def open_store(
    config: Mapping[str, Any],
    reactor: Any,
    telemetry: Telemetry,
    *,
    synchronous: str = "FULL",
    blobs: Path | None = None,
) -> Store:
    """A store for ``config``, not yet started. Blob files go to ``blobs``; by default ``<path>.blobs``
    beside an SQLite file.

    Raises Invalid for a data store that is not supported, or members that are missing, unknown or out of
    range.
    """
    if config.get("@type") == "PostgreSql":
        return _postgresql(config, reactor, telemetry, blobs)
    path = sqlite_path(config)
    return ThreadedStore(
        SqliteEngine(path, synchronous=synchronous),
        placed(blobs if blobs is not None else path.with_name(path.name + ".blobs")),
        reactor,
        telemetry,
        readers=_readers(config),
    )


def _postgresql(config: Mapping[str, Any], reactor: Any, telemetry: Telemetry, blobs: Path | None) -> Store:
    """The driver is loaded here: most servers have no need of it."""
    address = address_of(config)
    try:
        from stalwart.store.postgresql.engine import PostgreSqlEngine
        from stalwart.store.postgresql.neighbours import PostgreSqlNeighbours
    except ImportError as error:
        raise Invalid(DRIVER_MISSING, ("@type",)) from error
    if blobs is None:
        raise Invalid("The PostgreSql data store needs a folder for large files.", ())

    def report(reason: str) -> None:
        telemetry.emit(STORE_ERROR, reason=reason, details="notifications")

    engine = PostgreSqlEngine(address)
    return ThreadedStore(
        engine,
        placed(blobs),
        reactor,
        telemetry,
        readers=_readers(config, _NEVER_READ),
        neighbours=PostgreSqlNeighbours(address, reactor, socket.gethostname(), report, lambda: engine.schema),
    )


def explained(problem: StalwartError) -> str:
    """The sentence of a store that cannot be opened, with what the driver said: for administrators, since it names
    hosts, ports and files.
    """
    cause = problem.__cause__
    if cause is None or isinstance(cause, (StalwartError, OSError, ImportError)):  # the sentence says it
        return problem.detail
    return f"{problem.detail} ({' '.join(str(cause).split())[:_LONGEST_REASON]})"


def sqlite_path(config: Mapping[str, Any]) -> Path:
    """The database file of a Sqlite object. Raises Invalid for any other."""
    kind = config.get("@type")
    if kind in _OTHERS:
        raise Invalid(f"The data store {kind} is not supported; use Sqlite or PostgreSql.", ("@type",))
    if kind != "Sqlite":
        given = "has no @type" if kind is None else f"has the unknown @type {str(kind)[:40]!r}"
        raise Invalid(f"The data store {given}; supported are Sqlite and PostgreSql.", ("@type",))
    for member in config:
        if member not in _SQLITE_MEMBERS:
            raise Invalid(f"The data store has an unknown member {member!r}.", (member,))
    path = config.get("path")
    if not isinstance(path, str) or not path.strip() or "\0" in path or path == ":memory:":
        raise Invalid("The Sqlite data store needs the path of a file.", ("path",))
    return Path(path)


def _readers(config: Mapping[str, Any], others: int = 1) -> int:
    """Reader threads: ``poolWorkers``, never more than ``poolMaxConnections`` allows beside the ``others``: the writer,
    and with PostgreSQL those that look for what others have written and listen to them.
    """
    workers = _number(config, "poolWorkers", 64)
    most = _number(config, "poolMaxConnections", 8192) or 10
    return max(1, min(workers or _READERS, most - others))


def _number(config: Mapping[str, Any], member: str, largest: int) -> int | None:
    value = config.get(member)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise Invalid(f"The data store member {member} must be a whole number from 1 to {largest}.", (member,))
    return value
