"""Which cards of an address book can be what a filter means, from what is kept beside them (RFC 6352 8.6).

What the index answers alone is not read again; cards with values that it could not take are read in any case.
"""

from __future__ import annotations

from functools import reduce

from attrs import field, frozen

from stalwart.codec.vcard.checking import INCOMPLETE
from stalwart.codec.vcard.filter import Lookup, Plan
from stalwart.store import Transaction
from stalwart.store.collection_rows import Question

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
    questions = [*(_question(each) for each in plan.lookups), Question(INCOMPLETE)]
    *answers, unsure = tx.collections.found_by(account_id, book_id, questions)
    found = [Found(frozenset(ids), each.absent) for each, ids in zip(plan.lookups, answers, strict=True)]
    possible = reduce(Found.and_ if plan.every else Found.or_, found)
    incomplete = Found(frozenset(unsure))
    sure = possible.and_(incomplete.not_()) if plan.exact else Found()
    return Candidates(possible.or_(incomplete), sure)


def _question(lookup: Lookup) -> Question:
    return Question(lookup.property, () if lookup.absent else lookup.conditions, lookup.every)
