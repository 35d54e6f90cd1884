"""x:Tenant over JMAP, and the bound that it puts on its members (settings C.5, A.13)."""

from __future__ import annotations

from stalwart.codec.ids import decode_id
from stalwart.jmap.types.tenant import TenantHandler
from tests.jmap.registry.world import RegistryWorld


class TenantTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.tenant = self.create("Tenant", name="One")

    def test_used_octets_are_those_of_all_members(self) -> None:
        members = [self.account(name, memberTenantId=self.tenant) for name in ("alice", "bob")]
        self.account("carol")
        for id in members:
            self.successResultOf(
                self.store.write(lambda tx, id=decode_id(id): tx.objects.insert(id, 1, now=1, size=500))
            )
        self.assertEqual(self.get("Tenant", self.tenant)["usedDiskQuota"], 1000)
        self.assertNotIn("usedDiskQuota", self.get("Tenant", self.tenant, properties=["name"]))

    def test_members_keep_the_permissions_of_people(self) -> None:
        self.account(memberTenantId=self.tenant)
        access = self.sign_in()
        self.assertTrue(access.may("jmapEmailGet"))
        self.assertEqual(access.tenant_id, decode_id(self.tenant))

    def test_administrator_of_a_tenant_has_no_more_than_the_tenant(self) -> None:
        self.account(memberTenantId=self.tenant, roles={"@type": "Admin"})
        access = self.sign_in()
        self.assertTrue(access.may("sysDomainCreate"))
        self.assertFalse(access.may("sysHttpUpdate") or access.may("impersonate"))

    def test_change_of_the_bound_takes_effect_at_once(self) -> None:
        self.account(memberTenantId=self.tenant)
        self.directory.remember("header", self.sign_in())
        less = {"@type": "Replace", "enabledPermissions": {"authenticate": True, "sysHttpGet": True}}
        self.update("Tenant", self.tenant, permissions=less)
        self.assertIsNone(self.directory.cached("header", "192.0.2.1"))
        self.assertEqual(self.sign_in().permissions, {"authenticate"})

    def test_roles_of_ones_own_bound_it_alone(self) -> None:
        self.account(memberTenantId=self.tenant)
        self.update("Tenant", self.tenant, roles={"@type": "Custom", "roleIds": {"d": True}})
        access = self.sign_in()
        self.assertTrue(access.may("authenticate"))
        self.assertFalse(access.may("jmapEmailGet"))
        self.assertEqual(TenantHandler.handled, ("Tenant",))
