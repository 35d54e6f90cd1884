"""Rows of cards: data is read only where it is asked for."""

from __future__ import annotations

from stalwart.codec.dav.names import name
from stalwart.codec.dav.property_request import ADDRESS_DATA, PropertyRequest
from stalwart.dav.cards import CardRows
from tests.dav.books import BOOK, BookWorld


class CardRowsTests(BookWorld):
    def test_data_are_wanted_where_they_are_named(self) -> None:
        class Asking:
            """A request without fields."""

            def field(self, called: str) -> None:
                """None of them."""

        for names, wanted in (((ADDRESS_DATA,), True), ((name("D:getetag"),), False)):
            rows = CardRows(Asking(), PropertyRequest("prop", names))  # type: ignore[arg-type]
            self.assertIs(rows.wants_octets, wanted)

    def test_dead_properties_are_given_too(self) -> None:
        body = '<D:propertyupdate><D:set><D:prop><x xmlns="urn:x">y</x></D:prop></D:set></D:propertyupdate>'
        self.expect(207, "PROPPATCH", f"{BOOK}/apple.vcf", body)
        asked = (
            '<B:addressbook-query><D:prop><x xmlns="urn:x"/><B:address-data/></D:prop><B:filter>'
            '<B:prop-filter name="FN"><B:text-match>johanna</B:text-match></B:prop-filter></B:filter>'
            "</B:addressbook-query>"
        )
        answer = self.expect(207, "REPORT", BOOK, asked).body
        self.assertIn(b">y<", answer)
        self.assertIn(b"END:VCARD", answer)
