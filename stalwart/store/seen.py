"""What is remembered of messages: whom scripts of accounts have answered, what they have met, what was sent on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

ANSWERED: Final = 1
"""Somebody got a vacation response (RFC 5230 4.2)."""
MET: Final = 2
"""The ``duplicate`` test met it (RFC 7352)."""
CARRIED_OUT: Final = 3
"""A message of which nothing is kept was dealt with."""
SENT_ON: Final = 4
"""A letter in the queue was sent on to where an address leads; it is nobody's, so the account is 0."""


class Seen(Protocol):
    """Digests by account and kind, each for a time."""

    def known(self, account_id: int, kind: int, digests: Iterable[bytes], now: int) -> frozenset[bytes]:
        """Those of ``digests`` that are remembered."""

    def note(self, account_id: int, kind: int, digest: bytes, expires_at: int) -> None:
        """Remember one until ``expires_at``, in place of what was remembered of it."""

    def purge(self, now: int, limit: int) -> int:
        """Forget those whose time is over, at most ``limit``; answers how many."""
