"""Cards by their URLs."""

from __future__ import annotations

from stalwart.dav.reports import addressbook_multiget
from tests.dav.books import BOOK, CARDS, BookWorld
from tests.dav.world import ALICE, BOB, found, statuses


def multiget(*hrefs: str, data: str = "<B:address-data/>") -> str:
    """The body that asks for these."""
    named = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    return f"<B:addressbook-multiget><D:prop><D:getetag/>{data}</D:prop>{named}</B:addressbook-multiget>"


class MultigetTests(BookWorld):
    def test_cards_are_given_in_the_order_of_their_urls(self) -> None:
        self.assertIsNotNone(addressbook_multiget.addressbook_multiget)
        paths = [f"{BOOK}/{name}.vcf" for name in ("google", "apple", "phone")]
        answer = found(self.expect(207, "REPORT", BOOK, multiget(*paths)))
        self.assertEqual(list(answer), paths)
        given = (answer[paths[0]]["B:address-data"].text or "").encode()
        self.assertEqual(given, CARDS["google"].replace(b"\r\n", b"\n"))

    def test_urls_of_any_form_and_what_is_not_there(self) -> None:
        body = multiget(
            f"https://dav.example:8443{BOOK}/apple.vcf",
            f"{BOOK}/none.vcf",
            f"{BOOK}/",
            f"/dav/cal/{ALICE}/default/x.ics",
            f"/dav/card/{BOB}/default/x.vcf",
            "nonsense",
            f"/dav/card/{ALICE.replace('%40', '@')}/default/%61pple.vcf",
        )
        told = statuses(self.expect(207, "REPORT", f"/dav/card/{ALICE}/", body))
        self.assertEqual(told[f"{BOOK}/apple.vcf"], {"D:getetag": 200, "B:address-data": 200})
        self.assertEqual(told[f"{BOOK}/none.vcf"], {"": 404})
        self.assertEqual(told[f"/dav/cal/{ALICE}/default/x.ics"], {"": 404})
        self.assertEqual(told[f"/dav/card/{BOB}/default/x.vcf"], {"": 403})
        self.assertEqual(told["nonsense"], {"": 404})
        self.assertIn(403, [each.get("") for path, each in told.items() if path.rstrip("/") == BOOK])

    def test_versions_and_parts(self) -> None:
        data = '<B:address-data content-type="text/vcard" version="3.0"><B:prop name="N"/></B:address-data>'
        body = multiget(f"{BOOK}/davx5.vcf", f"{BOOK}/phone.vcf", data=data)
        davx5, phone = found(self.expect(207, "REPORT", BOOK, body)).values()
        self.assertIn("N:van der Berg;Robin;;Mx.;Jr.", davx5["B:address-data"].text or "")
        self.assertIn("N:Müller;Jörg Lang;;;", phone["B:address-data"].text or "")

    def test_it_is_about_address_books(self) -> None:
        self.expect(405, "REPORT", f"/dav/cal/{ALICE}/default/", multiget("x"))
