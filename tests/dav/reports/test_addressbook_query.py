"""Questions to address books: what is found, and how it is given."""

from __future__ import annotations

from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav import searching
from stalwart.dav.reports import addressbook_query
from tests.codec.vcard.cards import card
from tests.dav.books import BOOK, CARDS, BookWorld
from tests.dav.world import ALICE, STAFF, found, statuses

DATA = "<D:prop><D:getetag/><B:address-data/></D:prop>"


def query(filter: str, props: str = DATA, more: str = "") -> str:
    """The body of a query."""
    return f"<B:addressbook-query>{props}{filter}{more}</B:addressbook-query>"


def prop(name: str, inner: str = "", test: str = "") -> str:
    """A prop-filter."""
    said = f' test="{test}"' if test else ""
    return f'<B:prop-filter name="{name}"{said}>{inner}</B:prop-filter>'


def text(sought: str, **attributes: str) -> str:
    """A text-match."""
    said = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<B:text-match{said}>{sought}</B:text-match>"


class QueryTests(BookWorld):
    def asked(self, filter: str, **given: str) -> set[str]:
        """The names of the cards that a filter finds."""
        body = query(f"<B:filter{given.pop('test', '')}>{filter}</B:filter>")
        answer = self.expect(207, "REPORT", f"{BOOK}/", body, **given)
        return {path.removeprefix(f"{BOOK}/").removesuffix(".vcf") for path in found(answer)}

    def test_all_cards(self) -> None:
        self.assertEqual(self.asked(""), set(CARDS))
        answer = self.expect(207, "REPORT", BOOK, query(""))
        self.assertEqual(len(found(answer)), len(CARDS))

    def test_what_the_index_answers(self) -> None:
        for filter, names in (
            (prop("FN", text("Johanna")), {"apple"}),
            (prop("fn", text("mü")), {"google", "phone"}),
            (prop("FN", text("эмма ванг", match_type="equals")), {"nextcloud"}),
            (prop("N", text("müller", match_type="equals")), {"phone"}),
            (prop("EMAIL", text("@example.", match_type="contains")), set(CARDS) - {"none"}),
            (prop("EMAIL", text(".de", match_type="ends-with")), {"google", "phone"}),
            (prop("TEL", text("+49", match_type="starts-with")), {"google", "phone"}),
            (prop("NICKNAME"), {"apple", "thunderbird"}),
            (prop("NICKNAME", "<B:is-not-defined/>"), {"davx5", "google", "nextcloud", "phone"}),
            (prop("FN", text("_")), set()),
            (prop("FN", text("%")), set()),
            (prop("FN", text("nobody")), set()),
        ):
            self.assertEqual(self.asked(filter), names, filter)

    def test_what_is_read(self) -> None:
        for filter, names in (
            (prop("NOTE", text("zwei")), {"google", "phone"}),
            (prop("item1.EMAIL"), {"apple", "google"}),
            (
                prop("TEL", '<B:param-filter name="TYPE"><B:text-match>work</B:text-match></B:param-filter>'),
                {"davx5", "phone"},
            ),
            (prop("FN", text("johanna", collation="i;octet")), set()),
            (prop("FN", text("o", negate_condition="yes")), {"google", "nextcloud", "thunderbird"}),
            (prop("X-CUSTOM1"), {"thunderbird"}),
        ):
            self.assertEqual(self.asked(filter), names, filter)

    def test_any_is_meant_where_nothing_is_said(self) -> None:
        filters = prop("FN", text("Johanna")) + prop("NICKNAME")
        self.assertEqual(self.asked(filters), {"apple", "thunderbird"})
        self.assertEqual(self.asked(filters, test=' test="allof"'), {"apple"})

    def test_values_too_long_for_the_index_are_found(self) -> None:
        self.put("long", card(f"FN:{'x' * 3000} end"))
        self.assertEqual(self.asked(prop("FN", text(" end", match_type="ends-with"))), {"long"})
        self.assertNotIn("long", self.asked(prop("FN", "<B:is-not-defined/>")))

    def test_changed_cards_are_found_by_what_they_are_now(self) -> None:
        self.put("davx5", CARDS["davx5"].replace(b"Robin van", b"Rasmus van"), 204)
        self.assertEqual(self.asked(prop("FN", text("robin"))), set())
        self.assertEqual(self.asked(prop("FN", text("rasmus"))), {"davx5"})
        self.expect(204, "DELETE", f"{BOOK}/davx5.vcf")
        self.assertEqual(self.asked(prop("FN", text("rasmus"))), set())

    def test_cards_are_given_as_they_are_kept(self) -> None:
        answer = self.expect(207, "REPORT", BOOK, query(f"<B:filter>{prop('FN', text('johanna'))}</B:filter>"))
        (given,) = found(answer).values()
        self.assertEqual((given["B:address-data"].text or "").encode(), CARDS["apple"].replace(b"\r\n", b"\n"))
        etag = self.expect(200, "GET", f"{BOOK}/apple.vcf").headers["etag"]
        self.assertEqual(given["D:getetag"].text, etag)

    def test_a_part_in_another_version(self) -> None:
        data = '<D:prop><B:address-data version="4.0"><B:prop name="BDAY"/></B:address-data></D:prop>'
        body = query(f"<B:filter>{prop('FN', text('johanna'))}</B:filter>", data)
        (given,) = found(self.expect(207, "REPORT", BOOK, body)).values()
        lines = (given["B:address-data"].text or "").split("\n")
        self.assertEqual(lines[1], "VERSION:4.0")
        self.assertIn("BDAY:--0415", lines)
        self.assertEqual(len(lines), 6)

    def test_the_field_accept_counts_each_time(self) -> None:
        body = query(f"<B:filter>{prop('FN', text('johanna'))}</B:filter>")
        for version in ("4.0", "3.0", "2.1", "4.0"):
            (given,) = found(self.expect(207, "REPORT", BOOK, body, accept=f"text/vcard;version={version}")).values()
            self.assertIn(f"VERSION:{version}", given["B:address-data"].text or "")

    def test_results_are_limited_and_that_is_told(self) -> None:
        body = query("<B:filter/>", more="<B:limit><B:nresults>2</B:nresults></B:limit>")
        told = statuses(self.expect(207, "REPORT", BOOK, body))
        self.assertEqual(told.pop(f"{BOOK}"), {"": 507})
        self.assertEqual(len(told), 2)
        whole = query("<B:filter/>", more=f"<B:limit><B:nresults>{len(CARDS)}</B:nresults></B:limit>")
        self.assertEqual(len(statuses(self.expect(207, "REPORT", BOOK, whole))), len(CARDS))

    def test_many_pages(self) -> None:
        self.patch(searching, "PAGE", 2)
        self.patch(addressbook_query, "_SCANNED", 2)
        self.patch(addressbook_query, "_FEW", 0)
        self.assertEqual(self.asked(""), set(CARDS))
        self.assertEqual(self.asked(prop("NOTE", text("zwei"))), {"google", "phone"})
        self.assertEqual(self.asked(prop("FN", text("mü"))), {"google", "phone"})
        body = query("<B:filter/>", more="<B:limit><B:nresults>3</B:nresults></B:limit>")
        self.assertEqual(len(statuses(self.expect(207, "REPORT", BOOK, body))), 4)

    def test_where_there_is_no_book(self) -> None:
        self.expect(405, "REPORT", f"{BOOK}/apple.vcf", query(""))
        self.expect(405, "REPORT", f"/dav/card/{ALICE}/", query(""))
        self.expect(405, "REPORT", f"/dav/cal/{ALICE}/default/", query(""))
        missing = statuses(self.expect(207, "REPORT", f"/dav/card/{ALICE}/none/", query("")))
        self.assertEqual(missing, {f"/dav/card/{ALICE}/none/": {"": 404}})
        self.expect(403, "REPORT", f"{BOOK}/", query(""), user="carol")
        self.expect(207, "REPORT", f"/dav/card/{STAFF}/default/", query(""), user="bob")

    def test_unknown_collations_are_refused(self) -> None:
        self.expect(412, "REPORT", BOOK, query(f"<B:filter>{prop('FN', text('a', collation='i;x'))}</B:filter>"))

    def test_the_answer_of_before_is_not_given_after_a_change(self) -> None:
        body = query(f"<B:filter>{prop('FN', text('alix'))}</B:filter>")
        before = self.expect(207, "REPORT", BOOK, body).body
        self.assertEqual(self.expect(207, "REPORT", BOOK, body).body, before)
        self.put("another", card("FN:Alix Zwei"))
        self.assertEqual(len(found(self.expect(207, "REPORT", BOOK, body))), 2)

    def test_no_more_than_the_server_gives(self) -> None:
        self.assertGreater(self.settings.of(WebDav).max_results, len(CARDS))

    def test_a_card_of_two_names_is_given_under_each_once(self) -> None:
        self.put("one", card("FN:Zwei Namen", "NOTE:doppelt"))
        self.expect(201, "COPY", f"{BOOK}/one.vcf", destination=f"{BOOK}/zzz.vcf")
        self.patch(searching, "PAGE", 1)
        for few in (0, 64):
            self.patch(addressbook_query, "_FEW", few)
            for filter in (prop("NOTE", text("doppelt")), prop("FN", text("zwei"))):
                body = query(f"<B:filter>{filter}</B:filter>") + f"<!-- {few} -->"
                answer = self.expect(207, "REPORT", BOOK, body).body
                for name in ("one", "zzz"):
                    self.assertEqual(answer.count(f"{name}.vcf<".encode()), 1)
