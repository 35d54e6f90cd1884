"""Who looks, and what they may do: everything where they belong, elsewhere what was granted (spec/dav.md 7.1).

A group's account belongs to its members. Rights are granted on collections, and on single files; events and cards have
those of the collection that they are in. One that is in several is written by who may write in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

from stalwart.codec.dav.rights import Rights
from stalwart.directory.access import Access
from stalwart.store import Transaction

IMPERSONATE = "impersonate"
WRITING: Final = Rights.MODIFY_ITEMS | Rights.MODIFY_ITEMS_OWN | Rights.RSVP
"""Rights to change what all see of events and cards."""


def writing_rights(held: Iterable[Rights]) -> Rights:
    """Those of ``WRITING`` that somebody has on an event or a card that is in collections on which he has these rights:
    what he may do in one of them, he may do to the others, so he has to have the right in all.
    """
    found = WRITING
    for rights in held:
        found &= WRITING if Rights.MODIFY_ITEMS in rights else rights
    return found


@frozen
class Viewer:
    """Somebody who asks. ``grantees`` are he and his groups: what was granted to any of them counts."""

    account_id: int
    group_ids: frozenset[int] = field(default=frozenset())
    may_be_anybody: bool = False

    @classmethod
    def of(cls, access: Access) -> Viewer:
        """The viewer behind a proved identity."""
        return cls(access.account_id, access.group_ids, access.may(IMPERSONATE))

    @property
    def grantees(self) -> tuple[int, ...]:
        """The numbers that rights may have been granted to."""
        return (self.account_id, *sorted(self.group_ids))

    def belongs_to(self, account_id: int) -> bool:
        """Whether everything in the account may be done."""
        return account_id == self.account_id or account_id in self.group_ids or self.may_be_anybody

    def rights_on(self, tx: Transaction, account_id: int, object_id: int) -> Rights:
        """What may be done with one collection or file."""
        if self.belongs_to(account_id):
            return Rights.all()
        return self.rights_on_some(tx, account_id, (object_id,)).get(object_id, Rights.NONE)

    def rights_in(self, tx: Transaction, account_id: int, item_id: int, here: Rights) -> Rights:
        """What may be done with an event or a card, in a collection with these rights."""
        places = tx.collections.places(account_id, item_id)
        if len(places) < 2:
            return here
        held = self.rights_on_some(tx, account_id, [each.collection_id for each in places])
        everywhere = writing_rights(held.get(each.collection_id, Rights.NONE) for each in places)
        return here & ~WRITING | here & everywhere

    def rights_on_some(self, tx: Transaction, account_id: int, object_ids: Iterable[int]) -> dict[int, Rights]:
        """What may be done with each; those with which nothing may be done are left out."""
        if self.belongs_to(account_id):
            return dict.fromkeys(object_ids, Rights.all())
        mine = frozenset(self.grantees)
        found: dict[int, Rights] = {}
        for object_id, grants in tx.shares.of_objects(account_id, object_ids).items():
            rights = Rights.NONE
            for grantee in mine & grants.keys():
                rights |= Rights(grants[grantee])
            if rights:
                found[object_id] = rights
        return found
