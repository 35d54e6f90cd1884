"""Tests ``stalwart.provider.tokens`` and ``stalwart.provider.records``."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.errors import Unauthenticated
from stalwart.provider.scopes import MAIL
from stalwart.provider.tokens import Claims, read_token, write_token
from tests.directory.world import IP, PASSWORD
from tests.provider.world import ProviderWorld


class TokenTests(ProviderWorld):
    def out(self, token: str) -> None:
        work = Deferred.fromCoroutine(self.directory.authenticate_bearer(token, IP))
        self.failureResultOf(work, Unauthenticated)

    def test_a_token_shows_the_login_and_nothing_else(self) -> None:
        token = self.tokens().access_token
        prefix, sealed, name = token.split(".")
        self.assertEqual(prefix, "sw1")
        self.assertEqual(urlsafe_b64decode(name + "=="), b"alice@example.test")
        self.assertNotIn(b"alice", urlsafe_b64decode(sealed + "=="))

    def test_an_access_token_opens_the_account(self) -> None:
        access = self.bearer(self.tokens().access_token)
        self.assertEqual((access.account_id, access.login), (self.alice, "alice@example.test"))
        self.assertEqual(access.permissions, self.sign_in().permissions)
        self.assertIsNotNone(access.session_id)

    def test_a_scope_limits_what_it_opens(self) -> None:
        identity = self.bearer(self.tokens(scope=("openid", "email")).access_token)
        self.assertIn("authenticate", identity.permissions)
        self.assertNotIn("jmapEmailGet", identity.permissions)
        mail = self.bearer(self.tokens(scope=(MAIL,)).access_token)
        self.assertIn("jmapEmailGet", mail.permissions)
        self.assertNotIn("jmapContactCardGet", mail.permissions)
        self.assertNotIn("sysAccountPasswordUpdate", mail.permissions)

    def test_a_refresh_token_opens_nothing(self) -> None:
        self.out(self.tokens().refresh_token)

    def test_an_access_token_ends(self) -> None:
        tokens = self.tokens()
        self.clock.advance(tokens.expires_in - 1)
        self.assertEqual(self.bearer(tokens.access_token).expires_at, self.clock.seconds() + 1)
        self.clock.advance(1)
        self.out(tokens.access_token)

    def test_a_token_from_the_future_is_refused(self) -> None:
        found = self.settle(self.sessions.inspect(self.tokens().access_token))
        assert found is not None
        now = int(self.clock.seconds())
        later = Claims("access", found[1].id, self.alice, now + 600, now + 4000)
        self.out(write_token(self.sealer, later, "alice@example.test"))

    def test_a_token_of_another_account_is_refused(self) -> None:
        found = self.settle(self.sessions.inspect(self.tokens().access_token))
        assert found is not None
        now = int(self.clock.seconds())
        forged = Claims("access", found[1].id, self.user("bob"), now, now + 100)
        self.out(write_token(self.sealer, forged, "bob@example.test"))

    def test_a_name_that_was_exchanged_is_refused(self) -> None:
        prefix, sealed, _ = self.tokens().access_token.split(".")
        self.out(f"{prefix}.{sealed}.Ym9i")

    @given(st.text(max_size=80))
    def test_anything_else_is_no_token(self, text: str) -> None:
        for token in (text, "sw1." + text, "sw1.AAAA." + text, f"sw1.{text}.YQ"):
            self.assertIsNone(read_token(self.sealer, token))

    def test_a_disabled_domain_closes_it_at_once(self) -> None:
        token = self.tokens().access_token
        self.bearer(token)
        self.settle(self.settings.change(Domain, {"isEnabled": False}, self.domain_id))
        self.out(token)

    def test_a_deleted_account_closes_it(self) -> None:
        token = self.tokens().access_token
        self.settle(self.accounts.delete(self.alice))
        self.out(token)

    def test_roles_count_when_the_token_is_used(self) -> None:
        token = self.tokens().access_token
        self.patch_account(
            self.alice, {"permissions": {"@type": "Replace", "enabledPermissions": {"authenticate": True}}}
        )
        self.assertEqual(self.bearer(token).permissions, {"authenticate"})

    def test_a_token_of_the_recovery_administrator_ends_with_its_secret(self) -> None:
        root = self.sign_in("root", "recovery secret")
        token = self.redeem(self.code(root)).access_token
        self.assertEqual(self.bearer(token).kind, "recovery")
        self.patch(self.directory, "_recovery", self.recovery.named("root", "another"))
        self.out(token)
        self.patch(self.directory, "_recovery", None)
        self.out(token)

    def test_who_entered_an_account_is_asked_again_for_his_rights(self) -> None:
        chief = self.user("chief", roles={"@type": "Admin"})
        entered = self.sign_in("alice@example.test%chief@example.test", PASSWORD)
        token = self.redeem(self.code(entered)).access_token
        self.assertEqual(self.bearer(token).presenter_id, chief)
        self.patch_account(chief, {"roles": {"@type": "User"}})
        work = Deferred.fromCoroutine(self.directory.authenticate_bearer(token, IP))
        self.assertIsNotNone(self.failureResultOf(work).value)

    def test_a_forbidden_address_is_refused(self) -> None:
        token = self.tokens().access_token
        account = self.successResultOf(self.store.read(lambda tx: tx.registry.get("Account", self.alice)))
        assert account is not None and Account is not None
        self.patch_account(self.alice, {"credentials/0/allowedIps": {"10.0.0.0/8": True}})
        work = Deferred.fromCoroutine(self.directory.authenticate_bearer(token, IP))
        self.assertNoResult(work)
        self.clock.advance(1)
        self.assertIsNotNone(self.failureResultOf(work).value)
        self.assertEqual(self.bearer(token, "10.1.2.3").account_id, self.alice)
