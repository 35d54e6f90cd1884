"""What of an account somebody sees to whom single objects of it are shared, and what changed for him (jmap.md 21.4).

Where his rights on an object that he may know have changed since a state, nothing can be calculated from that state.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from stalwart.codec.dav.rights import UNSEEN, Rights
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.states import State
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction


def is_visible(rights: Rights) -> bool:
    """Whether who has these rights sees the object: knowing when its owner is busy is not enough."""
    return bool(rights & ~UNSEEN)


def seen_state(tx: Transaction, asking: Asking, type: int) -> int:
    """The state of objects of a type for who asks: another one too when his rights have changed."""
    state, viewer = tx.objects.state(asking.account_id, type), Viewer.of(asking.access)
    if viewer.belongs_to(asking.account_id):
        return state
    return max(state, tx.shares.last_change(asking.account_id, viewer.grantees))


def visible_changes(tx: Transaction, asking: Asking, type: int, since: State, limit: int) -> Changes | None:
    """Changes of objects that have rights of their own, as far as who asks may know of them."""
    account_id, viewer = asking.account_id, Viewer.of(asking.access)
    changes = tx.objects.changes(account_id, type, since.number, limit, since.origin)
    if changes is None or viewer.belongs_to(account_id):
        return changes
    if is_outdated(tx, asking, type, since):
        return None
    rights = viewer.rights_on_some(tx, account_id, (*changes.created, *changes.updated))
    seen = {id for id, held in rights.items() if is_visible(held)}
    return only_seen(changes, seen)


def is_outdated(tx: Transaction, asking: Asking, type: int, since: State) -> bool:
    """Whether rights of who asks on objects of a type have changed since a state, which says nothing any more."""
    start = since.number if since.origin is None else since.origin
    return tx.shares.changed_since(asking.account_id, Viewer.of(asking.access).grantees, type, start)


def only_seen(changes: Changes, seen: Collection[int]) -> Changes:
    """Those of objects that somebody sees. What was destroyed is told whoever saw it: it says nothing."""
    created = tuple(id for id in changes.created if id in seen)
    updated = tuple(id for id in changes.updated if id in seen)
    return msgspec.structs.replace(changes, created=created, updated=updated)
