"""Header forms (RFC 8621 4.1.2) and header properties (4.1.3)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime import header_forms
from stalwart.codec.mime.header_forms import (
    CONVENIENCE,
    Form,
    InvalidProperty,
    each_value,
    parse_property,
    value_of,
    values_of,
)
from stalwart.codec.mime.headers import fields

HEADER = (
    b"Subject: one\r\nX-Many: a\r\nx-many: =?utf-8?q?b?=\r\nSubject: =?utf-8?q?zw=C3=B6?=\r\nFrom: A <a@b>\r\n"
    b"List-Post: <mailto:list@host.test> (Postings are moderated)\r\nX-Date: Mon, 1 Jan 2024 10:00:00 +0100\r\n"
)


def ask(key: str) -> object:
    """The value of a property of ``HEADER``."""
    return value_of(HEADER, fields(HEADER, 0, len(HEADER)), parse_property(key))


class PropertyTests(SynchronousTestCase):
    def test_forms_and_all(self) -> None:
        self.assertEqual(ask("header:Subject"), " =?utf-8?q?zw=C3=B6?=")
        self.assertEqual(ask("header:SUBJECT:asText"), "zwö")
        self.assertEqual(ask("header:subject:asText:all"), ["one", "zwö"])
        self.assertEqual(ask("header:X-Many:all"), [" a", " =?utf-8?q?b?="])
        self.assertEqual(ask("header:From:asAddresses"), [{"name": "A", "email": "a@b"}])
        groups = [{"name": None, "addresses": [{"name": "A", "email": "a@b"}]}]
        self.assertEqual(ask("header:From:asGroupedAddresses"), groups)
        self.assertEqual(ask("header:List-Post:asURLs"), ["mailto:list@host.test"])
        self.assertEqual(ask("header:X-Date:asDate"), "2024-01-01T10:00:00+01:00")

    def test_missing_field_is_null_or_empty(self) -> None:
        self.assertIsNone(ask("header:None"))
        self.assertIsNone(ask("header:None:asAddresses"))
        self.assertEqual(ask("header:None:all"), [])

    def test_form_that_does_not_fit_is_null(self) -> None:
        self.assertIsNone(ask("header:X-Many:asDate"))
        self.assertIsNone(ask("header:X-Many:asURLs"))
        self.assertIsNone(ask("header:X-Many:asMessageIds"))

    def test_key_keeps_its_spelling(self) -> None:
        found = parse_property("header:X-mAnY:asText:all")
        self.assertEqual(
            (found.key, found.name, found.form, found.all), ("header:X-mAnY:asText:all", "x-many", Form.TEXT, True)
        )

    def test_what_is_no_property_is_refused(self) -> None:
        for key in (
            "", "header", "header:", "header::asText", "header:A:", "header:A:asFoo", "header:A:astext",
            "header:A:all:asText",
            "header:A:asText:asText", "header:A:all:all", "header:A b", "header:ü", "Header:A", "subject",
            "header:A:asText:all:x",
        ):  # fmt: skip
            self.assertRaises(InvalidProperty, parse_property, key)

    def test_forms_are_those_of_the_standard(self) -> None:
        # RFC 8621 4.1.2.2 to 4.1.2.7
        for name, forms in {
            "subject": "asText",
            "Comments": "asText",
            "Keywords": "asText",
            "From": "asAddresses asGroupedAddresses",
            "Resent-Reply-To": "asAddresses asGroupedAddresses",
            "Bcc": "asAddresses asGroupedAddresses",
            "References": "asMessageIds",
            "Resent-Message-ID": "asMessageIds",
            "Date": "asDate",
            "Resent-Date": "asDate",
            "List-Archive": "asURLs",
            "List-Unsubscribe": "asURLs",
            "Received": "",
            "Return-Path": "",
            "List-Id": "asText asAddresses asGroupedAddresses asMessageIds asDate asURLs",
            "X-Own": "asText asAddresses asGroupedAddresses asMessageIds asDate asURLs",
        }.items():
            for form in Form:
                key = f"header:{name}:{form.value}"
                if form is Form.RAW or form.value in forms.split():
                    self.assertEqual(parse_property(key).form, form)
                else:
                    self.assertRaises(InvalidProperty, parse_property, key)

    def test_several_at_once_are_the_same(self) -> None:
        found = fields(HEADER, 0, len(HEADER))
        wanted = dict(CONVENIENCE) | {"many": parse_property("header:x-many:all")}
        self.assertEqual(
            values_of(HEADER, found, wanted), {key: value_of(HEADER, found, each) for key, each in wanted.items()}
        )

    def test_spellings_of_a_name_share_one_value(self) -> None:
        # RFC 8621 4.1.2: names of header fields are case-insensitive
        data = b"X-One: a <a@b>\nx-one: b <b@b>\n"
        for suffix in ("", ":all", ":asAddresses", ":asText:all"):
            keys = [f"header:{name}{suffix}" for name in ("X-One", "x-one", "X-ONE")]
            shown = list(each_value(data, fields(data, 0, len(data)), {key: parse_property(key) for key in keys}))
            self.assertEqual([key for key, _ in shown], keys)
            self.assertEqual(len({id(value) for _, value in shown}), 1)

    def test_convenience_properties_are_header_properties(self) -> None:
        # RFC 8621 4.1.3
        for each in CONVENIENCE.values():
            self.assertIn(each.form, header_forms.forms_of(each.name))

    @settings(max_examples=300)
    @given(st.text(max_size=60))
    def test_any_value_has_every_form(self, value: str) -> None:
        data = b"X: " + value.replace("\n", "").replace("\r", "").encode("utf-8", "replace") + b"\r\n"
        for form in Form:
            value_of(data, fields(data, 0, len(data)), parse_property(f"header:X:{form.value}"))


class UrlTests(SynchronousTestCase):
    def test_examples_of_the_standard(self) -> None:
        # RFC 2369 2, 3.2, 3.4
        for value, urls in {
            " <ftp://ftp.host.test/list.txt> (FTP),\r\n <mailto:list@host.test?subject=help>": [
                "ftp://ftp.host.test/list.txt",
                "mailto:list@host.test?subject=help",
            ],
            " NO (posting not allowed on this list)": None,
            "(Use <this> command) <mailto:a@b>": ["mailto:a@b"],
            " <http://www.host.test/\r\n  path>": ["http://www.host.test/path"],
        }.items():
            self.assertEqual(header_forms.as_urls(value), urls)
