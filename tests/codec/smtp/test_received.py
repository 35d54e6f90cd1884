"""Fields before a message: RFC 5321 4.4, RFC 3848; nobody can write others into them."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.smtp.paths import NULL, Path
from stalwart.codec.smtp.received import Transmission, date, received, return_path

NOW = 1_795_275_005.9
WAY = Transmission("client.test", "192.0.2.1", tls="TLSv1.3 TLS_AES_256_GCM_SHA384", host="host.test")


class ReceivedTests(SynchronousTestCase):
    def test_all_of_it(self) -> None:
        field = received(WAY, "mx.example.test", "abc123", Path("jane", "example.test"), NOW)
        self.assertEqual(
            field.decode(),
            "Received: from client.test (host.test [192.0.2.1]) by mx.example.test with\r\n"
            "\tESMTPS (TLSv1.3/TLS_AES_256_GCM_SHA384) id abc123 for <jane@example.test>;\r\n"
            "\tSat, 21 Nov 2026 15:30:05 +0000\r\n",
        )

    def test_least_of_it(self) -> None:
        field = received(Transmission("[192.0.2.1]", "2001:db8::1", is_extended=False), "mx", "1", None, 0)
        expected = "Received: from [192.0.2.1] ([IPv6:2001:db8::1]) by mx with SMTP id 1;"
        self.assertEqual(field.decode().split("\r\n")[0], expected)

    def test_keywords(self) -> None:
        for keyword, given_ in (
            ("ESMTP", {}),
            ("ESMTPS", {"tls": "TLSv1.3"}),
            ("ESMTPSA", {"tls": "TLSv1.3", "is_authenticated": True}),
            ("ESMTPA", {"is_authenticated": True}),
            ("UTF8SMTPS", {"tls": "TLSv1.3", "is_utf8": True}),
            ("LMTP", {"is_lmtp": True}),
            ("UTF8LMTPSA", {"is_lmtp": True, "tls": "x", "is_utf8": True, "is_authenticated": True}),
            ("SMTP", {"is_extended": False}),
        ):
            self.assertEqual(Transmission("a", "192.0.2.1", **given_).keyword, keyword)  # type: ignore[arg-type]

    @given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=50), st.floats(0, 4e9))
    def test_nobody_writes_a_field_of_their_own(self, hello: str, host: str, id: str, moment: float) -> None:
        field = received(Transmission(hello, "192.0.2.1", host=host), "mx.test", id, Path(hello, "a.test"), moment)
        parsed = message_from_bytes(field.replace(b'"', b"") + b"\r\n", policy=policy.compat32)
        if "\r" not in hello and "\n" not in hello:  # paths never hold them
            self.assertEqual(parsed.keys(), ["Received"])
            self.assertEqual(field.count(b"\r\n"), field.count(b"\n"))

    def test_return_path(self) -> None:
        self.assertEqual(return_path(NULL), b"Return-Path: <>\r\n")
        self.assertEqual(return_path(Path("a b", "c.test")), b'Return-Path: <"a b"@c.test>\r\n')

    @given(st.integers(0, 4_000_000_000))
    def test_dates(self, moment: int) -> None:
        self.assertEqual(parsedate_to_datetime(date(moment)).timestamp(), moment)
