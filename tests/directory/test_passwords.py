"""What a password credential may carry, and old hashes that a login renews."""

from twisted.internet.defer import fail, succeed

from stalwart.config.identity.authentication import Authentication
from stalwart.directory import hashes
from stalwart.directory.account_records import user
from stalwart.directory.permissions import AFTER_EXPIRY
from stalwart.errors import Forbidden, Unauthenticated, Unavailable
from tests.directory.world import FAST, IP, World


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


class UpgradeTests(World):
    """Old hashes go when their password has just been right."""

    def setUp(self) -> None:
        real = hashes.needs_upgrade
        super().setUp()
        self.patch(hashes, "needs_upgrade", real)
        self.account = self.user()

    def stored(self) -> str:
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
        self.patch(self.hashing, "run", lambda work: fail(Unavailable()))
        self.patch(self.hashing, "check", lambda *arguments: succeed(True))
        self.assertEqual(self.sign_in().account_id, self.account)
        self.assertEqual(self.stored(), FAST)
