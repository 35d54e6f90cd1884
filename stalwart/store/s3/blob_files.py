"""``BlobFiles`` in a bucket: objects named by the SHA-256 of their content, ``ab/ab12...`` behind the prefix.

The name of an object is known when all of it has come, so a blob is gathered first, in memory or in a file without a
name, hashed as it comes, and sent by ``commit``. An object is there as a whole or not at all. What is read from
beginning to end is hashed again.

Nodes share a bucket and no lock. A row that names an object is written after its ``exists``, under the lock of the
database, under which objects are removed too; so nobody needs what is not there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import re
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from stalwart.errors import NotFound, Unavailable
from stalwart.store.blob_files import BlobWriter, Stored
from stalwart.store.s3.bucket import Bucket

_IN_MEMORY = 1 << 20
_NAME = re.compile("[0-9a-f]{64}")
_DAMAGED = "The stored content is damaged."


class S3BlobFiles:
    """Blobs in ``bucket``; what is larger than 1 MiB is gathered in the folder ``spool``."""

    def __init__(self, bucket: Bucket, spool: Path) -> None:
        self._bucket = bucket
        self._spool = spool

    def begin(self) -> BlobWriter:
        with _spool_errors():
            self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _Writer(self._bucket, self._spool)

    def exists(self, hash: bytes) -> bool:
        return self._bucket.head(key_of(hash), hasty=True) is not None

    def read(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes:
        return b"".join(self.chunks(hash, offset, length))

    def chunks(self, hash: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        if length == 0:
            if not self.exists(hash):
                raise NotFound("The stored content is missing.")
            return
        whole = offset == 0 and length is None
        digest = hashlib.sha256()
        for chunk in self._bucket.chunks(key_of(hash), offset, length):
            if whole:
                digest.update(chunk)
            yield chunk
        if whole and digest.digest() != hash:
            raise Unavailable(_DAMAGED)

    def remove(self, hash: bytes, before: float) -> bool:
        key = key_of(hash)
        head = self._bucket.head(key, hasty=True)
        if head is not None and head.modified > before:
            return False
        if head is not None:
            self._bucket.remove(key, hasty=True)
        return True

    def discard(self, stored: Stored) -> bool:
        key = key_of(stored.hash)
        head = self._bucket.head(key, hasty=True)
        if head is not None and (stored.mark is None or head.mark != _text_of(stored.mark)):
            return False
        if head is not None:
            self._bucket.remove(key, hasty=True)
        return True

    def names(self, folder: str) -> list[bytes]:
        found = (key.rpartition("/")[2] for key in self._bucket.keys(f"{folder}/"))
        return [bytes.fromhex(name) for name in found if _NAME.fullmatch(name)]

    def discard_unfinished(self, before: float) -> int:
        return self._bucket.abort_unfinished(before)


class _Writer:
    def __init__(self, bucket: Bucket, spool: Path) -> None:
        self._bucket = bucket
        with _spool_errors():
            self._gathered: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(spool))  # noqa: SIM115
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes | bytearray) -> None:
        with _spool_errors():
            self._gathered.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def commit(self) -> Stored:
        hash = self._digest.digest()
        key, mark = key_of(hash), secrets.randbits(63)
        try:
            is_first = self._bucket.head(key) is None
            with _spool_errors():
                self._gathered.seek(0)
            file: Any = self._gathered
            self._bucket.put(key, file, self.size, _text_of((0, mark)))
            if self._bucket.verifies:
                found = self._bucket.head(key)
                if found is None or found.size != self.size:
                    raise Unavailable("The blob was not stored. Please try again.")
        finally:
            self.abort()
        return Stored(hash, self.size, (0, mark) if is_first else None)

    def abort(self) -> None:
        self._gathered.close()

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.abort()


def key_of(hash: bytes) -> str:
    """The key of a blob, without the prefix of the bucket."""
    name = hash.hex()
    return f"{name[:2]}/{name}"


def _text_of(mark: tuple[int, int]) -> str:
    return f"{mark[1]:016x}"


@contextlib.contextmanager
def _spool_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("The disk on which blobs are gathered is full.") from error
        raise Unavailable(f"Blobs cannot be gathered: {error.strerror}.") from error
