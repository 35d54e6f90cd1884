"""The file of a backup: a tar archive that any tool lists, whose last member says what all of it must be.

``manifest.json`` is first: format, schema, time. ``tables/<name>/<number>`` are compressed lists of rows, in the order
of the columns of that schema; ``blobs/<hash>`` are large values. ``checksums.json`` is last: the rows of each table
with the sum of their digests, and a SHA-256 over names and contents of all members before it. A file without it was cut
off.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import msgspec
from attrs import frozen

from stalwart.errors import Invalid
from stalwart.store.durable import sync_folder
from stalwart.store.moving.bulk import Row
from stalwart.store.moving.tables import Table

FORMAT = 1
PRODUCT = "stalwart-twisted"
_MANIFEST, _CHECKSUMS = "manifest.json", "checksums.json"
_TABLES, _BLOBS = "tables/", "blobs/"
_HASH = re.compile("[0-9a-f]{64}")
_ROWS = 1000
_OCTETS = 4 << 20
_LARGEST_HEAD = 4 << 20
_LARGEST_ROWS = 1 << 30
_CHUNK = 1 << 20
_SYNCED = 4 << 20
"""Octets after which the disk is waited for, so that a server beside never waits for all of them at once."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode


@frozen
class Manifest:
    """What a backup says of itself: the schema of its rows, and when it was made (time)."""

    schema: int
    made_at: int


class Reading(Protocol):
    """What octets are read from."""

    def read(self, size: int = -1, /) -> bytes: ...


class _File:
    """Writes ``path`` under another name and puts it there with ``keep``; it is readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._fresh = path.with_name(f"{path.name}.part")
        try:
            if path.exists():
                raise Invalid(f"{path} exists already.")
            descriptor = _begun(self._fresh)
        except BlockingIOError as problem:
            raise Invalid(f"{path} is being written already.") from problem
        except OSError as problem:
            raise Invalid(f"{path} cannot be written: {problem.strerror}.") from problem
        self.file: IO[bytes] = os.fdopen(descriptor, "wb", _CHUNK)

    def sync(self) -> None:
        self.file.flush()
        os.fdatasync(self.file.fileno())

    def keep(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        os.replace(self._fresh, self._path)
        self.file.close()
        sync_folder(self._path.absolute().parent)

    def drop(self) -> None:
        self._fresh.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.file.close()


class _Stream:
    """Whoever reads has to see himself that all of it has come: what is broken off has no end."""

    name = "Standard output"

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def sync(self) -> None:
        self.file.flush()

    keep = sync

    def drop(self) -> None:
        pass


class BackupWriter:
    """Writes a file, which is there with ``finish`` and durable, or a stream that goes elsewhere."""

    def __init__(self, target: Path | IO[bytes], manifest: Manifest) -> None:
        self._target = _File(target) if isinstance(target, Path) else _Stream(target)
        self._made_at = manifest.made_at
        self._tar = tarfile.open(fileobj=self._target.file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._digest = hashlib.sha256()
        self._unsynced = 0
        self._is_finished = False
        said = {"product": PRODUCT, "format": FORMAT, "schema": manifest.schema, "madeAt": manifest.made_at}
        self._whole(_MANIFEST, json.dumps(said).encode())

    def rows(self, table: str, rows: Iterable[Row]) -> None:
        """The rows of a table."""
        number, held, octets = 0, list[Row](), 0
        for row in rows:
            held.append(row)
            octets += sum(len(value) for value in row if isinstance(value, bytes | str))
            if len(held) == _ROWS or octets >= _OCTETS:
                self._whole(f"{_TABLES}{table}/{number:08}", zlib.compress(_encode(held), 1))
                number, held, octets = number + 1, [], 0
        if held:
            self._whole(f"{_TABLES}{table}/{number:08}", zlib.compress(_encode(held), 1))

    def blob(self, hash: bytes, content: Reading, size: int) -> None:
        """A large value, of which ``content`` has so many octets."""
        self._add(f"{_BLOBS}{hash.hex()}", content, size)

    def finish(self, sums: Mapping[str, tuple[int, str]]) -> None:
        """Write what each table has, and make the file durable under its name."""
        said = {"tables": sums, "sha256": self._digest.hexdigest()}
        self._whole(_CHECKSUMS, json.dumps(said).encode())
        self._tar.close()
        self._target.keep()
        self._is_finished = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self._is_finished:
            with contextlib.suppress(OSError):  # what could not be written is not wanted any more
                self._tar.close()
            self._target.drop()
        if isinstance(error, OSError):
            raise Invalid(f"{self._target.name} cannot be written: {error.strerror}.") from error

    def _whole(self, name: str, content: bytes) -> None:
        self._add(name, io.BytesIO(content), len(content))

    def _add(self, name: str, content: Reading, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, self._made_at
        self._digest.update(f"{name}\0{size}\0".encode())
        self._tar.addfile(info, _Digested(content, self._digest))
        self._tar.members = []  # type: ignore[attr-defined]  # tarfile would keep them all
        self._unsynced += size
        if self._unsynced >= _SYNCED:
            self._unsynced = 0
            self._target.sync()


@frozen
class _Piece:
    """Where a member is in the file."""

    name: str
    offset: int
    size: int


class Backup:
    """A backup that is whole: opening one reads all of it. Raises Invalid for a file that is not, in a sentence.

    ``newest`` is the schema that this version knows.
    """

    def __init__(self, path: Path, newest: int) -> None:
        self._path = path
        self._tables: dict[str, list[_Piece]] = {}
        self._blobs: list[_Piece] = []
        self._is_ours = False
        try:
            self.manifest, self.sums = self._checked(newest)
        except OSError as problem:
            raise Invalid(f"{path} cannot be read: {problem.strerror}.") from problem
        except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as problem:
            what = "is not whole, or it is damaged" if self._is_ours else "is no backup of this server"
            raise Invalid(f"{path} {what}.") from problem

    def rows(self, table: Table) -> Iterator[Row]:
        """All rows of a table."""
        with self._path.open("rb") as file:
            for piece in self._tables.get(table.name, ()):
                file.seek(piece.offset)
                yield from self._list(file.read(piece.size))

    def _list(self, packed: bytes) -> list[tuple[Any, ...]]:
        try:
            return _decode(_unpacked(packed))
        except (zlib.error, msgspec.DecodeError) as problem:
            raise Invalid(f"{self._path} has rows that cannot be read.") from problem

    def blobs(self) -> Iterator[tuple[bytes, Iterator[bytes]]]:
        """The large values, hash by hash, each in pieces."""
        with self._path.open("rb") as file:
            for piece in self._blobs:
                file.seek(piece.offset)
                yield bytes.fromhex(piece.name.removeprefix(_BLOBS)), _pieces(file, piece.size)

    def _checked(self, newest: int) -> tuple[Manifest, dict[str, tuple[int, str]]]:
        digest, manifest, last = hashlib.sha256(), None, None
        with tarfile.open(self._path, "r:") as tar:
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]  # tarfile would keep them all
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    raise tarfile.ReadError("no file")
                if manifest is None:
                    manifest = self._manifest(member.name, content.read(_LARGEST_HEAD), newest)
                    content.seek(0)
                if member.name == _CHECKSUMS:
                    last = json.loads(content.read(_LARGEST_HEAD))
                    break
                digest.update(f"{member.name}\0{member.size}\0".encode())
                for piece in _pieces(content, member.size):
                    digest.update(piece)
                self._note(_Piece(member.name, member.offset_data, member.size))
        if manifest is None or last is None:
            raise tarfile.ReadError("no end")
        if last["sha256"] != digest.hexdigest():
            raise Invalid(f"{self._path} is damaged: its checksum is another one.")
        return manifest, {name: (rows, sum) for name, (rows, sum) in last["tables"].items()}

    def _manifest(self, name: str, content: bytes, newest: int) -> Manifest:
        said = json.loads(content) if name == _MANIFEST else {}
        product, format, schema, made_at = (said[name] for name in ("product", "format", "schema", "madeAt"))
        if product != PRODUCT or not all(isinstance(number, int) for number in (format, schema, made_at)):
            raise ValueError("foreign")
        self._is_ours = True
        if format > FORMAT or schema > newest:
            raise Invalid(f"{self._path} was written by a newer version of the server. Install that version.")
        return Manifest(schema, made_at)

    def _note(self, piece: _Piece) -> None:
        if piece.name.startswith(_TABLES):
            self._tables.setdefault(piece.name.removeprefix(_TABLES).partition("/")[0], []).append(piece)
        elif piece.name.startswith(_BLOBS):
            if not _HASH.fullmatch(piece.name.removeprefix(_BLOBS)):
                raise ValueError("no hash")
            self._blobs.append(piece)


def _begun(path: Path) -> int:
    """A new file that is its writer's alone, and locked as long as it is written. What a writer that was killed has
    left is removed, whatever others may do with it. Raises BlockingIOError if another one is at it.
    """
    with contextlib.suppress(FileNotFoundError):
        left = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        finally:
            os.close(left)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


class _Digested:
    """What tarfile reads octets from."""

    def __init__(self, content: Reading, digest: Any) -> None:
        self._content = content
        self._digest = digest

    def read(self, size: int = -1, /) -> bytes:
        piece = self._content.read(size)
        self._digest.update(piece)
        return piece


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = file.read(min(left, _CHUNK))
        if not piece:
            raise tarfile.ReadError("unexpected end")
        left -= len(piece)
        yield piece


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(packed, _LARGEST_ROWS)
    if unpacking.unconsumed_tail:
        raise Invalid("The backup has a list of rows that is too large.")
    return content
