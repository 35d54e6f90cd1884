"""Keys of accounts, and what is signed with them: RFC 7515, RFC 7638, RFC 8555 6.2, 7.3.4 and 7.3.5."""

from __future__ import annotations

import hmac
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.acme import AcmeProblem, ExternalAccount, new_key_pem
from stalwart.net.acme.account_key import AccountKey, base64url
from tests.net.acme.authority import unpadded, verify

# RFC 7517 A.2, whose thumbprint is in RFC 7638 3.1
N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
    "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5ha"
    "jrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)
D = (
    "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqi"
    "jwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4s"
    "bg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q"
)
THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def pem_of(key: Any, encryption: Any = None) -> str:
    """PKCS#8."""
    data: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    return data.decode()


def rsa_of_the_rfc() -> str:
    """The private key of RFC 7517 A.2."""
    n, e, d = (int.from_bytes(unpadded(text), "big") for text in (N, "AQAB", D))
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, n))
    return pem_of(numbers.private_key())


def opened(jws: dict[str, str], jwk: dict[str, str]) -> tuple[dict[str, Any], bytes]:
    """What a flattened JWS protects and says; raises InvalidSignature."""
    assert set(jws) == {"protected", "payload", "signature"}
    protected = json.loads(unpadded(jws["protected"]))
    signed = f"{jws['protected']}.{jws['payload']}".encode()
    verify(jwk, protected["alg"], signed, unpadded(jws["signature"]))
    return protected, unpadded(jws["payload"])


class ThumbprintTests(SynchronousTestCase):
    """RFC 7638."""

    def test_example(self) -> None:
        key = AccountKey(rsa_of_the_rfc())
        self.assertEqual(key.thumbprint, THUMBPRINT)
        self.assertEqual(key.jwk, {"kty": "RSA", "n": N, "e": "AQAB"})

    def test_of_an_elliptic_curve(self) -> None:
        from hashlib import sha256

        key = AccountKey(new_key_pem())
        text = '{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.format(**key.jwk)
        self.assertEqual(key.thumbprint, base64url(sha256(text.encode()).digest()))
        self.assertEqual(set(key.jwk), {"kty", "crv", "x", "y"})


class SigningTests(SynchronousTestCase):
    """RFC 7515, RFC 7518 3."""

    def keys(self) -> dict[str, str]:
        return {
            "ES256": new_key_pem(),
            "ES384": pem_of(ec.generate_private_key(ec.SECP384R1())),
            "RS256": rsa_of_the_rfc(),
        }

    def test_each_kind_of_key(self) -> None:
        for algorithm, pem in self.keys().items():
            key = AccountKey(pem)
            protected, payload = opened(key.sign(b'{"a":1}', {"nonce": "n", "url": "u"}), key.jwk)
            self.assertEqual((protected, payload), ({"alg": algorithm, "nonce": "n", "url": "u"}, b'{"a":1}'))

    def test_signature_of_another_key_is_none(self) -> None:
        jws = AccountKey(new_key_pem()).sign(b"", {})
        self.assertRaises(InvalidSignature, opened, jws, AccountKey(new_key_pem()).jwk)

    def test_numbers_have_their_full_length(self) -> None:
        """One coordinate, and one half of a signature, in 256 begins with a zero (RFC 7518 3.4, 6.2.1.2)."""
        short = next(
            key
            for key in (ec.derive_private_key(number, ec.SECP256R1()) for number in range(1, 5000))
            if min(key.public_key().public_numbers().x, key.public_key().public_numbers().y) < 1 << 248
        )
        key = AccountKey(pem_of(short))
        self.assertEqual({len(unpadded(key.jwk[name])) for name in "xy"}, {32})
        for _ in range(300):
            opened(key.sign(b"", {}), key.jwk)

    def test_payload_for_reading_is_empty(self) -> None:
        self.assertEqual(AccountKey(new_key_pem()).sign(b"", {})["payload"], "")


class UnfitKeyTests(SynchronousTestCase):
    """What cannot sign."""

    def refused(self, pem: str) -> str:
        problem = self.assertRaises(AcmeProblem, AccountKey, pem)
        self.assertEqual(problem.kind, "local")
        self.assertFalse(problem.is_temporary)
        return str(problem.detail)

    def test_other_kinds(self) -> None:
        for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP521R1())):
            self.assertIn("neither RSA nor", self.refused(pem_of(key)))

    def test_password(self) -> None:
        key = pem_of(ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"secret"))
        self.assertIn("password", self.refused(key))

    def test_damaged(self) -> None:
        key = new_key_pem()
        self.assertIn("damaged", self.refused(key[:120] + "====" + key[124:]))
        self.assertIn("no private key", self.refused(""))

    @given(st.text(max_size=100), st.integers(0, 200))
    def test_any_text(self, text: str, place: int) -> None:
        for pem in (
            text,
            new_key_pem()[:place] + text,
            f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----",
        ):
            try:
                AccountKey(pem)
            except AcmeProblem as problem:
                self.assertTrue(text == "" or len(text) < 8 or text not in str(problem.detail))


class ExternalAccountTests(SynchronousTestCase):
    """RFC 8555 7.3.4."""

    URL = "https://ca.test/new-account"

    def bound(self, mac_key: str) -> dict[str, str]:
        self.key = AccountKey(new_key_pem())
        return self.key.bound_to(ExternalAccount("kid-1", mac_key), self.URL)

    def test_binding(self) -> None:
        secret = bytes(range(250, 256)) + b"k" * 27
        for text in (
            base64url(secret),
            f" {base64url(secret)}\n",
            base64url(secret).replace("_", "/").replace("-", "+"),
        ):
            jws = self.bound(text)
            signed = f"{jws['protected']}.{jws['payload']}".encode()
            self.assertEqual(unpadded(jws["signature"]), hmac.digest(secret, signed, "sha256"))
            self.assertEqual(
                json.loads(unpadded(jws["protected"])), {"alg": "HS256", "kid": "kid-1", "url": self.URL}
            )  # and no nonce
            self.assertEqual(json.loads(unpadded(jws["payload"])), self.key.jwk)

    def test_padding_is_taken(self) -> None:
        self.assertEqual(len(unpadded(self.bound("YWJjZA==")["signature"])), 32)

    def test_what_is_no_key(self) -> None:
        for text in ("", "a", "abcde", "ab cd", "äöü", "a" * 2050, "====", "ab\ncd"):
            problem = self.assertRaises(AcmeProblem, self.bound, text)
            self.assertEqual(problem.kind, "externalAccountRequired")
            self.assertIn("HMAC key", problem.detail)

    def test_key_is_not_shown(self) -> None:
        self.assertNotIn("c2VjcmV0", repr(ExternalAccount("kid-1", "c2VjcmV0")))

    @given(st.text(max_size=50))
    def test_any_text(self, text: str) -> None:
        try:
            self.bound(text)
        except AcmeProblem as problem:
            self.assertFalse(problem.is_temporary)


class SuccessionTests(SynchronousTestCase):
    """RFC 8555 7.3.5."""

    def test_inner_jws(self) -> None:
        former, new = AccountKey(new_key_pem()), AccountKey(rsa_of_the_rfc())
        jws = new.succeeding(former, "https://ca.test/account/1", "https://ca.test/key-change")
        protected, payload = opened(jws, new.jwk)
        self.assertEqual(protected, {"alg": "RS256", "jwk": new.jwk, "url": "https://ca.test/key-change"})
        self.assertEqual(json.loads(payload), {"account": "https://ca.test/account/1", "oldKey": former.jwk})
        self.assertNotIn("d", protected["jwk"])
