"""What of an account somebody sees to whom single objects of it are shared, and what changed for him (jmap.md 21.4).

Where his rights on an object that he may know have changed since a state, nothing can be calculated from that state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol, Self

import msgspec
from attrs import frozen

from stalwart.codec.dav.rights import UNSEEN, Rights
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.states import State
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

_ALL = (1 << 63) - 1


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


class Passing(Protocol):
    """What somebody sees of objects that are in others, which have the rights; and what has come into his sight, and
    left it, since a state.
    """

    def seen(self, ids: Collection[int]) -> Collection[int]:
        """Those of them that he sees now."""

    def came(self, ids: Collection[int]) -> Collection[int]:
        """Those of what he sees that he did not see before."""

    def left(self, ids: Collection[int]) -> Collection[int]:
        """Those of what he does not see that he saw before."""


class Kept(Protocol):
    """Where an object is."""

    @property
    def added_seq(self) -> int: ...


Places = Callable[[Collection[int]], Mapping[int, Sequence[Kept]]]
"""Where somebody sees each of these objects; those that he does not see are left out."""


@frozen
class Passage:
    """``Passing`` of objects that are in collections: ``gone`` have left those that he sees since the change ``since``.
    Of what is still there ``was_seen`` says whether he saw it before, where he does not see it for another reason.
    """

    places: Places
    since: int
    gone: frozenset[int]
    was_seen: Callable[[int], bool] = lambda id: False

    @classmethod
    def of(
        cls,
        tx: Transaction,
        account_id: int,
        collections: Iterable[int],
        places: Places,
        since: int,
        was_seen: Callable[[int], bool] = lambda id: False,
    ) -> Self | None:
        """None: nobody knows any more. ``collections`` are those that he sees."""
        gone: set[int] = set()
        for each in collections:
            changes = tx.collections.changes(account_id, each, since, limit=_ALL)
            if changes is None:
                return None
            gone.update(member.item_id for member in changes if member.dead)
        return cls(places, since, frozenset(gone), was_seen)

    def seen(self, ids: Collection[int]) -> Collection[int]:
        """See ``Passing``."""
        return self.places(ids).keys()

    def came(self, ids: Collection[int]) -> Collection[int]:
        """See ``Passing``."""
        found = self.places([id for id in ids if id not in self.gone])
        return [id for id, there in found.items() if all(each.added_seq > self.since for each in there)]

    def left(self, ids: Collection[int]) -> Collection[int]:
        """See ``Passing``."""
        return [id for id in ids if id in self.gone or self.was_seen(id)]


def item_changes(
    tx: Transaction,
    asking: Asking,
    type: int,
    container: int,
    since: State,
    limit: int,
    passing: Callable[[int], Passing | None],
) -> Changes | None:
    """Changes of objects of a type that are in ``container`` objects, for who does not belong to the account: what has
    come into his sight is created for him, what has left it is destroyed. ``passing`` answers for a state, None if
    nobody knows.
    """
    account_id = asking.account_id
    state, seen_now = tx.objects.state(account_id, type), seen_state(tx, asking, type)
    if since.number > seen_now or is_outdated(tx, asking, container, since):
        return None
    start, origin = min(since.number, state), None if since.origin is None else min(since.origin, state)
    changes = tx.objects.changes(account_id, type, start, limit, origin)
    known = passing(start if origin is None else origin)
    if changes is None or known is None:
        return None
    seen = set(known.seen((*changes.created, *changes.updated)))
    came = set(known.came([id for id in changes.updated if id in seen]))
    left = known.left([id for id in changes.updated if id not in seen])
    return msgspec.structs.replace(
        changes,
        created=(*(id for id in changes.created if id in seen), *sorted(came)),
        updated=tuple(id for id in changes.updated if id in seen and id not in came),
        destroyed=(*changes.destroyed, *sorted(left)),
        new_state=changes.new_state if changes.has_more else seen_now,
    )


def is_outdated(tx: Transaction, asking: Asking, type: int, since: State) -> bool:
    """Whether rights of who asks on objects of a type have changed since a state, which says nothing any more."""
    start = since.number if since.origin is None else since.origin
    return tx.shares.changed_since(asking.account_id, Viewer.of(asking.access).grantees, type, start)


def only_seen(changes: Changes, seen: Collection[int]) -> Changes:
    """Those of objects that somebody sees. What was destroyed is told whoever saw it: it says nothing."""
    created = tuple(id for id in changes.created if id in seen)
    updated = tuple(id for id in changes.updated if id in seen)
    return msgspec.structs.replace(changes, created=created, updated=updated)
