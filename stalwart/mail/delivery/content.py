"""The message that is sent: in memory, or a file of the store that is read in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from attrs import field, frozen

from stalwart.store.blob_files import BlobFiles, Stored
from stalwart.store.store import Store

PIECE = 256 << 10
"""Octets that are read from a file at once."""


@frozen
class HeldContent:
    """A message in memory."""

    held: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.held)

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it."""
        yield self.held


@frozen
class FiledContent:
    """A message in a file of the store, with ``front`` before it."""

    stored: Stored
    store: Store = field(repr=False)
    front: bytes = field(default=b"", repr=False)

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.front) + self.stored.size

    @property
    def held(self) -> None:
        """It is not in memory."""

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its pieces, each read in a file thread. Raises NotFound or Unavailable."""
        if self.front:
            yield self.front
        for offset in range(0, self.stored.size, PIECE):
            yield await self.store.blob_work(partial(_read, self.stored.hash, offset))


def _read(hash: bytes, offset: int, files: BlobFiles) -> bytes:
    return files.read(hash, offset, PIECE)


def content_of(content: bytes | Stored, store: Store, front: bytes = b"") -> HeldContent | FiledContent:
    """The content of a letter as a sender wants it, with ``front`` before it."""
    if isinstance(content, bytes):
        return HeldContent(front + content if front else content)
    return FiledContent(content, store, front)
