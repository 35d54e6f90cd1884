"""The recovery administrator."""

from twisted.internet.defer import Deferred

from stalwart.directory import hashes
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.directory.permissions import ALL, BOOTSTRAP, account_permissions
from stalwart.directory.recovery import RecoveryAdministrator, make_password
from stalwart.errors import Forbidden, Invalid, Unauthenticated
from tests.directory.world import IP, PASSWORD, World


class RecoveryTests(World):
    """One login from the environment (http-service 9)."""

    def test_it_has_every_permission_and_no_account(self) -> None:
        access = self.sign_in("root", "recovery secret")
        self.assertEqual((access.account_id, access.kind), (RECOVERY_ACCOUNT, "recovery"))
        self.assertEqual((access.permissions, access.name), (ALL, "Recovery admin account"))

    def test_wrong_password_does_not_fall_through_to_an_account(self) -> None:
        self.user("root")
        self.refusal(self.begin("root", PASSWORD), Unauthenticated)
        self.assertEqual(self.failures, [(IP, "root")])

    def test_account_of_the_same_name_signs_in_with_its_domain(self) -> None:
        account = self.user("root")
        self.assertEqual(self.sign_in("root@example.test").account_id, account)

    def test_it_enters_any_account_with_the_rights_of_its_owner(self) -> None:
        account = self.user()
        access = self.sign_in("alice@example.test%root", "recovery secret")
        self.assertEqual((access.account_id, access.login), (account, "alice@example.test"))
        self.assertEqual(access.presenter_id, RECOVERY_ACCOUNT)
        self.assertEqual(access.permissions, self.sign_in().permissions)

    def test_unknown_account_to_enter_fails(self) -> None:
        self.refusal(self.begin("carol%root", "recovery secret"), Unauthenticated)

    def test_secret_may_be_a_hash(self) -> None:
        administrator = RecoveryAdministrator.named("Root", hashes.sha256_of("secret"))
        self.assertEqual(administrator.login, "root")
        with self.assertRaises(Invalid):
            RecoveryAdministrator.named("root", "$unknown")

    def test_secret_is_not_shown(self) -> None:
        self.assertNotIn("recovery secret", repr(self.recovery))


class HashedRecoveryTests(World):
    """A recovery secret given as a hash."""

    recovery = RecoveryAdministrator.named("root", hashes.sha256_of("secret"))

    def test_hash_fits_its_password_and_not_itself(self) -> None:
        self.sign_in("root", "secret")
        self.refusal(self.begin("root", hashes.sha256_of("secret")), Unauthenticated)


class BootstrapTests(World):
    """Before there is a store."""

    recovery = RecoveryAdministrator.for_bootstrap()

    def test_permissions_are_exactly_the_two(self) -> None:
        assert self.recovery is not None
        access = self.sign_in("admin", self.recovery.secret)
        self.assertEqual(access.permissions, BOOTSTRAP)
        self.assertEqual(account_permissions(access), ["sys-bootstrap-get", "sys-bootstrap-update"])

    def test_no_live_token(self) -> None:
        assert self.recovery is not None
        access = self.sign_in("admin", self.recovery.secret)
        self.failureResultOf(Deferred.fromCoroutine(self.directory.live_token(access, "delivery")), Forbidden)

    def test_nobody_can_be_entered(self) -> None:
        assert self.recovery is not None
        self.user()
        self.failureResultOf(self.begin("alice%admin", self.recovery.secret), Forbidden)

    def test_password_is_16_letters_and_digits_and_new_each_time(self) -> None:
        self.assertRegex(make_password(), r"\A[A-Za-z0-9]{16}\Z")
        self.assertNotEqual(make_password(), make_password())


class NoRecoveryTests(World):
    """Without the variable there is no such login."""

    recovery = None

    def test_nobody_is_recovery_administrator(self) -> None:
        self.refusal(self.begin("root", "recovery secret"), Unauthenticated)
