"""Tests ``stalwart.jmap.files.names``."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.paths import decode_segment, encode_segment
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.files.names import LONGEST_NAME, checked_name, free_name, glob


class NameTests(SynchronousTestCase):
    def test_names_that_there_can_be(self) -> None:
        for name in (
            "a",
            " a ",
            "...",
            "a.txt",
            "COM",
            "com10",
            "CON.txt",
            "é",
            "日本",
            "~$x%#&'+,;=@[]{}^`!",
            "a" * 255,
        ):
            self.assertEqual(checked_name(name), name)

    def test_names_that_there_cannot_be(self) -> None:
        wrong = [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a:b",
            "a*",
            "a?",
            'a"',
            "<a",
            "a>",
            "a|b",
            "con",
            "Lpt9",
            "a\n",
            "\x7f",
            "\x9f",
        ]
        for name in [*wrong, "a" * 256, "é" * 128, "\ud800", "\ufffe", "\ufdd0", "a\u2028b"]:
            self.assertRaises(SetRefused, checked_name, name)

    def test_one_spelling_is_kept(self) -> None:
        self.assertEqual(checked_name("e\u0301"), "é")

    @given(st.text(max_size=300))
    def test_what_is_kept_webdav_can_carry(self, text: str) -> None:
        try:
            name = checked_name(text)
        except SetRefused:
            return
        self.assertEqual(decode_segment(encode_segment(name)), name)
        self.assertTrue(unicodedata.is_normalized("NFC", name))
        self.assertLessEqual(len(free_name(name, ()).encode()), LONGEST_NAME)


class FreeNameTests(SynchronousTestCase):
    def test_the_number_stands_before_the_ending(self) -> None:
        for name, free in (
            ("a.txt", "a (2).txt"),
            ("a", "a (2)"),
            (".bashrc", ".bashrc (2)"),
            ("a.tar.gz", "a.tar (2).gz"),
            ("a. b", "a. b (2)"),
        ):
            self.assertEqual(free_name(name, ()), free)

    def test_the_smallest_free_number_counts(self) -> None:
        self.assertEqual(free_name("a.txt", {"a (2).txt", "a (3).txt", "a (5).txt"}), "a (4).txt")

    def test_long_names_are_cut(self) -> None:
        free = free_name("é" * 125 + ".txt", ())
        self.assertTrue(free.endswith("é (2).txt"))
        self.assertLessEqual(len(free.encode()), LONGEST_NAME)


class GlobTests(SynchronousTestCase):
    def test_patterns(self) -> None:
        for pattern, text, matches in (
            ("*.txt", "A.TXT", True),
            ("*.txt", "a.txt.gz", False),
            ("?b", "ab", True),
            ("?b", "b", False),
            ("[ac]x", "cx", True),
            ("[a-c]x", "BX", True),
            ("[!a]x", "ax", False),
            ("[^a]x", "bx", True),
            ("a.b", "axb", False),
            ("[", "[", True),
            ("", "a", False),
            ("*", "line\nline", True),
        ):
            self.assertEqual(glob(pattern)(text), matches, (pattern, text))

    def test_no_pattern_takes_long(self) -> None:
        self.assertFalse(glob("*a" * 500)("a" * 254 + "b"))
        self.assertTrue(glob("[\x00-\U0010ffff]" * 200)("a" * 200))

    @given(st.text(max_size=40), st.text(max_size=40))
    def test_every_pattern_can_be_asked(self, pattern: str, text: str) -> None:
        glob(pattern)(text)
