"""What PUT of events and of cards have in common."""

from __future__ import annotations

from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav import storing
from tests.codec.caldav.appendix_b import event
from tests.codec.vcard.cards import card
from tests.dav.books import BOOK, BookWorld
from tests.dav.methods.test_acl import ace, entries
from tests.dav.world import ALICE, conditions


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

    def test_nothing_is_shown_to_who_may_write_and_not_read(self) -> None:
        calendar, liked = f"/dav/cal/{ALICE}/default", "return=representation"
        self.expect(201, "PUT", f"{calendar}/a.ics", event("a", "SUMMARY:x"))
        for place, path, body, other in (
            (calendar, f"{calendar}/a.ics", event("a", "SUMMARY:y"), event("b")),
            (BOOK, f"{BOOK}/apple.vcf", card("UID:2"), card("UID:3")),
        ):
            self.expect(200, "ACL", place, entries(ace("D:write-content")))
            self.expect(403, "GET", path, user="bob")
            for condition in ({"if_none_match": "*"}, {"if_match": '"x"'}):
                refused = self.expect(412, "PUT", path, body, user="bob", prefer=liked, **condition)
                self.assertEqual((refused.body, refused.headers.get("etag")), (b"", None))
            if place is calendar:
                self.assertEqual(self.expect(204, "PUT", path, body, user="bob", prefer=liked).body, b"")
            made = self.expect(201, "POST", f"{place}/", other, user="bob", prefer=liked)
            self.assertEqual((made.body, made.headers.get("preference-applied")), (b"", None))
            self.expect(200, "ACL", place, entries(ace("D:read", "D:write-content")))
            refused = self.expect(412, "PUT", path, body, user="bob", prefer=liked, if_none_match="*")
            self.assertNotEqual(refused.body, b"")
