"""The examples that the public documentation gives for ``/api/auth`` and ``/auth/device`` are answered as it says."""

from __future__ import annotations

import json
from typing import Any

from stalwart.oauth.device import device
from stalwart.oauth.sign_in_api import authenticate
from stalwart.oauth.token import DEVICE_CODE, token
from stalwart.provider.passkeys import Passkeys
from stalwart.provider.requests import AuthorizationRequests
from stalwart.provider.sign_in import SignIn
from tests.directory.world import PASSWORD
from tests.oauth.world import OAuthWorld
from tests.provider.world import BASE
from tests.web.client import Response, request_bytes

# RFC 7636 appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
AUTH_CODE: dict[str, Any] = {
    "type": "authCode",
    "accountName": "alice@example.test",
    "accountSecret": PASSWORD,
    "mfaToken": None,
    "clientId": "webadmin",
    "redirectUri": "https://mail.example.com/login",
    "nonce": None,
    "scope": None,
    "codeChallenge": CHALLENGE,
    "codeChallengeMethod": "S256",
    "state": None,
}


class ExampleTests(OAuthWorld):
    routes = (authenticate, device, token)

    def services(self) -> dict[str, Any]:
        passkeys = Passkeys(self.store, self.directory, self.clock, self.telemetry, BASE)
        return {
            **super().services(),
            "passkeys": passkeys,
            "sign_in": SignIn(self.directory, passkeys, self.clock, self.telemetry),
            "authorization_requests": AuthorizationRequests(
                self.clients, self.store, self.settings, self.clock, BASE, "normal"
            ),
            "telemetry": self.telemetry,
        }

    def auth(self, body: dict[str, Any]) -> Response:
        """The answer, after the time that a failed login is held back."""
        connected = self.server.connect()
        connected.send(request_bytes("POST", "/api/auth", None, json.dumps(body).encode()))
        self.clock.advance(1)
        return connected.response("POST")

    def test_auth_code(self) -> None:
        answer = self.auth(AUTH_CODE)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json()["type"], "authenticated")
        changes = {"client_id": "webadmin", "redirect_uri": AUTH_CODE["redirectUri"], "code_verifier": VERIFIER}
        self.assertEqual(self.exchange(answer.json()["clientCode"], **changes).status, 200)

    def test_rejected_credentials(self) -> None:
        self.assertEqual(self.auth({**AUTH_CODE, "accountSecret": "s3cret"}).json(), {"type": "failure"})
        self.assertEqual(self.auth({**AUTH_CODE, "accountName": "nobody"}).json(), {"type": "failure"})

    def test_multi_factor_is_required(self) -> None:
        uri = "otpauth://totp/x:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.patch_account(self.alice, {"credentials/0/otpAuth": uri})
        self.assertEqual(self.auth(AUTH_CODE).json(), {"type": "mfaRequired"})

    def test_auth_device(self) -> None:
        shown = self.post("/auth/device", client_id="tv").json()
        body = {"type": "authDevice", "accountName": "alice@example.test", "accountSecret": PASSWORD}
        self.assertEqual(self.auth({**body, "code": "AAAA-AAAA"}).json(), {"type": "failure"})
        self.assertEqual(self.auth({**body, "code": shown["user_code"]}).json(), {"type": "verified"})
        form = {"grant_type": DEVICE_CODE, "device_code": shown["device_code"], "client_id": "tv"}
        self.assertEqual(self.post("/auth/token", **form).status, 200)

    def test_failed_authentication_names_the_bearer_realm(self) -> None:
        answer = self.auth({**AUTH_CODE, "redirectUri": "javascript:alert(1)"})
        self.assertEqual((answer.status, answer.headers["content-type"]), (401, "application/problem+json"))
        self.assertIn('Bearer realm="Stalwart Server"', answer.all("www-authenticate")[0])
