"""Which cards of an address book can be what a filter means, from what is kept beside them (RFC 6352 8.6).

What the index answers alone is not read again; cards with values that it could not take are read in any case.
"""

from __future__ import annotations

from functools import reduce

from attrs import field, frozen

from stalwart.codec.vcard.checking import INCOMPLETE
from stalwart.codec.vcard.filter import Lookup, Plan
from stalwart.store import Transaction

_NONE: frozenset[int] = frozenset()


@frozen
class Found:
    """These items, or all but these."""

    ids: frozenset[int] = field(default=_NONE)
    others: bool = False

    def has(self, id: int) -> bool:
        """Whether an item is one of them."""
        return (id in self.ids) is not self.others

    def and_(self, other: Found) -> Found:
        """Those that are in both."""
        if self.others and other.others:
            return Found(self.ids | other.ids, True)
        if self.others:
            return Found(other.ids - self.ids)
        return Found(self.ids - other.ids if other.others else self.ids & other.ids)

    def or_(self, other: Found) -> Found:
        """Those that are in either."""
        return self.not_().and_(other.not_()).not_()

    def not_(self) -> Found:
        """All others."""
        return Found(self.ids, not self.others)


@frozen
class Candidates:
    """Cards that a filter can mean; those that are not ``sure`` have to be read and asked."""

    possible: Found
    sure: Found


def candidates(tx: Transaction, account_id: int, book_id: int, plan: Plan) -> Candidates:
    """What the index of a book says."""
    everything = Found(others=True)
    if plan.lookups is None:
        return Candidates(everything, everything if plan.exact else Found())
    found = [_looked_up(tx, account_id, book_id, each) for each in plan.lookups]
    possible = reduce(Found.and_ if plan.every else Found.or_, found)
    incomplete = Found(frozenset(tx.collections.having(account_id, book_id, INCOMPLETE)))
    sure = possible.and_(incomplete.not_()) if plan.exact else Found()
    return Candidates(possible.or_(incomplete), sure)


def _looked_up(tx: Transaction, account_id: int, book_id: int, lookup: Lookup) -> Found:
    if lookup.absent or not lookup.conditions:
        ids = tx.collections.having(account_id, book_id, lookup.property)
        return Found(frozenset(ids), lookup.absent)
    return Found(
        frozenset(tx.collections.matching(account_id, book_id, lookup.property, lookup.conditions, every=lookup.every))
    )
