"""Character sets: labels, supersets, and that no octets fail."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import charsets

LABELS = (
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "gb2312",
    "iso-2022-jp",
    "utf-7",
    "utf-16",
    "utf-32",
    "hz-gb-2312",
    "big5",
    "x-none",
)


class LabelTests(SynchronousTestCase):
    def test_labels_of_mail(self) -> None:
        for label, codec in {
            "UTF-8": "utf_8",
            "utf8": "utf_8",
            "latin1": "cp1252",
            "ISO_8859-1:1987": "cp1252",
            "cp-1252": "cp1252",
            "windows-1252": "cp1252",
            "x-cp1251": "cp1251",
            "CP936": "gb18030",
            "ks_c_5601-1987": "cp949",
            "x-sjis": "cp932",
            "Windows-31J": "cp932",
            "iso-8859-8-i": "iso8859_8",
            "utf-8*en": "utf_8",
            "KOI8-R": "koi8_r",
            "ISO-8859-11": "cp874",
            "cp437": "cp437",
        }.items():
            self.assertEqual(charsets.codec(label), codec, label)

    def test_only_text_can_be_named(self) -> None:
        for label in ("zlib", "bz2", "hex", "base64", "rot13", "uu", "quopri", "idna", "punycode", "mbcs", "undefined"):
            self.assertIsNone(charsets.codec(label), label)
        for label in ("unicode_escape", "raw-unicode-escape", "", "-", "utf-9", "os.system", "../x", "a" * 1000):
            self.assertIsNone(charsets.codec(label), label)


class DecodingTests(SynchronousTestCase):
    def test_partial_octets_may_end_within_a_character(self) -> None:
        for label in ("utf-8", "us-ascii", "gb18030", "shift_jis", "x-none"):
            octets = "日本".encode("utf-8" if label in ("us-ascii", "x-none") else label)
            text, problem = charsets.decode(octets[:-1], label, partial=True)
            self.assertEqual((text, problem), ("日", label == "x-none"), label)

    def test_mark_of_byte_order_is_not_shown(self) -> None:
        for label in ("utf-8", "utf-16", "us-ascii"):
            octets = "\ufeffa".encode("utf-16-le" if label == "utf-16" else "utf-8")
            self.assertEqual(charsets.decode(octets, label), ("a", False))

    def test_utf_16_without_a_mark(self) -> None:
        self.assertEqual(charsets.decode("ab".encode("utf-16-le"), "utf-16")[0], "ab")
        self.assertEqual(charsets.decode("ab".encode("utf-16-be"), "utf-16")[0], "ab")

    def test_characters_of_vendors(self) -> None:
        for octets, label, text in (
            (b"\x1b$B-!-j\x1b(B x", "iso-2022-jp", "①㈱ x"),
            (b"\x1b$B%F%9%H\x1b(B", "us-ascii", "テスト"),
            (b"\x1b$B%F%9%H", "iso-2022-jp", "テスト"),
            (b"\x1b(I1\x1b(B", "iso-2022-jp", "ｱ"),
            ("€".encode("cp950"), "big5", "€"),
            ("嘅".encode("big5hkscs"), "big5", "嘅"),
            ("①".encode("euc_jis_2004"), "euc-jp", "①"),
        ):
            self.assertEqual(charsets.decode(octets, label), (text, False))

    @settings(max_examples=300)
    @given(st.binary(max_size=60), st.sampled_from(LABELS), st.booleans())
    def test_all_octets_become_text_that_can_be_sent(self, octets: bytes, label: str, partial: bool) -> None:
        text, _ = charsets.decode(octets, label, partial)
        self.assertEqual(text.encode("utf-8").decode("utf-8"), text)

    @given(st.text(max_size=40), st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-32-be", "utf-7"]))
    def test_text_comes_back(self, text: str, label: str) -> None:
        octets = text.encode(label)
        self.assertEqual(charsets.decode(octets, label), (text.removeprefix("\ufeff"), False))
