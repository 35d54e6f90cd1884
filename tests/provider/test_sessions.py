"""Tests ``stalwart.provider.sessions``, ``stalwart.provider.claims`` and ``stalwart.provider.scopes``."""

from __future__ import annotations

from typing import Any

import jwt
from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.errors import Unauthenticated
from stalwart.provider.claims import access_token_hash
from stalwart.provider.scopes import MAIL, known_scopes
from stalwart.provider.sessions import Tokens
from tests.directory.world import IP
from tests.provider.world import APP, BASE, OTHER, ProviderWorld


class SessionsTests(ProviderWorld):
    def refresh(self, token: str, **changes: Any) -> Tokens:
        return self.settle(self.sessions.refresh(token, APP, IP, **changes))

    def out(self, token: str) -> None:
        work = Deferred.fromCoroutine(self.directory.authenticate_bearer(token, IP))
        self.failureResultOf(work, Unauthenticated)

    def listed(self) -> list[Any]:
        now = int(self.clock.seconds())
        return self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(self.alice, now)))

    def test_a_refresh_token_gives_the_next_tokens(self) -> None:
        first = self.tokens(scope=(MAIL, "offline_access"))
        self.clock.advance(10)
        second = self.refresh(first.refresh_token)
        self.assertNotEqual(second.access_token, first.access_token)
        self.assertEqual(second.scope, first.scope)
        self.assertIsNone(second.id_token)
        self.assertEqual(self.bearer(second.access_token).scope, (MAIL, "offline_access"))
        self.bearer(first.access_token)

    def test_a_refresh_token_that_comes_twice_ends_the_sign_in(self) -> None:
        first = self.tokens()
        second = self.refresh(first.refresh_token)
        self.bearer(second.access_token)
        self.refused("invalid_grant", self.sessions.refresh(first.refresh_token, APP, IP))
        self.out(second.access_token)
        self.refused("invalid_grant", self.sessions.refresh(second.refresh_token, APP, IP))

    def test_it_is_bound_to_its_client(self) -> None:
        tokens = self.tokens()
        self.refused("invalid_grant", self.sessions.refresh(tokens.refresh_token, OTHER, IP))
        self.assertTrue(self.refresh(tokens.refresh_token).access_token)

    def test_an_access_token_does_not_refresh(self) -> None:
        self.refused("invalid_grant", self.sessions.refresh(self.tokens().access_token, APP, IP))

    def test_the_scope_can_be_narrowed_and_not_widened(self) -> None:
        tokens = self.tokens(scope=(MAIL, "openid"))
        narrowed = self.refresh(tokens.refresh_token, scope=["openid"])
        self.assertNotIn("jmapEmailGet", self.bearer(narrowed.access_token).permissions)
        self.refused("invalid_scope", self.sessions.refresh(narrowed.refresh_token, APP, IP, scope=["email"]))
        whole = self.refresh(narrowed.refresh_token)
        self.assertIn("jmapEmailGet", self.bearer(whole.access_token).permissions)

    def test_a_sign_in_that_is_not_used_ends(self) -> None:
        tokens = self.tokens()
        self.clock.advance(30 * 86400)
        self.refused("invalid_grant", self.sessions.refresh(tokens.refresh_token, APP, IP))

    def test_it_is_prolonged_when_little_is_left(self) -> None:
        ends = int(self.clock.seconds()) + 30 * 86400
        token = self.tokens().refresh_token
        self.clock.advance(25 * 86400)
        token = self.refresh(token).refresh_token
        self.assertEqual(self.listed()[0].expires_at, ends)
        self.clock.advance(2 * 86400)
        self.refresh(token)
        self.assertEqual(self.listed()[0].expires_at, self.clock.seconds() + 30 * 86400)

    def test_an_access_token_does_not_outlive_its_sign_in(self) -> None:
        self.settle(self.settings.change(OidcProvider, {"refreshTokenExpiry": 60_000}))
        self.assertEqual(self.tokens().expires_in, 60)

    def test_revoking_any_token_ends_all_of_the_sign_in(self) -> None:
        for name in ("access_token", "refresh_token"):
            tokens = self.tokens()
            self.bearer(tokens.access_token)
            self.settle(self.sessions.revoke(getattr(tokens, name), APP))
            self.out(tokens.access_token)
            self.refused("invalid_grant", self.sessions.refresh(tokens.refresh_token, APP, IP))

    def test_revoking_what_is_no_token_is_no_error_and_anothers_is_one(self) -> None:
        for text in ("nonsense", "", "sw1.a.b"):
            self.settle(self.sessions.revoke(text, APP))
        tokens = self.tokens()
        self.refused("invalid_client", self.sessions.revoke(tokens.access_token, OTHER))
        self.bearer(tokens.access_token)

    def test_all_sign_ins_but_one_end(self) -> None:
        first, second = self.tokens(), self.tokens()
        spare = self.bearer(first.access_token).session_id
        self.assertEqual(self.settle(self.sessions.end_all(self.alice, spare=spare)), 1)
        self.bearer(first.access_token)
        self.out(second.access_token)

    def test_nobody_ends_anothers_sign_in(self) -> None:
        tokens = self.tokens()
        id = self.listed()[0].id
        self.assertFalse(self.settle(self.sessions.end(self.user("bob"), id)))
        self.bearer(tokens.access_token)
        self.assertTrue(self.settle(self.sessions.end(self.alice, id)))
        self.out(tokens.access_token)

    def test_a_remembered_token_is_forgotten_when_its_sign_in_ends(self) -> None:
        token = self.tokens().access_token
        access = self.bearer(token)
        self.directory.remember(token, access)
        self.assertIsNotNone(self.directory.cached(token, IP))
        self.settle(self.sessions.end(self.alice, self.listed()[0].id))
        self.assertIsNone(self.directory.cached(token, IP))

    def test_a_token_that_is_inspected_tells_its_sign_in(self) -> None:
        tokens = self.tokens()
        found = self.settle(self.sessions.inspect(tokens.access_token))
        assert found is not None
        self.assertEqual((found[0].kind, found[1].client), ("access", "app"))
        self.refresh(tokens.refresh_token)
        self.assertIsNone(self.settle(self.sessions.inspect(tokens.refresh_token)))
        self.assertIsNone(self.settle(self.sessions.inspect("nonsense")))

    def test_the_id_token_says_who_signed_in_and_how(self) -> None:
        tokens = self.tokens(scope=("openid", "email", "profile"), nonce="n-1")
        keys = self.settle(self.keys.public_keys())
        claims = jwt.decode(
            tokens.id_token,
            jwt.PyJWK(keys[0]),
            algorithms=["ES256"],
            audience="app",
            issuer=BASE,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        now = int(self.clock.seconds())
        self.assertEqual(claims["sub"], str(self.alice))
        self.assertEqual((claims["iat"], claims["nbf"], claims["exp"]), (now, now, now + 900))
        self.assertEqual((claims["nonce"], claims["auth_time"], claims["amr"]), ("n-1", now, ["pwd"]))
        self.assertEqual(claims["email"], "alice@example.test")
        self.assertEqual(claims["at_hash"], access_token_hash(tokens.access_token, "ES256"))

    def test_a_client_may_want_rs256(self) -> None:
        client = evolve(APP, signing_algorithm="RS256")
        tokens = self.redeem(self.code(client=client), client)
        self.assertEqual(jwt.get_unverified_header(tokens.id_token)["alg"], "RS256")

    def test_without_openid_there_is_no_id_token(self) -> None:
        self.assertIsNone(self.tokens(scope=(MAIL,)).id_token)
        self.assertIsNotNone(self.tokens().id_token)

    def test_a_bound_refresh_token_needs_its_key(self) -> None:
        code = self.code()
        tokens = self.redeem(code, thumbprint="k")
        self.refused("invalid_dpop_proof", self.sessions.refresh(tokens.refresh_token, APP, IP))
        self.assertEqual(self.refresh(tokens.refresh_token, thumbprint="k").token_type, "DPoP")


class ScopesTests(ProviderWorld):
    def test_unknown_scopes_are_dropped_and_repeated_ones_too(self) -> None:
        self.assertEqual(known_scopes("openid made-up openid email"), ("openid", "email"))
        self.assertEqual(known_scopes("openid email", frozenset(("email",))), ("email",))
        self.assertEqual(known_scopes(None), ())
