"""DKIM key records."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim_record import DkimKey, read


@cache
def rsa_key(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    """A key as a record has it."""
    key = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode("ascii")


def ed25519_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")


# 512 bits, which cryptography no longer makes: SEQUENCE { INTEGER of 64 octets, INTEGER 65537 }
SHORT = base64.b64encode(b"\x30\x48\x02\x41\x00" + b"\xc1" * 64 + b"\x02\x03\x01\x00\x01").decode("ascii")


def one(record: str) -> DkimKey:
    """What a single record says."""
    found = read([record])
    assert found is not None
    return found


class Records(SynchronousTestCase):
    def assert_problem(self, record: str, words: str, broken: bool) -> None:
        found = one(record)
        self.assertIn(words, "; ".join(found.problems))
        self.assertEqual(found.broken, broken)

    def test_rsa(self) -> None:
        found = one(f"v=DKIM1; k=rsa; p={rsa_key(2048)}")
        self.assertEqual((found.algorithm, found.bits, found.broken, found.problems), ("rsa", 2048, False, ()))

    def test_bare_rsa_key(self) -> None:
        self.assertEqual(one(f"p={rsa_key(2048, PublicFormat.PKCS1)}").bits, 2048)

    def test_ed25519(self) -> None:
        found = one(f"v=DKIM1; k=ed25519; p={ed25519_key()}")
        self.assertEqual((found.bits, found.broken, found.problems), (256, False, ()))

    def test_white_space_within_the_key(self) -> None:
        text = rsa_key(2048)
        self.assertEqual(one(f"v=DKIM1; p={text[:60]} {text[60:]}").bits, 2048)

    def test_key_of_1024_bits(self) -> None:
        self.assert_problem(f"v=DKIM1; p={rsa_key(1024)}", "2048 are advised", False)

    def test_key_of_512_bits(self) -> None:
        self.assert_problem(f"v=DKIM1; p={SHORT}", "512 bits, receivers refuse", True)

    def test_revoked(self) -> None:
        found = one("v=DKIM1; p=")
        self.assertEqual((found.revoked, found.problems), (True, ("the key is revoked",)))

    def test_testing(self) -> None:
        self.assertTrue(one(f"v=DKIM1; t=y:s; k=ed25519; p={ed25519_key()}").testing)

    def test_not_base64(self) -> None:
        self.assert_problem("v=DKIM1; p=!!!", "not base64", True)

    def test_not_a_key(self) -> None:
        self.assert_problem("v=DKIM1; p=AAAA", "cannot be read", True)

    def test_ed25519_of_wrong_length(self) -> None:
        self.assert_problem("v=DKIM1; k=ed25519; p=AAAA", "32 bytes", True)

    def test_unknown_key_type(self) -> None:
        self.assert_problem("v=DKIM1; k=dsa; p=AAAA", "not known", True)

    def test_version_not_first(self) -> None:
        self.assert_problem(f"k=ed25519; v=DKIM1; p={ed25519_key()}", "does not come first", True)

    def test_key_for_something_else(self) -> None:
        self.assert_problem(f"v=DKIM1; s=other; k=ed25519; p={ed25519_key()}", "not for e-mail", True)

    def test_several_records(self) -> None:
        found = read([f"v=DKIM1; k=ed25519; p={ed25519_key()}"] * 2)
        assert found is not None
        self.assertIn("several key records", found.problems[0])

    def test_other_records_do_not_count(self) -> None:
        self.assertIsNone(read(["v=spf1 -all", "hello"]))

    def test_malformed(self) -> None:
        self.assert_problem("v=DKIM1; p=; junk; x=1", "malformed", True)

    @given(st.binary(max_size=60))
    def test_any_octets_are_survived(self, junk: bytes) -> None:
        found = one("v=DKIM1; p=" + base64.b64encode(junk).decode("ascii"))
        self.assertEqual(found.revoked, not junk)
