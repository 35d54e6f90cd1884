"""Responses of SASL mechanisms."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sasl import (
    LONGEST,
    BearerCredentials,
    Malformed,
    PlainCredentials,
    read_oauthbearer,
    read_plain,
    read_words,
    read_xoauth2,
)

PLAIN = {
    b"\0tim\0tanstaaftanstaaf": PlainCredentials("", "tim", "tanstaaftanstaaf"),  # RFC 4616 4
    b"Ursel\0Kurt\0xipj3plmq": PlainCredentials("Ursel", "Kurt", "xipj3plmq"),
    "\0jané\0pä ss".encode(): PlainCredentials("", "jané", "pä ss"),
}
BEARER = {  # RFC 7628 4.1
    b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHR\x01\x01": (
        BearerCredentials("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHR")
    ),
    b"y,,\x01auth=bearer x\x01\x01": BearerCredentials("", "x"),
    b"n,a=a=2Cb=3D,\x01auth=Bearer x\x01\x01": BearerCredentials("a,b=", "x"),
}
BAD: dict[Callable[[bytes], object], tuple[bytes, ...]] = {
    read_plain: (
        b"",
        b"a",
        b"a\0b",
        b"\0\0",
        b"\0a\0",
        b"\0\0b",
        b"a\0b\0c\0d",
        b"\0\xff\0b",
        b"\0a\0" + b"b" * LONGEST,
    ),
    read_words: (b"", b"\xff", b"a\0b"),
    read_oauthbearer: (
        *(b"", b"n,,", b"n,,\x01\x01", b"n,,\x01auth=Bearer x", b"n,,\x01auth=Bearer x\x01", b"n,,\x01auth=\x01\x01"),
        *(b"n,,\x01auth=Bearer x y\x01\x01", b"n,b=x,\x01auth=Bearer x\x01\x01", b"p=x,,\x01auth=Bearer x\x01\x01"),
    ),
    read_xoauth2: (b"", b"user=x", b"user=x\x01auth=Basic x\x01\x01", b"auth=Bearer x\x01user=x\x01\x01"),
}


class SaslTests(SynchronousTestCase):
    def test_plain(self) -> None:
        for response, expected in PLAIN.items():
            self.assertEqual(read_plain(response), expected)

    def test_bearer(self) -> None:
        for response, expected in BEARER.items():
            self.assertEqual(read_oauthbearer(response), expected)
        found = read_xoauth2(b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3\x01\x01")
        self.assertEqual(found, BearerCredentials("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3"))

    def test_malformed(self) -> None:
        for read, responses in BAD.items():
            for response in responses:
                with self.assertRaises(Malformed, msg=response[:40]):
                    read(response)

    def test_secrets_are_not_shown(self) -> None:
        self.assertNotIn("secret", repr(PlainCredentials("", "a", "secret")))
        self.assertNotIn("secret", repr(BearerCredentials("", "secret")))

    @given(st.binary(max_size=200))
    def test_anything(self, response: bytes) -> None:
        for read in (read_plain, read_words, read_oauthbearer, read_xoauth2):
            try:
                read(response)
            except Malformed:
                continue
