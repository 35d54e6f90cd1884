"""The files of blobs that the rows of a database name, from one place to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from attrs import frozen

from stalwart.errors import NotFound
from stalwart.store.blob_files import BlobFiles
from stalwart.store.moving.copying import Report
from stalwart.store.sql.session import Session

_AT_ONCE = 4
_WINDOW = 64
_IN_FILES = "SELECT hash, size FROM blob WHERE store = 'file' ORDER BY hash"
_HELD = "SELECT 1 FROM blob_link WHERE hash = ? LIMIT 1"


@frozen
class FiledBlob:
    """A blob of which a row says that it is in a file."""

    hash: bytes
    size: int


@frozen
class Copied:
    """How many blobs are in the new place, and which that something holds were not in the old one."""

    count: int
    missing: tuple[bytes, ...]


def filed_blobs(session: Session) -> list[FiledBlob]:
    """The blobs that are in files, by their hash."""
    return [FiledBlob(bytes(hash), size) for hash, size in session.all(_IN_FILES)]


def is_held(session: Session, hash: bytes) -> bool:
    """Whether something needs the blob; one that nothing needs may go while it is looked for."""
    return session.one(_HELD, hash) is not None


def copy_blobs(session: Session, source: BlobFiles, target: BlobFiles, report: Report) -> Copied:
    """Have all blobs of the rows of ``session`` in ``target``. What is there already is left as it is, so that a copy
    that was broken off goes on where it was.
    """
    blobs = filed_blobs(session)
    missing: list[bytes] = []
    done = 0
    report("large values", 0)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for window in _windows(blobs):
            for blob, there in zip(window, pool.map(lambda blob: _copy(blob, source, target), window), strict=True):
                if not there and is_held(session, blob.hash):
                    missing.append(blob.hash)
                done += 1
            report("large values", done)
    return Copied(done - len(missing), tuple(missing))


def _copy(blob: FiledBlob, source: BlobFiles, target: BlobFiles) -> bool:
    if target.exists(blob.hash):
        return True
    if source is target:
        return False
    try:
        with target.begin() as writer:
            for chunk in source.chunks(blob.hash):
                writer.write(chunk)
            return writer.commit().hash == blob.hash  # else it is damaged, and a stray of the new place
    except NotFound:
        return False


def _windows(blobs: Iterable[FiledBlob]) -> Iterator[list[FiledBlob]]:
    left = iter(blobs)
    while window := list(islice(left, _WINDOW)):
        yield window
