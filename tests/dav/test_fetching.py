"""Items by their URLs, page by page."""

from __future__ import annotations

from stalwart.dav import contents, fetching
from stalwart.dav.listing import Truncation
from tests.codec.vcard.cards import card
from tests.dav.books import BOOK, BookWorld
from tests.dav.reports.test_addressbook_multiget import multiget
from tests.dav.world import ALICE, found, statuses


class FetchTests(BookWorld):
    def test_many_pages_keep_the_order(self) -> None:
        self.patch(fetching, "_PAGE", 2)
        names = ["google", "none", "apple", "phone", "davx5", "gone", "google"]
        paths = [f"{BOOK}/{name}.vcf" for name in names]
        answer = self.expect(207, "REPORT", BOOK, multiget(*paths)).body.decode()
        places = [answer.index(path) for path in dict.fromkeys(paths)]
        self.assertEqual(places, sorted(places))
        self.assertEqual(answer.count(f"{BOOK}/google.vcf</D:href>"), 2)

    def test_pages_end_where_much_was_read(self) -> None:
        self.patch(fetching, "PAGE_OCTETS", 10)
        second = f"/dav/card/{ALICE}/second"
        self.expect(201, "MKCOL", second)
        self.expect(201, "PUT", f"{second}/a.vcf", card("FN:a"))
        paths = [f"{BOOK}/apple.vcf", f"{second}/a.vcf", f"{BOOK}/davx5.vcf"]
        self.assertEqual(list(found(self.expect(207, "REPORT", BOOK, multiget(*paths)))), paths)
        self.assertGreater(contents.PAGE_OCTETS, 10)

    def test_more_than_may_be_given_is_told(self) -> None:
        self.patch(fetching, "Truncation", lambda most, path: Truncation(2, path))
        paths = [f"{BOOK}/none{n}.vcf" for n in range(3)]
        told = statuses(self.expect(207, "REPORT", BOOK, multiget(*paths)))
        self.assertEqual((told[BOOK], len(told)), ({"": 507}, 3))
