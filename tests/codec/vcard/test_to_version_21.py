"""vCard 3.0 as vCard 2.1."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.to_version_21 import translated
from tests.codec.vcard.cards import card


def told(*lines: str) -> list[str]:
    """The lines in 2.1, without VERSION."""
    return [each.raw.rstrip("\n") for each in translated(read_card(card(*lines))).properties][1:]


class TranslatingTests(SynchronousTestCase):
    def test_escapes_of_3_0_go(self) -> None:
        self.assertEqual(told("NOTE:a\\,b\\;c\\\\d"), ["NOTE:a,b;c\\d"])
        self.assertEqual(told("N:Do\\;e;John\\,Jack;;;"), ["N:Do\\;e;John,Jack;;;"])

    def test_types_stand_alone_if_they_can(self) -> None:
        self.assertEqual(told("TEL;TYPE=home,fax;X-A=b:1"), ["TEL;HOME;FAX;X-A=b:1"])

    def test_text_beyond_ascii_and_lines_are_quoted_printable(self) -> None:
        said = "NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
        self.assertEqual(told("NOTE:ä\\nb"), [f"{said}=C3=A4=0D=0Ab"])
        (long,) = told(f"NOTE:ä{'x y' * 100}")
        self.assertTrue(all(len(line) <= 76 for line in long.split("\n")[1:]))

    def test_octets_end_with_an_empty_line(self) -> None:
        octets = Card(translated(read_card(card("PHOTO;ENCODING=b;TYPE=JPEG:AAAA"))).properties).octets()
        self.assertIn(b"PHOTO;JPEG;ENCODING=BASE64:AAAA\r\n\r\nEND", octets)
