"""What holds for all Cards and all vCards: nothing is lost, on the way there and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.checking import check
from stalwart.codec.jscontact.plain import plain
from stalwart.codec.jscontact.pointers import copied, difference, same
from stalwart.codec.jscontact.reading import card_of
from stalwart.codec.jscontact.writing import vcard_of
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.checking import checked
from stalwart.codec.vcard.conversion import converted
from tests.codec.jscontact.made import LINE, cards, vcards


class LawTests(SynchronousTestCase):
    def _assert_same(self, one: dict, other: dict) -> None:  # type: ignore[type-arg]
        self.assertTrue(same(one, other), list(difference(one, other)))

    @given(cards())
    def test_a_card_that_is_written_is_read_as_it_was(self, card: dict) -> None:  # type: ignore[type-arg]
        self.assertEqual(check(card), [])
        text = vcard_of(card)
        self._assert_same(plain(card_of(text)), plain(card))
        checked(text.encode())

    @given(cards())
    def test_the_plain_form_is_the_plainest(self, card: dict) -> None:  # type: ignore[type-arg]
        self.assertEqual(check(plain(card)), [])
        self._assert_same(plain(plain(card)), plain(card))

    @given(vcards())
    def test_any_vcard_is_a_card(self, vcard: Card) -> None:
        card = card_of(vcard)
        self.assertEqual(check(card), [])
        self._assert_same(card_of(vcard), card)

    @given(vcards())
    def test_what_is_read_is_plain(self, vcard: Card) -> None:
        if not vcard.all("JSPROP"):
            self._assert_same(plain(card_of(vcard)), card_of(vcard))

    @given(vcards())
    def test_a_card_that_nobody_has_changed_is_the_vcard_that_it_was(self, vcard: Card) -> None:
        self.assertEqual(vcard_of(card_of(vcard), vcard), converted(vcard, "4.0").text())

    @given(vcards())
    def test_a_vcard_that_was_read_can_be_written_anew(self, vcard: Card) -> None:
        card = card_of(vcard)
        self._assert_same(plain(card_of(vcard_of(card))), plain(card))

    @given(vcards(), cards(), st.data())
    def test_any_card_can_be_made_of_any_other(self, vcard: Card, card: dict, data: st.DataObject) -> None:  # type: ignore[type-arg]
        mixed = copied(card_of(vcard))
        for name in data.draw(st.sets(st.sampled_from(sorted({*mixed, *card})), max_size=6)):
            if name in card:
                mixed[name] = card[name]
            elif name not in ("uid", "kind"):
                mixed.pop(name)
        if check(mixed) or len({each.text.strip() for each in vcard.all("UID")}) > 1:
            return
        text = vcard_of(mixed, vcard)
        self._assert_same(plain(card_of(text)), plain(mixed))
        checked(text.encode())

    @given(vcards(), LINE)
    def test_a_change_touches_no_other_line(self, vcard: Card, address: str) -> None:
        card = card_of(vcard)
        if "emails" not in card or [each.text.strip() for each in vcard.all("UID")] != [card["uid"]]:
            return
        changed = copied(card)
        name = next(iter(changed["emails"]))
        changed["emails"][name]["address"] = address
        before = {each.line for each in converted(vcard, "4.0").properties}
        after = {each.line for each in read_card(vcard_of(changed, vcard).encode()).properties}
        touched = {line.partition(":")[0].partition(";")[0].rpartition(".")[2].upper() for line in before - after}
        self.assertLessEqual(touched, {"EMAIL", "X-ABLABEL", "JSPROP"})
