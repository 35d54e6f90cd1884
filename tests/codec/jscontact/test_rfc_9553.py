"""The examples of RFC 9553, JSContact to vCard to JSContact."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.checking import check
from stalwart.codec.jscontact.plain import plain
from stalwart.codec.jscontact.pointers import difference, same
from stalwart.codec.jscontact.reading import card_of
from stalwart.codec.jscontact.writing import vcard_of
from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.conversion import converted
from tests.codec.jscontact.rfc_9553 import EXAMPLES, UTC_DATE_TIMES, card


class ExampleTests(SynchronousTestCase):
    """One test for each figure."""


def _test(figure: str):  # type: ignore[no-untyped-def]
    def test(self: ExampleTests) -> None:
        given = card(EXAMPLES[figure])
        self.assertEqual(check(given), [])
        text = vcard_of(given)
        again = card_of(text)
        self.assertTrue(same(plain(again), plain(given)), (text, list(difference(plain(again), plain(given)))))
        self.assertEqual(vcard_of(again, read_card(text.encode())), text)
        older = card_of(converted(read_card(text.encode()), "3.0").text())
        self.assertEqual(check(older), [])

    return test


for _figure in EXAMPLES:
    setattr(ExampleTests, f"test_figure_{_figure.split()[0]}", _test(_figure))


class RuleTests(SynchronousTestCase):
    def test_a_card_of_all_figures(self) -> None:
        given: dict[str, object] = {}
        for example in EXAMPLES.values():
            given = {**example, **given}
        localizations = {
            tag: patch for each in EXAMPLES.values() for tag, patch in each.get("localizations", {}).items()
        }
        whole = card({**given, "kind": "group", "name": EXAMPLES["20 (2.2.1.1): phonetic and localizations"]["name"]})
        whole["localizations"] = localizations
        for member in ("addresses", "cryptoKeys", "titles"):
            whole[member] = {
                key: each for example in EXAMPLES.values() for key, each in example.get(member, {}).items()
            }
        self.assertEqual(check(whole), [])
        again = card_of(vcard_of(whole))
        self.assertTrue(same(plain(again), plain(whole)), list(difference(plain(again), plain(whole))))

    def test_moments(self) -> None:
        for text, is_good in UTC_DATE_TIMES:
            self.assertEqual(check(card({"created": text})) == [], is_good, text)
            if is_good:
                self.assertEqual(card_of(vcard_of(card({"created": text})))["created"], text)

    def test_extra_is_reserved(self) -> None:
        self.assertNotEqual(check(card({"extra": 1})), [])
        self.assertNotEqual(check(card({"emails": {"e": {"address": "a@b.c", "extra": 1}}})), [])

    def test_names_that_differ_in_case_only(self) -> None:
        for members in ({"Emails": {}}, {"kind": "Individual"}, {"emails": {"e": {"Address": "a@b.c"}}}):
            self.assertNotEqual(check(card(members)), [], members)
