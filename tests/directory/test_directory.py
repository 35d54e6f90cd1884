"""Bearer tokens of other kinds, remembered credentials and what makes the directory forget them."""

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.config.domains.domain import Domain
from stalwart.config.identity.roles import Role
from stalwart.directory.access import Access
from stalwart.directory.directory import Directory
from stalwart.directory.permissions import AFTER_EXPIRY
from stalwart.errors import Unauthenticated
from tests.directory.world import IP, NOW, World


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

    def test_what_is_told_is_a_sign_in_and_not_each_use_of_its_tokens(self) -> None:
        account = self.user()
        told: list[str] = []
        self.telemetry.observe(lambda event, keys: told.append(event.id))
        directory = self.directory

        class Tokens:
            def recognises(self, token: str) -> bool:
                return True

            async def authenticate(self, token: str, client_ip: str):
                return evolve(
                    await directory.account_access(account, client_ip), session_id=7 if token == "own" else None
                )

        directory.add_bearer(Tokens())
        for token, expected in (("own", []), ("of another provider", ["auth.success"])):
            told.clear()
            self.settle(directory.authenticate_bearer(token, IP))
            self.assertEqual([id for id in told if id == "auth.success"], expected, token)

    def test_token_of_an_account_obeys_its_password_limits(self) -> None:
        account = self.user()
        self.patch_account(account, {"credentials/0/expiresAt": "2020-01-01T00:00:00Z"})
        self.assertEqual(self.settle(self.directory.account_access(account, IP)).permissions, AFTER_EXPIRY)
        self.settle(self.accounts.delete(account))
        self.failureResultOf(Deferred.fromCoroutine(self.directory.account_access(account, IP)), Unauthenticated)


class RememberTests(World):
    """`remember` and `cached`."""

    def setUp(self) -> None:
        super().setUp()
        self.account = self.user()
        self.directory.remember("value", self.sign_in())

    def test_remembered_credential_is_found(self) -> None:
        found = self.directory.cached("value", IP)
        assert found is not None
        self.assertEqual(found.account_id, self.account)

    def test_it_lasts_an_hour(self) -> None:
        self.clock.advance(3599)
        self.assertIsNotNone(self.directory.cached("value", IP))
        self.clock.advance(1)
        self.assertIsNone(self.directory.cached("value", IP))

    def test_changed_password_ends_it(self) -> None:
        self.settle(self.accounts.set_password(self.account, "another horse 8 battery"))
        self.assertIsNone(self.directory.cached("value", IP))

    def test_deleted_account_ends_it(self) -> None:
        self.settle(self.accounts.delete(self.account))
        self.assertIsNone(self.directory.cached("value", IP))

    def test_changed_role_ends_it(self) -> None:
        self.settle(self.settings.change(Role, {"disabledPermissions/emailSend": True}, 1))
        self.assertIsNone(self.directory.cached("value", IP))
        self.assertFalse(self.sign_in().may("emailSend"))

    def test_disabled_domain_ends_it(self) -> None:
        self.settle(self.settings.change(Domain, {"isEnabled": False}, 1))
        self.assertIsNone(self.directory.cached("value", IP))
        self.refusal(self.begin(), Unauthenticated)

    def test_access_read_before_a_change_is_not_remembered(self) -> None:
        access = self.sign_in()
        self.directory.forget(self.account)
        self.directory.remember("other", access)
        self.assertIsNone(self.directory.cached("other", IP))

    def test_live_token_is_never_remembered(self) -> None:
        live = Access(1, "x", None, frozenset(), kind="live", expires_at=NOW + 60)
        self.directory.remember("live", live)
        self.assertIsNone(self.directory.cached("live", IP))

    def test_accounts_with_the_same_roles_share_one_set(self) -> None:
        self.user("bob")
        self.assertIs(self.sign_in("bob").permissions, self.sign_in().permissions)

    def test_closing_forgets_and_stops_watching(self) -> None:
        self.settle(self.directory.close())
        self.assertIsNone(self.directory.cached("value", IP))
        self.settle(self.settings.create(Domain, {"name": "more.test"}))

    def test_other_processes_are_told_what_is_forgotten_here(self) -> None:
        told: list[int | None] = []
        directory = Directory(self.store, self.settings, self.hashing, self.clock, self.telemetry, announce=told.append)
        directory.forget(7)
        directory.forget_all()
        self.settle(self.settings.change(Role, {"disabledPermissions/emailSend": True}, 1))  # settings tell themselves
        self.settle(directory.close())
        self.assertEqual(told, [7, None])

    def test_what_another_process_has_forgotten_is_forgotten_here(self) -> None:
        self.directory.hear(self.account + 1)
        self.assertIsNotNone(self.directory.cached("value", IP))
        access = self.sign_in()
        self.directory.hear(self.account)
        self.assertIsNone(self.directory.cached("value", IP))
        self.directory.remember("value", access)  # read before
        self.assertIsNone(self.directory.cached("value", IP))
        self.directory.remember("value", self.sign_in())
        self.directory.hear(None)
        self.assertIsNone(self.directory.cached("value", IP))

    def test_live_token_of_the_account(self) -> None:
        administrator = self.user("admin", roles={"@type": "Admin"})
        access = self.sign_in("admin")
        token = self.settle(self.directory.live_token(access, "delivery"))
        live = self.settle(self.directory.redeem_live_token(token, "delivery"))
        self.assertEqual((live.account_id, live.permissions), (administrator, {"liveDeliveryTest"}))
        self.failureResultOf(
            Deferred.fromCoroutine(self.directory.redeem_live_token(token, "metrics")), Unauthenticated
        )
