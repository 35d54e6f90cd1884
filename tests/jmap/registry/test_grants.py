"""Nobody grants what he does not hold (settings A.13)."""

from __future__ import annotations

from typing import Any

from stalwart.config.permissions import SYSTEM_ADMINISTRATOR, TENANT_ADMINISTRATOR
from stalwart.directory.access import Access
from stalwart.errors import Forbidden
from stalwart.jmap.registry.grants import check_held
from stalwart.jmap.standard.asking import number_of
from tests.jmap.registry.world import ROOT, RegistryWorld

TEXT = "You are not authorized to grant permissions: "


class GrantTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.limited = Access(7, "x", None, TENANT_ADMINISTRATOR | {"sysAuthenticationUpdate", "sysTenantCreate"})
        self.who = self.limited

    def refused(self, error: dict[str, Any]) -> str:
        """The names in the refusal."""
        self.assertEqual(error["type"], "forbidden", error)
        self.assertTrue(error["description"].startswith(TEXT), error)
        names: str = error["description"][len(TEXT) :]
        return names

    def user(self, name: str = "alice", **members: Any) -> dict[str, Any]:  # type: ignore[override]
        """Members of a user."""
        return {"@type": "User", "name": name, "domainId": "b", **members}

    def test_five_are_named_and_the_others_counted(self) -> None:
        error = self.assertRaises(Forbidden, check_held, frozenset("a"), "hgfedcba")
        self.assertEqual(error.detail, f"{TEXT}b, c, d, e, f and 2 more")
        error = self.assertRaises(Forbidden, check_held, frozenset("a"), "abc")
        self.assertEqual(error.detail, f"{TEXT}b, c")
        check_held(frozenset("abc"), "ab")

    def test_default_roles_of_people_are_no_grant(self) -> None:
        self.create("Account", **self.user())
        self.create("Account", **{"@type": "Group", "name": "staff", "domainId": "b"})

    def test_permissions_of_an_account(self) -> None:
        merged = {"@type": "Merge", "enabledPermissions": {"sysHttpGet": True, "sysDomainGet": True}}
        error = self.not_created("Account", **self.user(permissions=merged))
        self.assertEqual(self.refused(error), "sysHttpGet")
        replaced = {"@type": "Replace", "enabledPermissions": {"impersonate": True, "authenticate": True}}
        error = self.not_created("Account", **self.user(permissions=replaced))
        self.assertEqual(self.refused(error), "impersonate")

    def test_kebab_spelling_is_the_same_permission(self) -> None:
        merged = {"@type": "Merge", "enabledPermissions": {"sys-http-get": True}}
        self.assertEqual(self.refused(self.not_created("Account", **self.user(permissions=merged))), "sysHttpGet")

    def test_credentials_of_who_may_more_are_out_of_reach(self) -> None:
        self.who = ROOT
        password = {"0": {"@type": "Password", "secret": "correct-horse-battery-7"}}
        above = self.create("Account", **self.user("root", roles={"@type": "Admin"}, credentials=password))
        equal = self.create("Account", **self.user("peer", credentials=password))
        self.who = self.limited
        for patch in ({"credentials/0/secret": "another-horse-battery-8"}, {"credentials": {}}):
            error = self.not_updated("Account", above, **patch)
            self.assertEqual(error["type"], "forbidden")
            self.assertIn("may do more than you", error["description"])
        self.update("Account", above, description="Harmless")
        self.update("Account", equal, **{"credentials/0/secret": "another-horse-battery-8"})

    def test_roles_of_an_account(self) -> None:
        for roles in ({"@type": "Admin"}, {"@type": "Custom", "roleIds": {"e": True}}):
            names = self.refused(self.not_created("Account", **self.user(roles=roles)))
            self.assertIn(" and ", names)
        self.create("Account", **self.user(roles={"@type": "Custom", "roleIds": {"d": True}}))

    def test_fewer_permissions_than_by_default_are_no_grant(self) -> None:
        reduced = {"@type": "Replace", "enabledPermissions": {"jmapEmailGet": True}}
        self.create("Account", **self.user(permissions=reduced))

    def test_what_an_account_has_already_is_no_grant(self) -> None:
        self.who = ROOT
        id = self.create("Account", **self.user(roles={"@type": "Admin"}))
        self.who = self.limited
        self.update("Account", id, description="Alice")
        merged = {"@type": "Merge", "enabledPermissions": {"sysHttpGet": True}}
        self.update("Account", id, permissions=merged)

    def test_permissions_of_a_role(self) -> None:
        self.create("Role", description="x", enabledPermissions={"sysDomainGet": True})
        error = self.not_created("Role", description="y", enabledPermissions={"sysHttpGet": True})
        self.assertEqual(self.refused(error), "sysHttpGet")
        error = self.not_created("Role", description="y", roleIds={"e": True})
        self.assertIn(" and ", self.refused(error))

    def test_permission_that_a_role_takes_away_is_given_back_by_who_holds_it_only(self) -> None:
        self.who = ROOT
        taken = {"sysHttpGet": True, "sysDomainGet": True}
        id = self.create("Role", description="x", disabledPermissions=taken)
        self.who = self.limited
        self.assertEqual(self.refused(self.not_updated("Role", id, disabledPermissions={})), "sysHttpGet")
        self.update("Role", id, **{"disabledPermissions/sysDomainGet": None})

    def test_role_that_has_more_already_can_be_renamed(self) -> None:
        self.update("Role", "e", description="System")

    def test_default_roles(self) -> None:
        error = self.not_updated("Authentication", "singleton", **{"defaultUserRoleIds/e": True})
        self.assertIn(" and ", self.refused(error))
        self.update("Authentication", "singleton", **{"defaultUserRoleIds/d": True})

    def test_bounds_of_a_tenant(self) -> None:
        merged = {"@type": "Merge", "enabledPermissions": {"sysHttpGet": True}}
        self.assertEqual(self.refused(self.not_created("Tenant", name="x", permissions=merged)), "sysHttpGet")
        self.create("Tenant", name="x")

    def test_what_is_named_beyond_the_bounds_of_a_tenant_is_a_grant(self) -> None:
        self.who = ROOT
        tenant = self.create("Tenant", name="One")
        home = self.create("Domain", name="one.test", memberTenantId=tenant)
        merged = {"@type": "Merge", "enabledPermissions": {"liveTracing": True}}
        members = self.user("local", domainId=home, permissions=merged)
        rights = ("authenticate", "sysAccountCreate", "sysAccountGet")
        self.who = Access(7, "x", None, frozenset(rights), tenant_id=number_of(tenant))
        self.assertEqual(self.refused(self.not_created("Account", **members)), "liveTracing")

    def test_who_holds_everything_grants_everything(self) -> None:
        self.who = ROOT
        granted = dict.fromkeys(SYSTEM_ADMINISTRATOR, True)
        self.create("Role", description="x", enabledPermissions=granted)

    def test_leaving_a_tenant_is_a_grant(self) -> None:
        self.who = ROOT
        tenant = self.create("Tenant", name="One")
        home = self.create("Domain", name="one.test", memberTenantId=tenant)
        members = {"roles": {"@type": "Admin"}, "memberTenantId": tenant, "domainId": home}
        id = self.create("Account", **self.user("local", **members))
        self.who = Access(7, "x", None, frozenset(("authenticate", "sysAccountUpdate", "sysAccountGet")))
        self.refused(self.not_updated("Account", id, memberTenantId=None))
        self.who = ROOT
        self.update("Account", id, memberTenantId=None)

    def test_widening_a_tenant_is_a_grant(self) -> None:
        self.who = ROOT
        narrow = {"@type": "Merge", "disabledPermissions": {"emailSend": True}}
        tenant = self.create("Tenant", name="One", permissions=narrow)
        self.who = Access(7, "x", None, frozenset(("authenticate", "sysTenantUpdate", "sysTenantGet")))
        error = self.not_updated("Tenant", tenant, permissions={"@type": "Inherit"})
        self.assertEqual(self.refused(error), "emailSend")
        self.update("Tenant", tenant, name="Another")
