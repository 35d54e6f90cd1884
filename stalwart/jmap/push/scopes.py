"""Of what somebody hears in which account: of everything where he belongs, elsewhere of what is shared with him."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stalwart.directory.access import Access
from stalwart.store.object_types import (
    ADDRESS_BOOK,
    CALENDAR,
    CALENDAR_EVENT,
    CONTACT_CARD,
    EMAIL,
    FILE_NODE,
    MAILBOX,
    THREAD,
)

Scopes = Mapping[int, frozenset[int] | None]
"""Types of objects by account; None is all of them, and alerts."""

_OPENED: Final[Mapping[int, frozenset[int]]] = {
    MAILBOX: frozenset((MAILBOX, EMAIL, THREAD)),
    CALENDAR: frozenset((CALENDAR, CALENDAR_EVENT)),
    ADDRESS_BOOK: frozenset((ADDRESS_BOOK, CONTACT_CARD)),
    FILE_NODE: frozenset((FILE_NODE,)),
}
"""The types that somebody sees to whom an object of a type is shared."""


def grown(before: Scopes, after: Scopes) -> frozenset[int]:
    """The accounts of which somebody hears more ``after`` than ``before``."""
    nothing: frozenset[int] = frozenset()
    more: set[int] = set()
    for id, types in after.items():
        former = before.get(id, nothing)
        if former is not None and (types is None or types - former):
            more.add(id)
    return frozenset(more)


def scopes_of(access: Access) -> Scopes:
    """What ``access`` may hear of."""
    scopes: dict[int, frozenset[int] | None] = {
        each.account_id: frozenset().union(*(_OPENED.get(type, frozenset()) for type in each.types))
        for each in access.shared
    }
    return scopes | dict.fromkeys((*access.group_ids, access.account_id))
