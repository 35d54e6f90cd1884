"""Fields that are written read back, stay in ASCII and within their lines."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import header_forms
from stalwart.codec.mime.header_forms import Form, parse_property
from stalwart.codec.mime.header_writer import InvalidValue, field, parameters
from stalwart.codec.mime.headers import fields
from stalwart.codec.mime.parameters import parse

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=400).map(
    lambda text: unicodedata.normalize("NFC", text)
)
NAMES = TEXTS.map(lambda text: unicodedata.normalize("NFC", " ".join(text.split()))).filter(lambda text: text != "")
EMAILS = st.from_regex(
    r'(?:[a-z0-9.+ü-]{1,30}|"[a-z <>,;:@]{1,20}")@(?:[a-z0-9.ü-]{1,30}|\[IPv6:::1\])', fullmatch=True
)
ADDRESSES = st.lists(st.fixed_dictionaries({"name": st.none() | NAMES, "email": EMAILS}), max_size=8)
IDS = st.lists(st.from_regex(r"[a-zA-Z0-9.$=?/:]{1,60}@[a-z0-9.-]{1,60}", fullmatch=True), min_size=1, max_size=30)


def reread(form: Form, value: Any, name: str = "X-Field") -> Any:
    """What a written field says."""
    data = field(name, form, value)
    found = fields(data, 0, len(data))
    assert len(found) == 1, data
    return header_forms.value_of(data, found, parse_property(f"header:{name}:{form.value}"))


class RoundTripTests(SynchronousTestCase):
    @settings(max_examples=300)
    @given(TEXTS, st.sampled_from(["X", "Subject", "X-" + "Long" * 12]))
    def test_text(self, text: str, name: str) -> None:
        written = field(name, Form.TEXT, text)
        self.assertTrue(written.isascii())
        self.assertLessEqual(max(map(len, written.split(b"\r\n"))), 78)
        self.assertEqual(reread(Form.TEXT, text, name), text)

    def test_long_names_and_wide_gaps_fold(self) -> None:
        for name, text in (("X-" + "Long" * 12, "w" * 40), ("X", "a" + " " * 90 + "b"), ("Subject", "a " + "b" * 74)):
            written = field(name, Form.TEXT, text)
            self.assertLessEqual(max(map(len, written.split(b"\r\n"))), 78)
            self.assertEqual(reread(Form.TEXT, text, name), text)

    @settings(max_examples=150)
    @given(ADDRESSES)
    def test_addresses(self, addresses: list[dict[str, str | None]]) -> None:
        self.assertEqual(reread(Form.ADDRESSES, addresses), addresses)

    @settings(max_examples=80)
    @given(st.lists(st.fixed_dictionaries({"name": st.none() | NAMES, "addresses": ADDRESSES}), max_size=4))
    def test_grouped_addresses(self, groups: list[dict[str, Any]]) -> None:
        expected: list[dict[str, Any]] = []
        for group in groups:  # neighbours outside of groups are one
            if group["name"] is None and expected and expected[-1]["name"] is None:
                expected[-1] = {"name": None, "addresses": expected[-1]["addresses"] + group["addresses"]}
            elif group["name"] is not None or group["addresses"]:
                expected.append(group)
        self.assertEqual(reread(Form.GROUPED_ADDRESSES, groups), expected)

    @given(IDS)
    def test_message_ids_and_urls(self, ids: list[str]) -> None:
        self.assertEqual(reread(Form.MESSAGE_IDS, ids), ids)
        self.assertEqual(reread(Form.URLS, ids), ids)

    def test_dates(self) -> None:
        for date in ("2024-01-01T10:00:00+01:00", "1999-12-31T23:59:59Z", "2024-02-29T00:00:00-09:30"):
            self.assertEqual(reread(Form.DATE, date), date)
        self.assertEqual(
            field("Date", Form.DATE, "2024-01-01T10:00:00+01:00"), b"Date: Mon, 01 Jan 2024 10:00:00 +0100\r\n"
        )

    def test_raw(self) -> None:
        for raw in (" plain", "", "no blank", " fold\r\n ed", " grün", "\ttab"):
            self.assertEqual(reread(Form.RAW, raw), raw)

    @settings(max_examples=300)
    @given(TEXTS, st.sampled_from(["filename", "name"]))
    def test_parameters(self, text: str, name: str) -> None:
        written = parameters("attachment", {name: text, "size": "3"})
        self.assertTrue(written.isascii())
        self.assertLessEqual(max(map(len, written.split("\r\n"))), 100)
        found = parse(written.encode())
        self.assertEqual((found.main, found.text(name), found.text("size")), ("attachment", text, "3"))


class RefusalTests(SynchronousTestCase):
    def test_what_would_break_the_header(self) -> None:
        for form, value in (
            (Form.RAW, " a\r\nBcc: x@y"),
            (Form.RAW, " a\nb"),
            (Form.RAW, " a\rb"),
            (Form.RAW, " a\0b"),
            (Form.RAW, " a\r\n \r\n b"),
            (Form.RAW, " a\r\n"),
            (Form.RAW, "a" * 1000),
            (Form.RAW, 3),
            (Form.TEXT, None),
            (Form.ADDRESSES, [{"name": None, "email": "a@b>\r\nBcc: <c@d"}]),
            (Form.ADDRESSES, [{"name": None, "email": "a@b, c@d"}]),
            (Form.ADDRESSES, [{"name": 3, "email": "a@b"}]),
            (Form.ADDRESSES, [{"name": "x"} | {"email": None}]),
            (Form.ADDRESSES, ["a@b"]),
            (Form.ADDRESSES, "a@b"),
            (Form.GROUPED_ADDRESSES, [3]),
            (Form.GROUPED_ADDRESSES, [{"name": "x", "addresses": 3}]),
            (Form.MESSAGE_IDS, ["a b@c"]),
            (Form.MESSAGE_IDS, ["a@b>\r\nX: y"]),
            (Form.MESSAGE_IDS, "a@b"),
            (Form.URLS, ["http://a b"]),
            (Form.DATE, "soon"),
            (Form.DATE, "2024-01-01T10:00:00"),
            (Form.DATE, "2024-01-01"),
        ):
            self.assertRaises(InvalidValue, field, "X", form, value)

    def test_names_of_fields(self) -> None:
        for name in ("", "a b", "a:", "ü", "a\r\n", "a" * 300):
            self.assertRaises(InvalidValue, field, name, Form.RAW, " x")

    def test_line_breaks_in_text_become_blanks(self) -> None:
        self.assertEqual(field("Subject", Form.TEXT, "a\r\nBcc: b"), b"Subject: a Bcc: b\r\n")

    def test_members_without_an_address_are_left_out(self) -> None:
        self.assertEqual(reread(Form.ADDRESSES, [{"name": None, "email": ""}, {"name": "A", "email": ""}]), [
            {"name": "A", "email": ""},
        ])  # fmt: skip
