"""The last changes that processes of this server have told each other of, in shared memory.

A ring of fixed size behind a number that only grows: who remembers the number up to which he has read sees with one
comparison whether there is more. Who is left behind by more than the ring holds takes it that everything has changed.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol

from attrs import frozen

from stalwart.app.workers.memory import RING_BYTES, SharedMemory

_ENTRY = struct.Struct("<qq")
_NUMBER = struct.Struct("<Q")
CAPACITY = RING_BYTES // _ENTRY.size
_STANDSTILL = 0.05  # seconds, fewer than anybody waits for a lock
_FAR = 1 << 40  # further than the ring gets meanwhile


class Kind(IntEnum):
    """What a change is about."""

    ACCOUNT = 1
    ACCOUNTS = 2
    SETTINGS = 3
    WORLD = 4
    ANSWERS = 5
    KEYS = 6
    CERTIFICATE = 7
    CERTIFICATES = 8
    CHALLENGE = 9
    OBJECTS = 10
    ALL_OBJECTS = 11
    SUBSCRIPTIONS = 12
    ALL_SUBSCRIPTIONS = 13


_OF_ONE = frozenset((Kind.ACCOUNT, Kind.CERTIFICATE, Kind.CHALLENGE, Kind.OBJECTS, Kind.SUBSCRIPTIONS))


@frozen
class News:
    """What was read: the kinds, and the ids of those kinds that are about one thing (of ``ACCOUNT``: ``accounts``).

    ``objects`` and ``subscriptions`` are the accounts whose objects, or whose push subscriptions, have changed.
    """

    kinds: frozenset[Kind]
    accounts: frozenset[int] = frozenset()
    certificates: frozenset[int] = frozenset()
    challenges: frozenset[int] = frozenset()
    objects: frozenset[int] = frozenset()
    subscriptions: frozenset[int] = frozenset()


EVERYTHING = News(frozenset(Kind) - _OF_ONE)


class NewsSource(Protocol):
    """Where news come from."""

    @property
    def is_behind(self) -> bool:
        """Whether there is something to read."""

    def take(self) -> News:
        """What came since the last time."""


def news_of(entries: Sequence[tuple[int, int]]) -> News:
    """What numbers of kinds and of what they are about say."""
    kinds = frozenset(Kind(kind) for kind, _ in entries)
    about = [frozenset(subject for kind, subject in entries if kind == one) for one in sorted(_OF_ONE)]
    return News(kinds, *about)


class ChangeRing:
    """The ring as one process sees it; what was published before it looked first is no news to it."""

    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory
        self._buffer = memory.buffer
        self._last = memoryview(memory.buffer)[memory.sequence : memory.sequence + _NUMBER.size].cast("Q")
        self._seen = self._last[0]

    @property
    def is_behind(self) -> bool:
        """Whether there is something to read."""
        return self._last[0] != self._seen

    def publish(self, kind: Kind, subject: int = 0) -> None:
        """Tell the others; this process need not read it itself, unless something of theirs came before."""
        with self._memory.locked("changes"):
            began, last = time.monotonic(), self._last[0]
            _ENTRY.pack_into(self._buffer, self._place(last), kind, subject)
            self._last[0] = last + 1
            if self._seen == last:
                self._seen = last + 1
            if time.monotonic() - began > _STANDSTILL:
                self._last[0] = last + _FAR  # the others may have gone on without us, and counted: nobody knows now

    def take(self) -> News:
        """What came since the last time."""
        with self._memory.locked("changes"):
            last = self._last[0]
            began, self._seen = self._seen, last
            if not 0 <= last - began <= CAPACITY:
                return EVERYTHING
            entries = [_ENTRY.unpack_from(self._buffer, self._place(number)) for number in range(began, last)]
        return news_of(entries)

    def close(self) -> None:
        """Let go of the memory."""
        self._last.release()

    def _place(self, number: int) -> int:
        return self._memory.ring + number % CAPACITY * _ENTRY.size
