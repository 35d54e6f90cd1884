"""Domains get the tasks that they lack at the start, once."""

from __future__ import annotations

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import Domain
from stalwart.config.tls.dns_server import DnsServer
from stalwart.mail.domain_tasks import ensure_domain_tasks
from tests.codec.pem import key, pem
from tests.directory.world import NOW, World

SERVER = {
    "@type": "Tsig",
    "description": "d",
    "host": "198.41.0.4",
    "keyName": "k",
    "key": {"@type": "Value", "secret": "c2VjcmV0"},
}


class DomainTaskTests(World):
    def ensured(self) -> int:
        return self.settle(ensure_domain_tasks(self.store, self.clock))

    def tasks(self) -> list[tuple[str, str]]:
        """Variant and domain of each."""
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        return sorted((row.data["@type"], row.data["domainId"]) for row in rows)

    def test_domain_without_keys_gets_them_made_once(self) -> None:
        self.assertEqual((self.ensured(), self.ensured()), (1, 0))
        self.assertEqual(self.tasks(), [("DkimManagement", encode_id(self.domain_id))])

    def test_domain_with_keys_needs_nothing(self) -> None:
        for type in ("Dkim1Ed25519Sha256", "Dkim1RsaSha256"):
            data = {
                "@type": type,
                "domainId": encode_id(self.domain_id),
                "selector": type.lower(),
                "privateKey": {"@type": "Text", "secret": pem(key("ed25519" if "Ed25519" in type else "rsa1024"))},
                "stage": "active",
            }
            self.successResultOf(
                self.store.write(
                    lambda tx, data=data: registry.create(tx, DkimSignature, data, now=NOW, by_server=True)
                )
            )
        self.assertEqual((self.ensured(), self.tasks()), (0, []))

    def test_keys_that_somebody_else_keeps_are_left_alone(self) -> None:
        self.settle(self.settings.change(Domain, {"dkimManagement": {"@type": "Manual"}}, self.domain_id))
        self.assertEqual(self.ensured(), 0)

    def test_records_that_the_server_keeps_are_looked_after(self) -> None:
        self.settle(self.settings.change(Domain, {"dkimManagement": {"@type": "Manual"}}, self.domain_id))
        server = self.settle(self.settings.create(DnsServer, SERVER))
        records = {"@type": "Automatic", "dnsServerId": encode_id(server)}
        self.settle(self.settings.change(Domain, {"dnsManagement": records}, self.domain_id))
        self.assertEqual((self.ensured(), self.ensured()), (1, 0))
        self.assertEqual(self.tasks(), [("DnsManagement", encode_id(self.domain_id))])
