"""``POST /auth/par`` (RFC 9126): who pushes, what comes back, and the key that a code is bound to."""

from __future__ import annotations

from typing import Any

from stalwart.oauth.pushed import push
from stalwart.provider.grants import AuthorizationRequest
from stalwart.provider.requests import AuthorizationRequests
from tests.oauth.world import SECRET, OAuthWorld, basic
from tests.provider.proofs import Prover
from tests.provider.world import BASE, REDIRECT, VERIFIER, challenge_of
from tests.web.client import Response

GOOD = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": REDIRECT,
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
    "state": "xyz",
}


class PushedTests(OAuthWorld):
    routes = (push,)

    def services(self) -> dict[str, Any]:
        self.requests = AuthorizationRequests(self.clients, self.store, self.settings, self.clock, BASE)
        return super().services() | {"authorization_requests": self.requests}

    def send(self, headers: dict[str, str] | None = None, **changes: str | None) -> Response:
        return self.post("/auth/par", headers=headers, **(GOOD | changes))

    def loaded(self, answer: Response, client_id: str = "app") -> AuthorizationRequest:
        self.assertEqual(answer.status, 201, answer.body)
        self.assertEqual(answer.json()["expires_in"], 90)
        self.assertIn("no-store", answer.headers["cache-control"])
        uri = answer.json()["request_uri"]
        return self.settle(self.requests.read({"client_id": [client_id], "request_uri": [uri]}))

    def test_request_is_kept(self) -> None:
        request = self.loaded(self.send())
        self.assertEqual((request.state, request.redirect_uri, request.dpop_thumbprint), ("xyz", REDIRECT, None))

    def test_confidential_client_proves_itself(self) -> None:
        for headers, form in ((basic("shop", SECRET), {"client_id": None}), (None, {"client_secret": SECRET})):
            answer = self.send(headers, **({"client_id": "shop"} | form))
            self.assertEqual(self.loaded(answer, "shop").client.id, "shop")
        self.refusal(self.send(client_id="shop"), "invalid_client", 401)
        self.refusal(self.send(client_id="shop", client_secret="x"), "invalid_client", 401)

    def test_secret_is_not_kept(self) -> None:
        kept: list[Any] = []
        transaction = type(self.successResultOf(self.store.read(lambda tx: tx.tokens)))
        put = transaction.put

        def noted(tokens: Any, id: str, kind: str, data: Any, expires_at: int) -> None:
            kept.append(data)
            put(tokens, id, kind, data, expires_at)

        self.patch(transaction, "put", noted)
        self.loaded(self.send(client_id="shop", client_secret=SECRET), "shop")
        self.assertEqual(len(kept), 1)
        self.assertNotIn(SECRET, repr(kept))

    def test_bad_requests_are_told_at_once(self) -> None:
        self.refusal(self.send(code_challenge_method="plain"), "invalid_request")
        self.refusal(self.send(redirect_uri="javascript:alert(1)"), "invalid_request")
        self.refusal(self.send(response_type="token"), "unsupported_response_type")
        self.refusal(self.send(resource="https://evil.example/"), "invalid_target")
        self.refusal(self.send(request_uri="urn:ietf:params:oauth:request_uri:x"), "invalid_request")
        self.refusal(self.send(client_id=None), "invalid_request")

    def test_proof_binds_the_code(self) -> None:
        prover = Prover()

        def proof() -> dict[str, str]:
            return {"DPoP": prover.proof("POST", f"{BASE}/auth/par", self.clock.seconds())}

        thumbprint = self.loaded(self.send(proof())).dpop_thumbprint
        assert thumbprint is not None
        self.assertEqual(self.loaded(self.send(proof(), dpop_jkt=thumbprint)).dpop_thumbprint, thumbprint)
        self.refusal(self.send(proof(), dpop_jkt="x" * 43), "invalid_dpop_proof")
        elsewhere = prover.proof("POST", f"{BASE}/auth/token", self.clock.seconds())
        self.refusal(self.send({"DPoP": elsewhere}), "invalid_dpop_proof")
