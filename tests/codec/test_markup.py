"""HTML by functions: nothing from outside becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.markup import Markup, filled, join, plain, tag


class Reading(HTMLParser):
    """What a browser would find."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


class TagTests(SynchronousTestCase):
    """Elements."""

    def test_text_is_escaped_and_elements_are_not(self) -> None:
        self.assertEqual(tag("p", "<b>", tag("i", "&"), None), "<p>&lt;b&gt;<i>&amp;</i></p>")

    def test_attributes_are_written_as_html_names_them(self) -> None:
        made = tag("button", class_="main", aria_label='"', hidden=True, disabled=False, value=None)
        self.assertEqual(made, '<button class="main" aria-label="&quot;" hidden></button>')

    def test_elements_without_content_have_no_end(self) -> None:
        self.assertEqual(tag("input", name="a"), '<input name="a">')

    def test_pieces_are_joined(self) -> None:
        self.assertEqual(join(tag("br"), "<", None), Markup("<br>&lt;"))

    def test_sentence_is_filled_with_elements(self) -> None:
        made = filled("<{name}> & more", name=tag("b", "{x}<"))
        self.assertEqual(made, "&lt;<b>{x}&lt;</b>&gt; &amp; more")

    @given(st.text(max_size=60))
    def test_any_text_stays_text(self, text: str) -> None:
        read = Reading(tag("p", tag("input", value=text), text.replace("\r", "").replace("\0", "")))
        self.assertEqual([name for name, _ in read.tags], ["p", "input"])
        self.assertEqual(read.text, text.replace("\r", "").replace("\0", ""))


class PlainTests(SynchronousTestCase):
    """Names from outside."""

    def test_what_cannot_be_seen_is_removed(self) -> None:
        self.assertEqual(plain("A\0p\u202ep\u2066\u200b \u200f X\u2069"), "App X")

    def test_a_name_is_one_line(self) -> None:
        self.assertEqual(plain(" Bank\r\n\tof  \u2028Anywhere "), "Bank of Anywhere")

    def test_long_names_are_cut(self) -> None:
        self.assertEqual(plain("x" * 1000, 10), "x" * 9 + "\u2026")

    def test_letters_of_all_scripts_stay(self) -> None:
        self.assertEqual(plain("Größe שלום 日本"), "Größe שלום 日本")
