"""x:Role over JMAP; what may be granted is tested with ``grants``."""

from __future__ import annotations

from stalwart.jmap.types.role import AuthenticationHandler, RoleHandler
from tests.jmap.registry.world import ROOT, RegistryWorld


class RoleTests(RegistryWorld):
    def test_next_request_of_whoever_has_it_sees_the_change(self) -> None:
        role = self.create("Role", description="x", enabledPermissions={"authenticate": True})
        self.account(roles={"@type": "Custom", "roleIds": {role: True}})
        self.directory.remember("header", self.sign_in())
        self.update("Role", role, **{"enabledPermissions/sysHttpGet": True})
        self.assertIsNone(self.directory.cached("header", "192.0.2.1"))
        self.become("alice")
        self.assertEqual(len(self.ask("x:Http/get")["list"]), 1)

    def test_roles_may_contain_each_other(self) -> None:
        first = self.create("Role", description="x")
        second = self.create("Role", description="y", roleIds={first: True}, enabledPermissions={"authenticate": True})
        self.update("Role", first, roleIds={second: True})
        self.account(roles={"@type": "Custom", "roleIds": {first: True}})
        self.assertEqual(self.sign_in().permissions, {"authenticate"})

    def test_linked_role_stays(self) -> None:
        error = self.not_destroyed("Role", "b")
        self.assertEqual(error["linkedObjects"], [{"object": "Authentication", "id": "singleton"}])

    def test_kebab_names_are_read_and_camel_names_written(self) -> None:
        role = self.create("Role", description="x", enabledPermissions={"sys-http-get": True})
        self.assertEqual(self.get("Role", role)["enabledPermissions"], {"sysHttpGet": True})

    def test_default_roles_take_effect_at_once(self) -> None:
        self.account()
        self.update("Authentication", "singleton", **{"defaultUserRoleIds/e": True})
        self.assertIn("sysHttpGet", self.sign_in().permissions)
        self.assertEqual((RoleHandler.handled, AuthenticationHandler.handled), (("Role",), ("Authentication",)))
        self.assertEqual(self.who, ROOT)
