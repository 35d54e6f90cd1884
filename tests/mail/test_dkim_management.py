"""The task that makes the keys that a domain lacks."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.tenant import Tenant
from stalwart.config.operation.task import Task
from stalwart.config.vault import Vault, VaultKey
from stalwart.mail import dkim_management
from stalwart.mail.dkim_keys import DKIM_KEY, check_key
from tests.codec.pem import key, pem
from tests.directory.world import NOW, World

ED25519, RSA = "Dkim1Ed25519Sha256", "Dkim1RsaSha256"


class DkimManagementTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.made = 0
        self.vault = Vault(VaultKey("v" * 40))
        self.patch(dkim_management, "new_key", self.new_key)  # RSA keys of full length take long
        self.work = dkim_management.dkim_management(self.store, self.settings, self.hashing, self.vault, self.clock)

    def new_key(self, type: str) -> str:
        self.made += 1
        return pem(key("ed25519" if "Ed25519" in type else "rsa1024"))

    def run_for(self, domain_id: int) -> None:
        """Do the task of a domain."""
        task = Task.from_wire({"@type": "DkimManagement", "domainId": encode_id(domain_id)})
        self.assertIsNone(self.settle(self.work.run(task)))

    def signatures(self) -> list[Any]:
        """Those that the running settings know."""
        return [value for _, value in self.settings.all(DkimSignature)]

    def test_both_kinds_are_made_and_in_force(self) -> None:
        self.run_for(self.domain_id)
        self.assertEqual({each.tag for each in self.signatures()}, {ED25519, RSA})
        for each in self.signatures():
            check_key(each.tag, self.vault.kept(DKIM_KEY, each.private_key))
            self.assertNotIn("PRIVATE", each.private_key.secret)
            self.assertEqual((each.domain_id, each.stage), (self.domain_id, "active"))
            self.assertEqual(each.next_transition_at, NOW + 90 * 86_400)
            self.assertTrue(each.selector.endswith("20270115"))

    def test_what_is_there_is_kept(self) -> None:
        self.run_for(self.domain_id)
        before = self.settings.all(DkimSignature)
        self.run_for(self.domain_id)
        self.assertEqual((self.settings.all(DkimSignature), self.made), (before, 2))

    def test_kind_that_is_retired_is_made_again_under_another_selector(self) -> None:
        self.run_for(self.domain_id)
        id, old = next((id, each) for id, each in self.settings.all(DkimSignature) if each.tag == RSA)
        self.settle(self.settings.change(DkimSignature, {"stage": "retired"}, id))
        self.run_for(self.domain_id)
        new = next(each for each in self.signatures() if each.tag == RSA and each.stage == "active")
        self.assertEqual(new.selector, f"{old.selector}-2")

    def test_signatures_belong_to_the_tenant_of_the_domain(self) -> None:
        tenant = self.settle(self.settings.create(Tenant, {"name": "one"}))
        self.run_for(self.domain("other.test", memberTenantId=encode_id(tenant)))
        self.assertEqual({each.member_tenant_id for each in self.signatures()}, {tenant})

    def test_manual_keys_are_left_alone(self) -> None:
        self.run_for(self.domain("other.test", dkimManagement={"@type": "Manual"}))
        self.assertEqual((self.signatures(), self.made), ([], 0))

    def test_domain_that_is_gone_needs_no_keys(self) -> None:
        self.run_for(99)
        self.assertEqual(self.made, 0)

    def test_domain_that_goes_meanwhile_gets_none(self) -> None:
        domain_id = self.domain("other.test")

        def leave(type: str) -> str:
            if self.made == 0:
                self.successResultOf(self.store.write(lambda tx: registry.destroy(tx, Domain, domain_id)))
            return self.new_key(type)

        self.patch(dkim_management, "new_key", leave)
        self.run_for(domain_id)
        self.assertEqual(self.signatures(), [])

    def test_one_task_of_a_domain_runs_at_a_time(self) -> None:
        task = Task.from_wire({"@type": "DkimManagement", "domainId": "b"})
        self.assertEqual(self.work.key(task), ("domain keys", 1))
