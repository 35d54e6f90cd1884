"""Who looks, and what they may do: everything where they belong, elsewhere what was granted (spec/dav.md 7.1).

A group's account belongs to its members. Rights are granted on collections, and on single files; events and cards have
those of the collection that they are in.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen

from stalwart.codec.dav.rights import Rights
from stalwart.directory.access import Access
from stalwart.store import Transaction

IMPERSONATE = "impersonate"


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
