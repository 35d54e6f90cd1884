"""Proving the password anew for a change of credentials."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from stalwart.codec.ids import decode_id
from stalwart.directory import passkey_records
from stalwart.directory.passkey_records import Details
from stalwart.errors import Forbidden, TooMany
from stalwart.jmap.registry.handler import Asking
from stalwart.jmap.registry.proving import CODE, WRONG_CODE, WRONG_SECRET, is_owner, no_code, no_secret, prove
from tests.directory.world import IP, NOW, PASSWORD
from tests.jmap.registry.world import ROOT, RegistryWorld


class ProvingTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.alice = decode_id(self.account())
        self.become("alice")

    def asking(self, **access: Any) -> Asking:
        """A call of alice about her account."""
        who = evolve(self.who, **access)
        return Asking(who, self.alice, NOW, IP, self.request(who))

    def proving(self, asking: Asking, secret: str | None, code: str | None = None) -> Deferred[None]:
        return Deferred.fromCoroutine(prove(self.directory, asking, secret, code, "do it"))

    def require_passkey(self) -> None:
        details = Details(id=1, description="x", user_handle="AA", required=True)
        self.successResultOf(self.store.write(lambda tx: passkey_records.insert(tx, self.alice, "AAAA", details, NOW)))

    def test_right_password_is_proved_once_for_a_call(self) -> None:
        asking = self.asking()
        self.successResultOf(self.proving(asking, PASSWORD))
        self.patch_account(self.alice, {"credentials/0": None})
        self.successResultOf(self.proving(asking, PASSWORD))
        self.refusal(self.proving(asking, "other"), Forbidden)

    def test_no_password_is_no_attempt(self) -> None:
        error = self.failureResultOf(self.proving(self.asking(), None), Forbidden).value
        self.assertEqual(error.detail, no_secret("do it"))
        self.assertEqual(self.failures, [])

    def test_after_a_wrong_one_nothing_is_tried_any_more(self) -> None:
        asking = self.asking()
        self.assertEqual(self.refusal(self.proving(asking, "wrong"), Forbidden).detail, WRONG_SECRET)
        for secret in ("wrong too", PASSWORD):
            error = self.failureResultOf(self.proving(asking, secret), Forbidden).value
            self.assertEqual(error.detail, WRONG_SECRET)
        self.assertEqual(len(self.failures), 1)
        self.successResultOf(self.proving(self.asking(), PASSWORD))

    def test_wrong_code_is_told_from_a_wrong_password(self) -> None:
        self.require_passkey()
        for code in ("123456", "AAAAA-AAAAA-AAAAA"):
            error = self.refusal(self.proving(self.asking(), PASSWORD, code), Forbidden)
            self.assertEqual((error.detail, error.properties), (WRONG_CODE, (CODE,)))
        error = self.refusal(self.proving(self.asking(), "wrong", "123456"), Forbidden)
        self.assertEqual(error.detail, WRONG_SECRET)

    def test_banned_address_is_told_so(self) -> None:
        self.banned = True
        asking = self.asking()
        self.refusal(self.proving(asking, "wrong"), TooMany)
        self.failureResultOf(self.proving(asking, PASSWORD), TooMany)

    def test_app_password_is_no_password(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.alice, "Phone"))
        self.assertEqual(self.refusal(self.proving(self.asking(), secret), Forbidden).detail, WRONG_SECRET)

    def test_sign_in_to_an_application_has_satisfied_the_passkeys(self) -> None:
        self.require_passkey()
        error = self.failureResultOf(self.proving(self.asking(), PASSWORD), Forbidden).value
        self.assertEqual(error.detail, no_code("do it"))
        self.successResultOf(self.proving(self.asking(session_id=3), PASSWORD))

    def test_sign_in_of_somebody_else_has_not(self) -> None:
        self.require_passkey()
        self.failureResultOf(self.proving(self.asking(session_id=3, presenter_id=9), PASSWORD), Forbidden)
        asking = evolve(self.asking(), access=evolve(ROOT, session_id=3))
        self.failureResultOf(self.proving(asking, PASSWORD), Forbidden)

    def test_owner_is_who_has_not_entered(self) -> None:
        self.assertTrue(is_owner(self.asking()))
        self.assertFalse(is_owner(self.asking(presenter_id=9)))
        self.assertFalse(is_owner(evolve(self.asking(), access=ROOT)))
