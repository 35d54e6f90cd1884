"""Cards are examined and kept within limits."""

from __future__ import annotations

from functools import partial

from twisted.internet.defer import Deferred

from stalwart.codec.jscontact.terms import FACTS, TEXT
from stalwart.config.collaboration.address_book import AddressBook
from stalwart.errors import OverQuota
from stalwart.groupware.contacts import Contacts, KeptCard
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.groupware.resources import locate
from stalwart.groupware.viewers import Viewer
from stalwart.groupware.violations import Rule, Violation
from stalwart.store import Transaction
from stalwart.store.collection_rows import NewItem
from tests.codec.vcard.cards import APPLE, card
from tests.dav.world import DavWorld


class ContactsTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.contacts: Contacts = self.tools.contacts
        self.book: int = self.successResultOf(self.store.write(self._make))

    def _make(self, tx: Transaction) -> int:
        return tx.collections.create(self.alice, ADDRESS_BOOKS.type, ADDRESS_BOOKS.home, "book", now=1).item_id

    def put(self, name: str, octets: bytes) -> KeptCard:
        """Keep a card as alice."""
        kept: KeptCard = self.successResultOf(self.putting(name, octets))
        return kept

    def putting(self, name: str, octets: bytes) -> Deferred[KeptCard]:
        """The same, not looked at yet."""

        def work(tx: Transaction) -> KeptCard:
            home = Home(self.alice, "alice@example.test")
            found = locate(tx, Viewer(self.alice), ADDRESS_BOOKS, home, ("book", name))
            return self.contacts.put(tx, found, self.contacts.examine(octets), now=2)

        return self.store.write(work)

    def test_what_a_card_is_found_by_is_kept_beside_it(self) -> None:
        kept = self.put("a", APPLE)
        for how, text in (("^", "DR. JOHANNA"), ("*", "APPLESEED"), ("$", "SEED")):
            conditions = ((how, text),)
            found = self.successResultOf(self.store.read(partial(self._matching, conditions)))
            self.assertEqual(found, {kept.member.item_id})

    def _matching(self, conditions: tuple[tuple[str, str], ...], tx: Transaction) -> set[int]:
        return tx.collections.matching(self.alice, self.book, "FN", conditions, every=True)

    def test_what_was_kept_before_is_indexed_once(self) -> None:
        kept = self.put("a", APPLE)
        id, index = kept.member.item_id, (lambda tx: tx.collections.index)
        broken = NewItem(1, b"no card")

        def spoil(tx: Transaction) -> int:
            tx.collections.index.replace(self.alice, id, [])
            return tx.collections.put(self.alice, self.book, "b", broken, now=3)[0].item_id

        other = self.successResultOf(self.store.write(spoil))
        before = self.successResultOf(self.store.read(lambda tx: tx.objects.state(self.alice, ADDRESS_BOOKS.item_type)))
        for _ in range(2):
            self.successResultOf(Deferred.fromCoroutine(self.contacts.complete_index(self.store, self.alice)))
        found = self.successResultOf(self.store.read(lambda tx: index(tx).ids(self.alice, TEXT, ["APPLESEED"])))
        self.assertEqual(found, {id})
        self.assertEqual(self.successResultOf(self.store.read(partial(self._matching, (("*", "SEED"),)))), {id})
        listed = self.successResultOf(self.store.read(lambda tx: index(tx).ids(self.alice, FACTS)))
        self.assertEqual(listed, {id, other})
        after = self.successResultOf(self.store.read(lambda tx: tx.objects.state(self.alice, ADDRESS_BOOKS.item_type)))
        self.assertEqual(before, after)

    def test_characters_that_xml_and_databases_do_not_have_are_left_out(self) -> None:
        examined = self.contacts.examine(APPLE.replace(b"Appleseed", b"App\0le\x1bseed"))
        self.assertEqual(examined.octets, APPLE)

    def test_the_same_octets_change_nothing(self) -> None:
        first = self.put("a", APPLE)
        again = self.put("a", APPLE)
        self.assertEqual((first.is_new, again.is_new), (True, False))
        self.assertEqual(first.member.etag, again.member.etag)

    def test_rules_have_names(self) -> None:
        for octets, rule in (
            (b"x", Rule.UNREADABLE),
            (APPLE + APPLE, Rule.WRONG_OBJECT),
            (card("NOTE:" + "x" * self.contacts.largest), Rule.TOO_LARGE),
        ):
            with self.assertRaises(Violation) as caught:
                self.contacts.examine(octets)
            self.assertIs(caught.exception.rule, rule)

    def test_no_more_cards_than_an_account_may_have(self) -> None:
        self.put("a", card("FN:a"))
        self.contacts._settings = _Settings(AddressBook(max_contacts=1))
        self.put("a", card("FN:b"))
        self.failureResultOf(self.putting("b", card("FN:c")), OverQuota)

    def test_no_more_octets_than_an_account_may_have(self) -> None:
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": 1000}})
        self.put("a", card("NOTE:" + "x" * 700))
        self.put("a", card("NOTE:" + "y" * 800))
        self.failureResultOf(self.putting("b", card("NOTE:" + "x" * 300)), OverQuota)


class _Settings:
    """Settings with other limits of address books."""

    def __init__(self, book: AddressBook) -> None:
        self._book = book

    def of(self, declared: type) -> AddressBook:
        """The one that is there."""
        assert declared is AddressBook
        return self._book
