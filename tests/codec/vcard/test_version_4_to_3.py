"""vCard 4.0 as vCard 3.0."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.version_4_to_3 import downgraded
from tests.codec.vcard.cards import card


def told(*lines: str) -> list[str]:
    """The lines in 3.0, without VERSION."""
    return [each.line for each in downgraded(read_card(card(*lines, version="4.0"))).properties][1:]


class DowngradingTests(SynchronousTestCase):
    def test_groups_of_labels_are_new_ones(self) -> None:
        found = told("item7.TEL:1", "RELATED;TYPE=child,x;VALUE=text:A", "RELATED;TYPE=friend;VALUE=text;PREF=1:B")
        self.assertEqual(
            found,
            [
                "item7.TEL:1",
                "item8.X-ABRELATEDNAMES;TYPE=x:A",
                "item8.X-ABLabel:_$!<Child>!$_",
                "item9.X-ABRELATEDNAMES;TYPE=PREF:B",
                "item9.X-ABLabel:_$!<Friend>!$_",
            ],
        )

    def test_octets_in_uris(self) -> None:
        self.assertEqual(told("PHOTO:data:image/png;base64,AA=="), ["PHOTO;TYPE=PNG;ENCODING=b:AA=="])
        self.assertEqual(told("PHOTO:data:image/png;base64\\,AA=="), ["PHOTO;TYPE=PNG;ENCODING=b:AA=="])
        self.assertEqual(told("KEY:data:application/pgp-keys;base64,AA=="), ["KEY;TYPE=PGP;ENCODING=b:AA=="])
        self.assertEqual(told("PHOTO:https://x.example/a.png"), ["PHOTO;VALUE=uri:https://x.example/a.png"])

    def test_numbers_in_uris(self) -> None:
        self.assertEqual(told("TEL;VALUE=uri:tel:+1-555;ext=5"), ["TEL:+1-555\\;ext=5"])
        self.assertEqual(told("TEL;VALUE=uri:sip:a@b.example"), ["TEL;VALUE=uri:sip:a@b.example"])

    def test_types_between_quotes_are_several(self) -> None:
        self.assertEqual(told('TEL;TYPE="cell,home":1'), ["TEL;TYPE=cell,home:1"])
        self.assertEqual(told('TEL;TYPE="cell,home";TYPE=x;PREF=1:1'), ["TEL;TYPE=cell,home,x,PREF:1"])
        self.assertEqual(told('RELATED;TYPE="child,x";VALUE=text:A')[0], "item1.X-ABRELATEDNAMES;TYPE=x:A")

    def test_lines_of_labels(self) -> None:
        for written in ("12 Main\\nSt\\, 5", "12 Main^nSt, 5"):
            found = told(f'ADR;TYPE=home;LABEL="{written}":;;x;;;;')
            self.assertEqual(found, ["ADR;TYPE=home:;;x;;;;", "LABEL;TYPE=home:12 Main\\nSt\\, 5"])

    def test_what_is_the_same_in_both_keeps_its_text(self) -> None:
        lines = ["EMAIL;type=HOME:a@b.example", "note:x", "LANG:de"]
        self.assertEqual(told(*lines), lines)
