"""Blob files whose place is chosen after the start: the choice is a setting, and settings are in the store.

What lies in the places of before is still found there, so that a new choice loses nothing; what is new goes to the new
place. A place of before that cannot be reached holds up only what is nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from stalwart.errors import NotFound, Unavailable
from stalwart.store.blob_files import BlobFiles, BlobWriter, DiskBlobFiles, Stored

T = TypeVar("T")


class PlacedBlobFiles:
    """``BlobFiles`` in ``first``, which are below ``folder``, or wherever ``choose`` says."""

    def __init__(self, first: BlobFiles, folder: Path) -> None:
        self.folder = folder
        self._first = first
        self._chosen = first
        self._places: Sequence[BlobFiles] = (first,)

    def choose(self, files: BlobFiles | None, former: Sequence[BlobFiles] = ()) -> None:
        """Put blobs into ``files`` from now on, None for the first place; ``former`` are the places of before, but for
        the first one. For threads: it looks whether there are some in the first place.
        """
        self._chosen = self._first if files is None else files
        is_first_empty = files is not None and next(self.folder.glob("??"), None) is None
        self._places = (*(() if files is None or is_first_empty else (self._first,)), self._chosen, *former)

    def begin(self) -> BlobWriter:
        return self._chosen.begin()

    def exists(self, hash: bytes) -> bool:
        def found(place: BlobFiles) -> bool:
            if not place.exists(hash):
                raise NotFound
            return True

        try:
            return self._asked(found)
        except NotFound:
            return False

    def read(self, hash: bytes, offset: int = 0, length: int | None = None) -> bytes:
        return self._asked(lambda place: place.read(hash, offset, length))

    def chunks(self, hash: bytes, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        def begun(place: BlobFiles) -> tuple[bytes | None, Iterator[bytes]]:
            chunks = place.chunks(hash, offset, length)
            return next(chunks, None), chunks

        first, others = self._asked(begun)
        if first is not None:
            yield first
            yield from others

    def remove(self, hash: bytes, before: float) -> bool:
        """See ``BlobFiles``; where a place of before cannot be reached it is not gone."""
        gone = self._chosen.remove(hash, before)
        for place in self._former:
            try:
                gone = place.remove(hash, before) and gone
            except Unavailable:
                gone = False
        return gone

    def discard(self, stored: Stored) -> bool:
        return self._chosen.discard(stored)

    def names(self, folder: str) -> list[bytes]:
        """See ``BlobFiles``; those of the places that can be reached."""
        found = self._chosen.names(folder)
        for place in self._former:
            try:
                found += place.names(folder)
            except Unavailable:
                continue
        return list(dict.fromkeys(found))

    def discard_unfinished(self, before: float) -> int:
        return sum(place.discard_unfinished(before) for place in self._places)

    @property
    def _former(self) -> list[BlobFiles]:
        return [place for place in self._places if place is not self._chosen]

    def _asked(self, ask: Callable[[BlobFiles], T]) -> T:
        """The answer of the first place that has what is asked for. Raises Unavailable if one could not be asked, else
        NotFound.
        """
        fault: NotFound | Unavailable | None = None
        for place in self._places:
            try:
                return ask(place)
            except (NotFound, Unavailable) as problem:
                if fault is None or isinstance(fault, NotFound):
                    fault = problem
        assert fault is not None
        raise fault


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
