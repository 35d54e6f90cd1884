"""Signatures: right ones, wrong ones, and tokens that choose how they want to be checked."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import HMACAlgorithm
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.external.provider_keys import (
    NotSigned,
    ProviderKey,
    check_header,
    chosen_key,
    read_keys,
    verified_claims,
)
from tests.directory.external.provider import EC, OTHER, RSA, jwk

EDWARDS = ed25519.Ed25519PrivateKey.generate()
WIDE = ec.generate_private_key(ec.SECP521R1())
CLAIMS = {"sub": "1"}


def signed(algorithm: str, key: Any, **header: Any) -> tuple[str, dict[str, Any]]:
    token = jwt.encode(CLAIMS, key, algorithm=algorithm, headers=header)
    return token, jwt.get_unverified_header(token)


class KeyTests(SynchronousTestCase):
    def only(self, *keys: dict[str, Any]) -> ProviderKey:
        found = read_keys({"keys": list(keys)})
        self.assertEqual(len(found), 1)
        return found[0]

    def test_all_asymmetric_algorithms(self) -> None:
        for algorithm, key in (
            *((name, RSA) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
            ("ES256", EC),
            ("ES512", WIDE),
            ("EdDSA", EDWARDS),
        ):
            token, header = signed(algorithm, key, kid="a")
            self.assertEqual(check_header(header), algorithm)
            key_set = read_keys({"keys": [jwk("a", algorithm, key), jwk("b", "ES256", OTHER)]})
            chosen = chosen_key(key_set, header)
            assert chosen is not None
            self.assertEqual(verified_claims(token, header, chosen), CLAIMS, algorithm)

    def test_another_key_under_the_same_id(self) -> None:
        token, header = signed("ES256", OTHER, kid="a")
        self.assertRaises(NotSigned, verified_claims, token, header, self.only(jwk("a", "ES256", EC)))

    def test_changed_content(self) -> None:
        token, header = signed("ES256", EC)
        first, _, last = token.split(".")
        other = jwt.encode({"sub": "2"}, EC, algorithm="ES256").split(".")[1]
        key = self.only(jwk(None, "ES256", EC))
        for changed in (f"{first}.{other}.{last}", f"{first}..{last}", token[:-4], f"{token}AAAA", f"{first}.{other}."):
            self.assertRaises(NotSigned, verified_claims, changed, header, key)

    def test_public_key_as_a_shared_secret(self) -> None:
        for algorithm in ("HS256", "HS384", "HS512", "none", "", None, 7, ["RS256"]):
            self.assertRaises(NotSigned, check_header, {"alg": algorithm})
        key = self.only(jwk("a", "RS256", RSA))
        pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        signature = HMACAlgorithm(HMACAlgorithm.SHA256).sign(b"eyJhbGciOiJIUzI1NiJ9.e30", pem)
        token = "eyJhbGciOiJIUzI1NiJ9.e30." + urlsafe_b64encode(signature).decode().rstrip("=")
        for header in ({"alg": "HS256"}, {"alg": "RS256"}):
            self.assertRaises(NotSigned, verified_claims, token, header, key)

    def test_header_that_asks_for_more(self) -> None:
        for extra in ({"crit": ["exp"]}, {"typ": "logout+jwt"}, {"typ": 1}):
            self.assertRaises(NotSigned, check_header, {"alg": "ES256", **extra})
        for kind in ("JWT", "at+jwt", "application/at+jwt"):
            self.assertEqual(check_header({"alg": "ES256", "typ": kind}), "ES256")

    def test_key_is_good_for_its_own_algorithm_only(self) -> None:
        keys = read_keys({"keys": [jwk("a", "RS256", RSA, alg="RS256"), jwk("b", "ES256", EC)]})
        for id, algorithm, fits in (
            ("a", "RS256", True),
            ("a", "PS256", False),
            ("b", "ES256", True),
            ("b", "ES384", False),
        ):
            self.assertEqual(chosen_key(keys, {"kid": id, "alg": algorithm}) is not None, fits)

    def test_token_without_key_id_needs_a_single_key(self) -> None:
        keys = read_keys({"keys": [jwk("a", "ES256", EC), jwk("b", "RS256", RSA)]})
        self.assertEqual(chosen_key(keys, {"alg": "ES256"}), keys[0])
        self.assertIsNone(chosen_key((*keys, *keys), {"alg": "ES256"}))

    def test_keys_of_no_use_are_passed_over(self) -> None:
        weak = rsa.generate_private_key(65537, 1024)
        for bad in (
            jwk("a", "RS256", weak),
            jwk("a", "ES256", EC, use="enc"),
            jwk("a", "ES256", EC, alg="HS256"),
            jwk("a", "ES256", EC, crv="P-192"),
            jwk("a", "ES256", EC, x="AAAA"),
            {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
            {"kty": "EC", "crv": "P-256"},
            {"kty": "RSA", "n": 1, "e": []},
            {"kty": []},
            "key",
            None,
        ):
            self.assertEqual(read_keys({"keys": [bad]}), (), bad)
        for document in ({}, {"keys": None}, {"keys": {}}, {"keys": "x"}):
            self.assertEqual(read_keys(document), ())
        self.assertLessEqual(len(read_keys({"keys": [jwk(str(n), "ES256", EC) for n in range(150)]})), 100)
