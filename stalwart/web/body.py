"""The body of one request while it arrives: counted, limited, held back until somebody reads it (RFC 9112 6).

Nothing is buffered beyond ``HELD`` bytes before a route asks for the body; the connection stops reading then. A route
takes the whole body with ``collect``, or piece by piece with ``piece``, where the same bound holds between two pieces.
After a refusal the rest is thrown away as it comes. Spooling to disk is not done here.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred

from stalwart.errors import StalwartError, TooLarge

HELD = 65536


class Source(Protocol):
    """Where a body comes from: the connection, or one stream of it."""

    def body_wanted(self) -> None:
        """Somebody reads now: send ``100 Continue`` if it is awaited, go on reading."""


class Body:
    """``announced`` is the Content-Length, None for a chunked body. ``complete`` is True once all of it has arrived."""

    __slots__ = (
        "_by_piece",
        "_chunks",
        "_discarding",
        "_error",
        "_held",
        "_limit",
        "_size",
        "_source",
        "_waiting",
        "announced",
        "complete",
    )

    def __init__(self, source: Source, announced: int | None) -> None:
        self._source = source
        self.announced = announced
        self._chunks: list[bytes] = []
        self._size = 0  # of all that has come
        self._held = 0  # of what nobody has taken yet
        self._by_piece = False
        self._limit: int | None = None
        self._discarding = False
        self._error: StalwartError | None = None
        self._waiting: Deferred[None] | None = None
        self.complete = announced == 0

    @property
    def over_full(self) -> bool:
        """Whether the connection should stop reading because nobody takes what has arrived."""
        return self._held >= HELD and (self._limit is None or self._by_piece) and not self._discarding

    @property
    def taken(self) -> bool:
        """Whether somebody takes what arrives, or throws it away, so that as much again may come."""
        return self._discarding or not self._held or (self._limit is not None and not self._by_piece)

    async def collect(self, limit: int) -> bytes:
        """The whole body.

        :raises TooLarge: it is, or is announced to be, longer than ``limit`` bytes.
        :raises StalwartError: it did not arrive properly (time-out, broken chunks).
        """
        await self._arrival(limit)
        if len(self._chunks) > 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0] if self._chunks else b""

    async def skip(self, limit: int) -> None:
        """Wait for the end of the body without keeping it. Raises as ``collect``."""
        self.discard()
        await self._arrival(limit)

    async def piece(self, limit: int) -> bytes:
        """What has arrived since the last call, at least one byte; empty once the body is over. Raises as ``collect``.

        While nobody asks, no more than about ``HELD`` bytes are taken from the client.
        """
        self._by_piece = True
        self._begin(limit)
        if not self._chunks:
            await self._progress()
        if self._error is not None:
            raise self._error
        taken = b"".join(self._chunks)
        self._chunks, self._held = [], 0
        return taken

    async def _arrival(self, limit: int) -> None:
        self._by_piece = False
        self._begin(limit)
        while not self.complete and self._error is None:
            await self._progress()
        if self._error is not None:
            raise self._error

    def _begin(self, limit: int) -> None:
        if self.announced is not None and self.announced > limit:
            self.discard()
            raise TooLarge
        self._limit = limit
        self._check_limit()

    async def _progress(self) -> None:
        """Have the connection read on, and wait until it has brought something that the reader waits for."""
        if not self.complete and self._error is None:
            self._source.body_wanted()
        if not self.complete and self._error is None and not (self._by_piece and self._chunks):
            self._waiting = Deferred()
            await self._waiting

    def discard(self) -> None:
        """Throw away what has come and what will come."""
        self._discarding = True
        self._chunks, self._held = [], 0

    def feed(self, data: bytes) -> None:
        """A piece has arrived."""
        self._size += len(data)
        if not self._discarding and data:
            self._chunks.append(data)
            self._held += len(data)
        self._check_limit()
        if self._by_piece and self._chunks:
            self._wake()

    def finish(self) -> None:
        """The last piece has arrived."""
        self.complete = True
        self._wake()

    def fail(self, error: StalwartError) -> None:
        """It will not arrive: ``error`` is raised to whoever reads it."""
        self.discard()
        if self._error is None:
            self._error = error
        self._wake()

    def _check_limit(self) -> None:
        if self._limit is not None and self._size > self._limit:
            self.fail(TooLarge())

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:
            waiting.callback(None)
