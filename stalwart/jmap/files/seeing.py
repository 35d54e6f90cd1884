"""Who sees which files (draft-ietf-jmap-filenode, Access Control): in the own account and those of groups all,
elsewhere those that may be read, and the folders that lead to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from stalwart.codec.dav.rights import Rights
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction
from stalwart.store.object_types import FILE_NODE


@frozen
class Sight:
    """What somebody sees of an account. ``rights`` are by number, ``above`` folders without rights of his own."""

    is_own: bool
    rights: Mapping[int, Rights] = field(factory=dict)
    above: frozenset[int] = frozenset()

    @classmethod
    def of(cls, tx: Transaction, viewer: Viewer, account_id: int) -> Sight:
        """What ``viewer`` sees in one transaction."""
        if viewer.belongs_to(account_id):
            return cls(True)
        rights: dict[int, Rights] = {}
        for grant in tx.shares.granted(viewer.grantees, account_id):
            if grant.type == FILE_NODE:
                rights[grant.object_id] = rights.get(grant.object_id, Rights.NONE) | Rights(grant.rights)
        rights = {id: held for id, held in rights.items() if Rights.READ in held}
        return cls(False, rights, frozenset(tx.collections.nodes.above(account_id, rights)) - rights.keys())

    def shows(self, id: int) -> bool:
        """Whether he sees that there is a file or folder of this number."""
        return self.is_own or id in self.rights or id in self.above

    def may_read(self, id: int) -> bool:
        """Whether he sees what is in it."""
        return self.is_own or id in self.rights

    def held(self, id: int) -> Rights:
        """What he may do with it."""
        return Rights.all() if self.is_own else self.rights.get(id, Rights.NONE)

    def all(self) -> list[int] | None:
        """The numbers of all that he sees; None is everything."""
        return None if self.is_own else sorted({*self.rights, *self.above})

    def among(self, ids: Iterable[int]) -> tuple[int, ...]:
        """Those of the numbers that he sees."""
        return tuple(ids) if self.is_own else tuple(id for id in ids if self.shows(id))
