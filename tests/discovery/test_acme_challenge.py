"""Authorities find the answers to their challenges, and nobody finds anything else."""

from __future__ import annotations

from typing import Any

from stalwart.config import registry
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.discovery.acme_challenge import challenge
from stalwart.tls.challenge_answers import HttpAnswers
from tests.directory.world import NOW, World
from tests.web.client import Response, serve

TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"


class ChallengeTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.answers = HttpAnswers(self.store, self.clock)
        services = {"http_answers": self.answers, "settings": self.settings, "telemetry": self.telemetry}
        self.server = serve([challenge], services)
        self.settle(self.answers.put(TOKEN, f"{TOKEN}.thumb"))

    def get(self, token: str = TOKEN, method: str = "GET") -> Response:
        return self.server.request(method, f"/.well-known/acme-challenge/{token}")

    def provide(self, *kinds: str) -> None:
        """Accounts with these kinds of challenges."""

        def write(tx: Any) -> None:
            for kind in kinds:
                data = {"contact": {"a@example.test": True}, "challengeType": kind}
                registry.create(tx, AcmeProvider, data, now=NOW)

        self.successResultOf(self.store.write(write))
        self.settle(self.settings.reload())

    def test_answer_is_bare_text_for_anybody(self) -> None:
        answer = self.get()
        self.assertEqual((answer.status, answer.body), (200, f"{TOKEN}.thumb".encode()))
        self.assertEqual(answer.headers["content-type"], "text/plain")
        self.assertEqual(self.get(method="HEAD").headers["content-length"], str(len(answer.body)))

    def test_whatever_is_not_open_is_not_found_and_told(self) -> None:
        for token in ("other", "x" * 600, "%2e%2e%2fetc", "%00", TOKEN + "."):
            self.assertEqual(self.get(token).status, 404, token)
        self.assertEqual(self.telemetry.counters["acme.token-not-found"], 5)

    def test_nothing_is_there_while_names_are_proved_otherwise(self) -> None:
        self.provide("TlsAlpn01", "Dns01")
        self.assertEqual(self.get().status, 404)
        self.provide("Http01")
        self.assertEqual(self.get().status, 200)
