"""With which SEQUENCE a meeting was called off, for when its organizer thinks better of it: brought back from the bin
or written again, it has to be newer than what its guests have (RFC 5546 2.1.4).

Clients do not know that SEQUENCE; they write what they had. It is remembered for a year.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import KINDS, sequence_of
from stalwart.store import Transaction
from stalwart.store.seen import CALLED_OFF

KEPT: Final = 366 * 86_400
"""Seconds for which it is remembered."""
_OCTETS: Final = 4


def highest(calendars: Iterable[Component]) -> int:
    """The highest SEQUENCE in some objects."""
    parts = (part for each in calendars for part in each.components if part.name in KINDS)
    return max(map(sequence_of, parts), default=0)


def note(tx: Transaction, account_id: int, uid: str, sequence: int, now: int) -> None:
    """Remember that an account has called off what has a UID."""
    tx.seen.forget_beginning(account_id, CALLED_OFF, _digest(uid))
    tx.seen.note(account_id, CALLED_OFF, _digest(uid) + sequence.to_bytes(_OCTETS, "big"), now + KEPT)


def known(tx: Transaction, account_id: int, uid: str, now: int) -> int | None:
    """With which SEQUENCE an account has called off what has a UID; None if it has not."""
    found = tx.seen.beginning(account_id, CALLED_OFF, _digest(uid), now)
    return int.from_bytes(found[-1][-_OCTETS:], "big") if found else None


def forget(tx: Transaction, account_id: int, uid: str) -> None:
    """It takes place."""
    tx.seen.forget_beginning(account_id, CALLED_OFF, _digest(uid))


def _digest(uid: str) -> bytes:
    return sha256(uid.encode("utf-8", "replace")).digest()
