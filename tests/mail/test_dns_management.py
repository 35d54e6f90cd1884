"""The task that keeps records in step: what it publishes, when it comes again, and what it says of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.operation.task import Task
from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault, VaultKey
from stalwart.mail import dns_management
from stalwart.mail.dns_management import AFTER_FAILURE, AGAIN, RecordParts, schedule_records
from stalwart.mail.domain_zone import DomainZones
from stalwart.net import dns_update
from stalwart.net.dns_answers import LookupFailed
from stalwart.net.dns_publisher import DnsUpdateRefused
from stalwart.tasks.work import LaterTask
from tests.directory.world import NOW, World
from tests.mail.zone_table import value
from tests.net.fake_dns import FakeResolver

SERVER = {
    "@type": "Tsig",
    "description": "ours",
    "host": "192.0.2.53",
    "keyName": "k",
    "key": {"@type": "Value", "secret": "c2VjcmV0"},
}
KINDS = {"mx": True, "spf": True, "dmarc": True, "srv": True}


class FakePublisher:
    """Writes into the zone of a resolver; ``refusing`` are names that it does not change."""

    def __init__(self, resolver: FakeResolver) -> None:
        self.resolver = resolver
        self.refusing: set[str] = set()
        self.done: list[tuple[Any, ...]] = []
        self.closed = 0

    async def publish(self, zone: str | None, name: str, type: str, values: Sequence[str], *, ttl: int) -> None:
        self.note("publish", zone, name, type, tuple(values), ttl)
        self.put(name, type, [value(type, text) for text in values])

    async def add(self, zone: str | None, name: str, type: str, text: str, *, ttl: int) -> None:
        self.note("add", zone, name, type, text, ttl)
        self.put(name, type, [*self.resolver.zone.get((f"{name}.", type), ()), value(type, text)])

    async def remove(self, zone: str | None, name: str, type: str, text: str | None = None) -> None:
        self.note("remove", zone, name, type, text)
        self.put(name, type, [each for each in self.resolver.zone[f"{name}.", type] if each != text])

    async def close(self) -> None:
        self.closed += 1

    def note(self, what: str, zone: str | None, name: str, *rest: Any) -> None:
        if name in self.refusing:
            raise DnsUpdateRefused("REFUSED: no")
        self.done.append((what, zone, name, *rest))

    def put(self, name: str, type: str, values: list[Any]) -> None:
        self.resolver.zone[f"{name}.", type] = values


class DnsManagementTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.vault = Vault(VaultKey("t" * 40))
        self.resolver = FakeResolver({("example.test", "TXT"): ["site-verification=1", "v=spf1 -all"]})
        self.publisher = FakePublisher(self.resolver)
        self.secrets: list[str] = []
        self.patch(dns_update, "publisher_for", self.publisher_for)
        self.patch(dns_management, "StubResolver", lambda reactor, servers: self.resolver)
        self.reactor, self.trust_store = self.clock, None
        zones = DomainZones(self.settings, self.vault, self, lambda name: None)
        parts = RecordParts(self.store, self.settings, zones, self.vault, self.hashing, lambda: self, self.clock)
        self.work = dns_management.dns_management(parts)
        self.server_id = self.settle(self.settings.create(DnsServer, SERVER))

    def publisher_for(self, server: Any, secret: str, outside: Any) -> FakePublisher:
        self.secrets.append(secret)
        return self.publisher

    def chain_for(self, name: str) -> tuple[bytes, ...]:
        """As of the certificates that are served."""
        return ()

    def automatic(self, **members: Any) -> dict[str, Any]:
        return {"@type": "Automatic", "dnsServerId": encode_id(self.server_id), "publishRecords": KINDS, **members}

    def set_domain(self, **members: Any) -> None:
        self.settle(self.settings.change(Domain, members, self.domain_id))

    def run_task(self, **members: Any) -> Any:
        task = Task.from_wire({"@type": "DnsManagement", "domainId": encode_id(self.domain_id), **members})
        return self.settle(self.work.run(task))

    def scheduled(self, former: Domain | None, now: Domain) -> list[str]:
        """The tasks after a write of the domain."""

        def work(tx: Any) -> list[str]:
            schedule_records(tx, self.domain_id, former, now, NOW)
            return [row.data["@type"] for row in tx.registry.list("Task")]

        return self.successResultOf(self.store.write(work))

    def test_records_are_published_once_and_looked_at_again(self) -> None:
        self.set_domain(dnsManagement=self.automatic(origin="test"))
        self.assertEqual(self.run_task(), NOW + AGAIN)
        self.assertEqual((self.secrets, self.publisher.closed), (["c2VjcmV0"], 1))
        done = self.publisher.done
        self.assertIn(("publish", "test", "example.test", "MX", ("10 mail.example.test.",), 300), done)
        self.assertIn(("remove", "test", "example.test", "TXT", "v=spf1 -all"), done)
        texts = self.resolver.zone["example.test.", "TXT"]
        self.assertEqual(texts, ["site-verification=1", "v=spf1 mx -all"])
        done.clear()
        self.run_task()
        self.assertEqual(done, [])

    def test_change_of_the_settings_is_followed(self) -> None:
        self.set_domain(dnsManagement=self.automatic())
        self.run_task()
        self.publisher.done.clear()
        self.set_domain(reportAddressUri="mailto:dmarc@example.test")
        self.run_task()
        ((what, _, name, *_),) = self.publisher.done
        self.assertEqual((what, name), ("publish", "_dmarc.example.test"))

    def test_manual_domain_and_one_that_is_gone(self) -> None:
        self.assertIsNone(self.run_task())
        task = Task.from_wire({"@type": "DnsManagement", "domainId": "zz"})
        self.assertIsNone(self.settle(self.work.run(task)))
        self.assertEqual(self.publisher.done, [])

    def test_some_kinds_are_done_once(self) -> None:
        self.set_domain(dnsManagement=self.automatic())
        self.assertIsNone(self.run_task(updateRecords={"mx": True, "caa": True}))
        self.assertEqual([each[3] for each in self.publisher.done], ["MX"])

    def test_certificate_is_renewed_afterwards(self) -> None:
        self.set_domain(dnsManagement=self.automatic())
        self.assertIsNone(self.run_task(onSuccessRenewCertificate=True))
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Task")))
        self.assertEqual([row.data["@type"] for row in rows], ["AcmeRenewal"])

    def test_refusal_is_told_and_the_rest_is_done(self) -> None:
        self.set_domain(dnsManagement=self.automatic())
        self.publisher.refusing = {"_dmarc.example.test"}
        problem = self.later()
        self.assertEqual(problem.detail, "TXT _dmarc.example.test: REFUSED: no")
        self.assertEqual(problem.seconds, AFTER_FAILURE)
        self.assertIn("SRV", [each[3] for each in self.publisher.done])
        self.assertEqual(self.publisher.closed, 1)

    def test_shared_names_are_not_touched_blindly(self) -> None:
        self.set_domain(dnsManagement=self.automatic())
        self.resolver.zone["example.test.", "TXT"] = LookupFailed("timeout", "late")  # type: ignore[index]
        self.assertIn("cannot be looked up", self.later().detail)
        self.assertNotIn(("example.test", "TXT"), [each[2:4] for each in self.publisher.done])

    def test_secret_that_cannot_be_had(self) -> None:
        file = {"@type": "File", "filePath": "/nowhere/key"}
        self.settle(self.settings.change(DnsServer, {"key": file}, self.server_id))
        self.set_domain(dnsManagement=self.automatic())
        self.assertIn("The secret of the DNS server ours cannot be had", self.later().detail)

    def later(self) -> LaterTask:
        task = Task.from_wire({"@type": "DnsManagement", "domainId": encode_id(self.domain_id)})
        failure = self.failureResultOf(Deferred.fromCoroutine(self.work.run(task)), LaterTask)
        problem: LaterTask = failure.value
        return problem

    def test_a_domain_has_one_lasting_task(self) -> None:
        former = Domain.from_wire({"name": "example.test"})
        automatic = Domain.from_wire({"name": "example.test", "dnsManagement": self.automatic()})
        self.assertEqual(self.scheduled(None, former), [])
        self.assertEqual(self.scheduled(former, automatic), ["DnsManagement"])
        self.assertEqual(self.scheduled(automatic, automatic), ["DnsManagement"])
        self.assertEqual(self.scheduled(None, automatic), ["DnsManagement"])

    def test_second_lasting_task_ends(self) -> None:
        self.set_domain(dnsManagement=self.automatic())
        task = {"@type": "DnsManagement", "domainId": encode_id(self.domain_id)}
        for _ in range(2):
            self.successResultOf(self.store.write(lambda tx: registry.create(tx, Task, task, now=NOW)))
        self.assertIsNone(self.run_task())

    def test_tasks_of_a_domain_follow_each_other(self) -> None:
        task = Task.from_wire({"@type": "DnsManagement", "domainId": "b"})
        self.assertEqual(self.work.key(task), ("domain records", 1))
