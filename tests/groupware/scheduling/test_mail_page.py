"""Pages in mail: the same in plain text and HTML, and nothing from outside becomes markup."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.groupware.scheduling.described import described_object
from stalwart.groupware.scheduling.mail_page import Link, Page, Row, guest_list, html, message, plain_text, rows_of
from stalwart.groupware.scheduling.wording import wording
from tests.codec.test_markup import Reading
from tests.groupware.scheduling.events import INVITED, calendar

EN = wording("en")
PAGE = Page(
    "Lunch <script>",
    "Alice & Bob invite you.",
    [Row("Where", "There <b>", "Here"), Row("Description", "a\nb")],
    [Link("Yes", 'https://x.test/?i="a"&m=ACCEPTED')],
    "Will you come?",
    "Open:",
    ["foot"],
)


class PageTests(SynchronousTestCase):
    def test_plain_text(self) -> None:
        text = plain_text(PAGE, EN)
        self.assertIn("Where: There <b>\n  Before: Here\n", text)
        self.assertIn("Description:\n  a\n  b\n", text)
        self.assertIn('Open:\nYes: https://x.test/?i="a"&m=ACCEPTED\n', text)
        self.assertTrue(text.endswith("-- \nfoot\n"), text)

    def test_html_has_the_same_and_no_markup_of_others(self) -> None:
        page = Reading(html(PAGE, "en", EN, "p@x"))
        names = [name for name, _ in page.tags]
        self.assertNotIn("script", names)
        self.assertNotIn("b", names)
        self.assertIn("Alice & Bob invite you.", page.text)
        links = [dict(given)["href"] for name, given in page.tags if name == "a"]
        self.assertEqual(links, ['https://x.test/?i="a"&m=ACCEPTED'])
        self.assertEqual([dict(given)["src"] for name, given in page.tags if name == "img"], ["cid:p@x"])

    def test_html_is_readable_in_the_dark(self) -> None:
        text = html(PAGE, "de", EN, "p@x")
        self.assertIn('name="color-scheme" content="light dark"', text)
        self.assertIn("prefers-color-scheme:dark", text)
        self.assertIn('<html lang="de"', text)

    def test_parts(self) -> None:
        outline = message(PAGE, "en", EN)
        self.assertEqual(outline.type, "multipart/related")
        forms, picture = outline.parts
        self.assertEqual([each.type for each in forms.parts], ["text/plain", "text/html"])
        assert picture.contents is not None and picture.cid is not None
        self.assertTrue(b"".join(picture.contents()).startswith(b"\x89PNG"))
        self.assertIn(f"cid:{picture.cid}", forms.parts[1].text or "")


class RowTests(SynchronousTestCase):
    def test_what_has_changed_is_told_with_what_it_was(self) -> None:
        old = described_object(calendar("SUMMARY:Lunch", "LOCATION:Here", INVITED), EN)
        new = described_object(calendar("SUMMARY:Dinner", "LOCATION:There", INVITED), EN)
        rows = {each.name: (each.value, each.before) for each in rows_of(new, EN, old)}
        self.assertEqual(rows["Where"], ("There", "Here"))
        self.assertEqual(rows[""], ("Dinner", "Lunch"))
        self.assertEqual(rows["When"][1], "")

    def test_what_it_has_no_more_is_told(self) -> None:
        old, new = described_object(calendar("LOCATION:Here"), EN), described_object(calendar(), EN)
        self.assertIn(Row("Where", "", "Here"), rows_of(new, EN, old))

    def test_the_list_of_guests(self) -> None:
        told = guest_list(described_object(calendar(INVITED), EN), EN).split("\n")
        self.assertEqual(told[0], "Alice (alice@example.test) – organizer")
        self.assertEqual(told[2], "guest@elsewhere.test")
