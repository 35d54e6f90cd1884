"""Records that say where TLS reports go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.tls_rpt import MalformedRecord, Rua, parse_record


class Records(SynchronousTestCase):
    def assert_malformed(self, text: str) -> None:
        self.assertRaises(MalformedRecord, parse_record, text)

    def test_mail(self) -> None:
        found = parse_record("v=TLSRPTv1;rua=mailto:reports@example.com")
        self.assertEqual(found, (Rua("mail", "reports@example.com"),))

    def test_https(self) -> None:
        found = parse_record("v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt")
        self.assertEqual(found, (Rua("http", "https://reporting.example.com/v1/tlsrpt"),))

    def test_several(self) -> None:
        found = parse_record("v=TLSRPTv1; rua=mailto:a@b.test, https://c.test/d;")
        self.assertEqual(
            [rua.wire() for rua in found],
            [{"type": "mail", "email": "a@b.test"}, {"type": "http", "url": "https://c.test/d"}],
        )

    def test_percent_encoding(self) -> None:
        self.assertEqual(parse_record("v=TLSRPTv1; rua=mailto:a%2Bb@c.test"), (Rua("mail", "a+b@c.test"),))

    def test_unusable_destinations_are_left_out(self) -> None:
        found = parse_record("v=TLSRPTv1; rua=ftp://x.test,mailto:nobody,https:///x,mailto:a@b.test")
        self.assertEqual(found, (Rua("mail", "a@b.test"),))

    def test_line_feed_in_an_address(self) -> None:
        self.assert_malformed("v=TLSRPTv1; rua=mailto:a%0Ab@c.test")

    def test_other_version(self) -> None:
        self.assert_malformed("v=TLSRPTv2; rua=mailto:a@b.test")

    def test_version_not_first(self) -> None:
        self.assert_malformed("rua=mailto:a@b.test; v=TLSRPTv1")

    def test_no_rua(self) -> None:
        self.assert_malformed("v=TLSRPTv1;")

    def test_plain_http(self) -> None:
        self.assert_malformed("v=TLSRPTv1; rua=http://a.test/")

    @given(st.text(max_size=60))
    def test_nothing_but_malformed_record_is_raised(self, tail: str) -> None:
        try:
            self.assertTrue(parse_record("v=TLSRPTv1; rua=" + tail))
        except MalformedRecord as problem:
            self.assertTrue(str(problem))
