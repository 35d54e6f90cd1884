"""x:RecoveryCodes (auth-api 13.1)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import decode_id
from stalwart.directory.directory import Directory
from stalwart.directory.totp import Totp, make_uri
from stalwart.jmap.registry.proving import WRONG_CODE, WRONG_SECRET
from stalwart.jmap.types.recovery_codes import NO_FACTOR, RecoveryCodesHandler
from tests.directory.world import IP, PASSWORD
from tests.jmap.registry.world import ROOT, RegistryWorld

URI = make_uri("Example", "alice")


class RecoveryCodesTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = self.account()
        self.become("alice")
        self.patch_account(decode_id(self.alice), {"credentials/0/otpAuth": URI})

    def code(self) -> str:
        """The code of this moment."""
        totp = Totp.from_uri(URI)
        return totp.code(totp.step_at(self.clock.seconds()))

    def renew(self, **members: Any) -> Any:
        """The answer to new codes; a failed proof is answered late."""
        given = {"regenerate": True, "currentSecret": PASSWORD, **members}
        work = self.begin("x:RecoveryCodes/set", {"update": {"singleton": given}})
        if not work.called:
            self.clock.advance(1.1)
        ((_, answer, _),) = self.successResultOf(work)
        return answer

    def renewed(self, **members: Any) -> list[str]:
        """New codes."""
        answer = self.renew(**members)
        self.assertIsNone(answer["notUpdated"])
        made = answer["updated"]["singleton"]
        self.assertEqual((sorted(made), made["remaining"]), (["codes", "remaining"], 10))
        codes: list[str] = made["codes"]
        return codes

    def refused(self, **members: Any) -> str:
        """Why there are no new ones."""
        error = self.renew(**members)["notUpdated"]["singleton"]
        self.assertEqual(error["type"], "forbidden")
        text: str = error["description"]
        return text

    def remaining(self) -> int:
        found = self.get("RecoveryCodes")
        self.assertEqual(sorted(found), ["id", "remaining"])
        number: int = found["remaining"]
        return number

    def login(self, code: str) -> Deferred[Any]:
        """A sign-in with a code."""
        directory: Directory = self.directory
        return Deferred.fromCoroutine(
            directory.authenticate_password("alice@example.test", PASSWORD, IP, code=code, app_passwords=False)
        )

    def test_codes_are_told_once_and_work(self) -> None:
        self.assertEqual(self.remaining(), 0)
        codes = self.renewed(otpCode=self.code())
        self.assertEqual((len(codes), self.remaining()), (10, 10))
        self.successResultOf(self.login(codes[3]))
        self.assertEqual(self.remaining(), 9)
        self.assertEqual(RecoveryCodesHandler.handled, ("RecoveryCodes",))

    def test_new_ones_need_password_and_code(self) -> None:
        self.assertEqual(
            self.refused(currentSecret=None), "Current secret must be provided to make new recovery codes."
        )
        self.assertEqual(self.refused(), "Current OTP code is required to make new recovery codes.")
        self.assertEqual(self.refused(otpCode="000000"), WRONG_CODE)
        self.assertEqual(self.refused(currentSecret="wrong", otpCode=self.code()), WRONG_SECRET)
        self.assertEqual((len(self.failures), self.remaining()), (2, 0))

    def test_last_code_but_one_makes_new_ones(self) -> None:
        first = self.renewed(otpCode=self.code())
        second = self.renewed(otpCode=first[0])
        self.assertFalse({*first} & {*second})
        for code in first:
            work = self.login(code)
            self.clock.advance(1.1)
            self.failureResultOf(work)

    def test_code_that_was_used_elsewhere_makes_none(self) -> None:
        self.successResultOf(self.login(self.code()))
        self.assertEqual(self.refused(otpCode=self.code()), WRONG_CODE)

    def test_create_is_as_an_update(self) -> None:
        given = {"regenerate": True, "currentSecret": PASSWORD, "otpCode": self.code()}
        answer = self.ask("x:RecoveryCodes/set", {"create": {"r": given}})
        self.assertEqual(len(answer["created"]["r"]["codes"]), 10)

    def test_nothing_happens_unless_it_is_asked_for(self) -> None:
        self.assertIsNone(self.renew(regenerate=False)["updated"]["singleton"])
        self.update("RecoveryCodes", "singleton", remaining=0)
        self.assertEqual(self.not_updated("RecoveryCodes", "singleton", remaining=5)["type"], "invalidPatch")
        self.assertEqual(self.not_updated("RecoveryCodes", "b", regenerate=True), {"type": "notFound"})
        self.assertEqual(self.remaining(), 0)

    def test_factor_that_is_switched_off_takes_them_along(self) -> None:
        self.renewed(otpCode=self.code())
        self.clock.advance(30)
        off = {"otpUrl": None, "otpCode": self.code()}
        self.update("AccountPassword", "singleton", otpAuth=off, currentSecret=PASSWORD)
        self.assertEqual(self.remaining(), 0)
        self.assertEqual(self.refused(), NO_FACTOR)

    def test_recovery_code_switches_the_factor_off(self) -> None:
        codes = self.renewed(otpCode=self.code())
        off = {"otpUrl": None, "otpCode": codes[0]}
        self.update("AccountPassword", "singleton", otpAuth=off, currentSecret=PASSWORD)
        self.sign_in()

    def test_who_has_no_account_has_no_codes(self) -> None:
        self.who = ROOT
        self.assertEqual(self.ask("x:RecoveryCodes/get", {"ids": ["singleton"]})["notFound"], ["singleton"])
        self.assertEqual(self.renew()["notUpdated"]["singleton"], {"type": "notFound"})
