"""vCard 3.0 as vCard 4.0: what labels say, and where they have to stay."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.version_3_to_4 import upgraded
from tests.codec.vcard.cards import card


def told(*lines: str) -> list[str]:
    """The lines in 4.0, without VERSION."""
    return [each.line for each in upgraded(read_card(card(*lines))).properties][1:]


class UpgradingTests(SynchronousTestCase):
    def test_a_label_of_more_than_one_stays(self) -> None:
        found = told("a.X-ABRELATEDNAMES:B", "a.X-ABLabel:_$!<Spouse>!$_", "a.TEL:1")
        self.assertEqual(found, ["a.RELATED;VALUE=text:B", "a.X-ABLabel:_$!<Spouse>!$_", "a.TEL:1"])

    def test_a_date_with_another_label_stays(self) -> None:
        lines = ["a.X-ABDATE:2020-01-02", "a.X-ABLabel:Einzug"]
        self.assertEqual(told(*lines), lines)

    def test_labels_of_two_addresses_find_theirs(self) -> None:
        found = told("ADR;TYPE=HOME:;;a", "ADR;TYPE=WORK:;;b", "LABEL;TYPE=work:B", "LABEL;TYPE=home:A")
        self.assertEqual(found, ["ADR;TYPE=HOME;LABEL=A:;;a", "ADR;TYPE=WORK;LABEL=B:;;b"])

    def test_types_of_octets_become_media_types(self) -> None:
        self.assertEqual(told("PHOTO;ENCODING=b:AA"), ["PHOTO:data:application/octet-stream;base64,AA"])
        self.assertEqual(told("LOGO;ENCODING=B;TYPE=image/gif:AA"), ["LOGO:data:image/gif;base64,AA"])
        self.assertEqual(told("PHOTO;ENCODING=b;TYPE=PNG,WORK:AA"), ["PHOTO;TYPE=WORK:data:image/png;base64,AA"])

    def test_charsets_go(self) -> None:
        self.assertEqual(told("FN;CHARSET=UTF-8:x"), ["FN:x"])

    def test_what_is_the_same_in_both_keeps_its_text(self) -> None:
        lines = ["EMAIL;type=HOME;type=INTERNET:a@b.example", "note:x", "item1.URL:http\\://x.example"]
        self.assertEqual(told(*lines), lines)
