"""Objects of config/operation: set-up, actions, tasks, applications (settings A.9, A.12, C.12)."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.index import term
from stalwart.config.operation.action import Action, CheckDns, CheckedDnsRecord, TroubleshootDmarc
from stalwart.config.operation.application import Application
from stalwart.config.operation.bootstrap import Bootstrap
from stalwart.config.operation.dmarc_results import AuthResult, Fail, Neutral, Pass
from stalwart.config.operation.enterprise import Enterprise
from stalwart.config.operation.task import Task
from stalwart.config.operation.task_status import TaskStatus
from stalwart.config.permissions import PERMISSIONS
from stalwart.errors import DanglingReference
from stalwart.schema import Declaration, ValidationFailed
from tests.config.stored import NOW, RegistryTestCase

INTERNAL = (
    *("IndexTrace", "CalendarAlarmEmail", "CalendarAlarmNotification", "CalendarItipMessage", "MergeThreads"),
    *("DmarcReport", "TlsReport", "RestoreArchivedItem", "DestroyAccount"),
)


class ShapeTestCase(SynchronousTestCase):
    def problems(self, declaration: Declaration, data: dict[str, Any]) -> set[tuple[str, str | None]]:
        error = self.assertRaises(ValidationFailed, declaration.from_wire, data)
        return {(found.path, found.description or found.fault) for found in error.violations}


class ApplicationTests(ShapeTestCase):
    def application(self, **data: Any) -> dict[str, Any]:
        return {"description": "x", "resourceUrl": "file:/srv/x.zip", "urlPrefix": {"/x": True}, **data}

    def test_file_needs_no_digest(self) -> None:
        self.assertIsNone(Application.from_wire(self.application()).sha256)

    def test_what_comes_over_the_network_needs_one(self) -> None:
        found = self.problems(Application, self.application(resourceUrl="https://a.test/x.zip"))
        self.assertEqual({path for path, _ in found}, {"sha256"})
        Application.from_wire(self.application(resourceUrl="https://a.test/x.zip", sha256="0a" * 32))

    def test_digest_is_hexadecimal(self) -> None:
        self.assertEqual({path for path, _ in self.problems(Application, self.application(sha256="xyz"))}, {"sha256"})

    def test_other_schemes_are_refused(self) -> None:
        found = self.problems(Application, self.application(resourceUrl="ftp://a.test/x.zip"))
        self.assertEqual({path for path, _ in found}, {"resourceUrl"})

    def test_prefix_is_a_path(self) -> None:
        self.assertEqual(
            {path for path, _ in self.problems(Application, self.application(urlPrefix={"x": True}))}, {"urlPrefix"}
        )
        self.assertEqual(self.problems(Application, self.application(urlPrefix={})), {("urlPrefix", "MinLength")})
        for prefix in ("/jmap", "/login", "/assets", "/a/b", "/..", "/", "/\u00fcn\u00ef", "/admin/x"):
            found = {path for path, _ in self.problems(Application, self.application(urlPrefix={prefix: True}))}
            self.assertEqual((prefix, found), (prefix, {"urlPrefix"}))


class EnterpriseTests(ShapeTestCase):
    def test_licence_is_taken_and_hidden(self) -> None:
        made = Enterprise.from_wire(
            {"licenseKey": {"@type": "Value", "secret": "x"}, "logoUrl": "https://a.test/l.png"}
        )
        self.assertEqual(made.to_wire()["licenseKey"]["secret"], "****")
        self.assertEqual(made.logo_url, "https://a.test/l.png")


class BootstrapTests(ShapeTestCase):
    def test_what_the_reference_s_wizard_sends_is_taken(self) -> None:
        patch = {
            "serverHostname": "mail.example.test",
            "defaultDomain": "example.test",
            "requestTlsCertificate": False,
            "dataStore": {"@type": "Sqlite", "path": "/srv/store.sqlite3"},
            "directory": {"@type": "Oidc", "description": "sso", "issuerUrl": "https://sso.test/"},
            "tracer/path": "/srv/log/",
        }
        made = Bootstrap.patched(Bootstrap(), patch)
        self.assertEqual((made.default_domain, made.data_store.path), ("example.test", "/srv/store.sqlite3"))
        self.assertEqual((made.directory.tag, made.tracer.path), ("Oidc", "/srv/log/"))

    def test_store_that_is_not_built_is_refused_with_a_sentence(self) -> None:
        error = self.assertRaises(
            ValidationFailed, Bootstrap.from_wire, {"dataStore": {"@type": "RocksDb", "path": "/x"}}
        )
        self.assertEqual(
            [(found.kind, found.path) for found in error.violations], [("invalidProperties", "dataStore/@type")]
        )

    def test_provider_that_is_not_offered_is_refused_with_a_sentence(self) -> None:
        ((path, text),) = self.problems(Bootstrap, {"dnsServer": {"@type": "Ovh"}})
        self.assertEqual((path, "Cloudflare" in (text or "")), ("dnsServer/@type", True))

    def test_administrator_shows_once_there_is_one(self) -> None:
        self.assertNotIn("secret", Bootstrap().to_wire())
        told = Bootstrap(username="admin@example.test", secret="x").to_wire()
        self.assertEqual((told["username"], told["secret"]), ("admin@example.test", "****"))

    def test_administrator_cannot_be_chosen(self) -> None:
        found = self.problems(Bootstrap, {"username": "me@example.test"})
        self.assertEqual(found, {("username", "Cannot modify server set property")})


class ActionTests(ShapeTestCase):
    def test_every_action_has_a_permission(self) -> None:
        self.assertLessEqual({f"action{name}" for name in Action.variants}, set(PERMISSIONS))

    def test_every_permission_has_an_action(self) -> None:
        named = {name.removeprefix("action") for name in PERMISSIONS if name.startswith("action")}
        self.assertEqual(named, set(Action.variants))

    def test_probe_of_the_reference_is_taken(self) -> None:
        data = {
            "@type": "TroubleshootDmarc",
            "remoteIp": "192.0.2.1",
            "ehloDomain": "mx.good.test",
            "mailFrom": "a@good.test",
            "spfEhloDomain": "x",
            "spfMailFromDomain": "y",
        }
        self.assertEqual(Action.from_wire(data).spf_ehlo_domain, "x")

    def test_results_answer_in_the_order_of_the_reference(self) -> None:
        nothing = AuthResult.from_wire({"@type": "None"})
        made = TroubleshootDmarc(
            remote_ip="192.0.2.1",
            ehlo_domain="mx.good.test",
            mail_from="a@good.test",
            spf_ehlo_domain="mx.good.test",
            spf_ehlo_result=nothing,
            spf_mail_from_domain="good.test",
            spf_mail_from_result=Pass(),
            ip_rev_result=Fail(details="Policy not aligned"),
            ip_rev_ptr=frozenset(("localhost.",)),
            dkim_pass=False,
            dkim2_result=nothing,
            dkim2_pass=False,
            arc_result=nothing,
            dmarc_result=nothing,
            dmarc_pass=False,
            dmarc_policy="none",
            elapsed=4,
        )
        answer = {
            "spfEhloDomain": "mx.good.test",
            "spfEhloResult": {"@type": "None"},
            "spfMailFromDomain": "good.test",
            "spfMailFromResult": {"@type": "Pass"},
            "ipRevResult": {"details": "Policy not aligned", "@type": "Fail"},
            "ipRevPtr": {"localhost.": True},
            "dkimResults": {},
            "dkimPass": False,
            "dkim2Result": {"@type": "None"},
            "dkim2Pass": False,
            "arcResult": {"@type": "None"},
            "dmarcResult": {"@type": "None"},
            "dmarcPass": False,
            "dmarcPolicy": "none",
            "elapsed": 4,
        }
        inputs = {"remoteIp", "ehloDomain", "mailFrom", "to", "message", "@type"}
        found = {name: value for name, value in made.to_wire().items() if name not in inputs}
        self.assertEqual(list(found.items()), list(answer.items()))

    def test_results_cannot_be_given(self) -> None:
        found = self.problems(Action, {"@type": "CheckDns", "domainId": "b", "records": {}})
        self.assertEqual(found, {("records", "Cannot modify server set property")})

    def test_result_of_a_dns_check(self) -> None:
        record = CheckedDnsRecord(
            type="MX", name="a.test", expected="10 mx.a.test.", found=frozenset(), state="missing", advice="Add it."
        )
        wire = CheckDns(domain_id=1, records=(record,)).to_wire()
        self.assertEqual(wire["records"]["0"]["state"], "missing")

    def test_details_are_only_where_there_is_something_to_explain(self) -> None:
        self.assertEqual(
            (Pass().to_wire(), Neutral().to_wire()), ({"@type": "Pass"}, {"details": None, "@type": "Neutral"})
        )


class TaskTests(ShapeTestCase):
    def made(self, kind: str, **data: Any) -> Any:
        return Task.from_wire({"@type": kind, **data}).completed(None, int(NOW))

    def test_every_task_has_a_permission_and_the_other_way_round(self) -> None:
        named = {name.removeprefix("task") for name in PERMISSIONS if name.startswith("task")}
        self.assertEqual(named, set(Task.variants))

    def test_task_of_the_reference_s_manual_is_taken(self) -> None:
        made = self.made("AcmeRenewal", domainId="b", status={"@type": "Pending", "due": "2026-11-21T00:00:00Z"})
        wire = made.to_wire()
        self.assertEqual((wire["due"], wire["domainId"], wire["@type"]), ("2026-11-21T00:00:00Z", "b", "AcmeRenewal"))
        self.assertEqual(list(wire["status"]), ["createdAt", "due", "@type"])

    def test_task_without_a_time_runs_at_once(self) -> None:
        made = self.made("StoreMaintenance", maintenanceType="purgeData")
        self.assertEqual((made.due, made.status.due, made.status.created_at), (int(NOW),) * 3)

    def test_failed_task_is_not_due(self) -> None:
        status = {"@type": "Failed", "failureReason": "no answer"}
        made = self.made("DkimManagement", domainId="b", status=status)
        self.assertEqual((made.due, made.status.failed_at), (None, int(NOW)))

    def test_time_cannot_be_set_beside_the_status(self) -> None:
        found = self.problems(Task, {"@type": "DkimManagement", "domainId": "b", "due": "2026-11-21T00:00:00Z"})
        self.assertEqual(found, {("due", "Cannot modify server set property")})

    def test_members_of_tasks_of_the_server_cannot_be_set(self) -> None:
        for name in INTERNAL:
            own = {made.update for key, made in Task.variants[name].properties.items() if key != "status"}
            self.assertEqual(own, {"serverSet"}, name)
        found = self.problems(Task, {"@type": "DestroyAccount", "accountId": "b"})
        self.assertEqual(found, {("accountId", "Cannot modify server set property")})

    def test_server_sets_them(self) -> None:
        made = Task.from_wire({"@type": "DestroyAccount", "accountId": "b", "accountName": "al"}, by_server=True)
        self.assertEqual((made.account_id, made.account_name), (1, "al"))

    def test_sender_of_a_scheduling_message_is_called_from(self) -> None:
        message = {"from": "a@b.test", "to": {"c@d.test": True}, "iCalendarData": "BEGIN:VCALENDAR\r\n"}
        made = Task.from_wire({"@type": "CalendarItipMessage", "messages": {"0": message}}, by_server=True)
        self.assertEqual((made.messages[0].sender, made.to_wire()["messages"]["0"]["from"]), ("a@b.test", "a@b.test"))

    def test_unknown_status(self) -> None:
        error = self.assertRaises(ValidationFailed, TaskStatus.from_wire, {"@type": "Done"})
        self.assertEqual(error.violations[0].description, "Missing or invalid '@type' property in object")


class StoredTaskTests(RegistryTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.domain = self.create(Domain, name="a.test")

    def renewal(self, **status: Any) -> registry.Entry:
        members = {"@type": "AcmeRenewal", "domainId": encode_id(self.domain.id)}
        return self.create(Task, **members, **({"status": status} if status else {}))

    def test_failed_task_can_be_run_again_and_keeps_its_age(self) -> None:
        failed = self.renewal(**{"@type": "Failed", "failureReason": "no answer"})
        found = self.update(Task, failed.id, {"status": {"@type": "Pending"}}).value
        self.assertEqual((found.status.tag, found.due, found.status.created_at), ("Pending", int(NOW + 9), int(NOW)))

    def test_task_can_be_moved_by_pointer(self) -> None:
        found = self.update(Task, self.renewal().id, {"status/due": "2030-01-01T00:00:00Z"}).value
        self.assertEqual(found.to_wire()["due"], "2030-01-01T00:00:00Z")

    def test_domain_of_a_task_must_be_there(self) -> None:
        members = {"@type": "DnsManagement", "domainId": "zz"}
        found = self.fails(DanglingReference, lambda tx: registry.create(tx, Task, members, now=NOW))
        self.assertEqual(found.target[0], "Domain")

    def test_domain_and_account_may_go_while_a_task_waits(self) -> None:
        task = self.renewal()
        alice = self.user("alice", self.create(Domain, name="b.test"))
        members = {"@type": "AccountMaintenance", "accountId": encode_id(alice.id), "maintenanceType": "reindex"}
        self.create(Task, **members)
        self.write(lambda tx: registry.destroy(tx, Account, alice.id))
        self.write(lambda tx: registry.destroy(tx, Domain, self.domain.id))
        retry = {"@type": "Retry", "failureReason": "the domain is gone"}
        self.assertEqual(self.update(Task, task.id, {"status": retry}).value.status.attempt_number, 1)

    def test_kind_of_a_task_cannot_change(self) -> None:
        patch = {"@type": "DkimManagement", "domainId": encode_id(self.domain.id)}
        task = self.renewal()
        found = self.fails(ValidationFailed, lambda tx: registry.update(tx, Task, task.id, patch, now=NOW))
        self.assertEqual(found.violations[0].path, "@type")

    def test_failed_tasks_are_found_as_those_that_are_not_due(self) -> None:
        self.renewal()
        failed = self.renewal(**{"@type": "Failed", "failureReason": "no answer"})
        terms = term(Task, "due", "=", None)
        self.assertEqual(self.write(lambda tx: tx.registry.search("Task", terms)), [failed.id])

    def test_tasks_are_sorted_by_their_time(self) -> None:
        late = self.renewal(**{"@type": "Pending", "due": "2030-01-01T00:00:00Z"})
        soon = self.renewal()
        found = self.write(lambda tx: tx.registry.search("Task", (), sort="due", descending=False))
        self.assertEqual(found, [soon.id, late.id])
