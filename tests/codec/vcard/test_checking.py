"""What is known of a card, and what is refused as one."""

from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.checking import INCOMPLETE, LONGEST_TERM, RefusedCard, checked
from stalwart.codec.vcard.lines import MalformedCard
from tests.codec.vcard.cards import ALL, APPLE, GROUP, PHONE, card


class CheckingTests(SynchronousTestCase):
    def test_the_facts_of_a_card(self) -> None:
        _, facts = checked(APPLE)
        self.assertEqual(facts.uid, "7D0E3AC9-9C5F-4E42-8E0A-5BA2F8A4A5A1:ABPerson")
        self.assertEqual((facts.version, facts.kind), ("3.0", "individual"))
        self.assertEqual(facts.name, "Dr. Johanna Q. Appleseed")
        self.assertEqual(facts.emails, ("johanna@example.com", "jo@example.org"))

    def test_cards_of_all_clients_are_taken(self) -> None:
        for name, octets in {**ALL, "phone": PHONE}.items():
            _, facts = checked(octets)
            self.assertTrue(facts.name, name)

    def test_a_group_is_told_by_either_name(self) -> None:
        self.assertEqual(checked(GROUP)[1].kind, "group")
        self.assertEqual(checked(card("KIND:Org", version="4.0"))[1].kind, "org")

    def test_names_come_from_what_there_is(self) -> None:
        for lines, name in (
            (("FN:", "N:Doe;John;;;"), "John Doe"),
            (("N:Doe",), "Doe"),
            (("ORG:A;B",), "A, B"),
            ((), ""),
        ):
            self.assertEqual(checked(card(*lines))[1].name, name)

    def test_neither_name_nor_uid_nor_version_has_to_be_there(self) -> None:
        _, facts = checked(b"BEGIN:VCARD\r\nEND:VCARD\r\n")
        self.assertEqual((facts.uid, facts.version, facts.name), (None, None, ""))

    def test_what_a_card_is_found_by(self) -> None:
        terms = checked(card("FN:Jörg", "N:Doe;Jö;;;", "X-A:b", "ITEM1.EMAIL:a@b.example"))[1].terms
        self.assertIn(("N", "DOE;JO\u0308;;;"), terms)
        self.assertIn(("N", "DOE"), terms)
        self.assertIn(("EMAIL", "A@B.EXAMPLE"), terms)
        self.assertNotIn("X-A", {name for name, _ in terms})

    def test_what_is_too_long_or_too_much_is_told_and_left_out(self) -> None:
        for lines in ((f"FN:{'x' * (LONGEST_TERM + 1)}",), [f"EMAIL:{n}@b.example" for n in range(500)]):
            terms = checked(card(*lines))[1].terms
            self.assertIn((INCOMPLETE, ""), terms)
            self.assertLess(len(terms), 100)

    def test_several_cards_or_uids_are_no_card(self) -> None:
        for octets in (card("FN:a") * 2, card("UID:a", "UID:b"), card(f"UID:{'x' * 2000}")):
            self.assertRaises(RefusedCard, checked, octets)

    def test_what_is_no_vcard_is_refused(self) -> None:
        for octets in (b"", b"\r\n", card(version="5.0"), card("VERSION:4.0"), card("garbage"), card("FN:x")[:-5]):
            with self.assertRaises(MalformedCard) as caught:
                checked(octets)
            self.assertNotIsInstance(caught.exception, RefusedCard)

    def test_a_hostile_card_costs_little(self) -> None:
        began = time.perf_counter()
        for octets in (
            card("N:" + ";\\," * 160_000),
            card(*["EMAIL:aaaaaa@b"] * 19_000),
            card("N:" + "\r\n x" * 120_000),
            card("N" + ';A=""' * 100_000 + ":x"),
            card("FN:" + "\ufdfa" * 150_000),
            card("FN;ENCODING=QUOTED-PRINTABLE:" + "=\r\n" * 19_000, version="2.1"),
        ):
            checked(octets)
        self.assertLess(time.perf_counter() - began, 8.0)
