"""What was found is marked where it stands in the original (RFC 8621 5)."""

from __future__ import annotations

import html
import re
import time

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.search_marks import LONGEST, marked, preview
from stalwart.codec.search_terms import matches, question, terms


def subject(text: str, asked: str) -> str | None:
    return marked(text, question(asked))


class SubjectTests(SynchronousTestCase):
    def test_words_are_marked_wherever_they_are(self) -> None:
        self.assertEqual(subject("The cat, the dog", "the"), "<mark>The</mark> cat, <mark>the</mark> dog")
        self.assertEqual(subject("one two three", "three one"), "<mark>one</mark> two <mark>three</mark>")

    def test_nothing_found_is_none(self) -> None:
        self.assertIsNone(subject("The cat", "bird"))
        self.assertIsNone(subject("", "bird"))

    def test_html_is_escaped(self) -> None:
        self.assertEqual(subject("<b>A & b</b>", "a"), "&lt;b&gt;<mark>A</mark> &amp; b&lt;/b&gt;")

    def test_folded_words_are_marked_in_their_own_form(self) -> None:
        for text, asked, expected in (
            ("Frau Müller kommt", "mueller", "Frau <mark>Müller</mark> kommt"),
            ("Die Straße dort", "STRASSE", "Die <mark>Straße</mark> dort"),
            ("Cafe\u0301 x", "cafe", "<mark>Cafe\u0301</mark> x"),
            ("ﬁne day", "fine", "<mark>ﬁne</mark> day"),
            ("東京都庁へ行く", "京都", "東<mark>京都</mark>庁へ行く"),
            ("東京都庁", "庁", "東京都<mark>庁</mark>"),
            ("東京都庁", "京都庁", "東<mark>京都庁</mark>"),
            ("ｶﾞﾗｽの窓", "ガラス", "<mark>ｶﾞﾗｽ</mark>の窓"),
            ("مُحَمَّدٌ هنا", "محمد", "<mark>مُحَمَّدٌ</mark> هنا"),
            ("to joe.bloggs@example.com now", "joe.bloggs@example.com", "to <mark>joe.bloggs@example.com</mark> now"),
            ("many invoices", "inv*", "many <mark>invoices</mark>"),
        ):
            self.assertEqual(subject(text, asked), expected)

    def test_a_phrase_is_one_mark(self) -> None:
        self.assertEqual(subject("a big - red bus", '"big red"'), "a <mark>big - red</mark> bus")
        self.assertEqual(subject("red big", '"big red"'), None)

    def test_marks_do_not_overlap(self) -> None:
        self.assertEqual(subject("a big red bus", '"big red" "red bus"'), "a <mark>big red bus</mark>")

    @settings(max_examples=300)
    @given(st.text(max_size=60))
    def test_marks_and_escapes_apart_the_text_is_the_same(self, text: str) -> None:
        words = text.replace("*", " ").split()
        assume(words)
        shown = subject(text, words[0])
        if shown is not None:
            self.assertEqual(
                html.unescape(re.sub("</?mark>", "", shown)), html.unescape(html.escape(text, quote=False))
            )
            self.assertNotIn("<mark></mark>", shown)
        elif question(words[0]) and text.isascii():
            self.assertFalse(matches(question(words[0]), terms(text)))


class PreviewTests(SynchronousTestCase):
    def show(self, text: str, asked: str) -> str | None:
        found = preview(text, question(asked))
        if found is not None:
            self.assertLessEqual(len(found.encode()), LONGEST)
            self.assertEqual(found.count("<mark>"), found.count("</mark>"))
            self.assertIn("<mark>", found)
        return found

    def test_it_is_around_the_first_match(self) -> None:
        text = "first words. " * 500 + "here is the needle in the hay. " + "last words. " * 500
        found = self.show(text, "needle")
        assert found is not None
        self.assertIn("here is the <mark>needle</mark> in the hay. last words.", found)
        self.assertTrue(found.startswith("words. first"))

    def test_lines_are_joined(self) -> None:
        self.assertEqual(self.show("one\r\ntwo\n\nthree", "two"), "one <mark>two</mark> three")

    def test_it_begins_with_the_paragraph(self) -> None:
        self.assertEqual(self.show("x\n\nhello there", "there"), "hello <mark>there</mark>")

    def test_nothing_found_is_none(self) -> None:
        self.assertIsNone(self.show("words " * 1000, "needle"))
        self.assertIsNone(self.show("", "needle"))

    def test_it_is_never_too_long(self) -> None:
        for text, asked in (
            ("&" * 500 + " needle " + "<" * 500, "needle"),
            ("n" * 64 + " " + "ä" * 1000, "n" * 64),
            ("needle " * 1000, "needle"),
            ("東京" * 2000, "東京東京"),
            ("x " * 300 + "\U0001f389 " * 400, "\U0001f389"),
            ("one\ntwo\n" * 100, '"' + "one two " * 40 + '"'),
        ):
            self.assertIsNotNone(self.show(text, asked))

    def test_what_lies_between_two_pieces_is_found(self) -> None:
        for length in range(985, 1003):
            text = "a" * length + " hans müller " + "b " * 1000
            self.assertIn("<mark>hans müller</mark>", self.show(text, '"hans müller"') or "")
            text = "あ" * length + "東京都庁" + "い" * 1000
            self.assertIn("<mark>東京都庁</mark>", self.show(text, "東京都庁") or "")

    def test_a_long_text_takes_a_moment(self) -> None:
        begun = time.process_time()
        self.show("die größte Übung " * 3000 + "needle", "needle")
        self.show("東京都庁" * 12_000 + "窓", "窓")
        self.assertLess(time.process_time() - begun, 1.0)

    @settings(max_examples=80)
    @given(st.lists(st.text("abcäß東京é\n<", min_size=1).filter(question), min_size=1, max_size=30), st.data())
    def test_what_is_in_a_text_is_shown(self, pieces: list[str], data: st.DataObject) -> None:
        text = " ".join(pieces)
        self.assertIsNotNone(self.show(text, data.draw(st.sampled_from(pieces))))
