"""Domains get the tasks that they lack at the start, once."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.operation.task import Task
from stalwart.config.tls.dns_server import DnsServer
from stalwart.mail.domain_tasks import ensure_domain_tasks
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

    def test_domain_with_keys_is_looked_after(self) -> None:
        self.ensured()
        later = {"@type": "Pending", "due": "2099-01-01T00:00:00Z"}  # as of a clock that was wrong

        def put_off(tx: Any) -> None:
            for row in tx.registry.list("Task"):
                registry.update(tx, Task, row.id, {"status": later}, now=NOW, by_server=True)

        self.successResultOf(self.store.write(put_off))
        self.assertEqual((self.ensured(), self.ensured(), len(self.tasks())), (1, 0, 1))

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
