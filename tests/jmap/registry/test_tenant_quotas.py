"""How much a tenant may have (settings C.5)."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.jmap.registry.tenant_quotas import check
from tests.jmap.registry.test_scoping import TenantWorld
from tests.jmap.registry.world import ROOT

TEXT = "Your organization has exceeded its quota."


class QuotaTests(TenantWorld):
    def quota(self, **quotas: int) -> None:
        """Limit the first tenant."""
        self.assertTrue(callable(check))
        self.update("Tenant", self.one, quotas=quotas)
        self.who = self.boss

    def test_domains(self) -> None:
        self.quota(maxDomains=2)
        self.create("Domain", name="a.test")
        error = self.not_created("Domain", name="b.test")
        self.assertEqual(error, {"type": "overQuota", "description": TEXT})

    def test_users_and_groups_count_apart(self) -> None:
        self.quota(maxAccounts=1, maxGroups=1)
        self.user("alice")
        self.create("Account", **{"@type": "Group", "name": "staff", "domainId": self.home})
        for type in ("User", "Group"):
            error = self.not_created("Account", **{"@type": type, "name": "more", "domainId": self.home})
            self.assertEqual(error["type"], "overQuota")

    def test_roles_and_lists(self) -> None:
        self.quota(maxRoles=0, maxMailingLists=0)
        self.assertEqual(self.not_created("Role", description="x")["type"], "overQuota")
        self.assertEqual(self.not_created("MailingList", name="x", domainId=self.home)["type"], "overQuota")

    def test_others_do_not_count(self) -> None:
        self.quota(maxDomains=2)
        self.create("Domain", name="a.test")

    def test_moving_into_a_full_tenant_is_refused(self) -> None:
        self.quota(maxAccounts=0)
        id = self.account("alice")
        self.who = ROOT
        self.assertEqual(self.not_updated("Account", id, memberTenantId=self.one)["type"], "overQuota")

    def test_change_within_a_full_tenant_is_not(self) -> None:
        id = self.create(
            "Account", **{"@type": "User", "name": "alice", "domainId": self.home, "memberTenantId": self.one}
        )
        self.quota(maxAccounts=1)
        self.update("Account", id, description="x")

    def account(self, name: str) -> str:  # type: ignore[override]
        """A user of no tenant, whoever asks."""
        return encode_id(self.settle(self.accounts.create_user(name, 1, None)))
