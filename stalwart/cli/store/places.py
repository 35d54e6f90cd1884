"""A data store on the command line: its configuration, its database, and where its blobs are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from stalwart.config import registry
from stalwart.config.blob_places import blob_files_of, forget, former_places
from stalwart.config.storage.blob_store import BlobStore, Default
from stalwart.config.vault import KEY_FILE
from stalwart.errors import Invalid, StalwartError
from stalwart.store.blob_places import PlacedBlobFiles, placed
from stalwart.store.moving.bulk import Bulk
from stalwart.store.moving.places import blobs_of, bulk_of, config_of
from stalwart.store.sql.session import Session
from stalwart.store.sql.transaction import SqlTransaction

KEEP, DEFAULT = "keep", "default"
_LARGEST = 200_000


@frozen
class DataStore:
    """The data store of a ``config.json``; the database is not yet open."""

    config: dict[str, Any]
    file: Path
    database: Bulk

    @property
    def blob_folder(self) -> Path:
        """Where large values are, unless x:BlobStore says something else."""
        return blobs_of(self.config, self.file)

    @property
    def vault_key(self) -> Path:
        """The file of the vault's key, unless the server is told another one."""
        beside = self.config["path"] if self.config.get("@type") == "Sqlite" else self.file
        return Path(beside).with_name(KEY_FILE)

    def blob_files(self) -> PlacedBlobFiles:
        """Where blobs are by the settings that the open database has. Raises Invalid."""
        files, spool = placed(self.blob_folder), self.blob_folder / "tmp"
        transaction = SqlTransaction(self.database.session, files)
        former = [blob_files_of(each, spool) for each in former_places(transaction)]
        chosen = blob_files_of(blob_store(self.database.session, files), spool)
        files.choose(chosen, [each for each in former if each is not None])
        return files


def data_store(path: str, *, makes: bool = False) -> DataStore:
    """The data store of a ``config.json``, or of a data folder, which is made if ``makes``. Raises Invalid."""
    config, file = config_of(Path(path), makes=makes)
    return DataStore(config, file, bulk_of(config))


@contextmanager
def opened(store: DataStore, *, writes: bool) -> Iterator[Bulk]:
    """Its database within the one transaction. Errors of the driver become sentences."""
    database = store.database
    try:
        database.open(writes=writes)
        yield database
    except StalwartError:
        raise
    except Exception as problem:
        fault = database.fault(problem)
        if fault is None:
            raise
        raise fault from problem
    finally:
        database.close()


def blob_store(session: Session, files: PlacedBlobFiles) -> Any:
    """x:BlobStore as the database has it."""
    entry = registry.get(SqlTransaction(session, files), BlobStore)
    return entry.value if entry is not None else Default()


def choose_blob_store(session: Session, files: PlacedBlobFiles, wanted: str, now: float) -> None:
    """Write x:BlobStore: ``keep`` what is there, the ``default``, or what a file with a JSON object says. Whatever was
    chosen before is forgotten, since all large values are to be in one place.

    Raises Invalid.
    """
    forget(SqlTransaction(session, files))
    if wanted == KEEP:
        return
    members = {"@type": "Default"} if wanted == DEFAULT else _members(Path(wanted))
    registry.create(SqlTransaction(session, files), BlobStore, members, now=now)


def _members(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError) as problem:
        raise Invalid(f"{path} cannot be read: {getattr(problem, 'strerror', None) or 'it is no JSON'}.") from None
    if not isinstance(found, dict):
        raise Invalid(f"{path} must hold one JSON object, an x:BlobStore.")
    return found
