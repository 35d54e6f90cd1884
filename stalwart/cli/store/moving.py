"""Copying a data store, backing it up, restoring it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from stalwart.cli.store.places import KEEP, DataStore, blob_store, choose_blob_store, data_store, opened
from stalwart.cli.store.progress import Steps
from stalwart.config.storage.blob_store import Default
from stalwart.errors import Invalid
from stalwart.store.blob_files import BlobFiles
from stalwart.store.moving.backing_up import back_up, restore_blobs
from stalwart.store.moving.backup_file import Backup
from stalwart.store.moving.beginning_anew import pass_over
from stalwart.store.moving.blobs import Copied, copy_blobs
from stalwart.store.moving.copying import Source, copy_rows
from stalwart.store.moving.tables import newest_schema, tables_of
from stalwart.store.sql.migrate import schema_of
from stalwart.store.sql.session import Session
from stalwart.store.sql.transaction import SqlTransaction

_LETTERS = "queue_letter"
_STREAM = "-"


def copy(options: argparse.Namespace, steps: Steps) -> int:
    """From one data store into another, which is empty."""
    source, target = data_store(options.source), data_store(options.target, makes=True)
    if source.config == target.config:
        raise Invalid("The data store to write to is the one to read from.")
    with opened(source, writes=False) as database:
        schema = schema_of(database.session)
        files = source.blob_files()

        def blobs() -> Copied:
            return copy_blobs(database.session, files, target.blob_files(), steps)

        copied = _fill(target, database, schema, options, steps, blobs)
    if source.vault_key.exists() and not target.vault_key.exists():
        _copy_private(source.vault_key, target.vault_key)
        steps.say(f"The key of the vault was copied to {target.vault_key}.")
    if options.blobs == KEEP:
        _tell_of_sharing(target, steps)
    return _told(copied, steps)


def _tell_of_sharing(target: DataStore, steps: Steps) -> None:
    with opened(target, writes=False) as database:
        kept = blob_store(database.session, target.blob_files())
    if not isinstance(kept, Default):
        steps.say(
            f"Large values stay where x:BlobStore ({kept.tag}) says, and both stores use them: start only one of them,"
            " since each removes what its own rows do not need. For a trial, copy with --blobs default."
        )


def backup(options: argparse.Namespace, steps: Steps) -> int:
    """Into one file, or to standard output."""
    source, path = data_store(options.source), Path(options.file)
    is_stream = options.file == _STREAM
    if is_stream and sys.stdout.isatty():
        raise Invalid("Standard output is a terminal; have it lead into a program or a file.")
    with opened(source, writes=False) as database:
        target = sys.stdout.buffer if is_stream else path
        copied = back_up(database, source.blob_files(), target, steps)
    if not is_stream:
        steps.say(f"{path} has {path.stat().st_size:,} octets.")
    if source.vault_key.exists():
        steps.say(f"The key of the vault is not part of it; keep {source.vault_key} elsewhere.")
    return _told(copied, steps)


def restore(options: argparse.Namespace, steps: Steps) -> int:
    """From a file into a data store that is empty."""
    steps.say("All of the backup is read first.")
    found = Backup(Path(options.file), newest_schema())
    steps.say(f"It was made at {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(found.manifest.made_at))} UTC.")
    target = data_store(options.target, makes=True)

    def blobs() -> Copied:
        return restore_blobs(found, target.blob_files(), steps)

    schema = found.manifest.schema

    def begin(session: Session) -> None:
        pass_over(session, schema)
        if any(table.name == _LETTERS for table in tables_of(schema)):
            _keep_letters(session, target.blob_files(), options.paused, steps)

    copied = _fill(target, found, schema, options, steps, blobs, found.sums, begin)
    if not target.vault_key.exists():
        steps.say(f"The server needs the key of the vault that the backup's had, as {target.vault_key}.")
    return _told(copied, steps)


def _fill(
    target: DataStore,
    source: Source,
    schema: int,
    options: argparse.Namespace,
    steps: Steps,
    blobs: Callable[[], Copied],
    sums: Mapping[str, tuple[int, str]] | None = None,
    begin: Callable[[Session], None] = lambda _: None,
) -> Copied:
    """All or nothing of ``source``, and what ``begin`` writes after it; then the schema of this version."""
    database = target.database
    began = time.monotonic()
    database.prepare(schema)
    with opened(target, writes=True):
        found = copy_rows(source, schema, database, steps, indexes=getattr(options, "index", False))
        if sums is not None and found != sums:
            raise Invalid("The rows of the backup are not those that it was made of; nothing was written.")
        choose_blob_store(database.session, target.blob_files(), options.blobs, time.time())
        copied = blobs()
        begin(database.session)
        database.commit()
    database.prepare()
    with opened(target, writes=True):
        database.commit()
        database.finish()
    rows = sum(count for count, _ in found.values())
    took = f"{time.monotonic() - began:.1f} s"
    steps.say(f"{rows:,} rows and {copied.count:,} large values were written, and the rows read again, in {took}.")
    return copied


def _keep_letters(session: Session, files: BlobFiles, paused: bool, steps: Steps) -> None:
    queue = SqlTransaction(session, files).queue
    waiting = queue.count()
    if paused:
        queue.pause(True)
        steps.say(f"Sending is paused, {waiting:,} letters wait in the queue: ResumeMtaQueue goes on with it.")
    elif waiting:
        steps.say(
            f"{waiting:,} letters wait in the queue. The server sends them when it starts; some may have been sent"
            " after the backup was made; restore with --paused to look at them first."
        )


def _copy_private(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())


def _told(copied: Copied, steps: Steps) -> int:
    if not copied.missing:
        return 0
    steps.say(f"{len(copied.missing):,} large values are missing or damaged; store check names them.")
    return 1
