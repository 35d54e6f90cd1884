"""The data of cards among their properties."""

from __future__ import annotations

from stalwart.dav.properties import address_data
from tests.dav.books import BOOK, CARDS, BookWorld
from tests.dav.world import found


class AddressDataTests(BookWorld):
    def test_propfind_gives_cards(self) -> None:
        self.assertIsNotNone(address_data.address_data)
        data = self.text(f"{BOOK}/apple.vcf", "B:address-data")
        self.assertEqual((data or "").encode(), CARDS["apple"].replace(b"\r\n", b"\n"))
        listed = self.properties(f"{BOOK}/", "B:address-data", depth="1")
        self.assertEqual(sum("B:address-data" in each for each in listed.values()), len(CARDS))

    def test_propfind_gives_parts_and_versions(self) -> None:
        body = (
            '<D:propfind><D:prop><B:address-data version="4.0"><B:prop name="KIND"/></B:address-data></D:prop>'
            "</D:propfind>"
        )
        (given,) = found(self.expect(207, "PROPFIND", f"{BOOK}/apple.vcf", body, depth="0")).values()
        self.assertEqual(
            (given["B:address-data"].text or "").split("\n")[:3],
            ["BEGIN:VCARD", "VERSION:4.0", "UID:7D0E3AC9-9C5F-4E42-8E0A-5BA2F8A4A5A1:ABPerson"],
        )

    def test_a_book_has_none(self) -> None:
        self.assertIsNone(self.text(f"{BOOK}/", "B:address-data"))
