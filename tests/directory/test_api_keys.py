"""App passwords and API keys of accounts: what they open, and what they no longer do."""

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config.identity.account import Account
from stalwart.directory import credentials, hashes
from stalwart.directory.access import Access
from stalwart.directory.permissions import NOT_FOR_APPS
from stalwart.errors import Forbidden, Unauthenticated
from tests.directory.world import FAST, IP, PASSWORD, World


class Generated(World):
    """A user with an app password and an API key."""

    def setUp(self) -> None:
        super().setUp()
        self.account = self.user()
        self.app_id, self.app = self.settle(self.accounts.add_app_password(self.account, "phone"))
        self.key_id, self.key = self.settle(self.accounts.add_api_key(self.account, "script"))

    def limit(self, member: str, value: object) -> None:
        """Set a member of both credentials."""
        self.patch_account(self.account, {f"credentials/{place}/{member}": value for place in (1, 2)})

    def bear(self, token: str, ip: str = IP) -> Deferred[Access]:
        return Deferred.fromCoroutine(self.directory.authenticate_bearer(token, ip))


class AppPasswordTests(Generated):
    """`app_...` in place of the password."""

    def test_it_signs_in_with_the_rights_of_the_account(self) -> None:
        access = self.sign_in(secret=self.app)
        self.assertEqual((access.account_id, access.credential_id), (self.account, self.app_id))
        whole = self.sign_in().permissions
        self.assertEqual(access.permissions, whole - NOT_FOR_APPS)
        self.assertLess(access.permissions, whole)
        self.assertIn("jmapEmailGet", access.permissions)

    def test_it_costs_no_password_work(self) -> None:
        self.sign_in(secret=self.app)
        self.assertEqual(self.hashing.checks, 0)

    def test_any_character_after_app_does(self) -> None:
        self.refusal(self.begin(secret="app-" + self.app[4:]), Unauthenticated)
        stored = hashes.sha256_of("app-" + self.app[4:])
        self.patch_account(self.account, {"credentials/1/secret": stored})
        self.sign_in(secret="app-" + self.app[4:])

    def test_hash_of_another_scheme_is_accepted(self) -> None:
        self.patch_account(self.account, {"credentials/1/secret": hashes.make(self.app, "pbkdf2")})
        self.sign_in(secret=self.app)
        self.assertEqual(self.hashing.checks, 1)

    def test_it_needs_no_second_factor(self) -> None:
        uri = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.patch_account(self.account, {"credentials/0/otpAuth": uri})
        self.sign_in(secret=self.app)

    def test_wrong_unknown_and_foreign_ones_fail_and_count(self) -> None:
        self.user("bob")
        for login, secret in (
            ("alice", credentials.make_app_password(self.app_id)),
            ("alice", credentials.make_app_password(99)),
            ("alice", credentials.make_app_password(self.key_id)),
            ("bob", self.app),
            ("carol", self.app),
        ):
            self.refusal(self.begin(login, secret), Unauthenticated)
        self.assertEqual(len(self.failures), 5)

    def test_expired_one_is_401_without_challenge_and_not_counted(self) -> None:
        self.limit("expiresAt", "2020-01-01T00:00:00Z")
        self.limit("allowedIps", {"198.51.100.1": True})
        error = self.failureResultOf(self.begin(secret=self.app), Unauthenticated).value
        self.assertFalse(error.challenge)
        self.assertEqual(self.failures, [])

    def test_wrong_network_is_403_and_counts(self) -> None:
        self.limit("allowedIps", {"198.51.100.1": True})
        self.refusal(self.begin(secret=self.app), Forbidden)
        self.sign_in(secret=self.app, ip="198.51.100.1")

    def test_disable_takes_permissions_away(self) -> None:
        self.limit("permissions", {"@type": "Disable", "permissions": {"emailSend": True}})
        access = self.sign_in(secret=self.app)
        self.assertEqual(self.sign_in().permissions - NOT_FOR_APPS - access.permissions, {"emailSend"})

    def test_replace_leaves_what_the_account_has_of_the_list(self) -> None:
        listed = {"authenticate": True, "emailSend": True, "sysDomainGet": True}
        self.limit("permissions", {"@type": "Replace", "permissions": listed})
        self.assertEqual(self.sign_in(secret=self.app).permissions, {"authenticate", "emailSend"})

    def test_one_without_authenticate_is_403(self) -> None:
        self.limit("permissions", {"@type": "Replace", "permissions": {"emailSend": True}})
        self.failureResultOf(self.begin(secret=self.app), Forbidden)

    def test_alias_needs_its_permission_here_too(self) -> None:
        self.patch_account(
            self.account,
            {
                "aliases": {"0": {"name": "al", "domainId": encode_id(1)}},
                "permissions": {"@type": "Merge", "disabledPermissions": {"authenticateWithAlias": True}},
            },
        )
        self.refusal(self.begin("al", self.app), Unauthenticated)

    def test_sign_in_form_refuses_it(self) -> None:
        work = Deferred.fromCoroutine(self.directory.authenticate_password("alice", self.app, IP, app_passwords=False))
        self.refusal(work, Unauthenticated)

    def test_removed_one_is_gone(self) -> None:
        self.settle(self.accounts.remove_credential(self.account, self.app_id))
        self.refusal(self.begin(secret=self.app), Unauthenticated)
        self.successResultOf(self.bear(self.key))

    def test_expired_account_password_does_not_matter(self) -> None:
        self.patch_account(self.account, {"credentials/0/expiresAt": "2020-01-01T00:00:00Z"})
        self.assertTrue(self.sign_in(secret=self.app).may("emailSend"))


class ApiKeyTests(Generated):
    """`Bearer API_...`."""

    def test_it_names_its_account(self) -> None:
        access = self.successResultOf(self.bear(self.key))
        self.assertEqual((access.account_id, access.credential_id), (self.account, self.key_id))
        self.assertEqual(access.login, "alice@example.test")

    def test_wrong_secret_is_counted_for_the_account(self) -> None:
        self.refusal(self.bear(credentials.make_api_key(self.account, self.key_id)), Unauthenticated)
        self.assertEqual(self.failures, [(IP, "alice@example.test")])

    def test_unknown_account_is_counted_for_the_address_only(self) -> None:
        self.refusal(self.bear(credentials.make_api_key(999, 0)), Unauthenticated)
        self.assertEqual(self.failures, [(IP, "")])

    def test_app_password_is_no_key(self) -> None:
        self.failureResultOf(self.bear(self.app), Unauthenticated)

    def test_expired_one_is_401_without_challenge(self) -> None:
        self.limit("expiresAt", "2020-01-01T00:00:00Z")
        self.assertFalse(self.failureResultOf(self.bear(self.key), Unauthenticated).value.challenge)

    def test_wrong_network_is_403_and_counts(self) -> None:
        self.limit("allowedIps", {"2001:db8::/32": True})
        self.refusal(self.bear(self.key), Forbidden)
        self.assertEqual(len(self.failures), 1)
        self.successResultOf(self.bear(self.key, "2001:db8::5"))

    def test_key_of_a_disabled_domain_fails(self) -> None:
        other = self.domain("other.test", isEnabled=False)
        account = self.settle(self.accounts.create_user("bob", other, FAST))
        _, key = self.settle(self.accounts.add_api_key(account, "x"))
        self.refusal(self.bear(key), Unauthenticated)

    def test_secret_is_not_stored(self) -> None:
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("Account", self.account)))
        self.assertNotIn(self.key, repr(row))
        self.assertNotIn(self.app, repr(row))
        self.assertNotIn("SHA256", repr(Account.from_stored(row.data)))
        self.assertNotIn(PASSWORD, repr(row))
