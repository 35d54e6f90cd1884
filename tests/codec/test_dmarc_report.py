"""DMARC aggregate reports as several senders write them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import dmarc_report
from stalwart.codec.dmarc_report import (
    AggregateReport,
    DkimResult,
    MalformedReport,
    OverrideReason,
    PublishedPolicy,
    SpfResult,
    read_report,
)

CORPUS = Path(__file__).parents[1] / "mail/reports/corpus"
DAY = 1799798400  # 2027-01-13
NAMES = ("feedback", "record", "row", "count", "report_metadata", "date_range", "begin")
POLICY = "<policy_published><domain>a.test</domain></policy_published>"

PIECES = [f"<{slash}{name}>" for name in NAMES for slash in ("", "/")] + [
    *("7", "é", "&lt;", "<!--", "-->", "<![CDATA[", "]]>", POLICY)
]


def corpus(name: str) -> AggregateReport:
    return read_report((CORPUS / f"dmarc_{name}.xml").read_bytes())


class CorpusTests(SynchronousTestCase):
    def test_a_large_provider(self) -> None:
        report = corpus("large_provider")
        self.assertEqual((report.org_name, report.email), ("large.test", "noreply-dmarc@large.test"))
        self.assertEqual((report.begin, report.end, report.report_id), (DAY, DAY + 86399, "11223344556677889900"))
        self.assertEqual(
            report.policy, PublishedPolicy("example.test", "r", "r", "reject", "quarantine", "reject", 100)
        )
        good, bad = report.records
        self.assertEqual(
            (good.source_ip, good.count, good.disposition, good.dkim), ("198.51.100.25", 41, "none", "pass")
        )
        self.assertEqual([each.selector for each in good.dkim_results], ["202701r", "202701e"])
        self.assertEqual(bad.spf_results, (SpfResult("spam.test", "", "softfail"),))
        self.assertEqual((report.failed, report.total_records), (3, 2))

    def test_reasons(self) -> None:
        (record,) = corpus("office_cloud").records
        wanted = (OverrideReason("forwarded", "known forwarder"), OverrideReason("local_policy", "arc=pass"))
        self.assertEqual(record.reasons, wanted)
        self.assertEqual((record.envelope_to, record.envelope_from), ("contoso.test", "lists.test"))
        self.assertEqual(record.dkim_results, (DkimResult("lists.test", "k1", "pass", "good"),))
        self.assertEqual(record.spf_results[0].scope, "mfrom")

    def test_name_spaces_and_what_is_odd(self) -> None:
        report = corpus("name_spaces")
        self.assertEqual((report.org_name, report.errors), ("Mail für alle", ("DNS was away for a while",)))
        self.assertEqual((report.begin, report.end), (DAY, DAY))
        policy = report.policy
        self.assertEqual((policy.domain, policy.p, policy.pct), ("example.test", "quarantine", None))
        self.assertEqual((policy.testing, policy.discovery_method), ("n", "treewalk"))
        (record,) = report.records
        self.assertEqual((record.source_ip, record.disposition, record.header_from), ("192.0.2.4", "", "example.test"))


class ReadingTests(SynchronousTestCase):
    def test_what_is_no_report(self) -> None:
        for text in (
            "",
            "<feedback>",
            "feedback",
            "<feedback/>",
            f"<other>{POLICY}</other>",
            "<feedback><policy_published><domain> </domain></policy_published></feedback>",
            f'<?xml version="1.0" encoding="nonsense"?><feedback>{POLICY}</feedback>',
            f"<feedback>{POLICY}&unknown;</feedback>",
            f"<feedback>{POLICY}</feedback><feedback/>",
            f"<feedback>{'<a>' * 20}{'</a>' * 20}{POLICY}</feedback>",
        ):
            self.assertRaises(MalformedReport, read_report, text.encode())

    def test_document_types_are_refused(self) -> None:
        laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
        outside = '<!DOCTYPE feedback SYSTEM "file:///etc/passwd">'
        for declared in (laughs, outside, '<!DOCTYPE x [<!ENTITY a SYSTEM "http://a.test/">]>'):
            error = self.assertRaises(MalformedReport, read_report, f"{declared}<feedback>{POLICY}</feedback>".encode())
            self.assertIn("document type", str(error))

    def test_what_is_kept_is_bounded(self) -> None:
        record = "<record><row><source_ip>192.0.2.1</source_ip><count>99999999999999999999999</count></row></record>"
        report = read_report(f"<feedback>{POLICY}{record * (dmarc_report.MOST_RECORDS + 7)}</feedback>".encode())
        self.assertEqual(
            (len(report.records), report.total_records), (dmarc_report.MOST_RECORDS, dmarc_report.MOST_RECORDS + 7)
        )
        self.assertEqual(report.records[0].count, (1 << 53) - 1)
        results = "<spf><domain>b.test</domain></spf>" * 5000
        report = read_report(
            f"<feedback>{POLICY}<record><auth_results>{results}</auth_results></record></feedback>".encode()
        )
        self.assertEqual(len(report.records[0].spf_results), 100)
        long = f"<feedback>{POLICY}<report_metadata><org_name>{'x ' * 500_000}</org_name></report_metadata></feedback>"
        self.assertEqual(len(read_report(long.encode()).org_name), dmarc_report.LONGEST - 1)

    def test_elements_are_counted(self) -> None:
        self.patch(dmarc_report, "_MOST_ELEMENTS", 10)
        read_report(f"<feedback>{POLICY}{'<x/>' * 7}</feedback>".encode())
        self.assertRaises(MalformedReport, read_report, f"<feedback>{POLICY}{'<x/>' * 8}</feedback>".encode())

    def test_elements_in_memory_are_bounded(self) -> None:
        wide = "<x>" + ("<y>" + "<z/>" * 99 + "</y>") * 99 + "</x>"
        report = read_report(f"<feedback>{POLICY}<record>{wide * 20}</record><record/></feedback>".encode())
        self.assertEqual(report.total_records, 2)

    @given(st.lists(st.sampled_from(PIECES), max_size=30))
    def test_any_elements_are_read_or_refused(self, pieces: list[str]) -> None:
        for text in ("".join(pieces), f"<feedback>{POLICY}{''.join(pieces)}</feedback>"):
            with contextlib.suppress(MalformedReport):
                self.assertTrue(read_report(text.encode()).policy.domain)

    @given(st.binary(max_size=200))
    def test_any_octets_are_read_or_refused(self, data: bytes) -> None:
        with contextlib.suppress(MalformedReport):
            read_report(b"<feedback>" + POLICY.encode() + data)
