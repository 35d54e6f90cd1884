"""Tests ``stalwart.provider.codes``."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.errors import Unauthenticated
from stalwart.provider.codes import proves
from tests.directory.world import IP
from tests.provider.world import APP, OTHER, REDIRECT, VERIFIER, ProviderWorld, challenge_of


class AuthorizationCodesTests(ProviderWorld):
    def wrong(self, code: str, error: str = "invalid_grant", client=APP, **changes) -> None:
        members = {"redirect_uri": REDIRECT, "verifier": VERIFIER, "client_ip": IP}
        self.refused(error, self.codes.redeem(code, client, **{**members, **changes}))

    def test_a_code_is_forty_letters_and_digits_of_which_the_store_has_none(self) -> None:
        code = self.code()
        self.assertRegex(code, "^[A-Za-z0-9]{40}$")
        self.assertIsNone(
            self.successResultOf(self.store.read(lambda tx: tx.tokens.get(code, "authorization-code", 0)))
        )

    def test_a_code_gives_tokens(self) -> None:
        tokens = self.tokens(scope=("openid", "offline_access"))
        wire = tokens.to_wire()
        self.assertEqual(list(wire), ["access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"])
        self.assertEqual((wire["token_type"], wire["expires_in"]), ("bearer", 3600))
        self.assertEqual(wire["scope"], "openid offline_access")

    def test_a_code_that_comes_twice_ends_what_it_began(self) -> None:
        code = self.code()
        tokens = self.redeem(code)
        self.bearer(tokens.access_token)
        self.wrong(code)
        work = Deferred.fromCoroutine(self.directory.authenticate_bearer(tokens.access_token, IP))
        self.failureResultOf(work, Unauthenticated)
        self.refused("invalid_grant", self.sessions.refresh(tokens.refresh_token, APP, IP))

    def test_a_code_ends(self) -> None:
        code = self.code()
        self.clock.advance(600)
        self.wrong(code)

    def test_only_its_client_and_its_redirect_uri_redeem_it(self) -> None:
        code = self.code()
        self.wrong(code, client=OTHER)
        self.wrong(code, redirect_uri=REDIRECT + "x")
        self.assertTrue(self.redeem(code).access_token)

    def test_too_many_attempts_make_it_void(self) -> None:
        code = self.code()
        for _ in range(3):
            self.wrong(code, verifier="x" * 43)
        self.wrong(code)

    def test_the_number_of_attempts_is_a_setting(self) -> None:
        self.settle(self.settings.change(OidcProvider, {"authCodeMaxAttempts": 1}))
        code = self.code()
        self.wrong(code, verifier=None)
        self.wrong(code)

    def test_a_verifier_where_no_challenge_was_is_refused(self) -> None:
        code = self.code(challenge=None, challenge_method=None)
        self.wrong(code)
        self.assertTrue(self.redeem(code, verifier=None).access_token)

    def test_the_application_of_a_tenant_is_for_its_accounts(self) -> None:
        client = evolve(APP, kind="registered", tenant_id=5)
        self.refused("access_denied", self.codes.issue(self.asked(client=client), self.signed_in()))
        member = evolve(self.sign_in(), tenant_id=5)
        self.assertTrue(self.settle(self.codes.issue(self.asked(client=client), self.signed_in(member))))

    def test_a_code_shows_in_no_list_of_sign_ins_until_it_is_redeemed(self) -> None:
        code = self.code()
        listed = self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(self.alice, 0)))
        self.assertEqual([sign_in.data.get("pending") for sign_in in listed], [True])
        self.redeem(code)
        listed = self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(self.alice, 0)))
        self.assertEqual([sign_in.data.get("pending") for sign_in in listed], [None])

    def test_nonsense_is_refused(self) -> None:
        for code in ("", "made-up", "x" * 10_000, "\x00", "ü"):
            self.wrong(code)

    def test_an_account_that_was_disabled_meanwhile_gets_no_tokens(self) -> None:
        code = self.code()
        self.patch_account(self.alice, {"permissions": {"@type": "Replace", "enabledPermissions": {}}})
        self.wrong(code)
        self.assertEqual(self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(self.alice, 0))), [])

    def test_a_code_bound_to_a_key_needs_its_proof(self) -> None:
        code = self.code(dpop_thumbprint="k")
        self.wrong(code, "invalid_dpop_proof")
        tokens = self.redeem(code, thumbprint="k")
        self.assertEqual(tokens.token_type, "DPoP")
        self.assertEqual(self.bearer(tokens.access_token).dpop_thumbprint, "k")


class ProofTests(SynchronousTestCase):
    @given(st.from_regex(r"\A[A-Za-z0-9\-._~]{43,128}\Z"), st.text(max_size=130))
    def test_a_verifier_proves_its_own_challenge_only(self, verifier: str, other: str) -> None:
        self.assertTrue(proves(verifier, challenge_of(verifier), "S256"))
        self.assertEqual(proves(other, challenge_of(verifier), "S256"), other == verifier)

    def test_a_verifier_of_the_wrong_form_proves_nothing(self) -> None:
        for verifier in ("v" * 42, "v" * 129, "v" * 42 + "+", "v" * 42 + "\n"):
            self.assertFalse(proves(verifier, challenge_of(verifier), "S256"))
