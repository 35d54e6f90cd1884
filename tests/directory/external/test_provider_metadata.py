"""The documents of a provider: exact, kept, and fetched again when that helps."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.external.provider_metadata import KEYS_AGAIN, LIFETIME, RETRY, STALE, ProviderMetadata
from stalwart.errors import Unavailable
from tests.directory.external.provider import DOWN, EC, ISSUER, OTHER, Provider, jwk

NOW = 1_800_000_000
METADATA = "openid-configuration"


class MetadataTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.provider = Provider(NOW)
        self.metadata = ProviderMetadata(ISSUER, self.provider, self.clock)

    def settle(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.successResultOf(Deferred.fromCoroutine(work))

    def refusal(self, work: Coroutine[Any, Any, Any]) -> str:
        problem: Any = self.failureResultOf(Deferred.fromCoroutine(work), Unavailable).value
        return str(problem.detail)

    def key(self, id: str) -> Any:
        return self.settle(self.metadata.key({"kid": id, "alg": "ES256"}))

    def test_document_is_fetched_once_an_hour(self) -> None:
        for seconds, asked in ((0, 1), (LIFETIME - 1, 1), (1, 2), (1, 2)):
            self.clock.advance(seconds)
            self.assertEqual(self.settle(self.metadata.document())["issuer"], ISSUER)
            self.assertEqual(self.provider.asked, [METADATA] * asked)

    def test_those_who_wait_share_a_request(self) -> None:
        self.provider.held = Deferred()
        waiting = [Deferred.fromCoroutine(self.metadata.document()) for _ in range(3)]
        waiting[0].addErrback(lambda _: None).cancel()
        self.provider.held.callback(None)
        self.assertEqual([self.successResultOf(one)["issuer"] for one in waiting[1:]], [ISSUER, ISSUER])
        self.assertEqual(self.provider.asked, [METADATA])

    def test_issuer_is_compared_to_the_letter(self) -> None:
        for issuer in (ISSUER + "/", ISSUER.upper(), "", None, [ISSUER]):
            self.provider.document["issuer"] = issuer
            self.assertIn("issuerUrl", self.refusal(ProviderMetadata(ISSUER, self.provider, self.clock).document()))

    def test_final_slash_belongs_to_the_name_and_not_to_the_path(self) -> None:
        provider = Provider(NOW)
        provider.document["issuer"] = ISSUER + "/"
        found = self.settle(ProviderMetadata(ISSUER + "/", provider, self.clock).document())
        self.assertEqual(found["issuer"], ISSUER + "/")

    def test_endpoints_that_tokens_must_not_be_sent_to(self) -> None:
        for name in ("jwks_uri", "userinfo_endpoint", "introspection_endpoint"):
            for url in ("http://idp.example.net/x", "http://localhost/x", "", None, 7, "/relative"):
                self.provider.document = {**Provider(NOW).document, name: url}
                self.assertIn(name, self.refusal(ProviderMetadata(ISSUER, self.provider, self.clock).document()))
        del self.provider.document["introspection_endpoint"]
        del self.provider.document["jwks_uri"]
        self.assertIn("jwks_uri", self.refusal(ProviderMetadata(ISSUER, self.provider, self.clock).document()))

    def test_provider_on_the_own_machine_needs_no_tls(self) -> None:
        for issuer in ("http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"):
            found = self.settle(ProviderMetadata(issuer, Provider(NOW, issuer), self.clock).document())
            self.assertEqual(found["issuer"], issuer)

    def test_provider_that_is_down_is_not_asked_at_every_login(self) -> None:
        self.provider.down = DOWN
        self.assertIn("Connection refused", self.refusal(self.metadata.document()))
        self.assertIn("Connection refused", self.refusal(self.metadata.document()))
        self.assertEqual(len(self.provider.asked), 1)
        self.clock.advance(RETRY)
        self.provider.down = None
        self.assertEqual(self.settle(self.metadata.document())["issuer"], ISSUER)

    def test_old_documents_serve_for_a_day_while_the_provider_is_down(self) -> None:
        self.assertIsNotNone(self.key("two"))
        self.provider.down = DOWN
        self.clock.advance(LIFETIME)
        self.assertEqual(self.settle(self.metadata.document())["issuer"], ISSUER)
        self.assertIsNotNone(self.key("two"))
        self.clock.advance(STALE)
        self.refusal(self.metadata.document())
        self.refusal(self.metadata.key({"kid": "two", "alg": "ES256"}))

    def test_what_is_no_document(self) -> None:
        self.provider.issuer = "https://elsewhere.example.net"  # so everything is 404
        self.assertIn("HTTP status 404", self.refusal(self.metadata.document()))

    def test_unknown_key_id_has_the_keys_fetched_again_but_not_too_often(self) -> None:
        self.assertIsNotNone(self.key("two"))
        self.provider.keys = [jwk("three", "ES256", OTHER)]
        self.clock.advance(KEYS_AGAIN - 1)
        self.assertIsNone(self.key("three"))
        self.assertEqual(self.provider.asked, [METADATA, "jwks"])
        self.clock.advance(1)
        self.assertIsNotNone(self.key("three"))
        self.assertIsNone(self.key("four"))
        self.assertEqual(self.provider.asked, [METADATA, "jwks", "jwks"])

    def test_key_that_is_taken_back_is_gone_within_the_hour(self) -> None:
        self.assertIsNotNone(self.key("two"))
        self.provider.keys = [jwk("three", "ES256", EC)]
        self.clock.advance(LIFETIME)
        self.assertIsNone(self.key("two"))
