"""Entering the accounts of others: `target%impersonator`."""

from stalwart.directory import hashes
from stalwart.errors import Forbidden, SecondFactorRequired, Unauthenticated
from tests.directory.world import IP, World


class ImpersonationTests(World):
    """`target%impersonator` with the impersonator's password (auth-api 12)."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user()
        self.admin = self.user("admin", roles={"@type": "Admin"})

    def test_administrator_enters_with_the_rights_of_the_owner(self) -> None:
        access = self.sign_in("alice%admin")
        self.assertEqual((access.account_id, access.presenter_id), (self.alice, self.admin))
        self.assertFalse(access.may("impersonate"))

    def test_without_the_permission_it_is_403(self) -> None:
        self.failureResultOf(self.begin("admin%alice"), Forbidden)

    def test_password_of_the_target_does_not_do(self) -> None:
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of("hers")))
        self.refusal(self.begin("alice%admin", "hers"), Unauthenticated)
        self.assertEqual(self.failures[-1][1], "admin")

    def test_target_without_authenticate_is_403(self) -> None:
        removed = {"@type": "Merge", "disabledPermissions": {"authenticate": True}}
        self.patch_account(self.alice, {"permissions": removed})
        self.failureResultOf(self.begin("alice%admin"), Forbidden)

    def test_limits_of_the_administrator_stay(self) -> None:
        self.patch_account(
            self.admin,
            {"credentials/0/allowedIps": {"192.0.2.0/24": True}, "credentials/0/expiresAt": "2027-02-01T00:00:00Z"},
        )
        access = self.sign_in("alice%admin")
        self.assertEqual(access.expires_at, 1801440000)
        self.directory.remember("value", access)
        self.assertIsNone(self.directory.cached("value", "198.51.100.1"))

    def test_limits_of_the_target_do_not_count(self) -> None:
        self.patch_account(self.alice, {"credentials/0/allowedIps": {"198.51.100.0/24": True}})
        self.assertEqual(self.sign_in("alice%admin").account_id, self.alice)

    def test_app_password_enters_nothing(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.admin, "phone"))
        self.sign_in("admin", secret)
        self.refusal(self.begin("alice%admin", secret), Unauthenticated)

    def test_second_factor_of_the_administrator_counts(self) -> None:
        uri = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.patch_account(self.admin, {"credentials/0/otpAuth": uri})
        self.failureResultOf(self.begin("alice%admin"), SecondFactorRequired)

    def test_changing_the_administrator_ends_what_he_entered(self) -> None:
        self.directory.remember("value", self.sign_in("alice%admin"))
        self.assertIsNotNone(self.directory.cached("value", IP))
        self.settle(self.accounts.set_password(self.admin, hashes.sha256_of("another")))
        self.assertIsNone(self.directory.cached("value", IP))
