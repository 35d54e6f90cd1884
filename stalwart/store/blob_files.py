"""Large blobs as files named by their SHA-256: ``<root>/ab/ab12...``, written beside it in ``<root>/tmp``
first. How many levels of folders there are may be chosen.

Durable in this order: bytes, fsync, rename, fsync of the folder; only then may a row name the file. All
methods block: they are for threads. Who may read a blob, and when a file goes, is decided by the rows
(``sql.blobs``).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from attrs import field, frozen

from stalwart.errors import NotFound, Unavailable
from stalwart.store.durable import sync_folder

LARGE: Final = 64 << 10
"""Octets from which on content is in a file and not in the database."""

_CHUNK = 1 << 16
_NAME = re.compile("[0-9a-f]{64}")
_MISSING = "The stored content is missing."


@frozen
class Stored:
    """A file that is complete and durable. ``mark`` tells it from others of the same content; None if one was there
    before it, which others may be about to use.
    """

    hash: bytes
    size: int
    mark: tuple[int, int] | None = field(default=None, eq=False, repr=False)


class BlobWriter(Protocol):
    """One blob in the making. Ends with ``commit`` or ``abort``; as a context manager it aborts what is not
    committed.
    """

    @property
    def size(self) -> int:
        """Octets so far."""

    def write(self, chunk: bytes | bytearray) -> None:
        """Append."""

    def commit(self) -> Stored:
        """Make it durable under its name."""

    def abort(self) -> None:
        """Throw it away; nothing happens after ``commit``."""

    def __enter__(self) -> BlobWriter: ...

    def __exit__(self, *exc: object) -> None: ...


class BlobFiles(Protocol):
    """Where large blobs live."""

    def begin(self) -> BlobWriter:
        """Start a new blob. Raises Unavailable if the disk is full or cannot be written."""

    def exists(self, hash: bytes) -> bool:
        """Whether the file is there."""

    def read(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes:
        """The bytes or a section. Raises NotFound."""

    def chunks(self, hash: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The same in pieces of 64 KiB."""

    def remove(self, hash: bytes, before: float) -> bool:
        """Remove the file unless it was written after ``before`` (time); True if it is gone."""

    def discard(self, stored: Stored) -> bool:
        """Remove what was committed, unless the same content was there before or has come again since; True if it is
        gone. Whether rows name it is the caller's business.
        """

    def names(self, folder: str) -> list[bytes]:
        """The hashes of the files in one folder, ``00`` to ``ff``."""

    def discard_unfinished(self, before: float) -> int:
        """Remove what writers left unfinished before ``before`` (time); answers how many."""


class DiskBlobFiles:
    """Blobs below ``root``, which is made when the first is written, in ``depth`` levels of folders."""

    def __init__(self, root: str | os.PathLike[str], depth: int = 1) -> None:
        self._root = Path(root)
        self._depth = depth
        self._unfinished = self._root / "tmp"
        self._names = threading.Lock()

    def begin(self) -> BlobWriter:
        with _disk_errors():
            if not self._unfinished.is_dir():
                self._make_folder(self._unfinished)
            handle, name = tempfile.mkstemp(dir=self._unfinished)
            return _DiskWriter(self, os.fdopen(handle, "wb", buffering=_CHUNK), name)

    def exists(self, hash: bytes) -> bool:
        return self._path(hash).exists()

    def read(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes:
        with self._open(hash) as file, _disk_errors():
            file.seek(offset)
            return file.read(-1 if length is None else length)

    def chunks(self, hash: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        with self._open(hash) as file, _disk_errors():
            file.seek(offset)
            left = length
            while left is None or left > 0:
                chunk = file.read(_CHUNK if left is None else min(_CHUNK, left))
                if not chunk:
                    return
                if left is not None:
                    left -= len(chunk)
                yield chunk

    def remove(self, hash: bytes, before: float) -> bool:
        path = self._path(hash)
        with _disk_errors(), self._names:
            try:
                if path.stat().st_mtime > before:
                    return False
                path.unlink()
            except FileNotFoundError:
                return True
        return True

    def discard(self, stored: Stored) -> bool:
        path = self._path(stored.hash)
        with _disk_errors(), self._names:
            try:
                if stored.mark is None or _mark(path.stat()) != stored.mark:
                    return False
                path.unlink()
            except FileNotFoundError:
                return True
        return True

    def names(self, folder: str) -> list[bytes]:
        top = self._root / folder if self._depth else self._root
        with _disk_errors():
            found = os.listdir(top) if self._depth < 2 and top.is_dir() else _names_below(top)
            return [bytes.fromhex(name) for name in found if _NAME.fullmatch(name) and name.startswith(folder)]

    def discard_unfinished(self, before: float) -> int:
        if not self._unfinished.is_dir():
            return 0
        removed = 0
        with _disk_errors():
            for path in self._unfinished.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime <= before:
                        path.unlink()
                        removed += 1
        return removed

    def publish(self, unfinished: str, hash: bytes) -> bool:
        """Move a finished file under its name, durably; True if none was there. For the writer only."""
        path = self._path(hash)
        self._make_folder(path.parent)
        with self._names:
            is_first = not path.exists()
            os.replace(unfinished, path)
        sync_folder(path.parent)
        return is_first

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folder(folder.parent)
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
            sync_folder(folder.parent)

    def _path(self, hash: bytes) -> Path:
        name = hash.hex()
        return self._root.joinpath(*(name[2 * level : 2 * level + 2] for level in range(self._depth)), name)

    def _open(self, hash: bytes) -> BinaryIO:
        with _disk_errors():
            try:
                return open(self._path(hash), "rb")
            except FileNotFoundError:
                raise NotFound(_MISSING) from None


class _DiskWriter:
    def __init__(self, files: DiskBlobFiles, file: BinaryIO, name: str) -> None:
        self._files = files
        self._file = file
        self._name = name
        self._digest = hashlib.sha256()
        self._ended = False
        self.size = 0

    def write(self, chunk: bytes | bytearray) -> None:
        with _disk_errors():
            self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def commit(self) -> Stored:
        try:
            with _disk_errors():
                self._file.flush()
                os.fsync(self._file.fileno())
                mark = _mark(os.fstat(self._file.fileno()))
                self._file.close()
                is_first = self._files.publish(self._name, self._digest.digest())
        except BaseException:
            self.abort()
            raise
        self._ended = True
        return Stored(self._digest.digest(), self.size, mark if is_first else None)

    def abort(self) -> None:
        if self._ended:
            return
        self._ended = True
        with contextlib.suppress(OSError):  # what could not be flushed is not wanted any more
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._name)

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.abort()


def _names_below(folder: Path) -> Iterator[str]:
    for _, _, names in os.walk(folder):
        yield from names


def _mark(status: os.stat_result) -> tuple[int, int]:
    return status.st_ino, status.st_mtime_ns


class MemoryBlobFiles:
    """The twin without a disk, for tests and for running without a store. ``clock`` dates what is written."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._contents: dict[bytes, tuple[bytes, float]] = {}
        self._marks: dict[bytes, int] = {}
        self._committed = 0
        self._clock = clock

    def begin(self) -> BlobWriter:
        return _MemoryWriter(self)

    def exists(self, hash: bytes) -> bool:
        return hash in self._contents

    def read(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes:
        if hash not in self._contents:
            raise NotFound(_MISSING)
        return self._contents[hash][0][offset : None if length is None else offset + length]

    def chunks(self, hash: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        content = self.read(hash, offset, length)
        return (content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK))

    def remove(self, hash: bytes, before: float) -> bool:
        if hash in self._contents and self._contents[hash][1] > before:
            return False
        self._contents.pop(hash, None)
        return True

    def discard(self, stored: Stored) -> bool:
        if stored.hash in self._contents and (stored.mark is None or stored.mark[1] != self._marks[stored.hash]):
            return False
        self._contents.pop(stored.hash, None)
        return True

    def names(self, folder: str) -> list[bytes]:
        return [hash for hash in self._contents if hash.hex().startswith(folder)]

    def discard_unfinished(self, before: float) -> int:
        return 0

    def publish(self, content: bytes) -> Stored:
        """Keep a finished blob. For the writer only."""
        hash = hashlib.sha256(content).digest()
        is_first = hash not in self._contents
        self._committed += 1
        self._marks[hash] = self._committed
        self._contents[hash] = (content, self._clock())
        return Stored(hash, len(content), (0, self._committed) if is_first else None)


class _MemoryWriter:
    def __init__(self, files: MemoryBlobFiles) -> None:
        self._files = files
        self._content = bytearray()

    @property
    def size(self) -> int:
        return len(self._content)

    def write(self, chunk: bytes | bytearray) -> None:
        self._content += chunk

    def commit(self) -> Stored:
        return self._files.publish(bytes(self._content))

    def abort(self) -> None:
        self._content.clear()

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.abort()


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """Say in a sentence what the disk refused; the path stays out of it, because clients read these sentences."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("The disk that holds the blobs is full.") from error
        raise Unavailable(f"The blobs cannot be reached: {error.strerror}.") from error
