"""addressbook-query: the cards of an address book that a filter means (RFC 6352 8.6, spec/dav.md 9.1).

What names, addresses, numbers and the like are asked for is answered by what is kept beside the cards; others are read,
page by page, and only where that does not rule them out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define, field

from stalwart.codec.dav.addressbook_reports import AddressbookQuery
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.conditions import Filter
from stalwart.codec.vcard.filter import Predicate, plan, predicate, screen
from stalwart.codec.vcard.lines import MalformedCard
from stalwart.dav.asking import Asking
from stalwart.dav.cards import CardRows
from stalwart.dav.contents import Given
from stalwart.dav.declaring import report
from stalwart.dav.searching import Begun, Search, bounds, may_query
from stalwart.groupware.card_search import Candidates, candidates
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.groupware.resources import Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from stalwart.web.answers import Answer, EventStream

_SCANNED: Final = 5000
"""Rows that are looked through in one go for those that are meant."""
_FEW: Final = 64
"""Cards that are read in one go, whatever they hold."""
_LARGEST: Final = 1 << 30  # what was stored under another limit is compared under this one


@report(AddressbookQuery)
async def addressbook_query(asking: Asking, asked: AddressbookQuery) -> Answer | EventStream:
    """What was asked for of the cards that the filter means."""
    may_query(asking, ADDRESS_BOOKS)
    truncation, kept = await bounds(asking, asked.limit)
    rows = CardRows(asking, asked.request or PropertyRequest("prop"))
    meant = (asked.filter, screen(asked.filter), predicate(asked.filter))
    return await _Search(asking, rows, truncation, kept, *meant).answer()


@define
class _Search(Search):
    """The cards that can be meant, then those that are."""

    filter: Filter
    can_be: Callable[[bytes], bool]
    is_meant: Predicate
    _candidates: Candidates | None = field(default=None, init=False)

    def begin(self, tx: Transaction, found: Resource) -> Begun:
        """See ``Search``."""
        can = self._candidates = candidates(tx, found.account_id, found.inside, plan(self.filter))
        if not can.possible.others and len(can.possible.ids) <= _FEW:
            return self._few(tx, found, can), []
        return self.paged(tx, found, self._possible(tx, found, can))

    def _few(self, tx: Transaction, found: Resource, can: Candidates) -> list[bytes]:
        """The responses where so few can be meant that they are read without looking through the book."""
        self.ended(tx)
        ids = can.possible.ids
        read = tx.collections.item_contents(found.account_id, found.inside, ids) if ids else []
        given: list[Given] = [
            (each.member, each.octets) for each in read if self._is_one(can, each.member.item_id, each.octets)
        ]
        return self._written(tx, found, given)

    def _possible(self, tx: Transaction, found: Resource, can: Candidates) -> list[Member]:
        """The members that the filter can mean, by name."""
        members: list[Member] = []
        after = ""
        while page := tx.collections.members(found.account_id, found.inside, after=after, limit=_SCANNED):
            members += (each for each in page if can.possible.has(each.item_id))
            if len(page) < _SCANNED:
                break
            after = page[-1].segment
        return members

    def page(self, tx: Transaction, found: Resource, members: list[Member]) -> list[bytes]:
        """See ``Search``."""
        can = self._candidates
        assert can is not None  # the first page has found them
        unsure = [member.item_id for member in members if not can.sure.has(member.item_id)]
        if unsure:
            read = tx.collections.octets_of(found.account_id, unsure)
            members = [each for each in members if self._is_one(can, each.item_id, read.get(each.item_id))]
        given: list[Given] = [(member, None) for member in members]
        if self.rows.wants_octets and members:
            names = {member.segment for member in members}
            ids = [member.item_id for member in members]
            contents = tx.collections.item_contents(found.account_id, found.inside, ids)
            given = [(each.member, each.octets) for each in contents if each.member.segment in names]
        return self._written(tx, found, given)

    def _written(self, tx: Transaction, found: Resource, given: list[Given]) -> list[bytes]:
        given.sort(key=lambda each: each[0].segment)
        allowed = self.truncation.take(len(given))
        written = self.rows.written(tx, found, given[:allowed])
        if allowed < len(given):
            self.is_over = True
            written.append(self.truncation.told())
        return written

    def _is_one(self, can: Candidates, item_id: int, octets: bytes | None) -> bool:
        if can.sure.has(item_id):
            return True
        if octets is None or not self.can_be(octets):
            return False
        try:
            return self.is_meant(read_card(octets, max_octets=_LARGEST))
        except MalformedCard:
            return False
