"""Tests ``stalwart.oauth.token``, ``stalwart.oauth.device`` and ``stalwart.oauth.revocation``."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.config.identity.oauth_client import OAuthClient
from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.oauth.device import device
from stalwart.oauth.revocation import revoke
from stalwart.oauth.token import DEVICE_CODE, token
from stalwart.oauth.userinfo import userinfo
from stalwart.provider.grants import Client
from stalwart.provider.scopes import MAIL
from tests.oauth.world import SECRET, OAuthWorld, basic, bearer
from tests.provider.world import APP, BASE, REDIRECT


class TokenEndpointTests(OAuthWorld):
    routes = (token, device, revoke, userinfo)

    def opened(self, access_token: str) -> int:
        return self.server.request("GET", "/auth/userinfo", bearer(access_token)).status

    def shops(self) -> str:
        found = self.settle(self.clients.find("shop"))
        assert found is not None
        return self.code(client=found, challenge=None, challenge_method=None)

    def test_a_code_is_exchanged(self) -> None:
        answer = self.exchange(self.code(scope=("openid", MAIL)))
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-type"], "application/json; charset=utf-8")
        self.assertEqual(answer.headers["cache-control"], "no-store, no-cache, must-revalidate")
        self.assertEqual(answer.headers["pragma"], "no-cache")
        members = answer.json()
        self.assertEqual(
            list(members), ["access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"]
        )
        self.assertEqual(self.opened(members["access_token"]), 200)

    def test_the_name_of_the_grant_is_read_in_any_case(self) -> None:
        self.assertEqual(self.exchange(self.code(), grant_type="Authorization_Code").status, 200)

    def test_what_is_missing_is_named(self) -> None:
        for name in ("redirect_uri", "client_id", "grant_type"):
            self.assertIn(name, self.refusal(self.exchange(self.code(), **{name: None}), "invalid_request"))
        self.assertIn("code", self.refusal(self.exchange(""), "invalid_request"))

    def test_unknown_grants(self) -> None:
        for grant in ("password", "client_credentials", "implicit", "x"):
            self.refusal(self.exchange("x", grant_type=grant), "unsupported_grant_type")

    def test_bad_codes(self) -> None:
        self.refusal(self.exchange("made-up"), "invalid_grant")
        self.refusal(self.exchange(self.code(), redirect_uri=REDIRECT + "/"), "invalid_grant")
        self.refusal(self.exchange(self.code(), client_id="other"), "invalid_grant")
        self.refusal(self.exchange(self.code(), code_verifier=None), "invalid_grant")
        self.refusal(self.exchange(self.code(), code_verifier="x" * 43), "invalid_grant")

    def test_a_code_that_comes_twice_closes_what_it_opened(self) -> None:
        code = self.code()
        opened = self.exchange(code).json()["access_token"]
        self.assertEqual(self.opened(opened), 200)
        self.refusal(self.exchange(code), "invalid_grant")
        self.assertEqual(self.opened(opened), 401)

    def test_a_confidential_client_must_prove_itself(self) -> None:
        for secret in (None, "wrong"):
            code = self.shops()
            answer = self.exchange(code, client_id="shop", client_secret=secret, code_verifier=None)
            self.refusal(answer, "invalid_client", 401)
            self.assertIn("Basic", answer.headers["www-authenticate"])
        for headers, named in ((basic("shop", "wrong"), None), (basic("shop", ""), "shop")):
            self.refusal(self.exchange(self.shops(), headers=headers, client_id=named), "invalid_client", 401)

    def test_it_proves_itself_in_the_header_or_the_body(self) -> None:
        by_header = self.exchange(self.shops(), headers=basic("shop", SECRET), client_id=None, code_verifier=None)
        self.assertEqual(by_header.status, 200, by_header.body)
        by_body = self.exchange(self.shops(), client_id="shop", client_secret=SECRET, code_verifier=None)
        self.assertEqual(by_body.status, 200, by_body.body)

    def test_an_unknown_client_is_refused_where_registration_is_required(self) -> None:
        code = self.code()
        self.settle(self.settings.change(OidcProvider, {"requireClientRegistration": True}))
        self.refusal(self.exchange(code), "invalid_client", 401)

    def test_a_refresh_token_is_exchanged_once(self) -> None:
        first = self.exchange(self.code(scope=(MAIL,))).json()
        form: dict[str, Any] = {"grant_type": "refresh_token", "client_id": "app"}
        second = self.post("/auth/token", refresh_token=first["refresh_token"], **form)
        self.assertEqual(second.status, 200)
        self.assertEqual(second.json()["scope"], MAIL)
        self.refusal(self.post("/auth/token", refresh_token=first["refresh_token"], **form), "invalid_grant")
        self.assertEqual(self.opened(second.json()["access_token"]), 401)

    def test_a_refresh_token_of_another_client_is_refused(self) -> None:
        first = self.exchange(self.code()).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": first}
        self.refusal(self.post("/auth/token", client_id="other", **form), "invalid_grant")
        self.refusal(self.post("/auth/token", headers=basic("shop", SECRET), **form), "invalid_grant")
        self.refusal(self.post("/auth/token", **form), "invalid_request")

    def test_more_scope_is_refused(self) -> None:
        first = self.exchange(self.code(scope=("openid",))).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": first}
        self.refusal(self.post("/auth/token", scope=f"openid {MAIL}", **form), "invalid_scope")

    def test_a_blank_scope_asks_for_nothing_more(self) -> None:
        first = self.exchange(self.code(scope=("openid", "email"))).json()
        form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": first["refresh_token"]}
        for blank in (" ", "\t"):
            again = self.post("/auth/token", scope=blank, **form).json()
            self.assertEqual(again["scope"], "openid email")
            form["refresh_token"] = again["refresh_token"]
        self.refusal(self.post("/auth/token", scope=f"openid {MAIL}", **form), "invalid_scope")

    def test_unknown_scopes_narrow_nothing(self) -> None:
        first = self.exchange(self.code()).json()
        form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": first["refresh_token"]}
        self.refusal(self.post("/auth/token", scope="made up <x>", **form), "invalid_scope")

    def test_a_client_that_is_gone_takes_its_codes_along(self) -> None:
        code = self.shops()
        self.settle(self.settings.destroy(OAuthClient, self.shop))
        form = {"client_id": "shop", "code_verifier": None}
        self.refusal(self.exchange(code, **form), "invalid_grant")
        code = self.code(client=evolve(APP, id="shop"))
        self.assertEqual(self.exchange(code, client_id="shop").status, 200)

    def test_another_password_voids_codes_and_devices(self) -> None:
        code = self.code()
        told = self.post("/auth/device", client_id="app").json()
        self.settle(self.devices.approve(told["user_code"], self.signed_in()))
        self.settle(self.accounts.set_password(self.alice, "another horse 8 battery", checked=False))
        self.refusal(self.exchange(code), "invalid_grant")
        form = {"grant_type": DEVICE_CODE, "device_code": told["device_code"], "client_id": "app"}
        self.refusal(self.post("/auth/token", **form), "expired_token")

    def test_resources_of_others_are_refused(self) -> None:
        answer = self.exchange(self.code(), resource="https://evil.example/")
        self.refusal(answer, "invalid_target")

    def test_wrong_secrets_count_as_failed_logins(self) -> None:
        self.exchange(self.shops(), client_id="shop", client_secret="guess", code_verifier=None)
        self.assertEqual(self.failures, [("198.51.100.7", "")])

    def test_tokens_can_be_revoked_when_registration_has_become_required(self) -> None:
        tokens = self.exchange(self.code()).json()
        self.settle(self.settings.change(OidcProvider, {"requireClientRegistration": True}))
        answer = self.post("/auth/revoke", client_id="app", token=tokens["refresh_token"])
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.opened(tokens["access_token"]), 401)

    def test_tokens_are_cut_extended_or_of_other_kinds(self) -> None:
        tokens = self.exchange(self.code()).json()
        access, refresh = tokens["access_token"], tokens["refresh_token"]
        for text in (refresh[:-1], refresh + "A", refresh.rpartition(".")[0], access, "", "sw1..", refresh.upper()):
            form = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": text or "x"}
            self.refusal(self.post("/auth/token", **form), "invalid_grant")
        for text in (access[:-1], access + "A", access.rpartition(".")[0], refresh, access.swapcase()):
            self.assertEqual(self.opened(text), 401)

    def test_revoking_closes_the_sign_in(self) -> None:
        tokens = self.exchange(self.code()).json()
        answer = self.post("/auth/revoke", client_id="app", token=tokens["refresh_token"], token_type_hint="x")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(self.opened(tokens["access_token"]), 401)
        self.assertEqual(self.post("/auth/revoke", client_id="app", token="nonsense").status, 200)
        self.refusal(self.post("/auth/revoke", client_id="app"), "invalid_request")
        self.refusal(self.post("/auth/revoke", client_id="shop", token="x"), "invalid_client", 401)

    def test_nobody_revokes_anothers_token(self) -> None:
        tokens = self.exchange(self.code()).json()
        self.refusal(self.post("/auth/revoke", client_id="other", token=tokens["access_token"]), "invalid_client")
        self.assertEqual(self.opened(tokens["access_token"]), 200)

    def test_a_device_gets_codes_and_then_tokens(self) -> None:
        self.refusal(self.post("/auth/device", client_id="app", scope="made-up"), "invalid_scope")
        answer = self.post("/auth/device", client_id="app", scope="openid made-up", nonce="n")
        told = answer.json()
        self.assertEqual(
            list(told),
            ["device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"],
        )
        self.assertEqual(told["verification_uri"], f"{BASE}/device")
        self.assertEqual(told["verification_uri_complete"], f"{BASE}/device?code={told['user_code']}")
        self.assertIn("no-store", answer.headers["cache-control"])
        form = {"grant_type": DEVICE_CODE, "device_code": told["device_code"], "client_id": "app"}
        self.refusal(self.post("/auth/token", **form), "authorization_pending")
        self.refusal(self.post("/auth/token", **form), "slow_down")
        self.assertTrue(self.settle(self.devices.approve(told["user_code"], self.signed_in())))
        granted = self.post("/auth/token", **form).json()
        self.assertEqual(granted["scope"], "openid")
        self.refusal(self.post("/auth/token", **form), "expired_token")

    def test_a_device_code_is_no_authorization_code(self) -> None:
        told = self.post("/auth/device", client_id="app").json()
        self.settle(self.devices.approve(told["user_code"], self.signed_in()))
        self.refusal(self.exchange(told["device_code"], code_verifier=None), "invalid_grant")

    def test_a_device_must_say_which_client_it_is(self) -> None:
        self.refusal(self.post("/auth/device", scope="openid"), "invalid_request")
        self.refusal(self.post("/auth/device", client_id="shop"), "invalid_client", 401)

    def test_a_proof_that_is_none_is_refused(self) -> None:
        answer = self.exchange(self.code(), headers={"DPoP": "nonsense"})
        self.refusal(answer, "invalid_dpop_proof")

    def test_forms_that_are_none(self) -> None:
        answer = self.server.request("POST", "/auth/token", {"Content-Type": "application/json"}, b"{}")
        self.refusal(answer, "invalid_request")

    def test_get_is_not_a_method(self) -> None:
        self.assertEqual(self.server.request("GET", "/auth/token").status, 405)

    def test_a_name_like_anothers_is_another_client(self) -> None:
        code = self.code(client=evolve(APP, id="App"))
        self.refusal(self.exchange(code), "invalid_grant")
        self.assertIsInstance(APP, Client)
