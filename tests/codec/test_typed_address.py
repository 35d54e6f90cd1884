"""Addresses as strangers type them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.typed_address import LONGEST, TypedAddress, typed_address

TAKEN = {
    "Jane@Example.org": ("jane@example.org", "example.org"),
    " jane@example.org\n": ("jane@example.org", "example.org"),
    "jane@example.org.": ("jane@example.org", "example.org"),
    "jane.doe+tag@example.org": ("jane.doe+tag@example.org", "example.org"),
    "o'neil&co@example.org": ("o'neil&co@example.org", "example.org"),
    '"jane doe"@example.org': ('"jane doe"@example.org', "example.org"),
    '"a@b"@example.org': ('"a@b"@example.org', "example.org"),
    r'"a\"b"@example.org': (r'"a\"b"@example.org', "example.org"),
    "jane@BÜCHER.example": ("jane@bücher.example", "xn--bcher-kva.example"),
    "jürgen@xn--bcher-kva.example": ("jürgen@xn--bcher-kva.example", "xn--bcher-kva.example"),
    "jane@localhost": ("jane@localhost", "localhost"),
    f"{'a' * 64}@example.org": (f"{'a' * 64}@example.org", "example.org"),
}
REFUSED = (
    "",
    "jane",
    "@",
    "jane@",
    "@example.org",
    "jane@.",
    "jane@..",
    "jane@example.org..",
    "jane@example..org",
    "jane doe@example.org",
    "<x>@y",
    "jane@[192.0.2.1]",
    "jane@192.0.2.1",
    "jane@-example.org",
    "jane@exa mple.org",
    "jane@example.org/<x>",
    ".jane@example.org",
    "jane.@example.org",
    "ja..ne@example.org",
    "jane\x00@example.org",
    "jane\x1b[31m@example.org",
    "jane\u202e@example.org",
    "jane\u200b@example.org",
    "jane\ud800@example.org",
    '"jane@example.org',
    '"ja"ne"@example.org',
    '"jane\r\n"@example.org',
    '"jane\\"@example.org',
    f"{'a' * 65}@example.org",
    f"{'ü' * 33}@example.org",
    "a@" + ".".join(["b" * 60] * 5),
    "a" * 100_000 + "@example.org",
)


class AddressTests(SynchronousTestCase):
    def test_what_is_taken(self) -> None:
        for given_text, expected in TAKEN.items():
            self.assertEqual(typed_address(given_text), TypedAddress(*expected), given_text)

    def test_what_is_refused(self) -> None:
        self.assertEqual([text for text in REFUSED if typed_address(text) is not None], [])

    @settings(max_examples=300)
    @given(st.text(st.characters(), max_size=30), st.text(st.sampled_from('@."\\ <a.xü\x00'), max_size=30))
    def test_any_text(self, local: str, domain: str) -> None:
        found = typed_address(f"{local}@{domain}")
        if found is not None:
            self.assertLessEqual(len(found.text.encode()), LONGEST)
            self.assertTrue(found.text.isprintable() and found.domain.isascii())
            self.assertEqual(typed_address(found.text), found)
