"""From the DataStore object of ``config.json`` to a database whose rows are all read or written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stalwart.errors import Invalid
from stalwart.store.config_file import NAME, blob_folder, embedded_store_config, read_store_config
from stalwart.store.moving.bulk import Bulk
from stalwart.store.opening import DRIVER_MISSING, sqlite_path
from stalwart.store.postgresql.address import address_of
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
