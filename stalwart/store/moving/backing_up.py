"""A backup of a database and its blobs, and a database of a backup."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from stalwart.errors import NotFound
from stalwart.store.blob_files import BlobFiles
from stalwart.store.moving.backup_file import Backup, BackupWriter, Manifest
from stalwart.store.moving.blobs import Copied, filed_blobs, is_held
from stalwart.store.moving.bulk import Bulk, Tally
from stalwart.store.moving.copying import Report, told
from stalwart.store.moving.tables import DOCUMENTS, QUEUE, tables_of
from stalwart.store.sql.migrate import schema_of


def back_up(source: Bulk, files: BlobFiles, target: Path | IO[bytes], report: Report) -> Copied:
    """Write what ``source``, open for reading, has at this moment into the file ``target``, or a stream, but for what
    full text is found by. Raises Invalid.
    """
    schema = schema_of(source.session)
    with BackupWriter(target, Manifest(schema, int(time.time()))) as writer:
        sums = {}
        for table in tables_of(schema):
            if table.name not in (DOCUMENTS, QUEUE):
                tally = Tally()
                writer.rows(table.name, told(tally.over(source.rows(table)), table.name, report))
                sums[table.name] = tally.value
        copied = _write_blobs(source, files, writer, report)
        writer.finish(sums)
    return copied


def _write_blobs(source: Bulk, files: BlobFiles, writer: BackupWriter, report: Report) -> Copied:
    missing: list[bytes] = []
    count = 0
    for blob in filed_blobs(source.session):
        content = _Content(files.chunks(blob.hash))
        try:
            content.begin()
        except NotFound:
            if is_held(source.session, blob.hash):
                missing.append(blob.hash)
            continue
        writer.blob(blob.hash, content, blob.size)
        if content.digest == blob.hash:
            count += 1
        else:
            missing.append(blob.hash)
        report("large values", count)
    return Copied(count, tuple(missing))


def restore_blobs(backup: Backup, files: BlobFiles, report: Report) -> Copied:
    """Have the large values of a backup in ``files``, but for those that were damaged when it was made."""
    damaged: list[bytes] = []
    count = 0
    for hash, chunks in backup.blobs():
        if files.exists(hash) or _restored(hash, chunks, files):
            count += 1
        else:
            damaged.append(hash)
        report("large values", count)
    return Copied(count, tuple(damaged))


def _restored(hash: bytes, chunks: Iterator[bytes], files: BlobFiles) -> bool:
    digest = hashlib.sha256()
    with files.begin() as writer:
        for chunk in chunks:
            writer.write(chunk)
            digest.update(chunk)
        if digest.digest() == hash:
            writer.commit()
            return True
    return False


class _Content:
    """Pieces as a file, hashed as they are read; zeros follow where they end too early."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""
        self._digest = hashlib.sha256()

    def begin(self) -> None:
        """Read the first piece."""
        self._held = next(self._chunks, b"")

    def read(self, size: int = -1, /) -> bytes:
        """So many octets."""
        while len(self._held) < size:
            self._held += next(self._chunks, b"") or bytes(size - len(self._held))
        piece, self._held = self._held[:size], self._held[size:]
        self._digest.update(piece)
        return piece

    @property
    def digest(self) -> bytes:
        """The hash of what was read."""
        return self._digest.digest()
