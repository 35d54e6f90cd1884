"""Tests ``stalwart.oauth.introspection`` and ``stalwart.oauth.userinfo``."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.oauth.introspection import introspect
from stalwart.oauth.token import token
from stalwart.oauth.userinfo import key_set, userinfo
from stalwart.provider.scopes import MAIL
from tests.directory.world import PASSWORD
from tests.oauth.world import SECRET, OAuthWorld, basic, bearer
from tests.provider.world import BASE


class IntrospectionTests(OAuthWorld):
    routes = (introspect, token)

    def ask(self, text: str, headers: dict[str, str]) -> dict[str, object]:
        answer = self.post("/auth/introspect", headers=headers, token=text)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertIn("no-store", answer.headers["cache-control"])
        found: dict[str, object] = answer.json()
        return found

    def test_an_application_asks_about_its_own_token(self) -> None:
        code, now = self.code(scope=(MAIL,), resources=("https://mail.example.test",)), int(self.clock.seconds())
        tokens = self.exchange(code).json()
        access = tokens["access_token"]
        self.assertEqual(
            self.ask(access, bearer(access)),
            {
                "active": True,
                "username": "alice@example.test",
                "token_type": "bearer",
                "exp": now + 3600,
                "iat": now,
                "nbf": now,
                "sub": str(self.alice),
                "client_id": "app",
                "iss": BASE,
                "scope": MAIL,
                "aud": ["https://mail.example.test"],
            },
        )
        self.assertTrue(self.ask(tokens["refresh_token"], bearer(access))["active"])

    def test_whatever_is_no_token_in_force_is_not_active(self) -> None:
        access = self.exchange(self.code()).json()["access_token"]
        for text in ("nonsense", access + "x", "API_" + "A" * 38, "app_" + "a" * 36):
            self.assertEqual(self.ask(text, bearer(access)), {"active": False})
        later = self.exchange(self.code()).json()["access_token"]
        self.clock.advance(3600)
        self.assertEqual(self.ask(later, basic("shop", SECRET)), {"active": False})

    def test_another_account_learns_nothing(self) -> None:
        access = self.exchange(self.code()).json()["access_token"]
        self.user("bob")
        self.assertEqual(self.ask(access, basic("bob@example.test", PASSWORD)), {"active": False})
        self.assertTrue(self.ask(access, basic("root", "recovery secret"))["active"])

    def test_a_confidential_client_may_ask(self) -> None:
        access = self.exchange(self.code()).json()["access_token"]
        self.assertTrue(self.ask(access, basic("shop", SECRET))["active"])
        answer = self.post("/auth/introspect", client_id="shop", client_secret=SECRET, token=access)
        self.assertTrue(answer.json()["active"])
        self.refusal(self.post("/auth/introspect", headers=basic("shop", "x"), token=access), "invalid_client", 401)

    def test_nobody_else_may_ask(self) -> None:
        access = self.exchange(self.code()).json()["access_token"]
        answer = self.post("/auth/introspect", token=access)
        self.assertEqual((answer.status, len(answer.all("www-authenticate"))), (401, 2))
        self.assertEqual(self.post("/auth/introspect", client_id="app", token=access).status, 401)

    def test_the_token_must_be_given(self) -> None:
        self.refusal(self.post("/auth/introspect", headers=basic("shop", SECRET), x="y"), "invalid_request")

    def test_a_disabled_account_has_no_active_tokens(self) -> None:
        access = self.exchange(self.code()).json()["access_token"]
        self.settle(self.accounts.delete(self.alice))
        self.assertEqual(self.ask(access, basic("shop", SECRET)), {"active": False})


class UserinfoTests(OAuthWorld):
    routes = (userinfo, key_set, token)

    def told(self, headers: dict[str, str], method: str = "GET") -> dict[str, object]:
        answer = self.server.request(method, "/auth/userinfo", headers)
        self.assertEqual(answer.status, 200)
        found: dict[str, object] = answer.json()
        return found

    def test_any_credential_tells_who_it_belongs_to(self) -> None:
        self.patch_account(self.alice, {"description": "Alice A."})
        whole = {
            "sub": str(self.alice),
            "name": "Alice A.",
            "preferred_username": "alice@example.test",
            "email": "alice@example.test",
            "email_verified": True,
        }
        self.assertEqual(self.told(basic("alice@example.test", PASSWORD)), whole)
        self.assertEqual(self.told(bearer(self.tokens().access_token), "POST"), whole)
        self.assertEqual(self.told(bearer(self.tokens(scope=(MAIL,)).access_token)), whole)

    def test_scopes_open_the_claims(self) -> None:
        openid = self.told(bearer(self.tokens(scope=("openid",)).access_token))
        self.assertEqual(openid, {"sub": str(self.alice), "preferred_username": "alice@example.test"})
        with_mail = self.told(bearer(self.tokens(scope=("openid", "email")).access_token))
        self.assertEqual(with_mail["email"], "alice@example.test")

    def test_groups_are_told_to_who_asks_for_them(self) -> None:
        staff = self.settle(self.accounts.create_group("staff", self.domain_id))
        self.patch_account(self.alice, {"memberGroupIds": {encode_id(staff): True}})
        told = self.told(bearer(self.tokens(scope=("openid", "groups")).access_token))
        self.assertEqual(told["groups"], ["staff@example.test"])

    def test_without_a_credential_there_is_a_challenge(self) -> None:
        self.assertEqual(self.server.request("GET", "/auth/userinfo").status, 401)

    def test_the_key_set_is_open_to_pages(self) -> None:
        answer = self.server.request("GET", "/auth/jwks.json")
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.headers["access-control-allow-origin"], "*")
        self.assertEqual([key["alg"] for key in answer.json()["keys"]], ["ES256", "RS256"])
