"""The last administrator does not go by mistake."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.registry import last_administrator
from tests.jmap.registry.world import ROOT, RegistryWorld


class LastAdministratorTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.chief = self.account("chief", roles={"@type": "Admin"})
        self.account("alice")
        self.become("chief")

    def refused(self, type: str, arguments: dict[str, Any], verb: str, key: str) -> None:
        error = self.ask(f"x:{type}/set", arguments)[f"not{verb}"][key]
        self.assertEqual(error["type"], "forbidden")
        self.assertIs(error["canConfirm"], True)
        before = self.get("Account", self.chief)
        self.assertEqual(before["roles"], {"@type": "Admin"})
        answer = self.ask(f"x:{type}/set", {**arguments, "confirm": True})
        self.assertIsNone(answer[f"not{verb}"])

    def test_he_is_not_destroyed(self) -> None:
        self.refused("Account", {"destroy": [self.chief]}, "Destroyed", self.chief)

    def test_he_is_not_made_an_ordinary_user(self) -> None:
        patch = {"roles": {"@type": "User"}}
        self.refused("Account", {"update": {self.chief: patch}}, "Updated", self.chief)

    def test_he_does_not_lose_the_permission(self) -> None:
        patch = {"permissions": {"@type": "Merge", "disabledPermissions": {"sysAccountUpdate": True}}}
        self.refused("Account", {"update": {self.chief: patch}}, "Updated", self.chief)

    def test_the_role_of_administrators_is_not_taken_away(self) -> None:
        patch = {"defaultAdminRoleIds": {}}
        self.refused("Authentication", {"update": {"singleton": patch}}, "Updated", "singleton")

    def test_he_does_not_shut_himself_out(self) -> None:
        patch = {"credentials/0/allowedIps": {"10.0.0.0/8": True}}
        self.refused("Account", {"update": {self.chief: patch}}, "Updated", self.chief)

    def test_one_of_two_may_go(self) -> None:
        deputy = self.account("deputy", roles={"@type": "Admin"})
        self.update("Account", deputy, roles={"@type": "User"})
        self.update("Account", deputy, roles={"@type": "Admin"})
        self.destroy("Account", deputy)

    def test_ordinary_people_may_go(self) -> None:
        (alice,) = self.ids("Account", filter={"name": "alice"})
        self.destroy("Account", alice)

    def test_the_recovery_administrator_is_not_asked(self) -> None:
        self.who = ROOT
        self.assertEqual(ROOT.kind, "recovery")
        self.destroy("Account", self.chief)
        self.assertTrue(last_administrator.NEEDED)
