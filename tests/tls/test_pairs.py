"""A chain and its key as they are kept."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.tls.pairs import Pair, UnusablePair, host_name, read_pair, stored_pair
from tests.codec.pem import BEGINS, ENDS, certificate, key, named, pem
from tests.tls.handshakes import authority_pem

NAMES = [x509.DNSName("WWW.a.test"), x509.DNSName("*.A.test"), x509.IPAddress(ip_address("192.0.2.1"))]
LEAF = certificate(named("Our Company"), key(), named("Authority"), NAMES)


class ReadTests(SynchronousTestCase):
    """Two PEM texts."""

    def test_pair_has_what_a_handshake_needs(self) -> None:
        pair = read_pair(LEAF + authority_pem(), pem(key()))
        self.assertEqual(len(pair.chain), 2)
        self.assertEqual(x509.load_der_x509_certificate(pair.chain[0]).issuer.rfc4514_string(), "CN=Authority")
        private = load_der_private_key(pair.key, None)
        self.assertEqual(private.public_key(), key().public_key())
        self.assertEqual((pair.not_before, pair.not_after), (BEGINS.timestamp(), ENDS.timestamp()))

    def test_names_are_those_that_clients_can_ask_for(self) -> None:
        self.assertEqual(read_pair(LEAF, pem(key())).names, {"www.a.test", "*.a.test", "192.0.2.1"})

    def test_bytes_of_the_key_are_not_shown(self) -> None:
        self.assertNotIn("key", repr(read_pair(LEAF, pem(key()))))

    def test_issuers_are_shared(self) -> None:
        other = certificate([], key("p256", 1), named("Authority"), NAMES)
        first = read_pair(LEAF + authority_pem(), pem(key()))
        second = read_pair(other + authority_pem(), pem(key("p256", 1)))
        self.assertIs(first.chain[1], second.chain[1])

    def test_a_key_of_another_certificate_is_refused(self) -> None:
        problem = self.assertRaises(UnusablePair, read_pair, LEAF, pem(key("p256", 1)))
        self.assertEqual(str(problem), "the private key is not the one of the certificate")

    def test_a_short_rsa_key_is_refused(self) -> None:
        leaf = certificate([], key("rsa1024"), named("Authority"), NAMES)
        problem = self.assertRaises(UnusablePair, read_pair, leaf, pem(key("rsa1024")))
        self.assertEqual(str(problem), "the RSA key is shorter than 2048 bits")

    def test_texts_without_sense_are_refused(self) -> None:
        for chain, private in (("", ""), (LEAF, ""), ("", pem(key())), (LEAF, LEAF), (LEAF[:-99], pem(key()))):
            self.assertRaises(UnreadablePem, read_pair, chain, private)


class StoredTests(SynchronousTestCase):
    """Texts that were read before."""

    def stored(self, chain: str, private: str) -> Pair:
        return stored_pair(chain, private, ("www.a.test", "*.a.test", "Our Company"), 1, 2)

    def test_the_same_as_when_they_were_read(self) -> None:
        for kind in ("p256", "rsa2048"):
            leaf = certificate([], key(kind), named("Authority"), NAMES)
            read = read_pair(leaf + authority_pem(), pem(key(kind)))
            found = self.stored(leaf + authority_pem(), pem(key(kind)))
            self.assertEqual((found.chain, found.key), (read.chain, read.key), kind)
            self.assertIs(found.chain[1], read.chain[1])
            self.assertEqual((found.names, found.not_before, found.not_after), ({"www.a.test", "*.a.test"}, 1, 2))

    def test_keys_of_older_forms_are_read(self) -> None:
        for form in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
            text = key().private_bytes(Encoding.PEM, form, NoEncryption()).decode()
            self.assertEqual(self.stored(LEAF, text).key, read_pair(LEAF, pem(key())).key)

    def test_a_short_rsa_key_is_still_refused(self) -> None:
        self.assertRaises(UnusablePair, self.stored, LEAF, pem(key("rsa1024")))

    def test_texts_without_sense_are_refused(self) -> None:
        damaged = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
        for chain, private in (("", ""), (LEAF, ""), ("", pem(key())), (LEAF, LEAF), (damaged, pem(key()))):
            self.assertRaises(UnreadablePem, self.stored, chain, private)

    @given(st.text(max_size=200), st.text(max_size=200))
    def test_any_text_is_a_pair_or_unreadable(self, chain: str, private: str) -> None:
        with contextlib.suppress(UnreadablePem):
            self.stored(chain, private)


class DateTests(SynchronousTestCase):
    """Validity."""

    def test_both_ends_belong_to_it(self) -> None:
        pair = Pair((b"c",), b"k", frozenset(), 10, 20)
        found = [now for now in (9, 9.9, 10, 15, 20, 20.1) if pair.is_valid(now)]
        self.assertEqual(found, [10, 15, 20])


class NameTests(SynchronousTestCase):
    """Names of certificates as names of hosts."""

    def test_names_that_clients_may_ask_for(self) -> None:
        for name, wanted in (
            ("A.Test", "a.test"),
            ("a.test.", "a.test"),
            ("*.a.test", "*.a.test"),
            ("localhost", "localhost"),
            ("_x.a-b.test", "_x.a-b.test"),
            ("xn--bcher-kva.test", "xn--bcher-kva.test"),
        ):
            self.assertEqual(host_name(name), wanted)

    def test_names_of_companies_and_worse_are_none(self) -> None:
        for name in (
            "Our Company",
            "",
            ".",
            "*",
            "*.",
            "a..b",
            "-a.test",
            "a*.test",
            "a.*.test",
            "bücher.test",
            "a\0b",
        ):
            self.assertIsNone(host_name(name), name)
        for long in ("a" * 64 + ".test", "a." * 127 + "test", "*." + "a." * 125 + "test"):
            self.assertIsNone(host_name(long))

    @given(st.text(max_size=300))
    def test_what_is_found_is_found_again(self, name: str) -> None:
        found = host_name(name)
        if found is not None:
            self.assertEqual(host_name(found), found)
            self.assertTrue(found.isascii() and found == found.lower() and len(found) <= 253)
