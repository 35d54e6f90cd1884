"""Header fields that an e-mail is given (RFC 8621 4.1.2, 4.6)."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from stalwart.codec.mime.header_forms import Form
from stalwart.jmap.drafts.faults import Faults
from stalwart.jmap.drafts.fields import MOST_FIELDS, Field, Fields, outweighs
from stalwart.jmap.errors import SetRefused


class FieldsTests(TestCase):
    """What is written, and what is wrong."""

    def taken(self, given: dict[str, Any]) -> list[Field]:
        faults = Faults()
        fields = Fields(faults)
        for key, value in given.items():
            fields.take(key, value)
        faults.refuse()
        return fields.written

    def wrong(self, given: dict[str, Any]) -> tuple[str, ...]:
        with self.assertRaises(SetRefused) as caught:
            self.taken(given)
        return caught.exception.properties

    def test_names_are_written_as_given_or_as_usual(self) -> None:
        someone = [{"name": None, "email": "a@b.example"}]
        self.assertEqual(
            self.taken({"from": someone, "header:x-OWN:asText": "v", "header:X-Many:all": [" a", " b"]}),
            [
                ("From", Form.ADDRESSES, someone),
                ("x-OWN", Form.TEXT, "v"),
                ("X-Many", Form.RAW, " a"),
                ("X-Many", Form.RAW, " b"),
            ],
        )

    def test_nothing_is_written_for_nothing(self) -> None:
        self.assertEqual(self.taken({"to": [], "cc": None, "references": [], "header:X-A:asURLs:all": []}), [])

    def test_each_wrong_value_is_named(self) -> None:
        for key, value in (
            ("subject", 3),
            ("sentAt", "yesterday"),
            ("sentAt", "2020-01-01T00:00:00"),
            ("from", "a@b.example"),
            ("from", [{"name": "x"}]),
            ("from", [{"email": 3}]),
            ("from", [{"email": "a@b\r\nBcc: c@d"}]),
            ("from", ["a@b.example"]),
            ("messageId", ["a b"]),
            ("messageId", "a@b"),
            ("header:Subject:asDate", "2020-01-01T00:00:00Z"),
            ("header:From:asText", "a@b.example"),
            ("header:X-A:asText:all", "v"),
            ("header:X-A:asWhatever", "v"),
            ("header:", "v"),
            ("header:X A", "v"),
            ("header:X-A", "v\r\nInjected: yes"),
            ("header:X-A:all:asText", ["v"]),
            ("header:X-A:asGroupedAddresses", [{"name": "g", "addresses": [{}]}]),
            ("header:X-A:asGroupedAddresses", [3]),
        ):
            self.assertEqual(self.wrong({key: value}), (key,), (key, value))

    def test_a_field_is_given_once(self) -> None:
        someone = [{"email": "a@b.example"}]
        for key in ("header:from", "header:From:asAddresses", "header:FROM:asAddresses:all"):
            value: Any = [someone] if key.endswith("all") else someone if "as" in key else " a@b.example"
            self.assertEqual(self.wrong({"from": someone, key: value}), (key,))

    def test_headers_are_bounded(self) -> None:
        for given in (
            {"header:X-A:asText:all": ["v"] * (MOST_FIELDS + 1)},
            {"header:X-A:asText": "word " * 200_000},
            {"header:X-A:asText": "ä" * 300_000},
            {"to": [{"email": "a@b"}] * 70_000},
        ):
            with self.assertRaises(SetRefused) as caught:
                self.taken(given)
            self.assertEqual(caught.exception.type, "tooLarge")

    def test_weight_is_of_all_that_a_value_has(self) -> None:
        for value, weight in ((5, 8), ("abc", 11), (["abc", None], 27), ({"ab": {"c": 1}}, 27), ([[[]]], 24)):
            self.assertFalse(outweighs(value, weight), value)
            self.assertTrue(outweighs(value, weight - 1), value)
