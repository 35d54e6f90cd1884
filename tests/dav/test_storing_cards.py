"""PUT and GET of cards: what is kept, what is refused, what comes back."""

from __future__ import annotations

from stalwart.config.collaboration.address_book import AddressBook
from stalwart.dav import storing_cards
from tests.codec.vcard import cards
from tests.codec.vcard.cards import card
from tests.dav.books import BOOK, CARDS, BookWorld
from tests.dav.world import ALICE, BOB, conditions

NEW = f"{BOOK}/new.vcf"
ONE, TWO = card("FN:One", "UID:1"), card("FN:Two", "UID:2")


class PutTests(BookWorld):
    def test_cards_come_back_as_they_were(self) -> None:
        for name, octets in CARDS.items():
            read = self.expect(200, "GET", f"{BOOK}/{name}.vcf")
            self.assertEqual(read.body, octets, name)
            self.assertEqual(read.headers["content-type"], storing_cards.CONTENT_TYPE)

    def test_new_then_changed_then_the_same(self) -> None:
        first = self.expect(201, "PUT", NEW, ONE).headers["etag"]
        changed = card("FN:One", "UID:1", "NOTE:x")
        second = self.expect(204, "PUT", NEW, changed, if_match=first).headers["etag"]
        self.assertNotEqual(first, second)
        token = self.text(f"{BOOK}/", "D:sync-token")
        self.assertEqual(self.expect(204, "PUT", NEW, changed).headers["etag"], second)
        self.assertEqual(self.text(f"{BOOK}/", "D:sync-token"), token)
        self.expect(412, "PUT", NEW, ONE, if_match=first)
        self.expect(412, "PUT", NEW, ONE, if_none_match="*")

    def test_no_two_cards_of_a_book_have_one_uid(self) -> None:
        self.expect(201, "PUT", NEW, ONE)
        refused = self.expect(412, "PUT", f"{BOOK}/other.vcf", ONE)
        self.assertEqual(conditions(refused), ["B:no-uid-conflict"])
        self.assertIn(NEW.encode(), refused.body)
        self.expect(201, "MKCOL", f"/dav/card/{ALICE}/second")
        self.expect(201, "PUT", f"/dav/card/{ALICE}/second/one.vcf", ONE)

    def test_a_uid_stays(self) -> None:
        self.expect(201, "PUT", NEW, ONE)
        for octets in (TWO, card("FN:One")):
            refused = self.expect(412, "PUT", NEW, octets)
            self.assertEqual(conditions(refused), ["B:no-uid-conflict"])
            self.assertIn(NEW.encode(), refused.body)
        self.assertEqual(self.expect(200, "GET", NEW).body, ONE)

    def test_a_uid_may_be_missing_and_come_later(self) -> None:
        self.expect(201, "PUT", NEW, card("FN:One"))
        self.expect(201, "PUT", f"{BOOK}/other.vcf", card("FN:One"))
        self.expect(204, "PUT", NEW, ONE)
        self.expect(412, "PUT", f"{BOOK}/other.vcf", ONE)

    def test_a_card_in_two_books_conflicts_in_either(self) -> None:
        second = f"/dav/card/{ALICE}/second"
        self.expect(201, "MKCOL", second)
        self.expect(201, "PUT", NEW, card("FN:One"))
        self.expect(201, "COPY", NEW, destination=f"{second}/copy.vcf")
        self.expect(201, "PUT", f"{second}/two.vcf", TWO)
        self.expect(412, "PUT", NEW, TWO)
        self.expect(204, "PUT", NEW, ONE)
        self.assertEqual(self.expect(200, "GET", f"{second}/copy.vcf").body, ONE)

    def test_what_is_no_card_is_refused(self) -> None:
        for octets, condition in (
            (b"", "B:supported-address-data"),
            (b"garbage", "B:supported-address-data"),
            (ONE[:-5], "B:supported-address-data"),
            (card("no property"), "B:supported-address-data"),
            (card("FN:x", version="7.0"), "B:supported-address-data"),
            ("FN:é".encode("latin-1"), "B:supported-address-data"),
            (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "B:supported-address-data"),
            (ONE + TWO, "B:valid-address-data"),
            (card("UID:1", "UID:2"), "B:valid-address-data"),
        ):
            self.assertEqual(conditions(self.expect(412, "PUT", NEW, octets)), [condition], octets)
        self.expect(404, "GET", NEW)

    def test_what_is_too_large_is_refused(self) -> None:
        most = self.settings.of(AddressBook).max_v_card_size
        large = card("UID:l", "NOTE:" + "x" * most)
        refused = self.expect(412, "PUT", NEW, large)
        self.assertEqual(conditions(refused), ["B:max-resource-size"])
        self.assertIn(str(most).encode(), refused.body)
        fits = card("UID:l", "NOTE:" + "x" * (most - 100))
        self.expect(201, "PUT", NEW, fits)
        self.assertEqual(self.expect(200, "GET", NEW).body, fits)

    def test_who_may_not_write_hears_only_that(self) -> None:
        for octets in (ONE, b"garbage"):
            self.expect(403, "PUT", NEW, octets, user="carol")
        self.expect(403, "PUT", f"/dav/card/{BOB}/default/x.vcf", ONE)
        self.expect(409, "PUT", f"/dav/card/{ALICE}/none/x.vcf", ONE)
        self.expect(405, "PUT", f"{BOOK}/", ONE)

    def test_dead_properties_stay(self) -> None:
        self.expect(201, "PUT", NEW, ONE)
        body = '<D:propertyupdate><D:set><D:prop><x xmlns="urn:x">y</x></D:prop></D:set></D:propertyupdate>'
        self.expect(207, "PROPPATCH", NEW, body)
        self.expect(204, "PUT", NEW, card("FN:New", "UID:1"))
        asked = '<D:propfind><D:prop><x xmlns="urn:x"/></D:prop></D:propfind>'
        self.assertIn(b">y<", self.expect(207, "PROPFIND", NEW, asked, depth="0").body)

    def test_what_is_there_can_be_seen_with_a_refusal_and_after_a_change(self) -> None:
        self.expect(201, "PUT", NEW, ONE)
        refused = self.expect(412, "PUT", NEW, TWO, if_none_match="*", prefer="return=representation")
        self.assertEqual((refused.body, refused.headers["content-type"]), (ONE, storing_cards.CONTENT_TYPE))
        changed = card("UID:1")
        kept = self.expect(200, "PUT", NEW, changed, prefer="return=representation")
        self.assertEqual(kept.body, changed)

    def test_a_card_can_be_posted(self) -> None:
        kept = self.expect(201, "POST", f"{BOOK}/", ONE)
        self.assertEqual(self.expect(200, "GET", kept.headers["location"]).body, ONE)


class GetTests(BookWorld):
    def test_the_version_that_is_liked(self) -> None:
        path = f"{BOOK}/apple.vcf"
        own = self.expect(200, "GET", path, accept="text/vcard;version=3.0, */*;q=0.1")
        self.assertEqual(own.body, cards.APPLE)
        other = self.expect(200, "GET", path, accept="text/vcard;version=4.0")
        self.assertIn(b"\r\nBDAY:--0415\r\n", other.body)
        self.assertEqual(other.headers["etag"], own.headers["etag"])
        self.assertIn("Accept", other.headers["vary"])
        for version in ("3.0", "4.0"):  # the tag is that of both
            accept = f"text/vcard;version={version}"
            again = self.expect(200, "GET", path, accept=accept, if_none_match=own.headers["etag"])
            self.assertIn(f"VERSION:{version}".encode(), again.body)
        self.expect(304, "GET", path, if_none_match=own.headers["etag"])
        self.expect(412, "GET", path, accept="text/vcard;version=4.0", if_match='"x"')
        self.expect(204, "PUT", path, cards.APPLE.replace(b"Jo\r\n", b"Joe\r\n"), if_match=other.headers["etag"])

    def test_head_says_as_much(self) -> None:
        path = f"{BOOK}/apple.vcf"
        head = self.expect(200, "HEAD", path, accept="text/vcard;version=4.0")
        body = self.expect(200, "GET", path, accept="text/vcard;version=4.0").body
        self.assertEqual(head.headers["content-length"], str(len(body)))
