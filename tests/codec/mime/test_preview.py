"""Previews."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.body_lists import body_lists
from stalwart.codec.mime.preview import LONGEST, of_html, of_text, preview
from stalwart.codec.mime.scanner import scan
from tests.codec.mime.corpus import HTML, multipart, part


class PreviewTests(SynchronousTestCase):
    def test_first_part_that_says_something(self) -> None:
        for expected, data in (
            ("plain words", multipart("alternative", part("text/plain", b"plain words"), HTML)),
            ("html words", HTML),
            ("html words", multipart("mixed", part("text/plain", b" \r\n"), HTML)),
            ("", part("image/png", b"x")),
            ("", b""),
        ):
            self.assertEqual(preview(data, body_lists(scan(data)).text), expected)

    def test_quoted_lines_signature_and_rules_are_left_out(self) -> None:
        self.assertEqual(of_text("Yes.\n> No?\n> Yes?\n-----------\nReally.\n-- \nMy name"), "Yes. Really.")

    def test_quoted_lines_are_better_than_nothing(self) -> None:
        self.assertEqual(of_text("> No?"), "> No?")

    def test_invisible_characters_are_left_out(self) -> None:
        self.assertEqual(of_html("<p>Hi" + "&zwnj;&nbsp;&#847;&shy;&#8203;" * 100 + "there</p>"), "Hi there")
        self.assertEqual(of_text("a\u200bb\x00c"), "abc")

    def test_joiners_within_words_stay(self) -> None:
        self.assertEqual(of_text("می\u200cخواهم 👨\u200d👩"), "می\u200cخواهم 👨\u200d👩")

    def test_style_and_script_are_not_shown(self) -> None:
        self.assertEqual(of_html("<html><head><style>" + "x" * 5000 + "</style></head><body><script>y</script>z"), "z")

    @settings(max_examples=200)
    @given(st.text())
    def test_a_line_of_bounded_length(self, text: str) -> None:
        for shown in (of_text(text), of_html(text)):
            self.assertLessEqual(len(shown), LONGEST)
            self.assertNotIn("\n", shown)
            self.assertEqual(shown, shown.strip())

    def test_cut_is_marked(self) -> None:
        shown = of_text("word " * 100)
        self.assertEqual((len(shown) <= LONGEST, shown[-1]), (True, "…"))
