"""``POST /api/auth``: its shapes, its order, and what it does not tell."""

from __future__ import annotations

import re

from stalwart.provider.clients import Clients
from stalwart.provider.errors import OAuthError
from stalwart.provider.requests import AuthorizationRequests, Redirectable
from tests.directory.world import PASSWORD
from tests.oauth.pages.world import PagesWorld, hidden_fields, led_to
from tests.provider.world import BASE, VERIFIER, challenge_of

ALICE = {"accountName": "alice@example.test", "accountSecret": PASSWORD}
ASKED = {"type": "authCode", "clientId": "app", "redirectUri": "https://app.example/cb", **ALICE}
TWO_CHALLENGES = 2


class AuthCodeTests(PagesWorld):
    """For an authorization code."""

    def test_answer_is_as_documented(self) -> None:
        answer = self.auth({**ASKED, "nonce": "n1", "scope": "openid", "mfaToken": None, "state": None})
        members = answer.json()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        self.assertEqual(answer.headers["cache-control"], "no-store, no-cache, must-revalidate")
        self.assertEqual(list(members), ["type", "client_code", "clientCode", "iss"])
        self.assertRegex(members["clientCode"], re.compile(r"^[A-Za-z0-9]{40}$"))
        self.assertEqual(members["client_code"], members["clientCode"])
        self.assertEqual(members["iss"], "https://mail.example.test")

    def test_code_is_worth_tokens(self) -> None:
        self.assertTrue(self.tokens_of(self.auth(ASKED).json()["clientCode"]).access_token)

    def test_state_is_echoed(self) -> None:
        self.assertEqual(self.auth({**ASKED, "state": "xyz"}).json()["state"], "xyz")

    def test_content_type_does_not_matter_and_unknown_members_neither(self) -> None:
        answer = self.auth({**ASKED, "later": [1]}, Content_Type="text/plain")
        self.assertEqual(answer.json()["type"], "authenticated")

    def test_request_reaches_the_checks_in_the_words_of_oauth(self) -> None:
        more = {"codeChallenge": "c", "codeChallengeMethod": "S256", "resource": ["https://a", "https://b"]}
        self.auth({**ASKED, **more, "scope": "openid", "nonce": ""})
        self.assertEqual(
            self.requests.asked,
            [
                {
                    "response_type": ["code"],
                    "client_id": ["app"],
                    "redirect_uri": ["https://app.example/cb"],
                    "scope": ["openid"],
                    "code_challenge": ["c"],
                    "code_challenge_method": ["S256"],
                    "resource": ["https://a", "https://b"],
                }
            ],
        )

    def test_request_that_may_not_be_made_is_401_and_says_no_reason(self) -> None:
        self.requests.raises = OAuthError("invalid_request", "PKCE is missing.")
        answer = self.auth({**ASKED, "accountSecret": "wrong"})
        self.assertEqual((answer.status, answer.json()["detail"]), (401, "Invalid or missing credentials."))
        self.assertEqual(len(answer.all("www-authenticate")), TWO_CHALLENGES)
        self.assertEqual(self.failures, [])
        self.assertEqual(
            [keys["reason"] for id, keys in self.events if id == "auth.request-refused"],
            ["invalid_request: PKCE is missing."],
        )

    def test_without_pkce_a_wrong_password_is_still_told_first(self) -> None:
        refusal = Redirectable("invalid_request", "PKCE is missing.", "https://app.example/cb", None)
        self.requests.raises = refusal
        self.assertEqual(self.auth({**ASKED, "accountSecret": "wrong"}).json(), {"type": "failure"})
        self.assertEqual(self.auth(ASKED).status, 401)

    def test_missing_redirect_uri_is_401(self) -> None:
        answer = self.auth({"type": "authCode", "clientId": "app", **ALICE})
        self.assertEqual(answer.status, 401)

    def test_wrong_password_is_failure_and_counts(self) -> None:
        answer = self.auth({**ASKED, "accountSecret": "x"})
        self.assertEqual((answer.status, answer.body), (200, b'{"type":"failure"}'))
        self.assertEqual(self.failures, [("198.51.100.7", "alice@example.test")])

    def test_white_space_around_the_name_is_failure(self) -> None:
        self.assertEqual(self.auth({**ASKED, "accountName": " alice@example.test"}).json(), {"type": "failure"})

    def test_name_with_nul_is_failure(self) -> None:
        self.assertEqual(self.auth({**ASKED, "accountName": "a\0b"}).json(), {"type": "failure"})

    def test_ban_is_failure(self) -> None:
        self.banned = True
        self.assertEqual(self.auth({**ASKED, "accountSecret": "x"}).json(), {"type": "failure"})

    def test_forbidden_entry_is_failure(self) -> None:
        self.user("bob")
        self.assertEqual(self.auth({**ASKED, "accountName": "bob%alice"}).json(), {"type": "failure"})

    def test_app_password_is_failure(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.alice, "phone"))
        self.assertEqual(self.auth({**ASKED, "accountSecret": secret}).json(), {"type": "failure"})
        self.assertEqual(len(self.failures), 1)

    def test_second_factor_is_asked_for_and_taken(self) -> None:
        self.add_second_factor()
        self.assertEqual(self.auth(ASKED).body, b'{"type":"mfaRequired"}')
        self.assertEqual(self.auth({**ASKED, "mfaToken": "000000"}).json(), {"type": "failure"})
        answer = self.auth({**ASKED, "mfaToken": self.one_time_code()})
        self.assertEqual(answer.json()["type"], "authenticated")

    def test_second_factor_is_revealed_after_the_right_password_only(self) -> None:
        self.add_second_factor()
        self.assertEqual(self.auth({**ASKED, "accountSecret": "x"}).json(), {"type": "failure"})

    def test_secrets_are_in_no_event(self) -> None:
        self.auth({**ASKED, "accountSecret": "a-wrong-secret"})
        code = self.auth(ASKED).json()["clientCode"]
        told = repr(self.events)
        for secret in ("a-wrong-secret", PASSWORD, code):
            self.assertNotIn(secret, told)


class CheckedRequestTests(PagesWorld):
    """With the checks that the server makes (auth-api 3.2, design 8)."""

    mode = "normal"

    def furnish(self) -> None:
        self.clients = Clients(self.store, self.settings, self.sealer, self.hashing, self.clock, BASE)
        self.requests = AuthorizationRequests(self.clients, self.store, self.settings, self.clock, BASE, mode=self.mode)

    def kind(self, **changes: object) -> str:
        answer = self.auth({**ASKED, "codeChallenge": challenge_of(VERIFIER), "codeChallengeMethod": "S256", **changes})
        return str(answer.json()["type"]) if answer.status == 200 else str(answer.status)

    def test_request_with_pkce_passes(self) -> None:
        self.assertEqual(self.kind(), "authenticated")
        self.assertEqual(self.kind(resource=["https://mail.example.test/jmap/session"]), "authenticated")

    def test_what_may_not_be_asked_is_401(self) -> None:
        refused: tuple[dict[str, object], ...] = (
            {"codeChallenge": None},
            {"codeChallengeMethod": None},
            {"codeChallengeMethod": "plain"},
            {"codeChallengeMethod": "S512"},
            {"clientId": ""},
            {"clientId": "x" * 2049},
            {"redirectUri": None},
            {"redirectUri": "http://app.example/cb"},
            {"redirectUri": "javascript:alert(1)"},
            {"redirectUri": "https://app.example/cb#x"},
            {"resource": ["https://elsewhere.example/"]},
        )
        for changes in refused:
            self.assertEqual(self.kind(**changes), "401", changes)
        self.assertEqual(self.failures, [])

    def test_pages_work_with_them_too(self) -> None:
        asked = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": "https://app.example/cb",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
        page = self.get("/login", asked)
        answer = self.post("/login", {**hidden_fields(page), "username": "alice", "password": PASSWORD})
        self.assertEqual(answer.status, 303)
        self.assertTrue(self.redeem(led_to(answer)[1]["code"]).access_token)
        self.assertEqual(self.get("/login", {**asked, "code_challenge_method": "plain"}).status, 400)


class RecoveryModeTests(CheckedRequestTests):
    """The recovery administrator needs no PKCE there (auth-api 3.2 step 2)."""

    mode = "recovery"

    def test_what_may_not_be_asked_is_401(self) -> None:
        self.assertEqual(self.kind(redirectUri="javascript:alert(1)"), "401")

    def test_recovery_administrator_signs_in_without_pkce_over_http(self) -> None:
        wish = {
            "type": "authCode",
            "accountName": "root",
            "accountSecret": "recovery secret",
            "clientId": "stalwart-webui",
            "redirectUri": f"{BASE}/admin/oauth/callback",
        }
        self.assertEqual(self.auth(wish).json()["type"], "authenticated")
        loopback = {**wish, "clientId": "app", "redirectUri": "http://127.0.0.1:9999/cb"}
        self.assertEqual(self.auth(loopback).json()["type"], "authenticated")


class ShapeTests(PagesWorld):
    """What is no request."""

    def test_wrong_shapes_are_400(self) -> None:
        shapes = {
            "missing members": {"type": "authCode", "accountName": "a"},
            "unknown type": {**ASKED, "type": "authMagic"},
            "no type": {name: value for name, value in ASKED.items() if name != "type"},
            "wrong type of a member": {**ASKED, "scope": ["openid"]},
            "null for a list": {**ASKED, "resource": None},
            "no object": [ASKED],
            "passkey without response": {**ASKED, "passkey": {"ticket": "x"}},
        }
        for name, shape in shapes.items():
            answer = self.auth(shape)
            self.assertEqual((answer.status, answer.json()["title"]), (400, "Invalid parameters"), name)
            self.assertEqual(answer.json()["detail"], "JSON deserialization failed", name)
        self.assertEqual(self.failures, [])

    def test_no_json_is_400(self) -> None:
        answer = self.ask("POST", "/api/auth", body=b"accountName=a")
        self.assertEqual((answer.status, answer.json()["detail"]), (400, "JSON deserialization failed"))

    def test_large_body_is_read_up_to_the_limit(self) -> None:
        answer = self.auth({**ASKED, "later": "x" * 100_000})
        self.assertEqual(answer.json()["type"], "authenticated")

    def test_get_is_no_way(self) -> None:
        self.assertEqual(self.get("/api/auth").status, 405)


class DeviceTests(PagesWorld):
    """To let in a device."""

    def test_right_credentials_let_the_device_in_once(self) -> None:
        wish = {"type": "authDevice", "code": self.user_code(), **ALICE}
        self.assertEqual(self.auth(wish).body, b'{"type":"verified"}')
        self.assertEqual(self.auth(wish).body, b'{"type":"failure"}')

    def test_wrong_password_leaves_the_device_waiting(self) -> None:
        code = self.user_code()
        answer = self.auth({"type": "authDevice", "code": code, **ALICE, "accountSecret": "x"})
        self.assertEqual(answer.json(), {"type": "failure"})
        self.assertIsNotNone(self.settle(self.devices.find(code)))

    def test_unknown_code_counts_and_no_password_is_checked(self) -> None:
        self.add_second_factor()
        answer = self.auth({"type": "authDevice", "code": "AAAA-AAAA", **ALICE})
        self.assertEqual(answer.json(), {"type": "failure"})
        self.assertEqual(self.failures, [("198.51.100.7", "")])

    def test_second_factor_is_asked_for(self) -> None:
        self.add_second_factor()
        wish = {"type": "authDevice", "code": self.user_code(), **ALICE}
        self.assertEqual(self.auth(wish).json(), {"type": "mfaRequired"})
        self.assertEqual(self.auth({**wish, "mfaToken": self.one_time_code()}).json(), {"type": "verified"})


class PasskeyTests(PagesWorld):
    """Without a password."""

    def test_options_come_with_a_ticket(self) -> None:
        answer = self.auth({"type": "passkeyOptions"})
        self.assertEqual(
            answer.json(),
            {
                "type": "passkeyOptions",
                "ticket": "good",
                "options": {"challenge": "AAAA", "rpId": "mail.example.test"},
            },
        )
        self.assertIn("no-store", answer.headers["cache-control"])

    def test_passkey_stands_in_for_name_and_password(self) -> None:
        self.passkeys.access = self.sign_in()
        proof = {"passkey": {"ticket": "good", "response": {"id": "x"}}}
        wish = {name: value for name, value in ASKED.items() if name not in ALICE}
        self.assertEqual(self.auth({**wish, **proof}).json()["type"], "authenticated")
        self.assertEqual(
            self.auth({"type": "authDevice", "code": self.user_code(), **proof}).json(), {"type": "verified"}
        )

    def test_refused_passkey_is_failure(self) -> None:
        wish = {name: value for name, value in ASKED.items() if name not in ALICE}
        answer = self.auth({**wish, "passkey": {"ticket": "bad", "response": {}}})
        self.assertEqual(answer.json(), {"type": "failure"})

    def test_password_and_passkey_together_are_no_request(self) -> None:
        self.assertEqual(self.auth({**ASKED, "passkey": {"ticket": "good", "response": {}}}).status, 400)
