"""One card that is made, changed, copied or destroyed (RFC 9610 3.5): what may be, then what is written.

The parts of CardDAV write it: its rules, quotas, locks and the bin hold here too. As nobody can show the token of a
lock, what is locked is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import uuid4

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.errors import Forbidden, NotFound
from stalwart.groupware.contacts import Contacts, ExaminedCard
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.groupware.locking import Touch, is_locked
from stalwart.groupware.resources import Resource, locate, new_name
from stalwart.groupware.viewers import Viewer
from stalwart.groupware.violations import Rule, Violation
from stalwart.jmap.contacts.card_properties import ADDRESS_BOOK_IDS, OWN
from stalwart.jmap.contacts.conversion import (
    Card,
    Prepared,
    Written,
    refused,
    shown,
    wanted_card,
    written,
)
from stalwart.jmap.contacts.sight import Sight
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.equality import same
from stalwart.store import Transaction
from stalwart.store.collection_rows import Placed

_MOST_BOOKS: Final = 1000


class Writing:
    """One change in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, change: Change) -> None:
        self._tx = tx
        self._asking = asking
        self._change = change
        self._account_id = asking.account_id
        self._viewer = Viewer.of(asking.access)
        self._contacts: Contacts = asking.services["contacts"]
        self._prepared = Prepared.of(asking)
        self._sight = Sight.of(tx, self._viewer, asking.account_id)

    def create(self, original: tuple[bytes, Card] | None = None) -> int:
        """A new card, or a copy of one in another account."""
        new = self._change.new
        books = self._books(new[ADDRESS_BOOK_IDS])
        self._require_adding(books)
        is_new = new.get("uid") is None
        if is_new:
            new["uid"] = self._prepared.uids.get(self._change.key) or new_uid()
        previous, former = original or (None, None)
        made = self._written({**(shown(former) if former else {}), **new}, previous, former)
        if made.given is None:
            assert previous is not None  # it means what its original means
            given = self._contacts.examine(previous)
        else:
            given = made.given
        name = f"{new_name()}.vcf"
        first, *others = books
        place = self._place(first, name, Touch.ITSELF | Touch.NAME, is_new=True)
        id = self._put(place, given, is_new=is_new)
        for book in others:
            self._link(Placed(first, name, 0), book)
        self._prepared.read[id] = (given.octets, made.card)
        return id

    def update(self) -> dict[str, Any]:
        """What the patch says; answers what its client does not know."""
        changed, id = self._change.changed, self._change.id or 0
        further: dict[str, Any] = {}
        if changed.keys() - OWN:
            further = self._rewrite(id)
        if ADDRESS_BOOK_IDS in changed:
            self._rebook(id, set(self._books(changed[ADDRESS_BOOK_IDS])))
        return further

    def destroy(self) -> None:
        """Put it into the bin, out of all its address books."""
        id = self._change.id or 0
        places = self._all_places(id)
        if not all(self._sight.may(place.collection_id, Rights.REMOVE_ITEMS) for place in places):
            raise Forbidden("You may not destroy this card.")
        for place in places:
            self._remove(place)

    def _written(self, wire: Card, previous: bytes | None, former: Card | None) -> Written:
        """What is to be kept: as it was prepared, if nobody has changed anything since."""
        wanted = wanted_card(wire, former, self._prepared.contents)
        ready = self._prepared.written.get(self._change.key)
        if ready is not None and ready.previous == previous and same(ready.wanted, wanted):
            return ready
        self._prepared.spend(previous or b"")
        return written(self._contacts, wanted, previous, former)

    def _rewrite(self, id: int) -> dict[str, Any]:
        place = next(iter(self._seen_places(id)), None)
        if place is None or not self._may_write(id):
            raise Forbidden("You may not change this card.")
        previous = self._tx.collections.octets(self._account_id, id)
        if previous is None:
            raise NotFound
        former = self._prepared.card(id, previous)
        made = self._written({**shown(former), **self._change.changed}, previous, former)
        found = self._place(place.collection_id, place.segment, Touch.ITSELF)
        if made.given is not None:
            self._put(found, made.given)
            self._prepared.read[id] = (made.given.octets, made.card)
        media = shown(made.card).get("media")
        if "media" in self._change.changed and not same(media, self._change.new["media"]):
            return {"media": media}
        return {}

    def _rebook(self, id: int, wanted: set[int]) -> None:
        """Have it in other address books; where who asks does not see it, it stays."""
        places = {place.collection_id: place for place in self._seen_places(id)}
        more, less = wanted - places.keys(), places.keys() - wanted
        self._require_adding(more)
        if more and not self._may_write(id, less):
            text = "You may not change this card, so not put it into another address book either."
            raise SetRefused("forbidden", text, (ADDRESS_BOOK_IDS,))
        if not all(self._sight.may(book, Rights.REMOVE_ITEMS) for book in less):
            raise SetRefused("forbidden", "You may not take it from this address book.", (ADDRESS_BOOK_IDS,))
        source = next(iter(places.values()), None)
        if source is None:
            raise NotFound
        for book in sorted(more):
            self._link(source, book)
        for book in sorted(less):
            self._remove(places[book])

    def _books(self, given: dict[str, bool]) -> list[int]:
        """The numbers of address books that are there for who asks."""
        if not given:
            raise SetRefused("invalidProperties", "A card is in at least one address book.", (ADDRESS_BOOK_IDS,))
        if len(given) > _MOST_BOOKS:
            raise SetRefused("invalidProperties", "These are too many address books.", (ADDRESS_BOOK_IDS,))
        found: list[int] = []
        for id in given:
            number = number_of(id)
            type = None if number is None else self._tx.collections.type_of(self._account_id, number)
            is_there = type == ADDRESS_BOOKS.type
            if number is None or not is_there or not (self._sight.is_own or number in (self._sight.rights or ())):
                raise SetRefused("invalidProperties", "There is no such address book.", (f"{ADDRESS_BOOK_IDS}/{id}",))
            found.append(number)
        return found

    def _require_adding(self, books: Any) -> None:
        for book in books:
            if not self._sight.may(book, Rights.ADD_ITEMS):
                place = (f"{ADDRESS_BOOK_IDS}/{encode_id(book)}",)
                raise SetRefused("forbidden", "You may not add cards to this address book.", place)

    def _may_write(self, id: int, gone: Collection[int] = ()) -> bool:
        """Whether who asks may write in all the address books that a card is in, but for those that it leaves."""
        held = [each.collection_id for each in self._all_places(id) if each.collection_id not in gone]
        return all(self._sight.may(book, Rights.MODIFY_ITEMS) for book in held)

    def _seen_places(self, id: int) -> list[Placed]:
        return self._sight.places(self._tx, [id]).get(id, [])

    def _all_places(self, id: int) -> list[Placed]:
        return Sight(self._account_id).places(self._tx, [id]).get(id, [])

    def _place(self, book: int, name: str, touch: Touch, *, is_new: bool = False) -> Resource:
        """A place in an address book that nobody has locked."""
        home = self._asking.services["homes"].get(self._tx, self._account_id)
        above = self._tx.collections.path(self._account_id, book)
        if home is None or above is None:
            raise NotFound
        found = locate(self._tx, self._viewer, ADDRESS_BOOKS, home, (*above, name), is_new=is_new)
        if is_locked(self._tx, found, touch, self._asking.now):
            raise Forbidden("It is locked by a program that works on it.")
        return found

    def _put(self, found: Resource, given: ExaminedCard, *, is_new: bool = False) -> int:
        now = self._asking.now
        try:
            return self._contacts.put(self._tx, found, given, now=now, has_new_uid=is_new).member.item_id
        except Violation as broken:
            raise self._refused(broken) from None

    def _link(self, source: Placed, book: int) -> None:
        there = self._tx.collections.member(self._account_id, book, source.segment)
        name = source.segment if there is None else f"{uuid4()}.vcf"
        to = self._place(book, name, Touch.ITSELF | Touch.NAME)
        found = self._place(source.collection_id, source.segment, Touch(0))
        try:
            self._asking.services["placing"].copy(self._tx, found, to, None, self._asking.now)
        except Violation as broken:
            raise self._refused(broken) from None

    def _remove(self, place: Placed) -> None:
        found = self._place(place.collection_id, place.segment, Touch.ITSELF | Touch.NAME)
        self._asking.services["bin"].remove(self._tx, found, self._asking.now)

    def _refused(self, broken: Violation) -> SetRefused:
        problem = refused(broken)
        if broken.rule is not Rule.UID_TAKEN or broken.holder is None:
            return problem
        holder = self._tx.collections.member(self._account_id, *broken.holder)
        if holder is None:
            return SetRefused("invalidProperties", "The uid of a card cannot be changed.", ("uid",))
        if holder.item_id == self._change.id:
            return SetRefused("invalidProperties", "The uid of a card cannot be changed.", ("uid",))
        if not self._seen_places(holder.item_id):
            return SetRefused("invalidProperties", "This uid cannot be used.", ("uid",))
        id = encode_id(holder.item_id)
        return SetRefused("invalidProperties", f'The card "{id}" in the address book has this uid.', ("uid",))


def new_uid() -> str:
    """One that nothing else has (RFC 9553 2.1.9)."""
    return uuid4().urn
