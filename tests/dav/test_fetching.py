"""Items by their URLs, page by page."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.paths import Target, parse_reference
from stalwart.dav import contents, fetching
from stalwart.dav.listing import Truncation
from stalwart.groupware.kinds import CALENDARS
from stalwart.store.sql.collections import SqlCollections
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
        self.assertEqual(answer.count("</D:href>"), 6)

    def test_pages_end_where_much_was_read(self) -> None:
        self.patch(fetching, "PAGE_OCTETS", 10)
        second = f"/dav/card/{ALICE}/second"
        self.expect(201, "MKCOL", second)
        self.expect(201, "PUT", f"{second}/a.vcf", card("FN:a"))
        paths = [f"{BOOK}/apple.vcf", f"{second}/a.vcf", f"{BOOK}/davx5.vcf"]
        self.assertEqual(list(found(self.expect(207, "REPORT", BOOK, multiget(*paths)))), paths)
        self.assertGreater(contents.PAGE_OCTETS, 10)

    def test_fewer_are_read_in_one_go_where_there_is_much_in_them(self) -> None:
        self.patch(fetching, "PAGE_OCTETS", 10)
        self.patch(fetching, "_PAGE", 2)
        made: list[int] = []
        before = SqlCollections.named_contents
        self.patch(
            SqlCollections,
            "named_contents",
            lambda of, account, place, names: made.append(len(names)) or before(of, account, place, names),
        )
        paths = [f"{BOOK}/{name}.vcf" for name in ("google", "apple", "phone", "davx5")]
        self.assertEqual(list(found(self.expect(207, "REPORT", BOOK, multiget(*paths)))), paths)
        self.assertEqual(made, [2, 1, 1])

    def test_an_answer_has_an_end(self) -> None:
        self.patch(fetching, "MOST_OCTETS", 10)
        self.patch(fetching, "_PAGE", 2)
        paths = [f"{BOOK}/{name}.vcf" for name in ("google", "apple", "phone")]
        answer = self.expect(207, "REPORT", BOOK, multiget(*paths))
        self.assertEqual(list(statuses(answer)), [*paths[:2], BOOK])
        self.assertEqual(statuses(answer)[BOOK], {"": 507})
        self.assertIn(b"octets", answer.body)
        whole = self.expect(207, "REPORT", BOOK, multiget(*paths[:2]))
        self.assertEqual(list(statuses(whole)), paths[:2])

    def test_more_than_may_be_given_is_told(self) -> None:
        self.patch(fetching, "Truncation", lambda most, path: Truncation(2, path))
        paths = [f"{BOOK}/none{n}.vcf" for n in range(3)]
        told = statuses(self.expect(207, "REPORT", BOOK, multiget(*paths)))
        self.assertEqual((told[BOOK], len(told)), ({"": 507}, 3))


class NamedTests(SynchronousTestCase):
    """What URLs name is the same whether the beginning of one is known from another or not."""

    PIECES = some.sampled_from(
        (
            "/",
            "//",
            "dav",
            "/dav/",
            "/dav/cal/",
            "card",
            "a%40b",
            "%2F",
            "..",
            "a.ics",
            "?x",
            " ",
            "http://h",
            "mailto:",
            "\n",
        )
    )

    @given(some.lists(some.lists(PIECES, max_size=9).map("".join), max_size=4))
    @settings(max_examples=200)
    def test_each_names_what_it_names_alone(self, hrefs: list[str]) -> None:
        folders: dict[str, Target | None] = {}
        for href in (*hrefs, *hrefs):
            try:
                target = parse_reference(href)
            except BadPath:
                target = None
            known = target if target is not None and target.service == "cal" and target.segments else None
            expected = (None, "") if known is None else (known.parent, known.name)
            self.assertEqual(fetching._named(CALENDARS, href, folders), expected, href)
