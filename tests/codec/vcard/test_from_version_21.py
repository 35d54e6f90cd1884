"""vCard 2.1 as vCard 3.0: encodings, escapes, parameters."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.from_version_21 import translated
from tests.codec.vcard.cards import card


def told(*lines: str) -> list[str]:
    """The lines in 3.0, without VERSION."""
    return [each.line for each in translated(read_card(card(*lines, version="2.1"))).properties][1:]


class TranslatingTests(SynchronousTestCase):
    def test_texts_are_escaped_as_3_0_has_it(self) -> None:
        self.assertEqual(told("NOTE:a,b;c\\;d\\e"), ["NOTE:a\\,b\\;c\\;d\\\\e"])
        self.assertEqual(told("N:Do\\;e;John,Jack;;;"), ["N:Do\\;e;John\\,Jack;;;"])
        self.assertEqual(told("CATEGORIES:a,b"), ["CATEGORIES:a,b"])

    def test_what_is_no_text_stays(self) -> None:
        for line in ("GEO:1.5,2.5", "URL:http://x.example/?a,b;c", "X-A:b,c;d", "UID:a,b"):
            self.assertEqual(told(line), [line])

    def test_parameters_get_names_and_encodings_go(self) -> None:
        self.assertEqual(told("TEL;HOME;FAX:1"), ["TEL;TYPE=HOME,FAX:1"])
        self.assertEqual(told("LOGO;GIF;ENCODING=BASE64:AA\r\n BB"), ["LOGO;ENCODING=b;TYPE=GIF:AABB"])
        self.assertEqual(told("TITLE;CHARSET=UTF-8;QUOTED-PRINTABLE;LANGUAGE=de:a=C3=A4"), ["TITLE;LANGUAGE=de:aä"])

    def test_a_card_of_an_agent_is_text(self) -> None:
        inner = "BEGIN:VCARD\r\nFN:A, B\r\nEND:VCARD"
        self.assertEqual(told("AGENT:", inner), ["AGENT:BEGIN:VCARD\\nFN:A\\, B\\nEND:VCARD"])
