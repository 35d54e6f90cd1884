"""From the DataStore object of ``config.json`` to a database whose rows are all read or written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stalwart.errors import Invalid, StalwartError
from stalwart.store.config_file import NAME, StoreFile, blob_folder, embedded_store_config, read_store_config
from stalwart.store.moving.bulk import Bulk
from stalwart.store.opening import DRIVER_MISSING, explained, sqlite_path
from stalwart.store.postgresql.address import address_of
from stalwart.store.sql.migrate import OF_ANOTHER, schema_of
from stalwart.store.sql.session import Session
from stalwart.store.sqlite.bulk import SqliteBulk


def config_of(path: Path, *, makes: bool = False) -> tuple[dict[str, Any], Path]:
    """The DataStore object of a ``config.json`` or of the data folder that has one, and the file; in a folder without
    one it is made if ``makes`` says so. Raises Invalid.
    """
    if path.is_dir() or (makes and path.suffix != ".json"):
        if makes:
            embedded_store_config(path)
        path = path / NAME
    return read_store_config(path), path


def bulk_of(config: Mapping[str, Any]) -> Bulk:
    """The database, not yet open. Raises Invalid."""
    if config.get("@type") != "PostgreSql":
        return SqliteBulk(sqlite_path(config))
    address = address_of(config)
    try:
        from stalwart.store.postgresql.bulk import PostgreSqlBulk
    except ImportError as error:
        raise Invalid(DRIVER_MISSING, ("@type",)) from error
    return PostgreSqlBulk(address)


def blobs_of(config: Mapping[str, Any], path: Path) -> Path:
    """The folder of large values, unless x:BlobStore says something else."""
    folder = blob_folder(config, path)
    if folder is not None:
        return folder
    database = sqlite_path(config)
    return database.with_name(f"{database.name}.blobs")


def is_filled(path: Path, config: dict[str, Any], makes: bool = False) -> bool:
    """Whether there is a server's data in the data store of ``config``, which ``path`` is to name. For threads.

    An empty one is made ready for a server if ``makes``. Raises Invalid, Unavailable: it cannot be opened, is another
    program's or of a newer version.
    """
    place = config.get("path")
    database = bulk_of({**config, "path": str(path.absolute().parent / place)} if isinstance(place, str) else config)
    try:
        if _is_made(database):
            return _holds_something(database)
        if makes:
            database.prepare()
        return False
    except StalwartError as problem:
        raise type(problem)(explained(problem)) from problem


def would_forget(path: Path, given: dict[str, Any]) -> bool:
    """Whether there is a server's data in the data store that ``path`` names, and none in that of ``given``, which is
    to take its place. False where one of them cannot be opened. For threads.
    """
    try:
        former = StoreFile(path, lambda _: None, lambda *_: False).read()
        return former != given and not is_filled(path, given) and is_filled(path, former)
    except StalwartError:
        return False


def _is_made(database: Bulk) -> bool:
    """Whether it has the tables of a server."""
    with _looked_at(database) as session:
        tables = set() if session is None else {row[0] for row in session.all(session.dialect.list_tables)}
        if session is None or not tables:
            return False
        if "migration" not in tables:
            raise Invalid(OF_ANOTHER)
        schema_of(session)
        return True


def _holds_something(database: Bulk) -> bool:
    with _looked_at(database) as session:
        return session is not None and any(
            session.one(f"SELECT 1 FROM {table} LIMIT 1") for table in ("registry", "account")
        )


@contextmanager
def _looked_at(database: Bulk) -> Iterator[Session | None]:
    """A session that reads; None where there is no file yet."""
    try:
        if isinstance(database, SqliteBulk) and not database.path.exists():
            yield None
            return
        database.open(writes=False)
        yield database.session
    except StalwartError:
        raise
    except Exception as problem:
        fault = database.fault(problem)
        if fault is None:
            raise
        raise fault from problem
    finally:
        database.close()
