"""Making and changing accounts: password rules, limits, what is stored."""

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config.identity.authentication import Authentication
from stalwart.directory import hashes
from stalwart.directory.totp import Totp, make_uri
from stalwart.errors import Conflict, DanglingReference, Invalid, NotFound, OverQuota, Unauthenticated
from tests.directory.world import NOW, PASSWORD, World


class AccountsTests(World):
    """The operations, one by one."""

    def failing(self, work: Any, kind: type[Exception]) -> Any:
        return self.failureResultOf(Deferred.fromCoroutine(work), kind).value

    def row(self, account_id: int) -> dict[str, Any]:
        found = self.successResultOf(self.store.read(lambda tx: tx.registry.get("Account", account_id)))
        assert found is not None
        return found.data

    def test_new_user_is_in_both_places_and_can_sign_in(self) -> None:
        account = self.settle(self.accounts.create_user("alice", 1, PASSWORD))
        row = self.successResultOf(self.store.read(lambda tx: tx.accounts.get(account)))
        self.assertEqual((row.login, row.kind), ("alice@example.test", "user"))
        stored = self.row(account)["credentials"]["0"]
        self.assertTrue(stored["secret"].startswith("$argon2id$"))
        self.assertIsNone(stored["expiresAt"])
        self.assertEqual(self.sign_in().account_id, account)

    def test_new_group_is_in_both_places(self) -> None:
        account = self.settle(self.accounts.create_group("staff", 1, members={"description": "All of us"}))
        row = self.successResultOf(self.store.read(lambda tx: tx.accounts.get(account)))
        self.assertEqual((row.login, row.kind), ("staff@example.test", "group"))

    def test_taken_address_is_a_conflict_and_leaves_nothing(self) -> None:
        self.user()
        self.failing(self.accounts.create_user("alice", 1, PASSWORD), Conflict)
        self.assertEqual(self.successResultOf(self.store.read(lambda tx: tx.registry.count("Account"))), 1)

    def test_unknown_domain_is_refused(self) -> None:
        self.failing(self.accounts.create_user("alice", 99, PASSWORD), DanglingReference)

    def test_password_expires_by_the_general_age(self) -> None:
        self.settle(self.settings.change(Authentication, {"passwordDefaultExpiry": 86_400_000}))
        account = self.settle(self.accounts.create_user("alice", 1, PASSWORD))
        self.assertEqual(self.sign_in().expires_at, NOW + 86_400)
        self.clock.advance(100)
        self.settle(self.accounts.set_password(account, PASSWORD + "!"))
        self.assertEqual(self.sign_in(secret=PASSWORD + "!").expires_at, NOW + 86_500)

    def test_new_password_replaces_the_old_and_keeps_the_second_factor(self) -> None:
        account = self.user()
        uri = make_uri("example.test", "alice@example.test")
        self.patch_account(account, {"credentials/0/otpAuth": uri})
        self.settle(self.accounts.set_password(account, "a new horse 9 battery"))
        stored = self.row(account)["credentials"]
        self.assertEqual((len(stored), stored["0"]["otpAuth"]), (1, uri))
        self.refusal(self.begin(), Unauthenticated)

    def test_first_password_of_an_account_is_added(self) -> None:
        account = self.settle(self.accounts.create_user("alice", 1))
        _, secret = self.settle(self.accounts.add_app_password(account, "phone"))
        self.settle(self.accounts.set_password(account, PASSWORD))
        self.sign_in()
        self.sign_in(secret=secret)

    def test_group_has_no_password(self) -> None:
        group = self.settle(self.accounts.create_group("staff", 1))
        self.failing(self.accounts.set_password(group, PASSWORD), NotFound)
        self.failing(self.accounts.add_api_key(group, "x"), NotFound)

    def test_hash_is_stored_as_it_is(self) -> None:
        hashed = hashes.sha256_of("x")
        self.assertEqual(self.settle(self.accounts.stored_password(hashed)), hashed)

    def test_hash_that_nobody_could_check_is_refused(self) -> None:
        for stored in ("$argon2id$v=19$m=99999999,t=9999,p=1$c2FsdA$AAAA", "$argon2id$x", "$2b$31$" + "a" * 53):
            self.failureResultOf(Deferred.fromCoroutine(self.accounts.stored_password(stored)), Invalid)

    def test_clear_scheme_is_hashed_and_judged(self) -> None:
        self.failing(self.accounts.stored_password("{PLAIN}short"), Invalid)
        stored = self.settle(self.accounts.stored_password("{CLEAR}" + PASSWORD))
        self.assertTrue(hashes.verify(stored, PASSWORD))
        self.assertTrue(stored.startswith("$argon2id$"))

    def test_password_that_looks_like_a_hash_and_is_none_is_a_password(self) -> None:
        stored = self.settle(self.accounts.stored_password("$ecret horse 7 battery"))
        self.assertTrue(hashes.verify(stored, "$ecret horse 7 battery"))

    def test_weak_short_and_long_passwords_are_refused(self) -> None:
        for password in ("short", "password1", "x" * 129, "alicealice", ""):
            error = self.failing(self.accounts.create_user("alice", 1, password), Invalid)
            self.assertEqual(error.properties, ("secret",))
            self.assertFalse(password and password in error.detail)

    def test_rules_can_be_left_aside(self) -> None:
        self.settle(self.accounts.create_user("alice", 1, "demo", checked=False))
        self.sign_in(secret="demo")

    def test_app_passwords_and_keys_are_limited_in_number(self) -> None:
        account = self.user()
        for number in range(5):
            self.settle(self.accounts.add_app_password(account, f"device {number}"))
            self.settle(self.accounts.add_api_key(account, f"script {number}"))
        self.failing(self.accounts.add_app_password(account, "one more"), OverQuota)
        self.failing(self.accounts.add_api_key(account, "one more"), OverQuota)

    def test_quota_of_the_account_goes_first(self) -> None:
        account = self.user(quotas={"maxAppPasswords": 1})
        self.settle(self.accounts.add_app_password(account, "a"))
        self.failing(self.accounts.add_app_password(account, "b"), OverQuota)

    def test_limits_of_an_app_password_are_stored(self) -> None:
        account = self.user()
        number, secret = self.settle(
            self.accounts.add_app_password(
                account,
                "phone",
                expires_at=NOW + 60,
                allowed_ips=["192.0.2.0/24"],
                permissions={"@type": "Replace", "permissions": {"authenticate": True}},
            )
        )
        access = self.sign_in(secret=secret)
        self.assertEqual((access.credential_id, access.expires_at), (number, NOW + 60))
        self.assertEqual(access.permissions, {"authenticate"})

    def test_malformed_limits_are_refused(self) -> None:
        account = self.user()
        self.failing(self.accounts.add_app_password(account, "x", allowed_ips=["everywhere"]), Invalid)

    def test_credential_ids_are_unique_within_the_account(self) -> None:
        account = self.user()
        numbers = [self.settle(self.accounts.add_app_password(account, "a"))[0] for _ in range(3)]
        self.settle(self.accounts.remove_credential(account, numbers[0]))
        numbers.append(self.settle(self.accounts.add_api_key(account, "b"))[0])
        self.assertEqual(len(set(numbers)), 4)
        self.failing(self.accounts.remove_credential(account, 99), NotFound)

    def test_deleted_account_is_gone_from_both_places(self) -> None:
        account = self.user()
        self.settle(self.accounts.delete(account))
        self.assertIsNone(self.successResultOf(self.store.read(lambda tx: tx.accounts.get(account))))
        self.failing(self.accounts.delete(account), NotFound)
        self.user()

    def test_group_with_members_cannot_go(self) -> None:
        group = self.settle(self.accounts.create_group("staff", 1))
        self.user(memberGroupIds={encode_id(group): True})
        self.failing(self.accounts.delete(group), Conflict)


class TotpEnrolmentTests(World):
    """Switching the second factor on and off."""

    def setUp(self) -> None:
        super().setUp()
        self.account = self.user()
        self.uri = make_uri("example.test", "alice@example.test")
        self.totp = Totp.from_uri(self.uri)

    def code(self) -> str:
        return self.totp.code(self.totp.step_at(self.clock.seconds()))

    def test_right_code_switches_it_on_and_off_again(self) -> None:
        self.settle(self.accounts.enable_totp(self.account, self.uri, self.code()))
        self.failureResultOf(self.begin())
        self.settle(self.accounts.disable_totp(self.account))
        self.sign_in()

    def test_wrong_code_changes_nothing(self) -> None:
        work = Deferred.fromCoroutine(self.accounts.enable_totp(self.account, self.uri, "abc"))
        self.failureResultOf(work, Unauthenticated)
        self.sign_in()

    def test_code_of_the_enrolment_is_used_up(self) -> None:
        self.settle(self.accounts.enable_totp(self.account, self.uri, self.code()))
        work = self.directory.authenticate_password("alice", PASSWORD, "192.0.2.1", code=self.code())
        self.refusal(Deferred.fromCoroutine(work), Unauthenticated)

    def test_unusable_uri_is_refused_without_repeating_it(self) -> None:
        work = self.accounts.enable_totp(self.account, "otpauth://totp/x?secret=GEZDGNBV", "123456")
        error = self.failureResultOf(Deferred.fromCoroutine(work), Invalid).value
        self.assertNotIn("GEZDGNBV", error.detail)

    def test_account_without_password_has_no_second_factor(self) -> None:
        bob = self.settle(self.accounts.create_user("bob", 1))
        work = self.accounts.enable_totp(bob, self.uri, self.code())
        self.failureResultOf(Deferred.fromCoroutine(work), Invalid)
