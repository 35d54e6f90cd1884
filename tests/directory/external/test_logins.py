"""Signing in where a directory elsewhere knows the password: the order of checks, and what stays here."""

from __future__ import annotations

from typing import Any

import jwt
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred

from stalwart.config.domains.domain import Domain
from stalwart.directory.access import RECOVERY_ACCOUNT, Access
from stalwart.directory.cred import BearerChecker, BearerToken, PasswordChecker
from stalwart.directory.external.found import Found
from stalwart.directory.external.logins import OWN_PREFIXES
from stalwart.directory.totp import Totp
from stalwart.errors import Forbidden, SecondFactorRequired, Unauthenticated, Unavailable
from tests.directory.external.world import ExternalWorld
from tests.directory.world import FAST, IP, NOW, PASSWORD

ALICE = "alice@ext.test"
PASSWORD_MEMBERS = {"0": {"@type": "Password", "secret": FAST}}


def token(**claims: Any) -> str:
    return jwt.encode(claims, "k" * 32, algorithm="HS256")


class PasswordTests(ExternalWorld):
    def setUp(self) -> None:
        super().setUp()
        self.ldap_client.add(ALICE, name="Alice")

    @property
    def checked(self) -> list[tuple[str, str]]:
        return self.people[-1].checked

    def test_first_login_makes_the_account(self) -> None:
        access = self.sign_in(ALICE, "secret")
        self.assertEqual((access.login, access.name, access.credential_id), (ALICE, "Alice", None))
        self.assertTrue(access.may("authenticate"))
        self.assertFalse(access.may("sysAccountPasswordUpdate"))  # there is none here
        self.assertEqual(self.sign_in(ALICE, "secret"), access)
        self.assertEqual(self.failures, [])

    def test_success_is_remembered(self) -> None:
        access = self.sign_in(ALICE, "secret")
        self.directory.remember("header", self.sign_in(ALICE, "secret"))
        self.assertEqual(self.directory.cached("header", IP), access)
        self.ldap_client.add(ALICE, name="Alice B.")
        self.sign_in(ALICE, "secret")
        self.assertIsNone(self.directory.cached("header", IP))

    def test_wrong_password_counts(self) -> None:
        for login, secret in ((ALICE, "wrong"), ("bob@ext.test", "secret"), (ALICE, "")):
            self.refusal(self.begin(login, secret), Unauthenticated)
        self.assertEqual(self.failures, [(IP, ALICE), (IP, "bob@ext.test"), (IP, ALICE)])
        self.assertNotIn((ALICE, ""), self.checked)

    def test_directory_that_is_down_is_no_failed_login(self) -> None:
        self.people[-1].problem = Unavailable("down")
        self.failureResultOf(self.begin(ALICE, "secret"), Unavailable)
        self.assertEqual(self.failures, [])

    def test_secrets_of_the_server_stay_here(self) -> None:
        for prefix in OWN_PREFIXES:
            self.refusal(self.begin(ALICE, prefix + "x" * 40), Unauthenticated)
        self.refusal(self.begin(ALICE, "x" * 2000), Unauthenticated)
        self.assertEqual(self.checked, [])

    def test_recovery_administrator_comes_first(self) -> None:
        self.default(self.ldap)
        self.assertEqual(self.sign_in("root", "recovery secret").account_id, RECOVERY_ACCOUNT)
        self.refusal(self.begin("root", "secret"), Unauthenticated)
        self.assertEqual(self.checked, [])

    def test_password_of_former_times_counts_no_more(self) -> None:
        account_id = self.member("alice", self.external_id, credentials=PASSWORD_MEMBERS)
        self.refusal(self.begin(ALICE, PASSWORD), Unauthenticated)
        self.assertEqual(self.checked, [(ALICE, PASSWORD)])
        self.assertEqual(self.sign_in(ALICE, "secret").account_id, account_id)

    def test_app_passwords_and_api_keys_work_on(self) -> None:
        account_id = self.member("alice", self.external_id, credentials=PASSWORD_MEMBERS)
        _, app = self.settle(self.accounts.add_app_password(account_id, "phone"))
        _, key = self.settle(self.accounts.add_api_key(account_id, "script"))
        self.assertEqual(self.sign_in(ALICE, app).account_id, account_id)
        self.assertEqual(self.settle(self.directory.authenticate_bearer(key, IP)).account_id, account_id)
        self.assertEqual(self.checked, [])

    def test_end_of_a_former_password_does_not_count_but_its_networks_do(self) -> None:
        former = {"@type": "Password", "secret": FAST, "expiresAt": "2020-01-01T00:00:00Z"}
        account_id = self.member("alice", self.external_id, credentials={"0": former})
        self.assertTrue(self.sign_in(ALICE, "secret").may("jmapEmailGet"))
        self.assertTrue(self.settle(self.directory.account_access(account_id, IP)).may("jmapEmailGet"))
        self.patch_account(account_id, {"credentials/0/allowedIps": {"10.0.0.0/8": True}})
        self.refusal(self.begin(ALICE, "secret"), Forbidden)

    def test_second_factor_of_this_server_is_asked_for(self) -> None:
        uri = "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        former = {"0": {"@type": "Password", "secret": FAST, "otpAuth": uri}}
        self.member("alice", self.external_id, credentials=former)
        self.failureResultOf(self.begin(ALICE, "secret"), SecondFactorRequired)
        totp = Totp.from_uri(uri)
        code = totp.code(totp.step_at(NOW))
        self.settle(self.directory.authenticate_password(ALICE, "secret", IP, code=code))

    def test_administrator_with_a_password_here_keeps_to_it(self) -> None:
        self.member("admin", self.external_id, roles={"@type": "Admin"}, credentials=PASSWORD_MEMBERS)
        self.ldap_client.add("admin@ext.test")
        self.refusal(self.begin("admin@ext.test", "secret"), Unauthenticated)
        access = self.sign_in("admin@ext.test", PASSWORD)
        self.assertTrue(access.may("sysAccountUpdate") and access.may("sysAccountPasswordUpdate"))
        self.assertEqual(self.checked, [])

    def test_login_by_alias(self) -> None:
        self.people[-1].known[ALICE] = ("secret", Found(ALICE, aliases=frozenset(["al@ext.test"])))
        self.assertEqual(self.sign_in("alice@alias.test", "secret").login, ALICE)
        self.assertEqual(self.sign_in("al@ext.test", "secret").login, ALICE)
        self.assertEqual({address for address, _ in self.checked}, {ALICE})

    def test_alias_that_only_the_directory_knows(self) -> None:
        self.people[-1].known["al@ext.test"] = ("secret", Found(ALICE))
        self.assertEqual(self.sign_in("al@ext.test", "secret").login, ALICE)
        account_id = self.sign_in("al@ext.test", "secret").account_id
        without = {"@type": "Merge", "disabledPermissions": {"authenticateWithAlias": True}}
        self.patch_account(account_id, {"permissions": without})
        self.refusal(self.begin("al@ext.test", "secret"), Unauthenticated)

    def test_directory_that_answers_with_somebody_else(self) -> None:
        self.sign_in(ALICE, "secret")
        self.ldap_client.add("bob@ext.test")
        self.sign_in("bob@ext.test", "secret")
        self.people[-1].known[ALICE] = ("secret", Found("bob@ext.test"))
        self.refusal(self.begin(ALICE, "secret"), Unauthenticated)

    def test_disabled_domain_is_not_asked_about(self) -> None:
        self.sign_in(ALICE, "secret")
        self.settle(self.settings.change(Domain, {"isEnabled": False}, self.external_id))
        self.checked.clear()
        self.refusal(self.begin(ALICE, "secret"), Unauthenticated)
        self.assertEqual(self.checked, [])

    def test_proving_the_password_anew(self) -> None:
        account_id = self.sign_in(ALICE, "secret").account_id
        self.settle(self.directory.prove_password(account_id, "secret", IP))
        wrong = Deferred.fromCoroutine(self.directory.prove_password(account_id, "wrong", IP))
        self.refusal(wrong, Unauthenticated)

    def test_password_changed_elsewhere_ends_sign_ins_and_what_was_remembered(self) -> None:
        self.ldap_client.add(ALICE, marker="1")
        account_id = self.sign_in(ALICE, "secret").account_id
        self.sign_in_to(account_id)
        self.directory.remember("header", self.sign_in(ALICE, "secret"))
        self.ldap_client.add(ALICE, "changed", marker="2")
        self.sign_in(ALICE, "changed")
        self.assertEqual(self.sign_ins(account_id), 0)
        self.assertIsNone(self.directory.cached("header", IP))

    def test_account_to_enter_may_be_known_elsewhere_only(self) -> None:
        self.user("boss", roles={"@type": "Admin"})
        self.ldap_client.entries["new@ext.test"] = Found("new@ext.test", "New")
        access = self.sign_in("new@ext.test%boss@example.test")
        self.assertEqual((access.login, access.name), ("new@ext.test", "New"))
        self.refusal(self.begin("nobody@ext.test%boss@example.test", PASSWORD), Unauthenticated)

    def test_without_external_directories_nobody_signs_in_with_what_is_kept_here(self) -> None:
        self.member("alice", self.external_id, credentials=PASSWORD_MEMBERS)
        self.directory._external = None
        self.refusal(self.begin(ALICE, PASSWORD), Unauthenticated)

    def test_twisted_cred_goes_the_same_way(self) -> None:
        checker = PasswordChecker(self.directory, IP)
        found = self.successResultOf(checker.requestAvatarId(UsernamePassword(ALICE.encode(), b"secret")))
        self.assertEqual(found, ALICE.encode())


class TokenTests(ExternalWorld):
    def setUp(self) -> None:
        super().setUp()
        self.bind(self.domain_id, self.oidc)
        self.text = token(email="bob@example.test")
        self.oidc_client.known[self.text] = Found("bob@example.test", "Bob", expires_at=NOW + 100)

    def bearer(self, text: str) -> Deferred[Access]:
        return Deferred.fromCoroutine(self.directory.authenticate_bearer(text, IP))

    def test_token_opens_the_account_until_it_ends(self) -> None:
        access = self.successResultOf(self.bearer(self.text))
        self.assertEqual((access.login, access.name, access.expires_at), ("bob@example.test", "Bob", NOW + 100))
        again = self.successResultOf(self.bearer(self.text))
        self.directory.remember(self.text, again)
        self.assertEqual(self.directory.cached(self.text, IP), access)
        self.clock.advance(100)
        self.assertIsNone(self.directory.cached(self.text, IP))

    def test_refusal_of_the_provider_counts_and_trouble_does_not(self) -> None:
        self.refusal(self.bearer(token(email="x@example.test")), Unauthenticated)
        self.assertEqual(len(self.failures), 1)
        for problem, kind in ((Unavailable("down"), Unavailable), (Unauthenticated(), Unauthenticated)):
            self.oidc_client.problem = problem
            self.failureResultOf(self.bearer(self.text), kind)
        self.assertEqual(len(self.failures), 1)

    def test_secrets_of_the_server_stay_here(self) -> None:
        self.default(self.oidc)
        for prefix in OWN_PREFIXES:
            self.failureResultOf(self.bearer(prefix + "x" * 36), Unauthenticated)
        self.assertEqual(self.oidc_client.asked, [])
        self.refusal(self.bearer("opaque"), Unauthenticated)
        self.assertEqual(self.oidc_client.asked, ["opaque"])

    def test_passwords_cannot_be_checked_and_do_not_count(self) -> None:
        account_id = self.user("bob")
        for login in ("bob@example.test", "nobody@example.test", "bob"):
            self.refusal(self.begin(login, PASSWORD), Unauthenticated)
        self.assertEqual((self.failures, self.oidc_client.asked), ([], []))
        _, app = self.settle(self.accounts.add_app_password(account_id, "phone"))
        self.assertEqual(self.sign_in("bob@example.test", app).account_id, account_id)

    def test_provider_gives_no_rights_of_administrators(self) -> None:
        self.user("boss", roles={"@type": "Admin"})
        text = token(email="boss@example.test")
        self.oidc_client.known[text] = Found("boss@example.test")
        self.failureResultOf(self.bearer(text), Forbidden)
        self.assertTrue(self.sign_in("boss@example.test").may("sysAccountUpdate"))

    def test_account_that_may_not_sign_in(self) -> None:
        account_id = self.successResultOf(self.bearer(self.text)).account_id
        without = {"@type": "Merge", "disabledPermissions": {"authenticate": True}}
        self.patch_account(account_id, {"permissions": without})
        self.failureResultOf(self.bearer(self.text), Forbidden)

    def test_other_kinds_of_tokens_come_after(self) -> None:
        class Own:
            def recognises(self, text: str) -> bool:
                return text.startswith("sw1.")

            async def authenticate(self, text: str, client_ip: str) -> Access:
                return Access(9, "own", None, frozenset(["authenticate"]))

        self.default(self.oidc)
        self.directory.add_bearer(Own())
        self.assertEqual(self.successResultOf(self.bearer("sw1.abc")).account_id, 9)

    def test_twisted_cred_goes_the_same_way(self) -> None:
        checker = BearerChecker(self.directory, IP)
        self.assertEqual(self.successResultOf(checker.requestAvatarId(BearerToken(self.text))), b"bob@example.test")
        wrong = checker.requestAvatarId(BearerToken("sw1.abc"))
        self.failureResultOf(wrong, UnauthorizedLogin)

    def test_domain_goes_back_to_this_server(self) -> None:
        self.successResultOf(self.bearer(self.text))
        self.bind(self.domain_id, None)
        self.failureResultOf(self.bearer(self.text), Unauthenticated)
