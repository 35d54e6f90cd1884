"""What PUT of events and of cards have in common."""

from __future__ import annotations

from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav import storing
from tests.codec.vcard.cards import card
from tests.dav.books import BOOK, BookWorld
from tests.dav.world import conditions


class StoringTests(BookWorld):
    def test_a_body_is_refused_by_the_limit_that_it_is_over(self) -> None:
        self.assertIsNotNone(storing.limited_body)
        most = self.tools.contacts.largest
        over_card = self.expect(412, "PUT", f"{BOOK}/x.vcf", b"x" * (most + 1))
        self.assertEqual(conditions(over_card), ["B:max-resource-size"])
        over_request = b"x" * (self.settings.of(WebDav).request_max_size + 1)
        self.expect(413, "PUT", f"{BOOK}/x.vcf", over_request)

    def test_the_holder_of_a_uid_is_named_by_its_url(self) -> None:
        self.expect(201, "PUT", f"{BOOK}/a%20b.vcf", card("UID:1"))
        refused = self.expect(412, "PUT", f"{BOOK}/c.vcf", card("UID:1"))
        self.assertIn(f"<D:href>{BOOK}/a%20b.vcf</D:href>".encode(), refused.body)

    def test_a_refusal_shows_what_is_there_only_where_something_is(self) -> None:
        path = f"{BOOK}/none.vcf"
        refused = self.expect(412, "PUT", path, card(), if_match='"x"', prefer="return=representation")
        self.assertEqual(refused.body, b"")
