"""Who sees which cards (RFC 9610 2): in the own account and those of groups all, elsewhere those of address books that
may be read. A card in several books is shown in those that somebody sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from stalwart.codec.dav.rights import Rights
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.sharing.seeing import Passage
from stalwart.store import Transaction
from stalwart.store.collection_rows import Placed
from stalwart.store.object_types import ADDRESS_BOOK, CONTACT_CARD

_ALL = (1 << 63) - 1


@frozen
class Sight:
    """``rights`` are those on address books by number; None where everything may be done."""

    account_id: int
    rights: Mapping[int, Rights] | None = field(default=None)

    @classmethod
    def of(cls, tx: Transaction, viewer: Viewer, account_id: int) -> Sight:
        """What ``viewer`` sees of an account."""
        if viewer.belongs_to(account_id):
            return cls(account_id)
        rights: dict[int, Rights] = {}
        for grant in tx.shares.granted(viewer.grantees, account_id):
            if grant.type == ADDRESS_BOOK:
                rights[grant.object_id] = rights.get(grant.object_id, Rights.NONE) | Rights(grant.rights)
        return cls(account_id, rights)

    @property
    def is_own(self) -> bool:
        """Whether he sees everything."""
        return self.rights is None

    @property
    def books(self) -> list[int]:
        """The address books whose cards may be read, where these are not all."""
        return [id for id in self.rights or () if self.may(id, Rights.READ_ITEMS)]

    def may(self, book_id: int, wanted: Rights) -> bool:
        """Whether he has rights on an address book."""
        return self.rights is None or wanted in self.rights.get(book_id, Rights.NONE)

    def places(self, tx: Transaction, ids: Iterable[int]) -> dict[int, list[Placed]]:
        """Where he sees each of these cards; those that he does not see are left out."""
        found = tx.collections.index.places(self.account_id, CONTACT_CARD, ids)
        if self.rights is None:
            return found
        seen = {
            id: [place for place in places if self.may(place.collection_id, Rights.READ_ITEMS)]
            for id, places in found.items()
        }
        return {id: places for id, places in seen.items() if places}

    def all(self, tx: Transaction, limit: int = _ALL) -> list[int]:
        """The numbers of the cards that he sees."""
        index = tx.collections.index
        if self.rights is None:
            return index.all(self.account_id, CONTACT_CARD, limit)
        return sorted(index.inside(self.account_id, self.books))[:limit]

    def passage(self, tx: Transaction, since: int) -> Passage | None:
        """What has come into his sight since a state, and left it; None: nobody knows any more."""
        return Passage.of(tx, self.account_id, self.books, lambda ids: self.places(tx, ids), since)
