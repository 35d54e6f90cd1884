"""Cards are read as they are and written as they came."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.content_lines import escaped
from stalwart.codec.vcard.card import Card, read_card, read_cards, version_of
from stalwart.codec.vcard.lines import CardProperty, MalformedCard
from tests.codec.vcard.cards import ALL, APPLE, PHONE, THUNDERBIRD, card
from tests.codec.vcard.test_lines import NAMES, TEXTS


class CardTests(SynchronousTestCase):
    def test_cards_of_clients_are_written_as_they_came(self) -> None:
        for name, octets in ALL.items():
            self.assertEqual(read_card(octets).octets(), octets, name)

    def test_a_card_of_a_phone_is_read(self) -> None:
        read = read_card(PHONE)
        self.assertEqual(
            [each.name for each in read.properties],
            ["VERSION", "N", "FN", "TEL", "TEL", "EMAIL", "ADR", "NOTE", "PHOTO", "X-CLASS"],
        )
        texts = {each.name: each.text for each in read.properties}
        self.assertEqual((texts["N"], texts["FN"]), ("Müller;Jörg Lang;;;", "Jörg Müller"))
        self.assertEqual(texts["NOTE"], "eins\nzwei: drei=")
        self.assertEqual(texts["ADR"], ";;Weg 1\nHinterhaus;Ort, am See;;12345;")
        self.assertTrue(texts["PHOTO"].startswith("/9j/") and "\n" not in texts["PHOTO"])

    def test_a_card_within_a_card_belongs_to_its_agent(self) -> None:
        inner = "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Agent\r\nEND:VCARD"
        octets = card("AGENT:", inner, "FN:Boss", version="2.1")
        read = read_card(octets)
        self.assertEqual(([each.name for each in read.properties]), ["VERSION", "AGENT", "FN"])
        self.assertEqual(read.octets(), octets)

    def test_what_is_no_card_is_refused(self) -> None:
        for octets in (
            b"",
            b"FN:x\r\n",
            b"BEGIN:VCARD\r\nFN:x\r\n",
            b"BEGIN:VCARD\r\ngarbage\r\nEND:VCARD\r\n",
            b"BEGIN:VCARD\r\nEND:VCARD\r\nFN:x\r\n",
            b"BEGIN:VCARD\r\nBEGIN:VCARD\r\nEND:VCARD\r\nEND:VCARD\r\n",
            b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            b"BEGIN:VCARD\r\n" + b"AGENT:\r\nBEGIN:VCARD\r\n" * 100,
            card() * 2,
        ):
            self.assertRaises(MalformedCard, read_card, octets)

    def test_several_cards_are_read_one_after_the_other(self) -> None:
        self.assertEqual(len(read_cards(APPLE + b"\r\n" + THUNDERBIRD)), 2)

    def test_the_version_is_found_without_reading(self) -> None:
        self.assertEqual([version_of(each) for each in (APPLE, THUNDERBIRD, PHONE)], ["3.0", "4.0", "2.1"])
        self.assertIsNone(version_of(b"BEGIN:VCARD\r\nNOTE:VERSION:3.0\r\nEND:VCARD\r\n"))

    @given(st.lists(st.tuples(NAMES, TEXTS, NAMES | st.none()), max_size=8))
    def test_what_is_written_is_read_back(self, given_: list[tuple[str, str, str | None]]) -> None:
        properties = [CardProperty.of(f"X-{name}", escaped(text), {"P": text}, group) for name, text, group in given_]
        octets = Card(properties).octets()
        read = read_card(octets)
        self.assertEqual(
            [(each.name, each.group, each.text) for each in read.properties],
            [(each.name, each.group, each.text) for each in properties],
        )
        self.assertEqual(read.octets(), octets)

    @given(st.binary(max_size=300))
    def test_any_octets_are_a_card_or_malformed(self, octets: bytes) -> None:
        with contextlib.suppress(MalformedCard):
            read_cards(b"BEGIN:VCARD\r\n" + octets + b"\r\nEND:VCARD\r\n")
