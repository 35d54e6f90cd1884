"""Which locks stand in the way of a change (RFC 4918 7), whoever makes it and by whichever protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Flag, auto

from stalwart.groupware.resources import Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Lock


class Touch(Flag):
    """What a request does to a resource."""

    ITSELF = auto()
    """It changes: its content or its properties."""
    NAME = auto()
    """Its name comes into being or goes."""
    BELOW = auto()
    """All that is below it goes with it."""


def locks_touched(locks: Iterable[Lock], path: str, touch: Touch) -> Iterator[list[Lock]]:
    """Those that guard what is done at a path, in lists of locks on one resource: a token of one of them is enough."""
    parent = path.rpartition("/")[0]
    known = list(locks)
    here = [
        lock
        for lock in known
        if lock.path == path
        or (lock.is_deep and path.startswith(f"{lock.path}/"))
        or (Touch.NAME in touch and lock.path == parent)
    ]
    if here:
        yield here
    if Touch.BELOW in touch:
        roots: dict[str, list[Lock]] = {}
        for lock in known:
            if lock.path.startswith(f"{path}/"):
                roots.setdefault(lock.path, []).append(lock)
        yield from roots.values()


def is_locked(tx: Transaction, found: Resource, touch: Touch, now: int) -> bool:
    """Whether any lock guards what is done to a resource; for protocols in which no token can be shown."""
    locks = tx.locks.of_account(found.account_id, found.kind.type, now)
    return bool(locks) and any(True for _ in locks_touched(locks, found.path, touch))
