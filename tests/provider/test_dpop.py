"""Proofs of a key (RFC 9449 4.2 and 4.3): what is taken, and every way in which one is no proof."""

from __future__ import annotations

import json
import warnings
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.provider.dpop import FUTURE, PAST, Proofs
from stalwart.provider.errors import OAuthError
from stalwart.web.limits import MemoryCounters
from tests.provider.proofs import Prover, ed_key, encoded, rsa_key

URL = "https://mail.example.test/auth/token"
NOW = 1_800_000_000
PROVER = Prover()
RSA = rsa_key()


class ProofsTestCase(SynchronousTestCase):
    """``check`` and ``refused`` for one request to `URL`."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.proofs = Proofs(MemoryCounters(), self.clock)

    def check(self, proof: str, method: str = "POST", url: str = URL, token: str | None = None) -> str:
        return self.proofs.check(proof, method=method, url=url, access_token=token)

    def refused(self, proof: str, **request: Any) -> str:
        error = self.assertRaises(OAuthError, self.check, proof, **request)
        self.assertEqual(error.code, "invalid_dpop_proof")
        return error.description

    def proof(self, **changes: Any) -> str:
        return PROVER.proof("POST", URL, self.clock.seconds(), **changes)


class GoodTests(ProofsTestCase):
    def test_thumbprint_is_that_of_the_key(self) -> None:
        canonical = json.dumps(PROVER.public, sort_keys=True, separators=(",", ":")).encode()
        self.assertEqual(self.check(self.proof()), encoded(sha256(canonical).digest()))  # RFC 7638 3

    def test_all_announced_algorithms(self) -> None:
        for key, algorithm in ((RSA, "RS256"), (RSA, "PS256"), (ed_key(), "EdDSA")):
            prover = Prover(key, algorithm)
            self.assertEqual(len(self.check(prover.proof("POST", URL, NOW))), 43)

    def test_places_are_compared_as_places(self) -> None:
        for named in ("HTTPS://Mail.Example.Test:443/auth/token", f"{URL}?x=1", f"{URL}#x"):
            self.check(self.proof(htu=named))

    def test_clocks_may_differ_a_little(self) -> None:
        for iat in (NOW - PAST, NOW + FUTURE):
            self.check(self.proof(iat=iat))

    def test_access_token_is_part_of_it(self) -> None:
        self.check(self.proof(token="t"), token="t")


class BadTests(ProofsTestCase):
    def test_other_requests(self) -> None:
        self.refused(self.proof(htm="GET"))
        self.refused(self.proof(htm="post"))
        self.refused(self.proof(htm=None))
        for named in (
            f"{URL}/",
            "https://evil.example/auth/token",
            "http://mail.example.test/auth/token",
            "x",
            7,
            None,
        ):
            self.refused(self.proof(htu=named))

    def test_other_tokens(self) -> None:
        self.refused(self.proof(), token="t")
        self.refused(self.proof(token="u"), token="t")

    def test_other_times(self) -> None:
        for iat in (NOW - PAST - 1, NOW + FUTURE + 1, 0, -1, 10**30, True, str(NOW), None):
            self.refused(self.proof(iat=iat))

    def test_names_that_are_none(self) -> None:
        for jti in ("", "x" * 257, 7, None, ["x"]):
            self.refused(self.proof(jti=jti))

    def test_proof_is_good_once(self) -> None:
        proof = self.proof()
        self.check(proof)
        self.assertIn("before", self.refused(proof))

    def test_proof_is_good_once_at_any_moment_of_its_life(self) -> None:
        for start in range(0, 2 * (PAST + FUTURE), 7):
            for later in range(0, PAST + FUTURE + 1, 5):
                clock = Clock()
                clock.advance(NOW + start)
                proofs = Proofs(MemoryCounters(), clock)
                proof = PROVER.proof("POST", URL, clock.seconds() + FUTURE)
                proofs.check(proof, method="POST", url=URL, access_token=None)
                clock.advance(later)
                self.assertRaises(OAuthError, proofs.check, proof, method="POST", url=URL, access_token=None)

    def test_others_may_use_the_same_name(self) -> None:
        self.check(self.proof(jti="same"))
        self.check(Prover().proof("POST", URL, NOW, jti="same"))

    def test_signatures_of_others(self) -> None:
        stranger = Prover()
        self.refused(stranger.proof("POST", URL, NOW, header={"jwk": PROVER.public}))
        head, claims, signature = self.proof().split(".")
        self.refused(f"{head}.{claims}.{signature[::-1]}")
        self.refused(f"{head}.{self.proof().split('.')[1]}.{signature}")

    def test_no_signature_and_shared_secrets(self) -> None:
        self.refused(jwt.encode({"htm": "POST"}, None, "none", {"typ": "dpop+jwt", "jwk": PROVER.public}))
        header = {"typ": "dpop+jwt", "jwk": {"kty": "oct", "k": encoded(b"x" * 32)}}
        self.refused(jwt.encode({"htm": "POST"}, b"x" * 32, "HS256", header))

    def test_headers_that_are_none(self) -> None:
        for header in (
            {"typ": "JWT"},
            {"typ": None},
            {"jwk": None},
            {"jwk": "x"},
            {"jwk": {}},
            {"crit": ["b64"], "b64": False},
        ):
            self.refused(self.proof(header=header))

    def test_private_keys_are_not_read(self) -> None:
        self.refused(self.proof(header={"jwk": {**PROVER.public, "d": "AAAA"}}))

    def test_keys_of_other_kinds(self) -> None:
        other = Prover(ec.generate_private_key(ec.SECP384R1()), "ES384")
        self.refused(other.proof("POST", URL, NOW))
        self.refused(self.proof(header={"jwk": other.public}))
        self.refused(self.proof(header={"jwk": Prover(RSA, "RS256").public}))

    def test_weak_keys(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the library that signs
            proof = Prover(rsa_key(1024), "RS256").proof("POST", URL, NOW)
        self.refused(proof)

    def test_texts_that_are_no_proof(self) -> None:
        proof = self.proof()
        for text in ("", "x", "a.b.c", "\u0430", f"{proof}, {self.proof()}", proof + "." * 9000, "." * 100):
            self.refused(text)

    def test_deep_claims(self) -> None:
        nested = "[" * 1500 + "]" * 1500
        self.refused(signed_text(f'{{"htm":{nested}}}'))
        self.refused(signed_text(nested))

    def test_descriptions_are_printable_ascii(self) -> None:
        for text in ("x", self.proof(htm="GET"), self.proof(iat=0)):
            self.assertRegex(self.refused(text), r"^[ !#-\[\]-~]+$")  # RFC 6749 5.2


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(("kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "kid", "x5c"))


class AnythingTests(SynchronousTestCase):
    """Whatever a header or the claims hold, the answer is a thumbprint or a refusal."""

    @given(st.dictionaries(MEMBERS, VALUES, max_size=4), st.dictionaries(st.text(max_size=5), VALUES, max_size=3))
    def test_any_key(self, members: dict[str, Any], claims: dict[str, Any]) -> None:
        clock = Clock()
        clock.advance(NOW)
        proofs = Proofs(MemoryCounters(), clock)
        proof = PROVER.proof("POST", URL, NOW, header={"jwk": {**PROVER.public, **members}}, cty=claims)
        try:
            self.assertEqual(len(proofs.check(proof, method="POST", url=URL, access_token=None)), 43)
        except OAuthError as error:
            self.assertEqual(error.code, "invalid_dpop_proof")


def signed_text(payload: str) -> str:
    """A proof whose claims are any text."""
    header = {"typ": "dpop+jwt", "jwk": PROVER.public}
    return jwt.PyJWS().encode(payload.encode(), PROVER.key, "ES256", header)
