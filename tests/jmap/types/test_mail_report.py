"""x:DmarcExternalReport and x:TlsExternalReport: what a client sees of reports that came."""

from __future__ import annotations

from typing import Any

from stalwart.codec import dmarc_report, tls_report
from stalwart.codec.ids import encode_id, snowflake
from stalwart.config.mail.dmarc_external_report import DmarcExternalReport
from stalwart.jmap.types import mail_report
from stalwart.mail.reports.shown import dmarc_report_shown, packed, tls_report_shown
from stalwart.store.mail_reports import ReportRow
from tests.directory.world import NOW
from tests.jmap.registry.world import RegistryWorld
from tests.mail.reports.letters import corpus

DMARC = dmarc_report_shown(dmarc_report.read_report(corpus("dmarc_large_provider.xml")))
TLS = tls_report_shown(tls_report.read_report(corpus("tls_office_cloud.json")))
EARLY, LATE = "2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"


def row(seconds: float, kind: str, digest: str, domain: str, body: bytes, tenant: int | None = None) -> ReportRow:
    id = snowflake(int((NOW + seconds) * 1000), 0)
    words = f"{kind} large.test {domain}"
    people = ("postmaster@example.test",)
    expires_at = None if tenant else NOW + 100
    return ReportRow(id, kind, digest, domain, tenant, "x@large.test", people, "Subject", words, expires_at, body)


ROWS = [
    row(0, "dmarc", "1", "example.test", packed(DMARC)),
    row(60, "dmarc", "2", "sub.example.test", packed(DMARC), 7),
]
FIRST, SECOND = (encode_id(each.id) for each in ROWS)


class ReportTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        rows = [*ROWS, row(61, "tls", "1", "example.test", packed(TLS))]
        self.other = encode_id(rows[2].id)
        self.successResultOf(self.store.write(lambda tx: [tx.mail_reports.insert(each) for each in rows]))

    def found(self, given: dict[str, Any], type: str = "DmarcExternalReport", **more: Any) -> list[str]:
        ids: list[str] = self.ask(f"x:{type}/query", {"filter": given, **more})["ids"]
        return ids

    def test_wire_form(self) -> None:
        answer = self.ask("x:DmarcExternalReport/get", {"ids": [FIRST, self.other, "!"]})
        self.assertEqual(answer["notFound"], [self.other, "!"])
        (shown,) = answer["list"]
        wanted = {
            "domain": "example.test",
            "from": "x@large.test",
            "to": {"postmaster@example.test": True},
            "subject": "Subject",
            "receivedAt": EARLY,
            "expiresAt": "2027-01-15T08:01:40Z",
            "memberTenantId": None,
            "report": DMARC,
            "id": FIRST,
        }
        self.assertEqual(shown, wanted)
        members = {name: value for name, value in shown.items() if name != "id"}
        self.assertEqual(DmarcExternalReport.from_wire(members, by_server=True).to_wire(), members)
        (other,) = self.ask("x:TlsExternalReport/get", {"ids": None})["list"]
        self.assertEqual(other["report"], TLS)

    def test_without_the_report_itself(self) -> None:
        (shown,) = self.ask("x:DmarcExternalReport/get", {"ids": [SECOND], "properties": ["domain", "expiresAt"]})[
            "list"
        ]
        self.assertEqual(shown, {"domain": "sub.example.test", "expiresAt": None, "id": SECOND})

    def test_all_are_the_newest_first(self) -> None:
        shown = self.ask("x:DmarcExternalReport/get", {"ids": None})["list"]
        self.assertEqual([each["id"] for each in shown], [SECOND, FIRST])

    def test_very_many_are_not_answered_at_once(self) -> None:
        self.patch(mail_report, "MOST_BYTES", len(ROWS[0].body))
        error = self.error("x:DmarcExternalReport/get", {"ids": [FIRST, SECOND]})
        self.assertEqual(error["type"], "requestTooLarge")
        self.assertEqual(len(self.ask("x:DmarcExternalReport/get", {"ids": None})["list"]), 1)
        properties = ["domain"]
        both = self.ask("x:DmarcExternalReport/get", {"ids": [FIRST, SECOND], "properties": properties})["list"]
        self.assertEqual(len(both), 2)

    def test_filters(self) -> None:
        self.assertEqual(self.found({}), [SECOND, FIRST])
        self.assertEqual(self.found({}, sort=[{"property": "receivedAt"}]), [FIRST, SECOND])
        self.assertEqual(self.found({"domain": "Example.test"}), [FIRST])
        self.assertEqual(self.found({"text": "LARGE.test sub"}), [SECOND])
        self.assertEqual(self.found({"receivedAtIsLessThan": LATE}), [FIRST])
        self.assertEqual(self.found({"receivedAtIsGreaterThan": EARLY, "domain": "example.test"}), [])
        self.assertEqual(self.found({"domain": "example.test"}, "TlsExternalReport"), [self.other])
        both = {"operator": "AND", "conditions": [{"domain": "example.test"}, {"domain": "sub.example.test"}]}
        self.assertEqual(self.found(both), [])
        words = " ".join(map(str, range(40)))
        refused: list[dict[str, Any]] = [{"subject": "x"}, {"domain": 7}, {"text": "x" * 2000}, {"text": words}]
        refused += [{"text": "\n "}, {"text": "a\0"}, {"domain": "\0"}]
        for given in [*refused, {"receivedAt": "now"}]:
            self.assertEqual(self.error("x:DmarcExternalReport/query", {"filter": given})["type"], "unsupportedFilter")
        self.assertEqual(
            self.error("x:DmarcExternalReport/query", {"sort": [{"property": "domain"}]})["type"], "unsupportedSort"
        )

    def test_pages(self) -> None:
        answer = self.ask("x:DmarcExternalReport/query", {"anchor": SECOND, "anchorOffset": 1, "calculateTotal": True})
        self.assertEqual((answer["ids"], answer["position"], answer["total"]), ([FIRST], 1, 2))

    def test_they_are_destroyed(self) -> None:
        self.assertEqual(self.not_destroyed("TlsExternalReport", FIRST)["type"], "notFound")
        answer = self.ask("x:DmarcExternalReport/set", {"destroy": [FIRST, "!"]})
        self.assertEqual(answer["destroyed"], [FIRST])
        self.assertEqual(self.found({}), [SECOND])

    def test_nobody_makes_or_changes_one(self) -> None:
        created = self.ask("x:TlsExternalReport/set", {"create": {"a": {}}})["notCreated"]["a"]
        self.assertEqual(created["type"], "forbidden")
        self.assertEqual(self.not_updated("DmarcExternalReport", FIRST, domain="x.test")["type"], "forbidden")
        self.assertEqual(self.not_updated("DmarcExternalReport", "b", domain="x.test")["type"], "notFound")

    def test_a_tenant_meets_its_own(self) -> None:
        handler: Any = mail_report.DmarcReportHandler
        access: Any = type("Access", (), {"tenant_id": 7})
        asking: Any = type("Asking", (), {"access": access, "wants": lambda self, name: True})()
        made = handler(DmarcExternalReport, settings=self.settings)
        shown = self.successResultOf(self.store.read(lambda tx: made.fetch(tx, asking, None, 10)))
        self.assertEqual([each["id"] for each in shown], [SECOND])
        self.assertNotIn("memberTenantId", shown[0])
        ids = [each.id for each in ROWS]
        shown = self.successResultOf(self.store.read(lambda tx: made.fetch(tx, asking, ids, 10)))
        self.assertEqual([each["id"] for each in shown], [SECOND])
