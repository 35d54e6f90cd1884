"""What is shown of reports is what their objects declare."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import dmarc_report, tls_report
from stalwart.config.mail.dmarc_external_report import DmarcExternalReport
from stalwart.config.mail.tls_external_report import TlsExternalReport
from stalwart.mail.reports.shown import dmarc_report_shown, packed, tls_report_shown, unpacked
from tests.mail.reports.letters import corpus


class ShownTests(SynchronousTestCase):
    def test_tls(self) -> None:
        for name in ("large_provider", "office_cloud", "small_mta"):
            shown = tls_report_shown(tls_report.read_report(corpus(f"tls_{name}.json")))
            members = {"report": shown, "receivedAt": "2027-01-15T08:00:00Z", "domain": "example.test"}
            self.assertEqual(TlsExternalReport.from_wire(members, by_server=True).to_wire()["report"], shown, name)
            self.assertEqual(unpacked(packed(shown)), shown)
        first = shown["policies"]["0"]
        self.assertEqual(first["policy"]["policyType"], "no-policy-found")
        self.assertEqual(first["failureDetails"]["0"]["resultType"], "certificate-expired")
        self.assertEqual(shown["dateRange"]["startDatetime"], "2027-01-12T23:00:00Z")

    def test_dmarc(self) -> None:
        for name in ("large_provider", "office_cloud", "name_spaces"):
            shown = dmarc_report_shown(dmarc_report.read_report(corpus(f"dmarc_{name}.xml")))
            members = {"report": shown, "receivedAt": "2027-01-15T08:00:00Z", "domain": "example.test"}
            self.assertEqual(DmarcExternalReport.from_wire(members, by_server=True).to_wire()["report"], shown, name)
            self.assertEqual(unpacked(packed(shown)), shown)
        self.assertEqual(shown["reportMetadata"]["error"], {"DNS was away for a while": True})
        self.assertEqual(shown["record"]["0"]["row"]["sourceIp"], "192.0.2.4")

    def test_what_is_repeated_in_a_report_is_kept_small(self) -> None:
        report = dmarc_report.read_report(corpus("dmarc_large_provider.xml"))
        shown = dmarc_report_shown(report)
        many = {**shown, "record": {str(number): shown["record"]["0"] for number in range(5000)}}
        self.assertLess(len(packed(many)), 200_000)
