"""The task that makes the keys of a domain and has them follow each other."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.tenant import Tenant
from stalwart.config.operation.task import Task
from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault, VaultKey
from stalwart.errors import Unavailable
from stalwart.mail import dkim_management, dns_management
from stalwart.mail.dkim_keys import DKIM_KEY, check_key, public_text
from stalwart.mail.dkim_management import (
    AFTER_LONG_MISSING,
    AFTER_MISSING,
    AGAIN,
    DKIM_TASK,
    SOON,
    TIME_TO_PUBLISH,
    KeyParts,
    hurry_keys,
    lacks_task,
)
from stalwart.mail.dkim_rotation import MOST_HELD
from stalwart.mail.domain_zone import DomainZones
from stalwart.net import dns_update
from stalwart.net.dns_answers import LookupFailed
from stalwart.tasks.runner import TaskRunner
from stalwart.tasks.scheduling import schedule, tasks_of_domain
from stalwart.tasks.work import LaterTask
from stalwart.telemetry.events import DKIM_KEY_CHANGED, DKIM_RECORD_MISSING, Event
from tests.codec.pem import key, pem
from tests.directory.world import NOW, World
from tests.mail.test_dns_management import SERVER, FakePublisher
from tests.net.fake_dns import FakeResolver

ED25519, RSA = "Dkim1Ed25519Sha256", "Dkim1RsaSha256"
DAY = 86_400


class KeyWorld(World):
    """A domain and a name service that has what ``publish`` puts there; kinds of keys are made without delay."""

    def setUp(self) -> None:
        super().setUp()
        self.made = 0
        self.vault = Vault(VaultKey("v" * 40))
        self.patch(dkim_management, "new_key", self.new_key)  # RSA keys of full length take long
        self.resolver = FakeResolver({})
        self.reactor, self.trust_store = self.clock, None
        self.changes: list[tuple[str, str]] = []
        self.missing: list[str] = []
        self.telemetry.observe(self.note)
        self.work = dkim_management.dkim_management(self.parts())

    def parts(self) -> KeyParts:
        return KeyParts(self.store, self.settings, self.hashing, self.vault, lambda: self, self.clock, self.telemetry)

    def note(self, event: Event, values: dict[str, Any]) -> None:
        """Keep what was told."""
        if event is DKIM_KEY_CHANGED:
            self.changes.append((values["id"], values["result"]))
        if event is DKIM_RECORD_MISSING:
            self.missing.append(values["reason"])

    def new_key(self, type: str) -> str:
        self.made += 1
        return pem(key("ed25519" if "Ed25519" in type else "rsa1024", self.made % 2))

    def task(self, domain_id: int) -> Any:
        return Task.from_wire({"@type": "DkimManagement", "domainId": encode_id(domain_id)})

    def run_for(self, domain_id: int) -> int | None:
        """Do the task of a domain."""
        return self.settle(self.work.run(self.task(domain_id)))

    def later(self) -> LaterTask:
        """Do the task, which says that something is missing."""
        failure = self.failureResultOf(Deferred.fromCoroutine(self.work.run(self.task(self.domain_id))), LaterTask)
        problem: LaterTask = failure.value
        return problem

    def signatures(self) -> list[Any]:
        """Those that the running settings know."""
        return [value for _, value in self.settings.all(DkimSignature)]

    def stages(self) -> list[str]:
        return [each.stage for each in self.signatures()]

    def name(self, signature: Any) -> str:
        return f"{signature.selector}._domainkey.example.test."

    def publish(self) -> None:
        """Have the records of all keys in DNS that belong there, and no others."""
        self.resolver.zone.clear()
        for each in self.signatures():
            if each.stage != "retired":
                public = public_text(self.vault.kept(DKIM_KEY, each.private_key))
                algorithm = "ed25519" if "Ed25519" in each.tag else "rsa"
                text = f"v=DKIM1; k={algorithm}; h=sha256; p={public}"
                self.resolver.zone[self.name(each), "TXT"] = [text]

    def set_domain(self, **members: Any) -> None:
        self.settle(self.settings.change(Domain, members, self.domain_id))

    def one_kind(self, **members: Any) -> None:
        """The domain has RSA keys only, and already one that signs."""
        self.set_domain(dkimManagement={"@type": "Automatic", "algorithms": {RSA: True}, **members})
        self.run_for(self.domain_id)

    def tasks(self, variant: str = DKIM_TASK) -> dict[int, Any]:
        return self.successResultOf(self.store.read(lambda tx: tasks_of_domain(tx, variant, self.domain_id)))

    def automatic_records(self, **members: Any) -> None:
        server = self.settle(self.settings.create(DnsServer, SERVER))
        self.set_domain(dnsManagement={"@type": "Automatic", "dnsServerId": encode_id(server), **members})


class DkimManagementTests(KeyWorld):
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
        new = next(each for each in self.signatures() if each.tag == RSA and each.stage == "pending")
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

    def test_store_that_does_not_answer_is_asked_again(self) -> None:
        async def read(work: Any) -> Any:
            raise Unavailable("Busy.")

        self.patch(self.store, "read", read)
        self.assertEqual((self.later().detail, self.later().seconds), ("Busy.", AFTER_MISSING))


class RotationTests(KeyWorld):
    def test_whole_life_of_a_key(self) -> None:
        self.one_kind()
        (first,) = self.signatures()
        self.assertEqual(self.run_for(self.domain_id), NOW + AGAIN)
        self.clock.advance(90 * DAY)
        self.assertEqual(self.run_for(self.domain_id), NOW + 90 * DAY + 1)
        self.assertEqual(self.stages(), ["active", "pending"])
        problem = self.later()
        new = self.signatures()[1]
        self.assertIn(f"There is no TXT record {new.selector}._domainkey.example.test in DNS", problem.detail)
        self.assertEqual((problem.seconds, self.missing), (AFTER_MISSING, [problem.detail]))
        self.assertEqual(self.stages(), ["active", "pending"])
        self.publish()
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retiring", "active"])
        self.assertEqual(self.signatures()[1].next_transition_at, NOW + 180 * DAY)
        self.clock.advance(7 * DAY - 1)
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retiring", "active"])
        self.clock.advance(1)
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retired", "active"])
        self.clock.advance(30 * DAY)
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["active"])
        told = [stage for selector, stage in self.changes if selector == first.selector]
        self.assertEqual(told, ["active", "retiring", "retired", "removed"])

    def test_missing_record_is_told_once_and_looked_for_less_often(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        self.assertEqual([self.later().seconds for _ in range(3)], [AFTER_MISSING] * 3)
        self.assertEqual(len(self.missing), 1)
        self.clock.advance(DAY + 1)
        self.assertEqual(self.later().seconds, AFTER_LONG_MISSING)
        self.resolver.zone[self.name(self.signatures()[1]), "TXT"] = ["v=DKIM1; p="]
        self.assertIn("revoked", self.later().detail)
        self.assertEqual(len(self.missing), 2)

    def test_old_key_signs_for_years_if_need_be(self) -> None:
        self.one_kind()
        for _ in range(5):
            self.clock.advance(365 * DAY)
            Deferred.fromCoroutine(self.work.run(self.task(self.domain_id))).addErrback(lambda _late: None)
        self.assertEqual((self.stages(), self.made), (["active", "pending"], 2))

    def test_name_service_that_does_not_answer_changes_nothing(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        self.resolver.zone[self.name(self.signatures()[1]), "TXT"] = LookupFailed("timeout", "late")
        self.assertIn("cannot be looked up: late", self.later().detail)
        self.assertEqual(self.stages(), ["active", "pending"])

    def test_kinds_that_are_due_at_the_same_moment(self) -> None:
        self.set_domain(dkimManagement={"@type": "Automatic", "selectorTemplate": "key"})
        self.run_for(self.domain_id)
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        self.assertEqual([each.selector for each in self.signatures()], ["key", "key-2", "key-3", "key-4"])
        self.publish()
        del self.resolver.zone[self.name(self.signatures()[3]), "TXT"]
        self.assertIn("key-4", self.later().detail)
        self.assertEqual(self.stages(), ["retiring", "active", "active", "pending"])
        self.publish()
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retiring", "retiring", "active", "active"])

    def test_clock_that_jumps_leaves_out_no_stage(self) -> None:
        self.one_kind()
        self.clock.advance(5 * 365 * DAY)
        self.run_for(self.domain_id)
        self.publish()
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retiring", "active"])
        now = self.clock.seconds()
        self.assertEqual([each.next_transition_at for each in self.signatures()], [now + 7 * DAY, now + 90 * DAY])

    def test_clock_that_is_set_back_delays(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        self.clock.rightNow -= 80 * DAY
        self.publish()
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retiring", "active"])
        self.clock.rightNow -= DAY
        self.assertEqual(self.run_for(self.domain_id), int(self.clock.seconds()) + AGAIN)
        self.assertEqual(self.stages(), ["retiring", "active"])

    def test_keys_of_somebody_else_are_never_touched(self) -> None:
        self.one_kind()
        for id, _ in self.settings.all(DkimSignature):
            self.settle(self.settings.change(DkimSignature, {"nextTransitionAt": None}, id))
        self.clock.advance(900 * DAY)
        self.run_for(self.domain_id)
        self.assertEqual((self.stages(), self.made), (["active"], 1))

    def test_domain_that_becomes_manual_meanwhile(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)

        def leave(type: str) -> str:
            change = {"dkimManagement": {"@type": "Manual"}}
            self.successResultOf(
                self.store.write(lambda tx: registry.update(tx, Domain, self.domain_id, change, now=NOW))
            )
            return self.new_key(type)

        self.patch(dkim_management, "new_key", leave)
        self.assertIsNone(self.run_for(self.domain_id))
        self.assertIsNone(self.run_for(self.domain_id))
        self.assertEqual(self.stages(), ["active"])

    def test_key_that_changes_while_its_record_is_looked_for(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        self.publish()
        id, new = self.settings.all(DkimSignature)[1]
        answer = self.resolver.zone[self.name(new), "TXT"]
        waiting: Deferred[Any] = Deferred()
        self.resolver.zone[self.name(new), "TXT"] = waiting
        visit = Deferred.fromCoroutine(self.work.run(self.task(self.domain_id)))
        self.settle(self.settings.change(DkimSignature, {"selector": "other"}, id))
        waiting.callback(answer)
        self.successResultOf(visit)
        self.assertEqual(self.stages(), ["active", "pending"])

    def test_domain_that_is_renamed_while_its_record_is_looked_for(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        self.publish()
        name = self.name(self.signatures()[1])
        answer, waiting = self.resolver.zone[name, "TXT"], Deferred()  # type: ignore[var-annotated]
        self.resolver.zone[name, "TXT"] = waiting
        visit = Deferred.fromCoroutine(self.work.run(self.task(self.domain_id)))
        self.set_domain(name="renamed.test")
        waiting.callback(answer)
        self.successResultOf(visit)
        self.assertEqual(self.stages(), ["active", "pending"])

    def test_two_processes_at_once_make_one_key(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        other = dkim_management.dkim_management(self.parts())

        def meanwhile(type: str) -> str:
            self.patch(dkim_management, "new_key", self.new_key)
            self.settle(other.run(self.task(self.domain_id)))
            return self.new_key(type)

        self.patch(dkim_management, "new_key", meanwhile)
        self.run_for(self.domain_id)
        self.assertEqual((self.stages(), self.made), (["active", "pending"], 3))

    def test_work_that_is_cut_off_is_begun_again(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        self.publish()
        name = self.name(self.signatures()[1])
        answer = self.resolver.zone[name, "TXT"]
        self.resolver.zone[name, "TXT"] = Deferred()
        visit = Deferred.fromCoroutine(self.work.run(self.task(self.domain_id)))
        visit.addErrback(lambda _cancelled: None)
        visit.cancel()
        self.assertEqual(self.stages(), ["active", "pending"])
        self.resolver.zone[name, "TXT"] = answer
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retiring", "active"])

    def test_key_in_a_file_has_a_successor_in_the_store(self) -> None:
        self.one_kind()
        ((id, _),) = self.settings.all(DkimSignature)
        place = {"@type": "File", "filePath": "/nowhere/key.pem"}
        self.settle(self.settings.change(DkimSignature, {"privateKey": place}, id))
        self.clock.advance(90 * DAY)
        self.run_for(self.domain_id)
        old, new = self.signatures()
        self.assertEqual((old.private_key.tag, new.private_key.tag), ("File", "Text"))
        self.settle(self.settings.change(DkimSignature, {"stage": "pending"}, id))
        self.assertIn("cannot be read", self.later().detail)

    def test_too_many_keys(self) -> None:
        self.one_kind()
        ((_, first),) = self.settings.all(DkimSignature)
        data = {
            "@type": RSA,
            "domainId": encode_id(self.domain_id),
            "privateKey": {"@type": "Text", "secret": first.private_key.secret},
            "stage": "retired",
        }

        def fill(tx: Any) -> None:
            for number in range(MOST_HELD):
                made = {**data, "selector": f"s{number}"}
                registry.create(tx, DkimSignature, made, now=NOW, by_server=True)

        self.successResultOf(self.store.write(fill))
        self.clock.advance(90 * DAY)
        self.assertIn(f"has {MOST_HELD + 1} DKIM keys", self.later().detail)
        self.assertEqual(self.made, 1)


class PublishingTests(KeyWorld):
    """The server keeps the records too."""

    def setUp(self) -> None:
        super().setUp()
        self.automatic_records()
        self.one_kind()
        self.clock.advance(90 * DAY)
        self.forget_tasks()
        self.run_for(self.domain_id)

    def forget_tasks(self) -> None:
        def forget(tx: Any) -> None:
            for row in tx.registry.list("Task"):
                tx.registry.delete("Task", row.id)

        self.successResultOf(self.store.write(forget))

    def test_records_are_published_before_the_key_is_used(self) -> None:
        self.assertEqual((self.stages(), len(self.tasks("DnsManagement"))), (["active", "pending"], 1))
        now = int(self.clock.seconds())
        self.assertEqual((self.run_for(self.domain_id), self.missing), (now + SOON, []))
        self.publish()
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["retiring", "active"])

    def test_publishing_that_takes_too_long_is_told(self) -> None:
        self.clock.advance(TIME_TO_PUBLISH + 1)
        self.assertIn("There is no TXT record", self.later().detail)

    def test_retired_key_stays_until_its_record_is_gone(self) -> None:
        self.publish()
        self.run_for(self.domain_id)
        self.clock.advance(7 * DAY)
        self.forget_tasks()
        self.run_for(self.domain_id)
        self.assertEqual((self.stages(), len(self.tasks("DnsManagement"))), (["retired", "active"], 1))
        self.clock.advance(30 * DAY + TIME_TO_PUBLISH + 1)
        self.assertIn("of the retired key", self.later().detail)
        self.assertEqual(self.stages(), ["retired", "active"])
        self.publish()
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["active"])

    def test_records_that_others_publish_are_not_waited_for(self) -> None:
        self.publish()
        self.run_for(self.domain_id)
        self.clock.advance(7 * DAY)
        self.run_for(self.domain_id)
        self.set_domain(**{"dnsManagement/publishRecords": {"mx": True}})
        self.clock.advance(30 * DAY)
        self.run_for(self.domain_id)
        self.assertEqual(self.stages(), ["active"])


class WholeWorldTests(KeyWorld):
    """Keys and records are kept by their tasks, which a runner does."""

    def test_rotation_without_anybody_doing_anything(self) -> None:
        publisher = FakePublisher(self.resolver)
        self.patch(dns_update, "publisher_for", lambda server, secret, outside: publisher)
        self.patch(dns_management, "StubResolver", lambda reactor, servers: self.resolver)
        zones = DomainZones(self.settings, self.vault, self, lambda name: None)
        records = dns_management.RecordParts(
            self.store, self.settings, zones, self.vault, self.hashing, lambda: self, self.clock
        )
        works = {DKIM_TASK: self.work, "DnsManagement": dns_management.dns_management(records)}
        self.automatic_records(publishRecords={"dkim": True})
        self.set_domain(dkimManagement={"@type": "Automatic", "algorithms": {RSA: True}})
        runner = TaskRunner(self.store, self.settings, self.telemetry, self.clock, works)
        self.successResultOf(self.store.write(lambda tx: hurry_keys(tx, self.domain_id, NOW)))
        runner.start()
        self.addCleanup(lambda: self.settle(runner.close()))
        seen: list[list[str]] = []
        for _ in range(3 * 140):
            self.clock.advance(8 * 3600)
            published = sorted(name.partition(".")[0] for (name, _), texts in self.resolver.zone.items() if texts)
            expected = sorted(each.selector for each in self.signatures() if each.stage != "retired")
            if self.stages() not in seen[-1:]:
                seen.append(self.stages())
            elif "pending" not in self.stages():
                self.assertEqual(published, expected)
            self.assertIn("active", self.stages())
        self.assertEqual(seen[0], ["active"])
        self.assertEqual(seen[-3:], [["retiring", "active"], ["retired", "active"], ["active"]])
        self.assertEqual((self.missing, self.made, len(self.tasks()), len(self.tasks("DnsManagement"))), ([], 2, 1, 1))

    def chain_for(self, name: str) -> tuple[bytes, ...]:
        """As of the certificates that are served."""
        return ()


class TaskTests(KeyWorld):
    """The tasks of a domain."""

    def add(self, due: float) -> None:
        members = {"domainId": encode_id(self.domain_id)}
        self.successResultOf(self.store.write(lambda tx: schedule(tx, DKIM_TASK, members, due, NOW)))

    def lacks(self) -> bool:
        def look(tx: Any) -> bool:
            entry = registry.get(tx, Domain, self.domain_id)
            assert entry is not None
            return lacks_task(tx, self.domain_id, entry.value, self.clock.seconds())

        return self.successResultOf(self.store.read(look))

    def test_a_domain_has_one_lasting_task(self) -> None:
        self.add(NOW + 99)
        self.add(NOW)
        self.assertEqual(self.run_for(self.domain_id), NOW + AGAIN)
        self.assertEqual(len(self.tasks()), 1)
        self.add(NOW)
        self.assertIsNone(self.run_for(self.domain_id))

    def test_hurry(self) -> None:
        self.add(NOW + 99)
        self.successResultOf(self.store.write(lambda tx: hurry_keys(tx, self.domain_id, NOW)))
        ((_, task),) = self.tasks().items()
        self.assertEqual(Task.from_stored(task).due, NOW)

    def test_who_lacks_a_task(self) -> None:
        self.assertTrue(self.lacks())
        self.add(NOW + AGAIN)
        self.assertFalse(self.lacks())
        self.clock.rightNow -= 400 * DAY
        self.assertTrue(self.lacks())
        self.set_domain(dkimManagement={"@type": "Manual"})
        self.assertFalse(self.lacks())

    def test_runner_shows_what_is_missing(self) -> None:
        self.one_kind()
        self.clock.advance(90 * DAY)
        runner = TaskRunner(self.store, self.settings, self.telemetry, self.clock, {DKIM_TASK: self.work})
        self.add(self.clock.seconds())
        runner.start()
        self.addCleanup(lambda: self.settle(runner.close()))
        self.clock.advance(2)
        ((_, task),) = self.tasks().items()
        self.assertEqual(task["status"]["@type"], "Retry")
        self.assertIn("There is no TXT record", task["status"]["failureReason"])
        self.publish()
        self.clock.advance(AFTER_MISSING)
        ((_, task),) = self.tasks().items()
        self.assertEqual((task["status"]["@type"], self.stages()), ("Pending", ["retiring", "active"]))
