"""Certificates: the key as sent, names, a summary to show."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificates import MalformedCertificate, is_named, public_key_info, summary
from tests.net.certificates import issue, make_ca

ISSUED = issue(["mx.test", "*.mail.test"], 30, make_ca("Root"))


class Keys(SynchronousTestCase):
    def test_key_is_cut_out(self) -> None:
        key = ISSUED.certificate.public_key()
        expected = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.assertEqual(public_key_info(ISSUED.der), expected)

    def test_every_truncation_is_malformed_or_whole(self) -> None:
        for end in range(len(ISSUED.der)):
            self.assertRaises(MalformedCertificate, public_key_info, ISSUED.der[:end])

    def test_indefinite_length(self) -> None:
        self.assertRaises(MalformedCertificate, public_key_info, b"\x30\x80\x30\x80\x00\x00\x00\x00")

    def test_a_version_that_does_not_exist_is_no_certificate(self) -> None:
        version = ISSUED.der.index(bytes.fromhex("a003020102"))
        unknown = ISSUED.der[:version] + bytes.fromhex("a003020101") + ISSUED.der[version + 5 :]
        self.assertEqual(summary(unknown).subject, "")

    @given(st.integers(0, len(ISSUED.der) - 1), st.binary(min_size=1, max_size=4))
    def test_damage_is_survived(self, at: int, junk: bytes) -> None:
        damaged = ISSUED.der[:at] + junk + ISSUED.der[at + len(junk) :]
        self.assertEqual(len(summary(damaged).sha256), 64)
        try:
            self.assertIn(public_key_info(damaged), damaged)
        except MalformedCertificate as problem:
            self.assertTrue(str(problem))


class Names(SynchronousTestCase):
    def test_exact_without_case_and_dot(self) -> None:
        self.assertTrue(is_named(ISSUED.der, ["MX.test."]))

    def test_wildcard(self) -> None:
        self.assertTrue(is_named(ISSUED.der, ["a.mail.test"]))

    def test_wildcard_is_one_label(self) -> None:
        self.assertFalse(is_named(ISSUED.der, ["a.b.mail.test"]))
        self.assertFalse(is_named(ISSUED.der, ["mail.test"]))

    def test_part_of_a_label_is_no_wildcard(self) -> None:
        self.assertFalse(is_named(issue(["mx*.example.test"]).der, ["mx1.example.test"]))

    def test_wildcard_for_a_top_level(self) -> None:
        self.assertFalse(is_named(issue(["*.test"]).der, ["mx.test"]))

    def test_common_name_counts_only_without_dns_names(self) -> None:
        self.assertTrue(is_named(issue([], common_name="mx.test").der, ["mx.test"]))
        self.assertFalse(is_named(issue(["else.test"], common_name="mx.test").der, ["mx.test"]))

    def test_no_reference(self) -> None:
        self.assertFalse(is_named(ISSUED.der, [""]))

    def test_many_names(self) -> None:
        names = [f"host{number}.test" for number in range(300)]
        many = issue(names)
        self.assertTrue(is_named(many.der, ["host299.test"]))
        self.assertEqual(len(summary(many.der).wire()["sans"]), 100)


class Summaries(SynchronousTestCase):
    def test_form(self) -> None:
        shown = summary(ISSUED.der).wire()
        self.assertEqual(list(shown), ["subject", "issuer", "sans", "notAfter", "sha256"])
        self.assertEqual((shown["subject"], shown["issuer"]), ("CN=mx.test", "CN=Root"))

    def test_controls_in_a_name_are_replaced(self) -> None:
        shown = summary(issue(["mx.test"], common_name="a\x1b[2Jb").der).wire()
        self.assertNotIn("\x1b", shown["subject"])

    def test_same_certificate_is_read_once(self) -> None:
        self.assertIs(summary(ISSUED.der), summary(bytes(ISSUED.der)))
