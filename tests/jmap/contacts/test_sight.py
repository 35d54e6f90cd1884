"""What has come into somebody's sight, and left it. Tests ``stalwart.jmap.contacts.sight``."""

from __future__ import annotations

from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.jmap.contacts.sight import Sight
from stalwart.store.object_types import CONTACT_CARD
from tests.jmap.contacts.card_case import CardCase


class SightTests(CardCase):
    def setUp(self) -> None:
        super().setUp()
        self.secret = self.made("AddressBook", name="Secret")
        self.sight = Sight(
            self.alice, {self.number_of(self.book): Rights.READ_ITEMS, self.number_of(self.secret): Rights.ADD_ITEMS}
        )

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def test_only_what_may_be_read_is_seen(self) -> None:
        shown, hidden = self.card(), self.card(addressBookIds={self.secret: True})
        ids = [self.number_of(shown), self.number_of(hidden)]
        self.assertEqual(list(self.read(lambda tx: self.sight.places(tx, ids))), ids[:1])
        self.assertEqual(self.read(lambda tx: self.sight.all(tx)), ids[:1])
        self.assertEqual(self.read(lambda tx: Sight(self.alice).all(tx)), ids)
        self.assertTrue(self.sight.may(self.number_of(self.secret), Rights.ADD_ITEMS))

    def test_what_passes(self) -> None:
        stays, goes, comes = self.card(), self.card(), self.card(addressBookIds={self.secret: True})
        since = self.read(lambda tx: tx.objects.state(self.alice, CONTACT_CARD))
        self.update(goes, {"addressBookIds": {self.secret: True}})
        self.update(comes, {f"addressBookIds/{self.book}": True})
        self.update(stays, {"keywords": {"x": True}})
        ids = [self.number_of(each) for each in (stays, goes, comes)]

        def look(tx: Any) -> tuple[list[int], list[int], list[int]]:
            passage = self.sight.passage(tx, since)
            assert passage is not None
            seen = sorted(passage.seen(ids))
            return seen, list(passage.came(seen)), list(passage.left(ids))

        self.assertEqual(self.read(look), ([ids[0], ids[2]], [ids[2]], [ids[1]]))

    def test_what_nobody_knows(self) -> None:
        self.assertIsNone(self.read(lambda tx: self.sight.passage(tx, 1 << 40)))
