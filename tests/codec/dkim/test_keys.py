"""Keys of signatures."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.codec.dkim.keys import UnusableKey, read_key, read_signing_key
from tests.codec.dkim.signed_mail import key_record, signing_key
from tests.codec.pem import key, pem


class Published(SynchronousTestCase):
    def assert_unusable(self, *texts: str, weak: bool = False) -> None:
        with self.assertRaises(UnusableKey) as caught:
            read_key(texts)
        self.assertEqual(caught.exception.weak, weak)

    def test_both_kinds(self) -> None:
        for kind, algorithm, bits in (("rsa1024", "rsa", 1024), ("ed25519", "ed25519", 256)):
            found = read_key(["v=spf1 -all", key_record(kind)])
            self.assertEqual((found.algorithm, found.bits), (algorithm, bits))

    def test_bare_rsa_key(self) -> None:
        octets = key("rsa1024").public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        self.assertEqual(read_key(["p=" + base64.b64encode(octets).decode()]).bits, 1024)

    def test_flags(self) -> None:
        found = read_key([key_record("ed25519", t="y : s")])
        self.assertEqual((found.testing, found.exact), (True, True))

    def test_no_key(self) -> None:
        self.assert_unusable()
        self.assert_unusable("v=DKIM1; k=rsa")

    def test_revoked(self) -> None:
        self.assert_unusable("v=DKIM1; p=")

    def test_other_purposes(self) -> None:
        self.assert_unusable(key_record("ed25519", h="sha1"))
        self.assert_unusable(key_record("ed25519", s="other"))
        self.assert_unusable(key_record("ed25519").replace("DKIM1", "DKIM2"))

    def test_what_cannot_be_read(self) -> None:
        for text in ("p=*", "p=AAAA", "k=ed25519; p=AAAA", "k=dsa; p=AAAA", "p=AAAA; p=BBBB", "p=" + "A" * 20_000):
            self.assert_unusable(text)

    def test_short_and_very_long_keys(self) -> None:
        for bits in (512, 1023, 9000):
            public = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) | 1).public_key()
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            self.assert_unusable("p=" + base64.b64encode(octets).decode(), weak=True)


class Private(SynchronousTestCase):
    def test_what_is_signed_verifies(self) -> None:
        for kind in ("rsa1024", "ed25519"):
            signature = signing_key(kind).sign(b"d" * 32)
            self.assertTrue(read_key([key_record(kind)]).fits(b"d" * 32, signature))
            self.assertFalse(read_key([key_record(kind)]).fits(b"e" * 32, signature))

    def test_other_keys(self) -> None:
        with self.assertRaises(UnusableKey):
            read_signing_key(pem(key("p256")))
        with self.assertRaises(UnreadablePem):
            read_signing_key("nothing")
