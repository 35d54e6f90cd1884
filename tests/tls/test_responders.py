"""Each kind of challenge is answered where the authority looks, and no longer than it is needed."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from stalwart.directory.hashing import SynchronousHashing
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.tls.challenge_answers import LIFETIME, HttpAnswers, TlsAnswers
from stalwart.tls.responders import Dns01Responder, Http01Responder, TlsAlpn01Responder, proving_pair
from stalwart.tls.txacme_parts import IResponder, challenge_of, response_of

NOW = 1_800_000_000
TOKEN = "DGyRejmCefe7v4NfDGDKfA"
PROOF = f"{TOKEN}.thumbprint"
IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


class FakePublisher:
    """The name server: its TXT records."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str]] = []

    async def add(self, name: str, value: str) -> None:
        """See ``Publisher``."""
        self.records.append((name, value))

    async def remove(self, name: str, value: str) -> None:
        """See ``Publisher``."""
        self.records.remove((name, value))


class RespondersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.clock = Clock()
        self.clock.advance(NOW)
        self.http = HttpAnswers(self.store, self.clock)
        self.tls = TlsAnswers(self.store, self.clock, Telemetry())
        self.publisher = FakePublisher()
        self.settling: Deferred[None] | None = None

    async def settle(self) -> None:
        if self.settling is not None:
            await self.settling

    def tls_responder(self, domain_id: int = 5) -> TlsAlpn01Responder:
        return TlsAlpn01Responder(domain_id, self.tls, SynchronousHashing(), self.clock, self.settle)

    def begin(self, responder: Any, name: str = "a.example.test", proof: str = PROOF) -> Deferred[None]:
        """Start to respond; what has to be waited for."""
        challenge = challenge_of(responder.challenge_type, TOKEN)
        started: Deferred[None] = responder.start_responding(name, challenge, response_of(challenge, proof))
        return started

    def end(self, responder: Any, name: str = "a.example.test", proof: str = PROOF) -> None:
        challenge = challenge_of(responder.challenge_type, TOKEN)
        self.successResultOf(responder.stop_responding(name, challenge, response_of(challenge, proof)))

    def found(self) -> str | None:
        """What is served for the token."""
        return self.successResultOf(Deferred.fromCoroutine(self.http.find(TOKEN)))

    def test_all_are_what_txacme_takes(self) -> None:
        for each in (Http01Responder(self.http), self.tls_responder(), Dns01Responder(self.publisher)):
            self.assertTrue(verifyObject(IResponder, each))

    def test_http_answer_is_there_under_its_token_and_goes(self) -> None:
        responder = Http01Responder(self.http)
        self.successResultOf(self.begin(responder))
        self.assertEqual(self.found(), PROOF)
        self.end(responder)
        self.assertIsNone(self.found())

    def test_tls_answer_is_for_the_name_and_goes(self) -> None:
        responder = self.tls_responder()
        self.successResultOf(self.begin(responder))
        self.successResultOf(self.begin(responder, "b.example.test"))
        pair = self.tls.pair_for("A.example.test")
        assert pair is not None
        self.assertEqual(pair.names, frozenset(("a.example.test",)))
        self.end(responder)
        self.assertIsNone(self.tls.pair_for("a.example.test"))
        self.assertIsNotNone(self.tls.pair_for("b.example.test"))

    def test_authority_is_not_asked_before_other_processes_have_the_certificate(self) -> None:
        self.settling = Deferred()
        started = self.begin(self.tls_responder())
        self.assertNoResult(started)
        self.assertIsNotNone(self.tls.pair_for("a.example.test"))
        self.settling.callback(None)
        self.successResultOf(started)

    def test_dns_record_is_the_digest_below_the_name(self) -> None:
        # RFC 8555 8.4: base64url of the SHA-256 digest, without padding
        responder = Dns01Responder(self.publisher)
        self.successResultOf(self.begin(responder, proof="abc"))
        digest = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
        self.assertEqual(self.publisher.records, [("_acme-challenge.a.example.test", digest)])
        self.end(responder, proof="abc")
        self.assertEqual(self.publisher.records, [])

    def test_a_domain_and_all_below_it_are_proved_side_by_side(self) -> None:
        responder = Dns01Responder(self.publisher)
        for name, proof in (("example.test", "one"), ("*.example.test", "two")):
            self.successResultOf(self.begin(responder, name, proof))
        names = [name for name, _ in self.publisher.records]
        self.assertEqual(names, ["_acme-challenge.example.test"] * 2)
        self.end(responder, "example.test", "one")
        self.assertEqual(len(self.publisher.records), 1)

    def test_name_server_that_fails_is_told(self) -> None:
        async def refuse(name: str, value: str) -> None:
            raise RuntimeError("REFUSED")

        self.patch(self.publisher, "add", refuse)
        self.failureResultOf(self.begin(Dns01Responder(self.publisher)), RuntimeError)


class ProvingPairTests(SynchronousTestCase):
    """RFC 8737 3."""

    def test_certificate(self) -> None:
        pair = proving_pair("a.example.test", PROOF, NOW)
        made = x509.load_der_x509_certificate(pair.chain[0])
        (names, proof) = made.extensions
        self.assertEqual(names.value.get_values_for_type(x509.DNSName), ["a.example.test"])
        digest = hashlib.sha256(PROOF.encode()).digest()
        self.assertEqual((proof.oid, proof.critical, proof.value.value), (IDENTIFIER, True, b"\x04\x20" + digest))
        key: Any = load_der_private_key(pair.key, None)
        self.assertEqual(key.public_key(), made.public_key())
        made.verify_directly_issued_by(made)
        self.assertLess(made.not_valid_before_utc.timestamp(), NOW - 600)
        self.assertGreater(made.not_valid_after_utc.timestamp(), NOW + LIFETIME)
        self.assertEqual(int(made.not_valid_after_utc.timestamp()), pair.not_after)

    @given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=300))
    def test_any_proof_is_digested(self, proof: str) -> None:
        made = x509.load_der_x509_certificate(proving_pair("a.test", proof, NOW).chain[0])
        extension: Any = made.extensions.get_extension_for_oid(IDENTIFIER)
        self.assertEqual(extension.value.value[2:], hashlib.sha256(proof.encode()).digest())
