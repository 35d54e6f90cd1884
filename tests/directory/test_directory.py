"""Signing in by password: names, order of checks, failures, limits of the credential."""

from twisted.internet.defer import Deferred, succeed

from stalwart.codec.ids import encode_id
from stalwart.config.authentication import Authentication
from stalwart.directory import hashes
from stalwart.directory.hashing import DECOYS
from stalwart.directory.permissions import AFTER_EXPIRY
from stalwart.errors import Forbidden, SecondFactorRequired, TooMany, Unauthenticated
from tests.directory.world import FAST, IP, NOW, PASSWORD, World


class LoginNameTests(World):
    """Which account a login name means."""

    def test_address_signs_in(self) -> None:
        account = self.user(description="Alice", locale="de_DE")
        access = self.sign_in()
        self.assertEqual((access.account_id, access.login, access.name), (account, "alice@example.test", "Alice"))
        self.assertEqual((access.locale, access.kind, access.expires_at), ("de-DE", "user", None))
        self.assertTrue(access.may("jmapEmailGet"))
        self.assertFalse(access.may("sysDomainCreate"))

    def test_case_and_surrounding_space_do_not_matter(self) -> None:
        self.user()
        self.assertEqual(self.sign_in("  ALICE@Example.Test ").login, "alice@example.test")

    def test_sign_in_form_does_not_trim(self) -> None:
        self.user()
        work = Deferred.fromCoroutine(self.directory.authenticate_password(" alice", PASSWORD, IP))
        self.refusal(work, Unauthenticated)

    def test_missing_domain_is_the_default_one(self) -> None:
        self.user()
        self.assertEqual(self.sign_in("alice").login, "alice@example.test")

    def test_unknown_domain_and_unknown_name_fail_alike(self) -> None:
        self.user()
        for login in ("alice@elsewhere.test", "carol@example.test", "@", "", "alice@", "a b@..", "\u00e4@\u00fc", "x" * 600):
            self.assertTrue(self.refusal(self.begin(login), Unauthenticated).challenge, login)

    def test_alias_needs_its_permission(self) -> None:
        account = self.user(aliases={"0": {"name": "al", "domainId": encode_id(1)}})
        self.assertEqual(self.sign_in("al@example.test").login, "alice@example.test")
        removed = {"@type": "Merge", "disabledPermissions": {"authenticateWithAlias": True}}
        self.patch_account(account, {"permissions": removed})
        self.refusal(self.begin("al@example.test"), Unauthenticated)
        self.sign_in("alice@example.test")

    def test_disabled_alias_signs_nobody_in(self) -> None:
        self.user(aliases={"0": {"name": "al", "domainId": encode_id(1), "enabled": False}})
        self.refusal(self.begin("al@example.test"), Unauthenticated)

    def test_alias_domain_is_an_alias_login(self) -> None:
        other = self.domain("other.test", aliases={"alias.test": True})
        account = self.settle(self.accounts.create_user("alice", other, FAST))
        self.assertEqual(self.sign_in("alice@alias.test").login, "alice@other.test")
        removed = {"@type": "Merge", "disabledPermissions": {"authenticateWithAlias": True}}
        self.patch_account(account, {"permissions": removed})
        self.refusal(self.begin("alice@alias.test"), Unauthenticated)

    def test_domain_in_another_script_is_found(self) -> None:
        other = self.domain("xn--exmple-cua.test")
        self.settle(self.accounts.create_user("alice", other, FAST))
        self.assertEqual(self.sign_in("alice@ex\u00e4mple.test").login, "alice@xn--exmple-cua.test")

    def test_group_cannot_sign_in(self) -> None:
        self.settle(self.accounts.create_group("staff", 1))
        self.refusal(self.begin("staff@example.test"), Unauthenticated)

    def test_disabled_domain_signs_nobody_in(self) -> None:
        other = self.domain("other.test", isEnabled=False)
        self.settle(self.accounts.create_user("alice", other, FAST))
        self.refusal(self.begin("alice@other.test"), Unauthenticated)


class FailureTests(World):
    """Wrong passwords."""

    def test_wrong_password_is_delayed_and_reported(self) -> None:
        self.user()
        work = self.begin(secret="wrong")
        self.clock.advance(0.49)
        self.assertNoResult(work)
        self.clock.advance(0.02)
        self.failureResultOf(work, Unauthenticated)
        self.assertEqual(self.failures, [(IP, "alice@example.test")])

    def test_right_password_is_neither(self) -> None:
        self.user()
        self.sign_in()
        self.assertEqual((self.failures, self.clock.getDelayedCalls()), ([], []))

    def test_failure_of_a_banned_address_is_429(self) -> None:
        self.banned = True
        error = self.refusal(self.begin(), TooMany)
        self.assertEqual((error.status, error.title), (429, "Too Many Authentication Attempts"))

    def test_observer_may_answer_later(self) -> None:
        self.directory.on_failure(lambda client_ip, login: succeed(True))
        self.refusal(self.begin(), TooMany)

    def test_observer_can_leave(self) -> None:
        told: list[str] = []
        leave = self.directory.on_failure(lambda client_ip, login: bool(told.append(login)))
        leave()
        self.refusal(self.begin(), Unauthenticated)
        self.assertEqual(told, [])

    def test_client_that_leaves_during_the_delay_leaves_nothing(self) -> None:
        work = self.begin()
        work.cancel()
        self.failureResultOf(work)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_unknown_account_costs_one_check_like_a_known_one(self) -> None:
        self.user()
        for login in ("alice", "carol", "carol@elsewhere.test"):
            before = self.hashing.checks
            self.refusal(self.begin(login, "wrong"), Unauthenticated)
            self.assertEqual(self.hashing.checks, before + 1, login)

    def test_account_without_password_and_unknown_one_check_the_decoy(self) -> None:
        seen: list[str] = []
        self.patch(hashes, "verify", lambda stored, secret: bool(seen.append(stored)))
        self.settle(self.accounts.create_user("nopass", 1))
        for login in ("nopass", "carol"):
            self.refusal(self.begin(login), Unauthenticated)
        self.assertEqual(seen, [DECOYS["argon2id"]] * 2)

    def test_stored_value_of_no_known_scheme_counts_against_nobody(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/secret": "$unknown$value"})
        self.failureResultOf(self.begin(), Unauthenticated)
        self.assertEqual(self.failures, [])
        self.assertEqual(self.telemetry.counters["auth.error"], 1)

    def test_password_never_reaches_the_log(self) -> None:
        lines: list[str] = []
        self.telemetry.observe(lambda event, keys: lines.append(repr(keys)))
        self.user()
        self.sign_in()
        self.refusal(self.begin(secret="wr0ng secret"), Unauthenticated)
        self.assertTrue(lines)
        self.assertNotIn(PASSWORD, "".join(lines))
        self.assertNotIn("wr0ng", "".join(lines))


class RestrictionTests(World):
    """What a password credential may carry (auth-api 2.4)."""

    def test_forbidden_address_is_403_and_counts(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/allowedIps": {"198.51.100.0/24": True}})
        self.refusal(self.begin(), Forbidden)
        self.assertEqual(self.failures, [(IP, "alice@example.test")])
        self.assertEqual(self.sign_in(ip="198.51.100.7").account_id, account)

    def test_forbidden_address_with_a_wrong_password_is_401(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/allowedIps": {"198.51.100.0/24": True}})
        self.refusal(self.begin(secret="wrong"), Unauthenticated)

    def test_expired_password_leaves_enough_to_change_it(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/expiresAt": "2020-01-01T00:00:00Z"})
        access = self.sign_in()
        self.assertEqual(access.permissions, AFTER_EXPIRY)
        self.assertIsNone(access.expires_at)

    def test_password_that_will_expire_bounds_the_access(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/expiresAt": "2027-01-16T00:00:00Z"})
        self.assertEqual(self.sign_in().expires_at, 1800057600)

    def test_account_without_authenticate_is_403_and_not_counted(self) -> None:
        account = self.user()
        removed = {"@type": "Merge", "disabledPermissions": {"authenticate": True}}
        self.patch_account(account, {"permissions": removed})
        self.failureResultOf(self.begin(), Forbidden)
        self.assertEqual(self.failures, [])


class BearerTests(World):
    """Tokens of other kinds."""

    def test_unknown_token_is_401_at_once_and_not_counted(self) -> None:
        work = Deferred.fromCoroutine(self.directory.authenticate_bearer("abc", IP))
        self.failureResultOf(work, Unauthenticated)
        self.assertEqual(self.failures, [])

    def test_another_kind_can_be_added(self) -> None:
        account = self.user()
        directory = self.directory

        class Word:
            def recognises(self, token: str) -> bool:
                return token == "word"

            async def authenticate(self, token: str, client_ip: str):
                return await directory.account_access(account, client_ip)

        directory.add_bearer(Word())
        self.assertEqual(self.settle(directory.authenticate_bearer("word", IP)).account_id, account)

    def test_token_of_an_account_obeys_its_password_limits(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/expiresAt": "2020-01-01T00:00:00Z"})
        self.assertEqual(self.settle(self.directory.account_access(account, IP)).permissions, AFTER_EXPIRY)
        self.settle(self.accounts.delete(account))
        self.failureResultOf(
            Deferred.fromCoroutine(self.directory.account_access(account, IP)), Unauthenticated
        )


class SecondFactorTests(World):
    """One-time codes."""

    uri = "otpauth://totp/x:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    def setUp(self) -> None:
        super().setUp()
        self.account = self.user()
        self.patch_account(self.account, {"credentials/0/otpAuth": self.uri})

    def code(self, steps: int = 0) -> str:
        from stalwart.directory.totp import Totp

        totp = Totp.from_uri(self.uri)
        return totp.code(totp.step_at(self.clock.seconds()) + steps)

    def begin_with(self, code: str | None, secret: str = PASSWORD) -> Deferred:
        return Deferred.fromCoroutine(self.directory.authenticate_password("alice", secret, IP, code=code))

    def test_right_password_without_code_asks_for_one(self) -> None:
        self.failureResultOf(self.begin(), SecondFactorRequired)
        self.assertEqual(self.failures, [])

    def test_wrong_password_does_not_tell_of_the_second_factor(self) -> None:
        self.refusal(self.begin(secret="wrong"), Unauthenticated)

    def test_right_code_signs_in(self) -> None:
        self.assertEqual(self.successResultOf(self.begin_with(self.code())).account_id, self.account)

    def test_right_code_with_wrong_password_fails(self) -> None:
        self.refusal(self.begin_with(self.code(), "wrong"), Unauthenticated)

    def test_used_code_is_refused_again(self) -> None:
        self.successResultOf(self.begin_with(self.code()))
        self.refusal(self.begin_with(self.code()), Unauthenticated)

    def test_code_before_a_used_one_is_refused(self) -> None:
        self.successResultOf(self.begin_with(self.code()))
        self.refusal(self.begin_with(self.code(-1)), Unauthenticated)

    def test_next_code_works_after_a_used_one(self) -> None:
        self.successResultOf(self.begin_with(self.code()))
        self.clock.advance(30)
        self.successResultOf(self.begin_with(self.code()))

    def test_used_code_stays_used_for_as_long_as_it_could_match(self) -> None:
        code = self.code(1)
        self.successResultOf(self.begin_with(code))
        self.clock.advance(89 - (NOW % 30))
        self.refusal(self.begin_with(code), Unauthenticated)

    def test_wrong_code_counts(self) -> None:
        self.refusal(self.begin_with("000000"), Unauthenticated)
        self.assertEqual(len(self.failures), 1)

    def test_unusable_uri_refuses_every_code(self) -> None:
        self.patch_account(self.account, {"credentials/0/otpAuth": "otpauth://totp/x?secret=GEZDGNBV"})
        self.refusal(self.begin_with(self.code()), Unauthenticated)

    def test_account_without_second_factor_ignores_a_code(self) -> None:
        self.patch_account(self.account, {"credentials/0/otpAuth": None})
        self.successResultOf(self.begin_with("123"))


class UpgradeTests(World):
    """Old hashes go when their password has just been right."""

    def setUp(self) -> None:
        real = hashes.needs_upgrade
        super().setUp()
        self.patch(hashes, "needs_upgrade", real)
        self.account = self.user()

    def stored(self) -> str:
        from stalwart.directory.account_records import user

        account = self.successResultOf(self.store.read(lambda tx: user(tx, self.account)))
        return account.credentials[0].secret

    def test_old_hash_is_replaced_and_still_fits(self) -> None:
        self.sign_in()
        self.assertTrue(self.stored().startswith("$argon2id$"))
        self.sign_in()

    def test_access_after_the_upgrade_can_be_remembered(self) -> None:
        self.directory.remember("value", self.sign_in())
        self.assertIsNotNone(self.directory.cached("value", IP))

    def test_wrong_password_changes_nothing(self) -> None:
        self.refusal(self.begin(secret="wrong"), Unauthenticated)
        self.assertEqual(self.stored(), FAST)

    def test_new_algorithm_takes_over(self) -> None:
        self.settle(self.settings.change(Authentication, {"passwordHashAlgorithm": "pbkdf2"}))
        self.sign_in()
        self.assertTrue(self.stored().startswith("$pbkdf2-sha256$"))

    def test_login_succeeds_when_the_hash_cannot_be_renewed(self) -> None:
        from twisted.internet.defer import fail

        from stalwart.errors import Unavailable

        self.patch(self.hashing, "run", lambda work: fail(Unavailable()))
        self.patch(self.hashing, "check", lambda *arguments: succeed(True))
        self.assertEqual(self.sign_in().account_id, self.account)
        self.assertEqual(self.stored(), FAST)
