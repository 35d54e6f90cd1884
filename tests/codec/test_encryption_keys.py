"""Keys that mail can be encrypted with."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.encryption_keys import EncryptionKey, UnreadableKey, read_key
from tests.codec.pem import ENDS, certificate, key, named, pem
from tests.codec.test_openpgp import ALICE, armored

OWN = certificate(
    [*named("Alice"), (NameOID.EMAIL_ADDRESS, "old@example.test")],
    key(),
    named("Authority"),
    [x509.RFC822Name("Alice@Example.test")],
)
AUTHORITY = certificate(named("Authority"), key(), ends=datetime(2027, 1, 1, tzinfo=UTC), authority=True)


class KeyTests(SynchronousTestCase):
    def test_certificate_tells_addresses_and_end(self) -> None:
        expected = EncryptionKey(("alice@example.test", "old@example.test"), int(ENDS.timestamp()))
        self.assertEqual(read_key(OWN), expected)

    def test_certificates_of_authorities_do_not_count(self) -> None:
        self.assertEqual(read_key(AUTHORITY + OWN), read_key(OWN))

    def test_openpgp_key_tells_addresses(self) -> None:
        self.assertEqual(read_key(armored(ALICE)), EncryptionKey(("alice@example.test", "bob@example.test"), None))

    def test_private_keys_are_refused(self) -> None:
        for text in (OWN + pem(key()), "-----BEGIN PGP PRIVATE KEY BLOCK-----"):
            self.assertIn("private key", str(self.assertRaises(UnreadableKey, read_key, text)))

    def test_other_text_is_refused(self) -> None:
        self.assertIn("neither", str(self.assertRaises(UnreadableKey, read_key, "hello")))
