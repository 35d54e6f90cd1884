"""Content on its way into the store, hashed as it comes: what stays small is kept in memory, the rest goes to a file.

Only the threads for files touch the file. Whoever begins one ends it with ``finish`` or ``abandon``, and says
``discard`` of a complete one that no row was made of; the store sweeps what a crash leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.errors import StalwartError
from stalwart.store.blob_files import LARGE, BlobFiles, BlobWriter, Stored
from stalwart.store.store import Store, Transaction

_PIECE = 1 << 20
_BATCH = 1 << 18  # octets that are worth a turn of a thread


class Incoming:
    """One blob in the making, in memory below ``small`` octets."""

    def __init__(self, store: Store, small: int = LARGE) -> None:
        self._store = store
        self._small = small
        self._held = bytearray()
        self._lock = Lock()
        self._writer: BlobWriter | None = None
        self._to_file = False
        self._stored: Stored | None = None

    async def add(self, piece: bytes) -> None:
        """Take the next piece; done when there may be another one."""
        if len(self._held) + len(piece) < (_BATCH if self._to_file else self._small):
            self._held += piece
            return
        self._to_file = True
        held, self._held = self._held, bytearray()
        await self._write((held, piece) if held else (piece,))

    def _write(self, pieces: Sequence[bytes | bytearray]) -> Deferred[None]:
        def work(files: BlobFiles) -> None:
            with self._lock:
                if self._writer is None:
                    self._writer = files.begin()
                for piece in pieces:
                    self._writer.write(piece)

        return self._store.blob_work(work, writes=True)

    async def finish(self) -> bytes | Stored:
        """The content, or where it is, durably."""
        if not self._to_file:
            return bytes(self._held)
        return await self._store.blob_work(self._commit, writes=True)

    def abandon(self) -> None:
        """Throw away what has come; after ``finish``, unless something has come to need it."""
        if self._to_file:
            self._store.blob_work(self._abort, writes=True).addCallbacks(self._discard, _not_now)

    def _discard(self, stored: Stored | None) -> None:
        if stored is not None:
            discard(self._store, (stored,))

    # What was cancelled may still be running in its thread when these come.

    def _commit(self, _: BlobFiles) -> Stored:
        with self._lock:
            assert self._writer is not None  # something was written
            if self._held:
                self._writer.write(self._held)
            self._stored = self._writer.commit()
            return self._stored

    def _abort(self, _: BlobFiles) -> Stored | None:
        with self._lock:
            if self._writer is not None:
                self._writer.abort()
            return self._stored


def discard(store: Store, files: Iterable[Stored]) -> None:
    """Have complete files removed that nothing has come to need (``Blobs.discard``), without waiting for it."""
    unwanted = tuple(files)

    def work(tx: Transaction) -> None:
        for stored in unwanted:
            tx.blobs.discard(stored)

    if unwanted:
        store.write(work).addErrback(_not_now)


@contextmanager
def discarding(store: Store, contents: Iterable[object]) -> Iterator[None]:
    """Around what makes rows of ``contents``: in the end the files among them that have none are removed."""
    try:
        yield
    finally:
        discard(store, [each for each in contents if isinstance(each, Stored)])


async def store_content(store: Store, content: bytes) -> bytes | Stored:
    """Content that is at hand, ready for a write: large content is put into its file first."""
    if len(content) < LARGE:
        return content

    def work(files: BlobFiles) -> Stored:
        with files.begin() as writer:
            writer.write(content)
            return writer.commit()

    return await store.blob_work(work, writes=True)


async def put_before(store: Store, octets: bytes, content: Stored, skip: int = 0) -> Stored:
    """A file with ``octets``, then ``content`` but for its first ``skip`` octets; the file of that stays as it is."""

    def work(files: BlobFiles) -> Stored:
        with files.begin() as writer:
            writer.write(octets)
            for offset in range(skip, content.size, _PIECE):
                writer.write(files.read(content.hash, offset, min(_PIECE, content.size - offset)))
            return writer.commit()

    return await store.blob_work(work, writes=True)


def _not_now(failure: Failure) -> None:
    """The store is closing: what is unfinished is discarded at a later start."""
    failure.trap(StalwartError)
