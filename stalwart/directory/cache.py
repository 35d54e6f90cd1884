"""Credentials that were right a moment ago, so that a request costs microseconds and not a password check.

The key is a keyed BLAKE2b (RFC 7693 2.9) of the header value under a key of this process: the secret itself
is not kept, and a dump of the cache does not help to guess it. Least recently used entries go first. Failures
are not cached.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

from twisted.internet.interfaces import IReactorTime

from stalwart.directory.access import Access
from stalwart.directory.credentials import is_allowed_from

_ENTRY_BYTES = 1024
"""What one entry is taken to cost: key, tuple, Access, places in two dictionaries; permission sets are shared."""


class _Entry(NamedTuple):
    access: Access
    ends_at: float


class CredentialCache:
    """Header values and the `Access` they gave, within ``limit`` bytes; ``generation`` counts what made
    entries stale.
    """

    def __init__(self, clock: IReactorTime, limit: int = 1 << 20) -> None:
        timer: Any = clock
        self._seconds: Callable[[], float] = timer.seconds
        self._capacity = max(1, limit // _ENTRY_BYTES)
        self._key = os.urandom(32)
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._of_account: dict[int, set[bytes]] = {}
        self.generation = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, value: str, client_ip: str) -> Access | None:
        """The access that ``value`` gave, if it still holds and the credential may be used from ``client_ip``."""
        mark = self._mark(value)
        entry = self._entries.get(mark)
        if entry is None:
            return None
        access = entry.access
        if entry.ends_at <= self._seconds():
            self._drop(mark)
            return None
        if access.networks and not is_allowed_from(client_ip, access.networks):
            return None
        self._entries.move_to_end(mark)
        return access

    def keep(self, value: str, access: Access, lifetime: float) -> None:
        """Remember ``value`` for ``lifetime`` seconds, never beyond the credential's own end.

        Not if anything became stale since the account was read: the access may be older than that change.
        """
        ends_at = self._seconds() + lifetime
        if access.expires_at is not None:
            ends_at = min(ends_at, access.expires_at)
        if access.stamp != self.generation or ends_at <= self._seconds():
            return
        mark = self._mark(value)
        self._drop(mark)
        self._entries[mark] = _Entry(access, ends_at)
        for account_id in _accounts_of(access):
            self._of_account.setdefault(account_id, set()).add(mark)
        while len(self._entries) > self._capacity:
            self._drop(next(iter(self._entries)))

    def forget(self, account_id: int) -> None:
        """Drop what belongs to one account, to a member of that group, or was opened with its credential: one of them
        changed.
        """
        self.generation += 1
        for mark in tuple(self._of_account.get(account_id, ())):
            self._drop(mark)

    def clear(self) -> None:
        """Drop everything: a role, a domain or a setting changed."""
        self.generation += 1
        self._entries.clear()
        self._of_account.clear()

    def _mark(self, value: str) -> bytes:
        return blake2b(value.encode("utf-8", "surrogatepass"), key=self._key, digest_size=32).digest()

    def _drop(self, mark: bytes) -> None:
        entry = self._entries.pop(mark, None)
        if entry is None:
            return
        for account_id in _accounts_of(entry.access):
            marks = self._of_account[account_id]
            marks.discard(mark)
            if not marks:
                del self._of_account[account_id]


def _accounts_of(access: Access) -> set[int]:
    found = {access.account_id, *access.group_ids}
    if access.presenter_id is not None:
        found.add(access.presenter_id)
    return found
