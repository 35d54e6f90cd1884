"""Addresses as directories give them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.external.found import Found, PasswordDirectory, TokenDirectory, read_address
from tests.directory.external.world import Issuer, People


class AddressTests(SynchronousTestCase):
    def test_lower_case(self) -> None:
        self.assertEqual(read_address("Alice.B@EXAMPLE.test"), "alice.b@example.test")
        self.assertEqual(read_address("jürgen@bücher.test"), "jürgen@xn--bcher-kva.test")

    def test_nothing_is_repaired(self) -> None:
        for text in (
            "a b@x.test",
            " a@x.test",
            "a@x.test\n",
            "\u212aate@x.test",
            "a%b@x.test",
            "a@b@x.test",
            "a" * 400,
            "",
        ):
            self.assertIsNone(read_address(text), text)

    @given(st.text(max_size=30))
    def test_reading_twice_changes_nothing(self, text: str) -> None:
        for whole in (text, f"{text}@x.test"):
            read = read_address(whole)
            self.assertTrue(read is None or read_address(read) == read)


class KindTests(SynchronousTestCase):
    def test_two_kinds_of_directories(self) -> None:
        self.assertIsInstance(People(), PasswordDirectory)
        self.assertNotIsInstance(People(), TokenDirectory)
        self.assertIsInstance(Issuer(), TokenDirectory)
        self.assertNotIsInstance(Issuer(), PasswordDirectory)

    def test_what_is_not_told_is_none(self) -> None:
        found = Found("a@x.test")
        self.assertEqual((found.name, found.groups, found.aliases, found.marker, found.kind), (*[None] * 4, "User"))
