"""Encoded words (RFC 2047): the examples of the RFC, and words that come back."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.encoded_words import composed, decode, encode

PIECES = st.lists(
    st.sampled_from(["=?", "?=", "?", "=", "utf-8", "q", "b", "=?utf-8?q?a?=", " ", "\r\n ", "ü", "QQ==", '"', "_"])
)


class DecodingTests(SynchronousTestCase):
    def test_examples_of_the_standard(self) -> None:
        # RFC 2047 8, as text
        for raw, text in {
            "=?ISO-8859-1?Q?a?=": "a",
            "=?ISO-8859-1?Q?a?= b": "a b",
            "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=": "ab",
            "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=": "ab",
            "=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=": "ab",
            "=?ISO-8859-1?Q?a_b?=": "a b",
            "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=": "a b",
            "=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>": "Keith Moore <moore@cs.utk.edu>",
            "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=": "Keld Jørn Simonsen",
            "=?ISO-8859-1?Q?Andr=E9?= Pirard": "André Pirard",
            "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
            " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=": (
                "If you can read this you understand the example."
            ),
            "Nathaniel Borenstein (=?iso-8859-8?b?7eXs+SDv4SDs6Pj08A==?=)": (
                "Nathaniel Borenstein (=?iso-8859-8?b?7eXs+SDv4SDs6Pj08A==?=)"
            ),
        }.items():
            self.assertEqual(decode(raw), text)

    def test_words_in_the_wrong_place_are_not_decoded(self) -> None:
        # RFC 8621 4.1.2.2
        for raw in (
            "x=?utf-8?q?a?=",
            "=?utf-8?q?a?=x",
            "=?utf-8?q?a b?=",
            '"=?utf-8?q?a?="',
            "=?utf-8?q?a?==?utf-8?q?b?=",
        ):
            self.assertEqual(decode(raw), raw)

    def test_lenient_decoding_takes_them(self) -> None:
        for raw, text in {
            "x=?utf-8?q?a?=y": "xay",
            "=?utf-8?q?a b?=": "a b",
            "=?utf-8?q?a?==?utf-8?q?b?=": "ab",
            "=?utf-8?q?gr\xfcn?=": "grün",
        }.items():
            self.assertEqual(decode(raw, lenient=True), text)

    @settings(max_examples=300)
    @given(PIECES, st.booleans())
    def test_any_text_is_decoded_to_something(self, pieces: list[str], lenient: bool) -> None:
        self.assertIsInstance(decode("".join(pieces), lenient), str)


class EncodingTests(SynchronousTestCase):
    @settings(max_examples=300)
    @given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=300), st.integers(0, 40))
    def test_words_come_back_and_are_short(self, text: str, first: int) -> None:
        words = encode(text, first)
        self.assertEqual(decode("\r\n ".join(words)), text)
        self.assertLessEqual(len(words[0]), 75 - first)  # RFC 2047 2
        self.assertTrue(all(len(word) <= 75 for word in words))

    def test_each_word_is_whole(self) -> None:
        # RFC 2047 5: no character is cut apart
        for word in encode("日本語" * 50):
            self.assertNotIn("\ufffd", decode(word))


class NormalizationTests(SynchronousTestCase):
    @given(st.text(max_size=300))
    def test_text_is_in_nfc(self, text: str) -> None:
        self.assertEqual(composed(text), unicodedata.normalize("NFC", text))

    def test_long_text_is_in_nfc(self) -> None:
        text = "u\u0308ber alles, " * 1000
        self.assertEqual(composed(text), unicodedata.normalize("NFC", text))
