"""Whether accounts may receive mail."""

from __future__ import annotations

from typing import Any

from stalwart.config.identity.roles import Role
from stalwart.mail import receiving_rights
from stalwart.mail.receiving_rights import ReceivingRights
from tests.mail.post_office import PostOffice

FORBIDDEN = {"@type": "Merge", "enabledPermissions": {}, "disabledPermissions": {"emailReceive": True}}


class ReceivingRightsTests(PostOffice):
    """By roles, adjustments and tenants."""

    def setUp(self) -> None:
        super().setUp()
        self.rights = ReceivingRights(self.settings)

    def may(self, name: str) -> bool:
        def look(tx: Any) -> bool:
            return self.rights.may_receive(tx, tx.registry.get("Account", self.ids[name]).data)

        return self.successResultOf(self.store.read(look))

    def test_by_default(self) -> None:
        self.person("team", "Group")
        self.person("chief", roles={"@type": "Admin"})
        self.assertEqual([self.may(name) for name in ("alice", "team", "chief")], [True] * 3)

    def test_adjustment(self) -> None:
        self.person("eve", permissions=FORBIDDEN)
        self.assertFalse(self.may("eve"))

    def test_a_role_that_changes(self) -> None:
        self.assertTrue(self.may("alice"))
        id = next(id for id, role in self.settings.all(Role) if role.description == "User")
        self.settle(self.settings.change(Role, {"disabledPermissions": {"emailReceive": True}}, id))
        self.assertFalse(self.may("alice"))

    def test_found_out_once(self) -> None:
        asked = []
        real = receiving_rights.effective_permissions
        self.patch(receiving_rights, "effective_permissions", lambda *of: asked.append(1) or real(*of))
        self.assertTrue(self.may("alice") and self.may("bob"))
        self.assertEqual(len(asked), 1)
