"""x:AccountPassword (settings C.5, auth-api 3.3)."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import decode_id
from stalwart.directory import account_records, hashes
from stalwart.directory.totp import Totp, make_uri
from stalwart.errors import SecondFactorRequired
from stalwart.jmap.registry.proving import WRONG_CODE, WRONG_SECRET
from stalwart.jmap.types.account_password import NO_NEW_CODE, WRONG_NEW_CODE, AccountPasswordHandler
from tests.directory.world import FAST, IP, NOW, PASSWORD
from tests.jmap.registry.world import ROOT, RegistryWorld

NEW = "Correct-Horse-8-battery"
URI = make_uri("Example", "alice")
NO_SECRET = "Current secret must be provided to change the password or OTP auth."
NO_CODE = "Current OTP code is required to change the password or OTP auth."


class PasswordWorld(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.account()
        self.become("alice")

    def change(self, **patch: Any) -> Any:
        """Patch, and the SetError if there is one; a failed login is answered after a while."""
        work = self.begin("x:AccountPassword/set", {"update": {"singleton": patch}})
        if not work.called:
            self.clock.advance(1.1)
        ((_, answer, _),) = self.successResultOf(work)
        return None if answer["updated"] == {"singleton": None} else answer["notUpdated"]["singleton"]

    def code(self, steps: int = 0) -> str:
        """The code of a later time step of the factor."""
        totp = Totp.from_uri(URI)
        return totp.code(totp.step_at(self.clock.seconds()) + steps)

    def forbidden(self, text: str, *properties: str) -> dict[str, Any]:
        """The SetError."""
        return {"type": "forbidden", "description": text} | ({"properties": [*properties]} if properties else {})


class PasswordTests(PasswordWorld):
    def test_shape_is_that_of_the_reference(self) -> None:
        (found,) = self.ask("x:AccountPassword/get")["list"]
        self.assertEqual(list(found.items()), [("secret", "****"), ("otpAuth", {}), ("id", "singleton")])

    def test_nothing_changes_without_the_present_password(self) -> None:
        self.assertEqual(self.change(secret=NEW), self.forbidden(NO_SECRET))
        self.assertEqual(self.change(otpAuth={"otpUrl": URI, "otpCode": self.code()}), self.forbidden(NO_SECRET))
        self.sign_in()

    def test_wrong_present_password_counts_as_a_failed_login(self) -> None:
        self.assertEqual(self.change(secret=NEW, currentSecret="wrong"), self.forbidden(WRONG_SECRET))
        self.assertEqual(self.failures, [(IP, "alice@example.test")])
        self.sign_in()

    def test_address_that_fails_too_often_is_told_so(self) -> None:
        self.banned = True
        self.assertEqual(self.change(secret=NEW, currentSecret="wrong")["type"], "rateLimit")

    def test_right_one_changes_it_at_once(self) -> None:
        self.directory.remember("header", self.who)
        self.assertIsNone(self.change(secret=NEW, currentSecret=PASSWORD))
        self.assertIsNone(self.directory.cached("header", IP))
        self.sign_in(secret=NEW)

    def test_weak_password_is_refused(self) -> None:
        error = self.change(secret="password1", currentSecret=PASSWORD)
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["secret"]))

    def test_what_get_returns_changes_nothing(self) -> None:
        self.assertIsNone(self.change(secret="****", otpAuth={}))
        self.assertIsNone(self.change(currentSecret="whatever"))
        self.sign_in()

    def test_unknown_member(self) -> None:
        self.assertEqual(self.change(nope=1)["properties"], ["nope"])

    def test_create_is_as_an_update(self) -> None:
        members = {"secret": NEW, "currentSecret": PASSWORD}
        answer = self.ask("x:AccountPassword/set", {"create": {"x": members}})
        self.assertEqual(answer["created"], {"x": {"id": "singleton"}})
        self.sign_in(secret=NEW)

    def test_other_key_is_not_found(self) -> None:
        self.assertEqual(self.not_updated("AccountPassword", "b", secret=NEW), {"type": "notFound"})

    def test_administrator_needs_the_password_of_the_account_too(self) -> None:
        self.who = ROOT
        arguments: dict[str, Any] = {"accountId": self.alice, "update": {"singleton": {"secret": NEW}}}
        answer = self.ask("x:AccountPassword/set", arguments)
        self.assertEqual(answer["notUpdated"]["singleton"], self.forbidden(NO_SECRET))
        arguments["update"]["singleton"]["currentSecret"] = PASSWORD
        self.assertEqual(self.ask("x:AccountPassword/set", arguments)["updated"], {"singleton": None})

    def test_who_has_no_account_has_no_password(self) -> None:
        self.who = ROOT
        answer = self.ask("x:AccountPassword/get", {"ids": ["singleton"]})
        self.assertEqual((answer["list"], answer["notFound"]), ([], ["singleton"]))
        self.assertEqual(self.not_updated("AccountPassword", "singleton", secret=NEW), {"type": "notFound"})
        self.assertEqual(AccountPasswordHandler.handled, ("AccountPassword",))

    def test_account_without_a_password_shows_none(self) -> None:
        self.who = ROOT
        id = self.create("Account", **{"@type": "User", "name": "bob", "domainId": "b"})
        (found,) = self.ask("x:AccountPassword/get", {"accountId": id})["list"]
        self.assertEqual(found, {"otpAuth": {}, "id": "singleton"})

    def test_new_password_has_the_expiry_of_the_rules(self) -> None:
        self.who, alice = ROOT, self.who
        self.update("Authentication", "singleton", passwordDefaultExpiry=86_400_000)
        self.who = alice
        self.assertIsNone(self.change(secret=NEW, currentSecret=PASSWORD))
        self.assertEqual(self.sign_in(secret=NEW).expires_at, int(self.clock.seconds()) + 86_400)


class SignInsTests(PasswordWorld):
    """What a change does to those who are signed in to applications."""

    def begun(self, presenter_id: int | None = None) -> int:
        """A sign-in to alice's account."""
        made = self.successResultOf(
            self.store.write(
                lambda tx: tx.sign_ins.insert(
                    decode_id(self.alice), "app", {}, now=NOW, expires_at=NOW + 10**6, presenter_id=presenter_id
                )
            )
        )
        return made.id

    def left(self) -> list[int]:
        """The sign-ins that are not over."""
        found = self.successResultOf(self.store.read(lambda tx: tx.sign_ins.of_account(decode_id(self.alice), NOW)))
        return [each.id for each in found]

    def code(self) -> str:
        totp = Totp.from_uri(URI)
        return totp.code(totp.step_at(self.clock.seconds()))

    def test_new_password_ends_all_but_the_one_that_asks(self) -> None:
        own, _ = self.begun(), self.begun()
        self.who = evolve(self.who, session_id=own)
        self.assertIsNone(self.change(secret=NEW, currentSecret=PASSWORD))
        self.assertEqual(self.left(), [own])

    def test_new_password_by_another_way_ends_all(self) -> None:
        self.begun()
        self.settle(self.accounts.set_password(decode_id(self.alice), NEW))
        self.assertEqual(self.left(), [])

    def test_refused_change_ends_none(self) -> None:
        own = self.begun()
        self.assertIsNotNone(self.change(secret=NEW, currentSecret="wrong"))
        self.assertIsNotNone(self.change(secret="short", currentSecret=PASSWORD))
        self.assertEqual(self.left(), [own])

    def test_new_factor_ends_none_and_one_that_is_gone_all(self) -> None:
        own, other = self.begun(), self.begun()
        self.who = evolve(self.who, session_id=own)
        self.assertIsNone(self.change(otpAuth={"otpUrl": URI, "otpCode": self.code()}, currentSecret=PASSWORD))
        self.assertEqual(sorted(self.left()), sorted([own, other]))
        self.clock.advance(30)
        self.assertIsNone(self.change(otpAuth={"otpUrl": None, "otpCode": self.code()}, currentSecret=PASSWORD))
        self.assertEqual(self.left(), [own])

    def test_administrator_who_sets_a_password_ends_all(self) -> None:
        self.begun()
        self.who = ROOT
        self.update("Account", self.alice, description="Alice")
        self.assertEqual(len(self.left()), 1)
        self.update("Account", self.alice, credentials__0__secret=NEW)
        self.assertEqual(self.left(), [])

    def test_administrator_who_takes_the_factor_or_the_password_away_ends_all(self) -> None:
        self.patch_account(decode_id(self.alice), {"credentials/0/otpAuth": URI})
        self.who = ROOT
        for patch in ({"credentials/0/otpAuth": None}, {"credentials/0": None}):
            self.begun()
            self.update("Account", self.alice, **patch)
            self.assertEqual(self.left(), [], patch)

    def test_change_of_other_credentials_ends_none(self) -> None:
        self.begun()
        self.settle(self.accounts.add_app_password(decode_id(self.alice), "Phone"))
        self.who = ROOT
        self.update("Account", self.alice, **{"credentials/1": None})
        self.update("Account", self.alice, **{"credentials/0/allowedIps": {IP: True}})
        self.assertEqual(len(self.left()), 1)

    def test_account_that_may_not_sign_in_any_more_is_signed_in_nowhere(self) -> None:
        self.begun()
        self.who = ROOT
        self.update("Account", self.alice, permissions={"@type": "Merge", "disabledPermissions": {"imapSearch": True}})
        self.assertEqual(len(self.left()), 1)
        removed = {"@type": "Merge", "disabledPermissions": {"authenticate": True}}
        self.update("Account", self.alice, permissions=removed)
        self.assertEqual(self.left(), [])

    def test_account_that_is_destroyed_is_signed_in_nowhere(self) -> None:
        self.begun()
        self.who = ROOT
        self.destroy("Account", self.alice)
        self.assertEqual(self.left(), [])

    def test_whom_the_owner_of_a_password_has_entered_loses_him(self) -> None:
        boss = self.user("boss")
        self.begun(presenter_id=boss)
        self.settle(self.accounts.set_password(boss, NEW))
        self.assertEqual(self.left(), [])

    def test_renewed_hash_ends_none(self) -> None:
        self.begun()
        account = decode_id(self.alice)
        self.successResultOf(
            self.store.write(lambda tx: account_records.renew_hash(tx, account, FAST, hashes.sha256_of("x"), NOW))
        )
        self.assertEqual(len(self.left()), 1)


class SecondFactorTests(PasswordWorld):
    def enrol(self) -> None:
        """Turn the factor on."""
        proof = {"otpUrl": URI, "otpCode": self.code()}
        self.assertIsNone(self.change(otpAuth=proof, currentSecret=PASSWORD))

    def login(self, code: str) -> Deferred[Any]:
        """A sign-in with a code."""
        return Deferred.fromCoroutine(
            self.directory.authenticate_password("alice@example.test", PASSWORD, IP, code=code)
        )

    def test_factor_is_asked_for_once_it_is_on(self) -> None:
        self.enrol()
        (found,) = self.ask("x:AccountPassword/get")["list"]
        self.assertEqual(found["otpAuth"], {"otpUrl": "****"})
        self.failureResultOf(super(RegistryWorld, self).begin(), SecondFactorRequired)
        self.clock.advance(30)
        self.successResultOf(self.login(self.code()))

    def test_factor_is_not_taken_on_without_a_right_code_of_it(self) -> None:
        error = self.change(otpAuth={"otpUrl": URI, "otpCode": "000000"}, currentSecret=PASSWORD)
        self.assertEqual(error, self.forbidden(WRONG_NEW_CODE, "otpCode"))
        error = self.change(otpAuth__otpUrl=URI, currentSecret=PASSWORD)
        self.assertEqual(error["type"], "invalidPatch")
        error = self.change(**{"otpAuth/otpUrl": URI, "currentSecret": PASSWORD})
        self.assertEqual(error, self.forbidden(NO_NEW_CODE, "otpCode"))
        self.sign_in()

    def test_url_that_cannot_be_used_is_refused(self) -> None:
        error = self.change(otpAuth={"otpUrl": "https://x.test/", "otpCode": "1"}, currentSecret=PASSWORD)
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["otpAuth"]))

    def test_code_of_the_enrolment_is_used_up(self) -> None:
        self.enrol()
        work = self.login(self.code())
        self.clock.advance(1.1)
        self.failureResultOf(work)

    def test_code_is_good_once_for_sign_in_and_changes_together(self) -> None:
        self.enrol()
        self.clock.advance(30)
        self.successResultOf(self.login(self.code()))
        patch = {"secret": NEW, "currentSecret": PASSWORD, "otpAuth/otpCode": self.code()}
        self.assertEqual(self.change(**patch), self.forbidden(WRONG_CODE, "otpCode"))
        self.clock.advance(30)
        patch["otpAuth/otpCode"] = code = self.code()
        self.assertIsNone(self.change(**patch))
        work = Deferred.fromCoroutine(self.directory.authenticate_password("alice@example.test", NEW, IP, code=code))
        self.clock.advance(1.1)
        self.failureResultOf(work)

    def test_changes_need_a_code_while_it_is_on(self) -> None:
        self.enrol()
        self.clock.advance(30)
        self.assertEqual(self.change(secret=NEW, currentSecret=PASSWORD), self.forbidden(NO_CODE, "otpCode"))
        patch = {"secret": NEW, "currentSecret": PASSWORD, "otpAuth/otpCode": self.code()}
        self.assertIsNone(self.change(**patch))
        (found,) = self.ask("x:AccountPassword/get")["list"]
        self.assertEqual(found["otpAuth"], {"otpUrl": "****"})

    def test_wrong_code_is_a_failed_login(self) -> None:
        self.enrol()
        self.clock.advance(30)
        error = self.change(**{"secret": NEW, "currentSecret": PASSWORD, "otpAuth/otpCode": "000000"})
        self.assertEqual(error, self.forbidden(WRONG_CODE, "otpCode"))
        self.assertEqual(len(self.failures), 1)

    def test_null_switches_it_off(self) -> None:
        self.enrol()
        self.clock.advance(30)
        self.assertEqual(
            self.change(otpAuth={"otpUrl": None}, currentSecret=PASSWORD), self.forbidden(NO_CODE, "otpCode")
        )
        off = {"otpUrl": None, "otpCode": self.code()}
        self.assertIsNone(self.change(otpAuth=off, currentSecret=PASSWORD))
        self.sign_in()

    def test_another_factor_takes_its_place_with_a_present_code(self) -> None:
        self.enrol()
        self.clock.advance(30)
        other = {"otpUrl": make_uri("Example", "alice"), "otpCode": self.code()}
        self.assertIsNone(self.change(otpAuth=other, currentSecret=PASSWORD))
        self.clock.advance(30)
        work = self.login(self.code())
        self.clock.advance(1.1)
        self.failureResultOf(work)

    def test_mask_keeps_it(self) -> None:
        self.enrol()
        self.assertIsNone(self.change(otpAuth={"otpUrl": "****"}))
        self.failureResultOf(super(RegistryWorld, self).begin(), SecondFactorRequired)
