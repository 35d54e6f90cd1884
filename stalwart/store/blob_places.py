"""Blob files whose place is chosen after the start: the choice is a setting, and settings are in the store.

What lies in the place of before is still found there, so that a new choice loses nothing; what is new goes to the new
place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stalwart.errors import Unavailable
from stalwart.store.blob_files import BlobFiles, BlobWriter, DiskBlobFiles, Stored


class PlacedBlobFiles:
    """``BlobFiles`` in ``first``, which are below ``folder``, or wherever ``choose`` says."""

    def __init__(self, first: BlobFiles, folder: Path) -> None:
        self.folder = folder
        self._first = first
        self._chosen = first
        self._former: BlobFiles | None = None

    def choose(self, files: BlobFiles) -> None:
        """Put blobs into ``files`` from now on. For threads: it looks whether there are some in the first place."""
        self._former = self._first if next(self.folder.glob("??"), None) is not None else None
        self._chosen = files

    def begin(self) -> BlobWriter:
        return self._chosen.begin()

    def exists(self, hash: bytes) -> bool:
        return self._is_former(hash) or self._chosen.exists(hash)

    def read(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes:
        return self._place_of(hash).read(hash, offset, length)

    def chunks(self, hash: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        return self._place_of(hash).chunks(hash, offset, length)

    def remove(self, hash: bytes, before: float) -> bool:
        gone = self._former is None or self._former.remove(hash, before)
        return self._chosen.remove(hash, before) and gone

    def discard(self, stored: Stored) -> bool:
        return self._chosen.discard(stored)

    def names(self, folder: str) -> list[bytes]:
        found = self._chosen.names(folder)
        if self._former is None:
            return found
        return list(dict.fromkeys([*found, *self._former.names(folder)]))

    def discard_unfinished(self, before: float) -> int:
        former = self._former.discard_unfinished(before) if self._former is not None else 0
        return self._chosen.discard_unfinished(before) + former

    def _is_former(self, hash: bytes) -> bool:
        return self._former is not None and self._former.exists(hash)

    def _place_of(self, hash: bytes) -> BlobFiles:
        return self._former if self._former is not None and self._is_former(hash) else self._chosen


class MissingPlace:
    """``BlobFiles`` where there are none: ``reason`` is a sentence."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def begin(self) -> BlobWriter:
        raise Unavailable(self._reason)

    def exists(self, hash: bytes) -> bool:
        raise Unavailable(self._reason)

    def read(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes:
        raise Unavailable(self._reason)

    def chunks(self, hash: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        raise Unavailable(self._reason)

    def remove(self, hash: bytes, before: float) -> bool:
        raise Unavailable(self._reason)

    def discard(self, stored: Stored) -> bool:
        raise Unavailable(self._reason)

    def names(self, folder: str) -> list[bytes]:
        raise Unavailable(self._reason)

    def discard_unfinished(self, before: float) -> int:
        raise Unavailable(self._reason)


def placed(folder: Path) -> PlacedBlobFiles:
    """Blobs in ``folder``, until another place is chosen."""
    return PlacedBlobFiles(DiskBlobFiles(folder), folder)
