"""Text of HTML: what is shown, what is not, and cuts outside of tags."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.html_text import cut, text_of, unescape

PIECES = st.lists(
    st.sampled_from(
        [
            "<",
            ">",
            "</",
            "<!--",
            "-->",
            "<script>",
            "</script>",
            "<p>",
            "<b a='",
            "'",
            '"',
            '<a title="x>y">',
            "a",
            "&amp;",
            "&#",
            "9",
        ]
    )
)


class TextTests(SynchronousTestCase):
    def test_what_is_shown(self) -> None:
        for document, text in {
            "<p>a</p><p>b</p>": "a\nb",
            "a<b>b</b>c": "abc",
            "a<br>b": "a\nb",
            "<td>a</td><td>b</td>": "a\nb",
            "a  \n b": "a b",
            "a&nbsp;&amp;&#228;&#xE4;&euro;": "a &ää€",
            "&lt;p&gt;": "<p>",
            "<script>x<p></script>a": "a",
            "<SCRIPT type='a>b'>x</Script >a": "a",
            "<script>never ends": "",
            "<style>p { }</style>a": "a",
            "<head><title>t</title><meta></head><body>a": "a",
            "<head><title>t</title><body>a": "a",
            "<head><title>t</title>a": "a",
            "<!-- <p>x</p> -->a": "a",
            "<!--[if mso]>x<![endif]-->a": "a",
            "<![if !mso]>a<![endif]>": "a",
            "<!doctype html>a": "a",
            "<?xml version='1'?>a": "a",
            '<a title="1 > 0">a</a>': "a",
            "<a title='x' href=it's>a</a>": "a",
            "1 < 2 > 0": "1 < 2 > 0",
            "<": "<",
            "a <b": "a",
            "<p": "",
            "&#0;&#xD800;&#99999999999999999999999;": "\ufffd\ufffd\ufffd",
            "<svg><text>x</text></svg>a": "a",
            "<style/>a": "a",
        }.items():
            self.assertEqual(text_of(document, 1000), text, document)

    def test_no_more_is_read_than_is_asked_for(self) -> None:
        self.assertLess(len(text_of("<p>word</p>" * 100_000, 100)), 200)

    def test_references_with_thousands_of_digits(self) -> None:
        self.assertEqual(unescape("a&#" + "9" * 10_000 + ";b"), "a\ufffdb")

    @settings(max_examples=300)
    @given(PIECES)
    def test_any_document_is_read(self, pieces: list[str]) -> None:
        document = "".join(pieces)
        self.assertNotIn("<script>", text_of(document.replace("&", ""), 1000))


class CutTests(SynchronousTestCase):
    def test_cut_at_tags_and_references(self) -> None:
        for document, length, shown in (
            ("abc", 3, "abc"),
            ("abcd", 3, "abc"),
            ("ab<p>c", 2, "ab"),
            ("ab<p>c", 3, "ab"),
            ("ab<p>c", 4, "ab"),
            ("ab<p>cd", 5, "ab<p>"),
            ('<a title=">">x', 12, ""),
            ("a<!-- > -->b", 9, "a"),
            ("a &amp; b", 5, "a "),
            ("a &amp; b", 7, "a &amp;"),
            ("a < b", 4, "a < "),
        ):
            self.assertEqual(cut(document, length), shown, (document, length))

    @settings(max_examples=300)
    @given(PIECES, st.integers(0, 40))
    def test_what_is_cut_is_the_begin(self, pieces: list[str], length: int) -> None:
        document = "".join(pieces)
        shown = cut(document, length)
        self.assertTrue(document.startswith(shown))
        self.assertLessEqual(len(shown), max(length, 0) if len(document) > length else len(document))
