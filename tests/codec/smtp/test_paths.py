"""Paths: what RFC 5321 4.1.2 and RFC 6531 3.3 allow, and what they do not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.paths import (
    LONGEST_PATH,
    NULL,
    POSTMASTER,
    InvalidPath,
    Path,
    address_literal,
    forward_path,
    is_host,
    reverse_path,
)

GOOD = {
    "<jane@example.test>": ("jane", "example.test"),
    "<Jane.Doe@EXAMPLE.test>": ("Jane.Doe", "example.test"),
    "<a@localhost>": ("a", "localhost"),
    "<!#$%&'*+/=?^_`{|}~-@a_b.test>": ("!#$%&'*+/=?^_`{|}~-", "a_b.test"),
    '<"jane"@a.test>': ("jane", "a.test"),
    '<"a b@c>"@a.test>': ("a b@c>", "a.test"),
    '<"q\\"\\\\q"@a.test>': ('q"\\q', "a.test"),
    '<""@a.test>': ("", "a.test"),
    "<@one.test,@two.test:jane@three.test>": ("jane", "three.test"),
    "<jane@[192.0.2.1]>": ("jane", "[192.0.2.1]"),
    "<jane@[ipv6:2001:DB8:0::1]>": ("jane", "[IPv6:2001:db8::1]"),
    "<jöñé@bücher.test>": ("jöñé", "bücher.test"),
    "<用户@例子.test>": ("用户", "例子.test"),
    f"<{'b' * 120}@a.test>": ("b" * 120, "a.test"),
}
BAD = (
    "",
    "jane@example.test",
    "<jane@example.test",
    "<jane>",
    "<@example.test>",
    "<jane@>",
    "<.jane@a.test>",
    "<jane.@a.test>",
    "<ja..ne@a.test>",
    "<ja ne@a.test>",
    "<ja\u0085ne@a.test>",
    "<ja\u202ene@a.test>",
    "<ja(x)ne@a.test>",
    '<"ja\rne"@a.test>',
    '<"jane@a.test>',
    '<ja"n"e@a.test>',
    "<jane@-a.test>",
    "<jane@a-.test>",
    "<jane@a..test>",
    "<jane@a.test.>",
    "<jane@192.0.2.1>",
    "<jane@[192.0.2.256]>",
    "<jane@[IPv6:1::2::3]>",
    "<jane@[x:y]>",
    "<jane@[]>",
    "<jane@a@b.test>",
    f"<jane@{'a' * 64}.test>",
    f"<jane@{'a.' * 128}test>",
    f"<{'a' * LONGEST_PATH}@b.test>",
    "<jane@xn--.ü>",
)
LOCAL = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


class PathTests(SynchronousTestCase):
    def test_good_ones(self) -> None:
        for text, (local, domain) in GOOD.items():
            self.assertEqual(forward_path(text + " X=1"), (Path(local, domain), " X=1"), text)
            self.assertEqual(reverse_path(text), (Path(local, domain), ""), text)

    def test_bad_ones(self) -> None:
        for text in BAD:
            self.assertRaises(InvalidPath, forward_path, text)
            self.assertRaises(InvalidPath, reverse_path, text)

    def test_the_null_path_is_a_sender_only(self) -> None:
        self.assertEqual(reverse_path("<> SIZE=1"), (NULL, " SIZE=1"))
        self.assertTrue(NULL.is_null)
        self.assertRaises(InvalidPath, forward_path, "<>")

    def test_postmaster_needs_no_domain_as_a_recipient(self) -> None:
        self.assertEqual(forward_path("<PostMaster>"), (POSTMASTER, ""))
        self.assertEqual(POSTMASTER.text, "postmaster")
        self.assertRaises(InvalidPath, reverse_path, "<PostMaster>")

    def test_text_is_quoted_only_where_it_must_be(self) -> None:
        self.assertEqual(forward_path('<"jane"@a.test>')[0].text, "jane@a.test")
        self.assertEqual(forward_path('<"ja ne\\""@a.test>')[0].text, '"ja ne\\""@a.test')
        self.assertEqual((NULL.text, str(NULL)), ("", "<>"))

    def test_what_needs_smtputf8(self) -> None:
        self.assertTrue(Path("jane", "a.test").is_ascii)
        self.assertFalse(Path("jané", "a.test").is_ascii)
        self.assertFalse(Path("jane", "ä.test").is_ascii)

    @given(LOCAL)
    def test_any_local_part_survives_being_written_and_read(self, local: str) -> None:
        path = Path(local, "example.test")
        self.assertEqual(forward_path(str(path)), (path, ""))

    @given(st.text(max_size=80))
    def test_nothing_else_is_raised(self, text: str) -> None:
        for read in (forward_path, reverse_path):
            try:
                path, rest = read(f"<{text}>")
            except InvalidPath:
                continue
            self.assertNotIn("\n", str(path) + rest)

    def test_literals(self) -> None:
        self.assertEqual(address_literal("[IPv6:0:0::1]"), "[IPv6:::1]")
        self.assertTrue(Path("a", "[192.0.2.1]").is_literal)

    def test_hosts(self) -> None:
        for name in ("a", "a.test", "A-b_c.test", "1.test"):
            self.assertTrue(is_host(name), name)
        for name in ("", "a..b", "-a", "a b", "ä.test", "192.0.2.1", "a\n", "a" * 64, "a." * 130 + "a"):
            self.assertFalse(is_host(name), name)
