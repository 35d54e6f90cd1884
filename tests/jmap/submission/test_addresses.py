"""Addresses in the objects of sending."""

from __future__ import annotations

from unittest import TestCase

from stalwart.jmap.standard.scalars import Unfit
from stalwart.jmap.submission.addresses import EmailAddress, path_of


class AddressesTests(TestCase):
    def test_paths(self) -> None:
        for address in ("jane@example.test", '"a b"@example.test', "jane@[192.0.2.1]", "zoë@bücher.test"):
            path = path_of(address)
            assert path is not None, address
            self.assertEqual(path.text, address)

    def test_no_paths(self) -> None:
        for address in (
            "",
            "jane",
            "postmaster",
            "a b@c.test",
            "<jane@c.test>",
            "jane@c.test>",
            "@c.test",
            "a@c.test ",
        ):
            self.assertIsNone(path_of(address), address)

    def test_email_addresses(self) -> None:
        kept = EmailAddress().read({"email": "jane@example.test"})
        self.assertEqual(kept, {"name": None, "email": "jane@example.test"})
        for value, path in (
            ("jane@example.test", ()),
            ({"email": "x"}, ("email",)),
            ({"name": "Jane"}, ("email",)),
            ({"name": 1, "email": "jane@example.test"}, ("name",)),
            ({"name": "x" * 1001, "email": "jane@example.test"}, ("name",)),
            ({"email": "jane@example.test", "x": 1}, ()),
        ):
            with self.assertRaises(Unfit) as caught:
                EmailAddress().read(value)
            self.assertEqual(caught.exception.path, path, value)
