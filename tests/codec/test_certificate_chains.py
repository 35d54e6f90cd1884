"""Chains and keys in PEM."""

from __future__ import annotations

from ipaddress import ip_address

from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificate_chains import (
    UnreadablePem,
    belongs,
    certificates,
    read_chain,
    read_private_key,
    read_signing_key,
)
from tests.codec.pem import BEGINS, ENDS, certificate, key, named, pem

NAMES = (x509.DNSName("MAIL.Example.test"), x509.IPAddress(ip_address("192.0.2.1")))
LEAF = certificate(named("Example.test"), key(), named("Authority"), NAMES)
AUTHORITY = certificate(named("Authority"), key("p256", 1), authority=True)


class ChainTests(SynchronousTestCase):
    def test_chain_is_summed_up_by_its_first_certificate(self) -> None:
        chain = read_chain(LEAF + AUTHORITY)
        self.assertEqual(chain.issuer, "CN=Authority")
        self.assertEqual(chain.names, ("mail.example.test", "192.0.2.1"))
        self.assertEqual((chain.not_before, chain.not_after), (BEGINS.timestamp(), ENDS.timestamp()))
        self.assertEqual(chain.length, 2)

    def test_names_need_no_common_name(self) -> None:
        self.assertEqual(read_chain(certificate([], key(), names=NAMES)).names, ("mail.example.test", "192.0.2.1"))

    def test_common_name_counts_where_there_is_no_other(self) -> None:
        self.assertEqual(read_chain(certificate(named("A.test"), key())).names, ("a.test",))

    def test_name_in_both_places_counts_once(self) -> None:
        text = certificate(named("a.test"), key(), names=[x509.DNSName("A.test")])
        self.assertEqual(read_chain(text).names, ("a.test",))

    def test_issuer_before_what_it_issued_is_refused(self) -> None:
        error = self.assertRaises(UnreadablePem, read_chain, AUTHORITY + LEAF)
        self.assertIn("certificate 2 did not issue", str(error))

    def test_text_without_certificate_is_refused(self) -> None:
        error = self.assertRaises(UnreadablePem, read_chain, "hello")
        self.assertEqual(str(error), "there is no certificate in PEM")

    def test_damaged_certificate_is_refused(self) -> None:
        lines = LEAF.splitlines()
        del lines[2]
        error = self.assertRaises(UnreadablePem, read_chain, "\n".join(lines))
        self.assertEqual(str(error), "a certificate is damaged")

    def test_long_chain_is_refused(self) -> None:
        self.assertRaises(UnreadablePem, read_chain, AUTHORITY * 21)

    def test_unfinished_armor_is_refused_in_linear_time(self) -> None:
        self.assertRaises(UnreadablePem, read_private_key, "-----BEGIN PRIVATE KEY-----\n" * 7000)
        self.assertRaises(UnreadablePem, certificates, "-----BEGIN CERTIFICATE-----\n" * 7000)


class KeyTests(SynchronousTestCase):
    def test_key_belongs_to_its_certificate_only(self) -> None:
        chain = read_chain(LEAF)
        self.assertTrue(belongs(read_signing_key(pem(key())), chain))
        self.assertFalse(belongs(read_signing_key(pem(key("p256", 1))), chain))

    def test_key_is_found_behind_other_blocks(self) -> None:
        self.assertTrue(belongs(read_signing_key(LEAF + pem(key())), read_chain(LEAF)))

    def test_key_under_a_password_is_refused(self) -> None:
        error = self.assertRaises(UnreadablePem, read_private_key, pem(key(), b"secret"))
        self.assertEqual(str(error), "it is encrypted with a password")

    def test_key_of_a_kind_without_tls_is_refused(self) -> None:
        error = self.assertRaises(UnreadablePem, read_signing_key, pem(key("dsa")))
        self.assertEqual(str(error), "it is neither an RSA nor an elliptic curve key")

    def test_error_quotes_nothing_of_the_text(self) -> None:
        text = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"
        error = self.assertRaises(UnreadablePem, read_private_key, text)
        self.assertNotIn("hunter2", str(error))
        self.assertIsNone(error.__cause__)

    @given(st.text(), st.integers(0, 400))
    def test_whatever_comes_is_read_or_refused(self, noise: str, place: int) -> None:
        for whole, read in ((LEAF, read_chain), (pem(key()), read_private_key)):
            try:
                read(whole[:place] + noise + whole[place:])
            except UnreadablePem as problem:
                self.assertNotIn("\n", str(problem))
