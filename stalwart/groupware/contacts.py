"""Cards of address books (RFC 6352 5.1, 6.3.2, spec/dav.md 4.6): examined before they are kept, kept as they came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from zlib import crc32

from attrs import frozen

from stalwart.codec.icalendar.lines import has_controls, without_controls
from stalwart.codec.jscontact.terms import FACTS, terms
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.checking import CardFacts, RefusedCard, check, checked
from stalwart.codec.vcard.lines import MalformedCard
from stalwart.config.collaboration.address_book import AddressBook
from stalwart.errors import OverQuota
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.groupware.resources import Resource
from stalwart.groupware.violations import Rule, Violation
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Store, Transaction
from stalwart.store.collection_rows import Member, NewItem

SMALL: Final = 128 * 1024
"""Cards up to this size are examined in less than a thread would take to begin."""
_AT_ONCE: Final = 200
_MOST_KNOWN: Final = 100_000
_LARGEST: Final = 1 << 30  # what was stored under another limit is read under this one
_TOO_MANY: Final = "The account has as many cards as it may have."


@frozen
class ExaminedCard:
    """A card that may be kept, in its octets. ``terms`` are what JMAP finds it by."""

    octets: bytes
    facts: CardFacts
    terms: tuple[tuple[str, str], ...] = ()

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """All that it is found by."""
        return (*self.facts.terms, *self.terms)


@frozen
class KeptCard:
    """What came of a write."""

    member: Member
    is_new: bool


class Contacts:
    """Examines and writes cards, within the limits of the settings and the quotas of accounts."""

    def __init__(self, settings: Any, quotas: Quotas) -> None:
        self._settings = settings
        self._quotas = quotas
        self._indexed: set[int] = set()

    @property
    def largest(self) -> int:
        """How many octets a card may have."""
        size: int = self._settings.of(AddressBook).max_v_card_size
        return size

    def examine(self, octets: bytes) -> ExaminedCard:
        """Read and judge a card; it is not known yet where it goes. Needs no transaction, may be called in any thread.
        Raises Violation.
        """
        most = self.largest
        if len(octets) > most:
            raise Violation(Rule.TOO_LARGE, limit=most)
        if has_controls(octets):  # nor can they be in texts of PostgreSQL
            octets = without_controls(octets)
        try:
            card, facts = checked(octets, max_octets=most)
        except RefusedCard as error:
            raise Violation(Rule.WRONG_OBJECT, error.detail) from error
        except MalformedCard as error:
            raise Violation(Rule.UNREADABLE, error.detail) from error
        return ExaminedCard(octets, facts, terms(card))

    def put(
        self, tx: Transaction, found: Resource, given: ExaminedCard, *, now: int, has_new_uid: bool = False
    ) -> KeptCard:
        """Keep a card where ``found`` is, which was guarded before; what is there in the same octets stays as it is.
        Nothing else has the UID if that is new, made up just now. Raises Violation, OverQuota.
        """
        account_id, member = found.account_id, found.member
        data: dict[str, Any] = {}
        if member is not None:
            row = tx.objects.get(account_id, member.item_id)
            data = dict(row.data or {}) if row is not None else {}
            if tx.collections.octets(account_id, member.item_id) == given.octets:
                return KeptCard(member, False)
            if row is not None and row.uid is not None and row.uid != given.facts.uid:
                raise Violation(Rule.UID_TAKEN, holder=(found.place, found.name))
        else:
            self._check_count(tx, account_id)
        if not has_new_uid:
            self._check_uid(tx, found, given.facts.uid)
        self._quotas.check(tx, account_id, len(given.octets) - (member.size if member is not None else 0))
        is_new, item = member is None, card_item(given, data)
        kept, _ = tx.collections.put(account_id, found.place, found.name, item, now=now, is_new=is_new)
        return KeptCard(kept, is_new)

    async def complete_index(self, store: Store, account_id: int) -> None:
        """Have what cards are found by be there for all of an account, also those that were kept before it was."""
        if account_id in self._indexed:
            return
        item_type = ADDRESS_BOOKS.item_type

        def lacking(tx: Transaction) -> list[int]:
            return tx.collections.index.without(account_id, item_type, FACTS, _AT_ONCE)

        while ids := await store.read(lacking):
            await store.write(lambda tx, ids=ids: self.index(tx, account_id, ids))  # type: ignore[misc]
        if len(self._indexed) >= _MOST_KNOWN:
            self._indexed.clear()
        self._indexed.add(account_id)

    def index(self, tx: Transaction, account_id: int, item_ids: Iterable[int]) -> None:
        """Write down anew what cards are found by."""
        for item_id, octets in tx.collections.octets_of(account_id, item_ids).items():
            try:
                card = read_card(octets, max_octets=_LARGEST)
                values = ExaminedCard(octets, check(card), terms(card)).values
            except MalformedCard:
                values = terms(Card())
            tx.collections.index.replace(account_id, item_id, values)

    def _check_uid(self, tx: Transaction, found: Resource, uid: str | None) -> None:
        """No two cards of an address book have one UID; a card may be in several books."""
        if uid is None:
            return
        holders = tx.collections.by_uid(found.account_id, ADDRESS_BOOKS.item_type, uid)
        item_id = found.member.item_id if found.member is not None else None
        others = [each for each in holders if each.item_id != item_id]
        if not others:
            return
        places = {found.place}
        if item_id is not None:
            places.update(each.collection_id for each in tx.collections.places(found.account_id, item_id))
        for holder in others:
            if holder.collection_id in places:
                raise Violation(Rule.UID_TAKEN, holder=(holder.collection_id, holder.segment))

    def _check_count(self, tx: Transaction, account_id: int) -> None:
        most = self._settings.of(AddressBook).max_contacts
        if most is not None and tx.objects.count(account_id, ADDRESS_BOOKS.item_type) >= most:
            raise OverQuota(_TOO_MANY)


def card_item(given: ExaminedCard, data: dict[str, Any]) -> NewItem:
    """A card as the store keeps it, with ``data`` beside it and what it is found by."""
    facts, octets = given.facts, given.octets
    return NewItem(crc32(octets) or 1, octets, uid=facts.uid, data=data or None, values=given.values)
