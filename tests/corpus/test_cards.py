"""The cards of the corpus as JSContact Cards, and back."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.patches import patched
from stalwart.codec.jscontact.checking import check
from stalwart.codec.jscontact.plain import plain
from stalwart.codec.jscontact.pointers import difference, same
from stalwart.codec.jscontact.reading import card_of
from stalwart.codec.jscontact.writing import vcard_of
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.checking import checked
from stalwart.codec.vcard.conversion import converted
from stalwart.codec.vcard.lines import MalformedCard
from tests.corpus import cards
from tests.corpus.address_books import BOOKS
from tests.corpus.changes import differing, of_card
from tests.corpus.damage import damaged
from tests.corpus.people import PEOPLE
from tests.corpus.seeing import seen_of_card


def lines(card: Card) -> Counter[str]:
    """The lines of a card without their groups."""
    return Counter(each.line.partition(".")[2] if each.group else each.line for each in card.properties)


class CorpusTests(SynchronousTestCase):
    def assert_same(self, one: dict[str, Any], other: dict[str, Any], label: str) -> None:
        """Two Cards that mean the same."""
        one, other = plain(one), plain(other)
        self.assertTrue(same(one, other), (label, list(difference(one, other))))

    def test_there_are_many_and_no_two_are_alike(self) -> None:
        octets = {file.octets for file in cards.files()}
        self.assertGreaterEqual(len(octets), 160)
        self.assertEqual(len({file.label for file in cards.files()}), len(octets))
        self.assertEqual(len(octets), len(cards.files()))

    def test_each_program_writes_in_its_own_way(self) -> None:
        self.assertEqual(len({book.octets(PEOPLE[1]) for book in BOOKS}), len(BOOKS))

    def test_each_shows_what_it_means(self) -> None:
        for file in cards.files():
            card = card_of(file.octets)
            self.assertEqual(check(card), [], file.label)
            self.assertEqual(seen_of_card(card, file.shown), file.shown, file.label)

    def test_each_comes_back_byte_for_byte(self) -> None:
        for file in cards.files():
            vcard = read_card(file.octets)
            self.assertEqual(vcard_of(card_of(vcard), vcard), converted(vcard, "4.0").text(), file.label)

    def test_each_is_the_same_without_its_lines(self) -> None:
        for file in cards.files():
            card = card_of(file.octets)
            self.assert_same(card_of(vcard_of(card)), card, file.label)

    def test_each_can_be_had_in_version_3(self) -> None:
        for file in cards.files():
            card = card_of(converted(read_card(file.octets), "3.0").text())
            wanted = {key: value for key, value in file.shown.items() if key not in _OF_4}
            self.assertEqual(seen_of_card(card, wanted), wanted, file.label)

    def test_a_change_is_what_is_read_then_and_touches_nothing_else(self) -> None:
        count = 0
        for file in cards.files():
            vcard = read_card(file.octets)
            card = card_of(vcard)
            for change in of_card(card):
                new = patched(card, change.patch)
                label = f"{file.label}, {change.name}"
                if check(new):
                    continue
                after = vcard_of(new, vcard)
                self.assert_same(card_of(after), new, label)
                touched = differing(lines(converted(vcard, "4.0")), lines(read_card(after.encode())))
                self.assertLessEqual(touched, change.touched | _missing(vcard), label)
                count += 1
        self.assertGreater(count, 1000)


_OF_4 = ("members", "kind")


def _missing(card: Card) -> set[str]:
    """What each card of version 4.0 has, and this one has not."""
    return {name for name in ("UID", "FN") if card.first(name) is None}


class DamageTests(SynchronousTestCase):
    """Truncated, exchanged, doubled, overwritten: declared errors, else a card that can be written."""

    def test_any_damage(self) -> None:
        random = Random(2)
        counts = {True: 0, False: 0}
        for file in cards.files():
            if len(file.octets) > 50_000:
                continue
            for octets in damaged(file.octets, random, 6):
                counts[self._survives(file.label, octets)] += 1
        self.assertGreater(min(counts.values()), 50, counts)

    def _survives(self, label: str, octets: bytes) -> bool:
        try:
            vcard, _ = checked(octets)
        except MalformedCard:
            return False
        card = card_of(vcard)
        self.assertEqual(check(card), [], label)
        self.assertEqual(vcard_of(card, vcard), converted(vcard, "4.0").text(), label)
        again, wanted = plain(card_of(vcard_of(card))), plain(card)
        self.assertTrue(same(again, wanted), (label, octets, list(difference(again, wanted))))
        return True
