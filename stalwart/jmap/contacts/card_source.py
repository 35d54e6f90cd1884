"""Cards as the standard methods see them: vCards of ``tx.collections`` as JSContact, written by ``writing``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.errors import NotFound, TooLarge
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.contacts.card_properties import ADDRESS_BOOK_IDS, OWN
from stalwart.jmap.contacts.conversion import MOST_LINES, Prepared, lines, shown
from stalwart.jmap.contacts.querying import results
from stalwart.jmap.contacts.sight import Sight
from stalwart.jmap.contacts.writing import Writing
from stalwart.jmap.sharing.seeing import item_changes, seen_state
from stalwart.jmap.standard.apart import apart
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.store import Transaction
from stalwart.store.object_types import ADDRESS_BOOK, CONTACT_CARD
from stalwart.store.rows import Changes

_TOO_MUCH: Final = "That is more than one request gives; ask for fewer cards at a time."


@frozen
class CardSource:
    """``Source`` over the cards of address books."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return seen_state(tx, asking, CONTACT_CARD)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        sight, prepared = Sight.of(tx, Viewer.of(asking.access), asking.account_id), Prepared.of(asking)
        wanted = sight.all(tx, limit) if ids is None else ids
        places = sight.places(tx, wanted)
        found: Found = []
        octets = {}
        if not OWN.issuperset(names):
            octets = tx.collections.octets_of(asking.account_id, places)
            if len(octets) > 1 and sum(map(lines, octets.values())) > MOST_LINES:
                raise TooLarge(_TOO_MUCH)
        convert = prepared.card if len(octets) == 1 else prepared.any_card
        for id in wanted:
            there = places.get(id)
            if there is None:
                continue
            with apart(asking.request):
                card = shown(convert(id, octets[id])) if id in octets else {}
                books = {encode_id(place.collection_id): True for place in there}
                found.append((id, {**card, ADDRESS_BOOK_IDS: books}))
        return found

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        viewer, account_id = Viewer.of(asking.access), asking.account_id
        if viewer.belongs_to(account_id):
            return tx.objects.changes(account_id, CONTACT_CARD, since.number, limit, since.origin)
        sight = Sight.of(tx, viewer, account_id)
        return item_changes(
            tx, asking, CONTACT_CARD, ADDRESS_BOOK, since, limit, lambda start: sight.passage(tx, start)
        )

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        return Writing(tx, asking, change).create()

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        return Writing(tx, asking, change).update()

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        Writing(tx, asking, change).destroy()

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        octets = tx.collections.octets(origin.account_id, original)
        if octets is None:
            raise NotFound
        return Writing(tx, asking, change).create((octets, Prepared.of(origin).card(original, octets)))

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        return QueryAnswer(window.cut(Listed(results(tx, asking, query))))

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        """Everything that changed is removed, and added again where it matches."""
        changes = self.changes(tx, asking, since, limit)
        if changes is None or changes.has_more:
            return None
        found = results(tx, asking, query)
        touched = {*changes.created, *changes.updated}
        added = [(index, id) for index, id in enumerate(found) if id in touched]
        return Difference([*changes.updated, *changes.destroyed], added, len(found) if asking.wants_total else None)
