"""The field DKIM-Signature."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.fields import Field
from stalwart.codec.dkim.signature import MalformedSignature, Signature, folded, read, with_value, without_value

TAGS = {
    "v": "1",
    "a": "rsa-sha256",
    "c": "relaxed/simple",
    "d": "Example.Test",
    "s": "sel",
    "h": "From : To",
    "bh": "AAAA",
    "b": "BB\r\n BB",
}


def field(**changes: str | None) -> Field:
    """A field with other tags."""
    tags = {**TAGS, **changes}
    text = "; ".join(f"{name}={value}" for name, value in tags.items() if value is not None)
    return Field(b"dkim-signature", f"DKIM-Signature: {text}".encode())


class Reading(SynchronousTestCase):
    def test_all_of_it(self) -> None:
        found = read(field(i="a@sub.example.test", l="12", t="10", x="20", q="dns/txt"))
        self.assertEqual(
            found,
            Signature(
                "rsa-sha256",
                b"\x04\x10\x41",
                b"\0\0\0",
                "example.test",
                "sel",
                (b"from", b"to"),
                True,
                False,
                "a@sub.example.test",
                12,
                10,
                20,
            ),
        )
        self.assertEqual(found.key_name, "sel._domainkey.example.test")

    def test_what_may_be_left_out(self) -> None:
        found = read(field(c=None))
        self.assertEqual((found.relaxed_head, found.relaxed_body, found.identity), (False, False, "@example.test"))
        self.assertEqual(read(field(c="relaxed")).relaxed_body, False)

    def test_names_in_other_scripts(self) -> None:
        self.assertEqual(read(field(d="bücher.test")).domain, "xn--bcher-kva.test")

    def test_arc_has_another_meaning_of_i(self) -> None:
        found = read(field(v=None, i="3"), arc=True)
        self.assertEqual(found.identity, "@example.test")

    @given(st.binary(max_size=200))
    def test_anything_is_read_or_refused(self, octets: bytes) -> None:
        try:
            read(Field(b"dkim-signature", b"DKIM-Signature:" + octets))
        except MalformedSignature as malformed:
            self.assertTrue(str(malformed))


BROKEN = {
    "version": {"v": "2"},
    "no_version": {"v": None},
    "sha1": {"a": "rsa-sha1"},
    "form": {"c": "tight"},
    "no_from": {"h": "to:cc"},
    "no_domain": {"d": None},
    "bad_domain": {"d": "a..b"},
    "bad_selector": {"s": "a b"},
    "selector_with_dots": {"s": "a..b"},
    "signature": {"b": "*"},
    "empty_signature": {"b": ""},
    "body_hash": {"bh": "A"},
    "length": {"l": "-1"},
    "times": {"t": "20", "x": "20"},
    "time": {"t": "soon"},
    "elsewhere": {"i": "a@example.org"},
    "no_at": {"i": "example.test"},
    "suffix_of_name": {"i": "a@notexample.test"},
    "not_in_dns": {"q": "ldap"},
    "many_names": {"h": "from" + ":a" * 300},
}


class Broken(SynchronousTestCase):
    """RFC 6376 6.1.1."""


def _refused(changes: dict[str, str | None]) -> object:
    def test(self: Broken) -> None:
        with self.assertRaises(MalformedSignature):
            read(field(**changes))

    return test


for _name, _changes in BROKEN.items():
    setattr(Broken, f"test_{_name}", _refused(_changes))  # type: ignore[arg-type]


class Writing(SynchronousTestCase):
    def test_lines_are_short_and_nothing_is_lost(self) -> None:
        tags = ["v=1", "d=" + "x" * 60, "h=" + ":".join(["message-id"] * 20), "b="]
        text = folded(tags)
        self.assertLess(max(map(len, text.split("\r\n"))), 80)
        self.assertEqual(text.replace("\r\n", "").replace(" ", ""), "DKIM-Signature:" + ";".join(tags))
        whole = with_value(text, b"\xff" * 256).decode()
        self.assertLess(max(map(len, whole.split("\r\n"))), 80)
        self.assertTrue(whole.endswith("\r\n"))

    def test_value_is_taken_out_again(self) -> None:
        text = folded(["v=1", "bh=b=c", "b="])
        whole = Field(b"dkim-signature", with_value(text, b"12345").removesuffix(b"\r\n"))
        self.assertEqual(without_value(whole).raw, text.encode())

    def test_value_may_come_first(self) -> None:
        self.assertEqual(without_value(Field(b"x", b"X: b = a\r\n b;c=d")).raw, b"X: b =;c=d")
