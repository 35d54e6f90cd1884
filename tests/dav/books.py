"""Cards in the first address book of alice, for tests of what is asked about them."""

from __future__ import annotations

from tests.codec.vcard import cards
from tests.dav.world import ALICE, DavWorld

BOOK = f"/dav/card/{ALICE}/default"
CARDS = {
    "apple": cards.APPLE,
    "davx5": cards.DAVX5,
    "google": cards.GOOGLE,
    "nextcloud": cards.NEXTCLOUD,
    "phone": cards.PHONE,
    "thunderbird": cards.THUNDERBIRD,
}


class BookWorld(DavWorld):
    """A server with an address book that has cards of many clients."""

    def setUp(self) -> None:
        super().setUp()
        for name, octets in CARDS.items():
            self.put(name, octets)

    def put(self, name: str, octets: bytes, status: int = 201, **given: str) -> None:
        """Keep a card in the book."""
        self.expect(status, "PUT", f"{BOOK}/{name}.vcf", octets, **given)
