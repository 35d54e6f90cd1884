"""Proving who one is: what is accepted, what counts as failed, and what is said about how it was done."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.directory import hashes
from stalwart.directory.credentials import make_api_key
from stalwart.directory.recovery_codes import make_codes, replace_codes
from stalwart.directory.totp import Totp
from stalwart.errors import Forbidden, SecondFactorRequired, TooMany, Unauthenticated
from stalwart.provider.grants import SignedIn
from stalwart.provider.sign_in import SignIn
from tests.directory.world import IP, NOW, PASSWORD, World

AGENT = "Test/1.0"
URI = "otpauth://totp/x:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


class FakePasskeys:
    """Takes the ticket `good` for ``access``; what it was told is in ``told``."""

    def __init__(self, access: Any = None) -> None:
        self.access = access
        self.told: list[tuple[Any, ...]] = []

    async def finish_sign_in(self, ticket: str, response: Any, client_ip: str) -> Any:
        self.told.append((ticket, response, client_ip))
        if ticket != "good":
            raise Unauthenticated
        return self.access


class SignInWorld(World):
    """Alice, and the one who asks who she is."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user()
        self.passkeys = FakePasskeys()
        self.entrance = SignIn(self.directory, self.passkeys, self.clock, self.telemetry)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, keys: self.events.append((event.id, keys)))

    def prove(self, login: str = "alice", secret: str = PASSWORD, code: str | None = None) -> Deferred[SignedIn]:
        return Deferred.fromCoroutine(self.entrance.with_password(login, secret, IP, AGENT, code=code))

    def add_second_factor(self, account_id: int) -> None:
        self.patch_account(account_id, {"credentials/0/otpAuth": URI})

    def code(self) -> str:
        totp = Totp.from_uri(URI)
        return totp.code(totp.step_at(self.clock.seconds()))


class PasswordTests(SignInWorld):
    """By password."""

    def test_password_gives_who_when_how_and_whence(self) -> None:
        found = self.successResultOf(self.prove())
        self.assertEqual((found.access.account_id, found.at, found.methods), (self.alice, NOW, ("pwd",)))
        self.assertEqual((found.client_ip, found.user_agent), (IP, AGENT))

    def test_white_space_around_the_login_is_part_of_it(self) -> None:
        for login in (" alice", "alice "):
            self.refusal(self.prove(login), Unauthenticated)

    def test_wrong_password_counts(self) -> None:
        self.refusal(self.prove(secret="wrong"), Unauthenticated)
        self.assertEqual(self.failures, [(IP, "alice")])

    def test_failure_that_bans_is_one_attempt_too_many(self) -> None:
        self.banned = True
        self.refusal(self.prove(secret="wrong"), TooMany)

    def test_administrator_enters_the_account_of_somebody(self) -> None:
        admin = self.user("admin", roles={"@type": "Admin"})
        found = self.successResultOf(self.prove("alice%admin"))
        self.assertEqual((found.access.account_id, found.access.presenter_id), (self.alice, admin))

    def test_entering_without_the_permission_is_forbidden(self) -> None:
        self.user("bob")
        self.failureResultOf(self.prove("bob%alice"), Forbidden)

    def test_recovery_administrator_signs_in(self) -> None:
        self.assertEqual(self.successResultOf(self.prove("root", "recovery secret")).access.kind, "recovery")


class GeneratedSecretTests(SignInWorld):
    """Secrets for programs open no sign-in."""

    def test_app_password_is_refused_and_counts(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.alice, "phone"))
        self.sign_in(secret=secret)
        self.refusal(self.prove(secret=secret), Unauthenticated)
        self.assertEqual(self.failures, [(IP, "alice")])

    def test_api_key_is_refused_and_counts(self) -> None:
        self.refusal(self.prove(secret=make_api_key(self.alice, 1)), Unauthenticated)
        self.assertEqual(self.failures, [(IP, "alice")])

    def test_no_password_is_checked_for_them(self) -> None:
        secret = make_api_key(self.alice, 1)
        self.settle(self.accounts.set_password(self.alice, hashes.sha256_of(secret)))
        checked: list[str] = []
        self.patch(hashes, "verify", lambda stored, given: checked.append(given) or True)
        self.refusal(self.prove(secret=secret), Unauthenticated)
        self.assertEqual(checked, [])


class SecondFactorTests(SignInWorld):
    """Codes, where the account wants one."""

    def setUp(self) -> None:
        super().setUp()
        self.add_second_factor(self.alice)

    def test_right_password_alone_asks_for_a_code(self) -> None:
        self.failureResultOf(self.prove(), SecondFactorRequired)
        self.assertEqual(self.failures, [])

    def test_wrong_password_does_not_tell_of_the_second_factor(self) -> None:
        self.refusal(self.prove(secret="wrong", code=self.code()), Unauthenticated)

    def test_code_is_told_among_the_methods(self) -> None:
        found = self.successResultOf(self.prove(code=self.code()))
        self.assertEqual(found.methods, ("pwd", "otp", "mfa"))

    def test_recovery_code_is_another_method_and_good_once(self) -> None:
        code, *_ = codes = make_codes()
        self.successResultOf(self.store.write(lambda tx: replace_codes(tx, self.alice, codes, NOW)))
        found = self.successResultOf(self.prove(code=code.upper()))
        self.assertEqual(found.methods, ("pwd", "kba", "mfa"))
        self.refusal(self.prove(code=code), Unauthenticated)

    def test_wrong_code_counts_once(self) -> None:
        self.refusal(self.prove(code="000000"), Unauthenticated)
        self.assertEqual(len(self.failures), 1)

    def test_used_code_is_refused(self) -> None:
        code = self.code()
        self.successResultOf(self.prove(code=code))
        self.refusal(self.prove(code=code), Unauthenticated)

    def test_code_that_nobody_asked_for_is_no_method(self) -> None:
        self.user("bob")
        self.assertEqual(self.successResultOf(self.prove("bob", code=self.code())).methods, ("pwd",))

    def test_second_factor_of_who_enters_another_account_counts(self) -> None:
        admin = self.user("admin", roles={"@type": "Admin"})
        self.user("bob")
        self.add_second_factor(admin)
        self.failureResultOf(self.prove("bob%admin"), SecondFactorRequired)
        self.assertIn("otp", self.successResultOf(self.prove("bob%admin", code=self.code())).methods)


class PasskeyTests(SignInWorld):
    """By passkey."""

    def finish(self, ticket: str) -> Deferred[SignedIn]:
        return Deferred.fromCoroutine(self.entrance.with_passkey(ticket, {"id": "x"}, IP, AGENT))

    def test_passkey_is_two_factors_at_once(self) -> None:
        self.passkeys.access = self.sign_in()
        found = self.successResultOf(self.finish("good"))
        self.assertEqual((found.access.account_id, found.methods), (self.alice, ("hwk", "mfa")))
        self.assertEqual(self.passkeys.told, [("good", {"id": "x"}, IP)])

    def test_success_is_an_event(self) -> None:
        self.passkeys.access = self.sign_in()
        self.events.clear()
        self.successResultOf(self.finish("good"))
        self.assertEqual([(id, keys["accountId"]) for id, keys in self.events], [("auth.success", self.alice)])


class UserCodeTests(SignInWorld):
    """Codes of devices that nobody waits for."""

    def test_unknown_code_counts_and_is_held_back(self) -> None:
        work = Deferred.fromCoroutine(self.entrance.unknown_user_code(IP))
        self.assertNoResult(work)
        self.clock.advance(0.51)
        self.assertIsInstance(self.successResultOf(work), Unauthenticated)
        self.assertEqual(self.failures, [(IP, "")])

    def test_too_many_of_them_ban_the_address(self) -> None:
        self.banned = True
        work = Deferred.fromCoroutine(self.entrance.unknown_user_code(IP))
        self.clock.advance(0.51)
        self.assertIsInstance(self.successResultOf(work), TooMany)
