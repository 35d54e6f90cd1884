"""What is remembered of messages: whom scripts of accounts have answered, what they have met, what was sent on, and
what clients have handed over."""

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
HANDED_OVER: Final = 5
"""Letters of a message were written, and its client has not been seen to know it: its digest, and after that the id of
a letter (``of_letter``); of account 0."""
IN_DOUBT: Final = 6
"""A client was not told that a message was taken, which it may have been; of account 0."""
UNDELIVERED: Final = 7
"""A letter has left the queue without having been delivered to everybody: its id (``of_letter``); of account 0."""
UNDELIVERED_KEPT: Final = 86_400
"""Seconds for which that is remembered."""
INVITED: Final = 8
"""Letters of a scheduling message were written for an account: the digest of the message."""
CALLED_OFF: Final = 9
"""An account has called a meeting off: the digest of its UID, and after that the SEQUENCE."""


def of_letter(id: int) -> bytes:
    """The id of a letter where a digest stands, or behind one."""
    return id.to_bytes(8, "big")


class Seen(Protocol):
    """Digests by account and kind, each for a time."""

    def known(self, account_id: int, kind: int, digests: Iterable[bytes], now: int) -> frozenset[bytes]:
        """Those of ``digests`` that are remembered."""

    def note(self, account_id: int, kind: int, digest: bytes, expires_at: int) -> None:
        """Remember one until ``expires_at``, in place of what was remembered of it."""

    def forget(self, account_id: int, kind: int, digest: bytes) -> None:
        """Remember one no longer."""

    def beginning(self, account_id: int, kind: int, prefix: bytes, now: int) -> list[bytes]:
        """Those that begin with ``prefix``, in their order."""

    def forget_beginning(self, account_id: int, kind: int, prefix: bytes) -> None:
        """Remember them no longer."""

    def spread(self, account_id: int, kind: int, other: int) -> None:
        """Remember all of ``kind`` as ``other`` too, each for its time."""

    def purge(self, now: int, limit: int) -> int:
        """Forget those whose time is over, at most ``limit``; answers how many."""
