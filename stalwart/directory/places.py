"""Places: how many things of a kind are running at once for an account, or under a name.

Requests, uploads, diagnoses and connections take a place when they begin and free it when they end, however that comes
about. They are counted behind ``Places``, so that several processes can count together.
"""

from __future__ import annotations

from typing import Protocol

Key = int | str

CONNECTIONS = "connections", "smtp connections"
"""The kinds of places that open connections take, of HTTP and of mail, under the name of their listener."""


class Places(Protocol):
    """Where running things are counted, by kind and key."""

    def taken(self, kind: str, key: Key) -> int:
        """How many places are taken."""

    def take(self, kind: str, key: Key, most: int | None) -> bool:
        """Take a place if fewer than ``most`` are taken (None: in any case); whether there was one."""

    def free(self, kind: str, key: Key) -> None:
        """Give a place back that was taken here."""

    def lead(self, kind: str, key: Key) -> int:
        """How many more are taken here than would be about even, in a server of several processes; others have fewer
        if it is positive, and negative ones may be taken here before it is."""


class MemoryPlaces:
    """The places of one process."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, Key], int] = {}

    def taken(self, kind: str, key: Key) -> int:
        """See ``Places``."""
        return self._taken.get((kind, key), 0)

    def take(self, kind: str, key: Key, most: int | None) -> bool:
        """See ``Places``."""
        taken = self._taken.get((kind, key), 0)
        if most is not None and taken >= most:
            return False
        self._taken[kind, key] = taken + 1
        return True

    def free(self, kind: str, key: Key) -> None:
        """See ``Places``."""
        left = self._taken.get((kind, key), 0) - 1
        if left > 0:
            self._taken[kind, key] = left
        else:
            self._taken.pop((kind, key), None)

    def lead(self, kind: str, key: Key) -> int:
        """See ``Places``: there is no other process."""
        return 0
