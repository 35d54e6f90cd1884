"""TLS reports as several senders write them, and ours."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import tls_report
from stalwart.codec.tls_report import (
    FailureDetail,
    MalformedReport,
    PolicyResult,
    TlsReport,
    read_report,
    write_report,
)

CORPUS = Path(__file__).parents[1] / "mail/reports/corpus"
DAY = 1799798400  # 2027-01-13

NAMES = "policies policy policy-domain summary failure-details date-range start-datetime total-failure-session-count"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES.split()), inner),
)


def corpus(name: str) -> TlsReport:
    return read_report((CORPUS / f"tls_{name}.json").read_bytes())


class CorpusTests(SynchronousTestCase):
    def test_a_large_provider(self) -> None:
        report = corpus("large_provider")
        self.assertEqual(
            (report.organization_name, report.begin, report.end), ("Large Provider Inc.", DAY, DAY + 86399)
        )
        self.assertEqual((report.report_id, report.failed), ("2027-01-13T00:00:00Z_example.test", 0))
        (policy,) = report.policies
        self.assertEqual((policy.type, policy.domain, policy.successful), ("sts", "example.test", 312))
        self.assertEqual((policy.strings[1], policy.mx_hosts), ("mode: enforce", ("mail.example.test",)))

    def test_failures(self) -> None:
        dane, sts = corpus("office_cloud").policies
        self.assertEqual((dane.type, dane.failed, sts.successful, sts.details), ("tlsa", 4, 5, ()))
        host = "mail.example.test"
        wanted = FailureDetail(
            "validation-failure", "203.0.113.9", host, "", "198.51.100.25", 3, "", "no TLSA record fits"
        )
        self.assertEqual(dane.details[0], wanted)
        self.assertEqual(dane.details[1].result_type, "starttls-not-supported")

    def test_a_sender_of_its_own_mind(self) -> None:
        report = corpus("small_mta")
        self.assertEqual((report.begin, report.end), (DAY - 3600, DAY + 86400 - 3600))
        (policy,) = report.policies
        self.assertEqual(
            (policy.domain, policy.strings, policy.mx_hosts), ("example.test", ("",), ("mail.example.test",))
        )
        self.assertEqual((policy.successful, policy.failed), (2, 1))
        self.assertEqual(policy.details, (FailureDetail("certificate-expired", failed_session_count=1),))


class ReadingTests(SynchronousTestCase):
    def test_what_is_no_report(self) -> None:
        for data in (
            b"",
            b"{",
            b"[]",
            b"7",
            b"{}",
            b'{"policies":{}}',
            b'{"policies":[]}',
            b'{"policies":[7,null]}',
            b'{"policies":[{"policy":{}}]}',
            b'{"policies":[{"policy":7}]}',
            b"[" * 100_000,
            b"\xff{}",
        ):
            self.assertRaises(MalformedReport, read_report, data)

    def test_what_is_kept_is_bounded(self) -> None:
        detail = {"result-type": "x" * 2000}
        policy = {
            "policy": {"policy-domain": "a.test", "policy-string": ["y"] * 500},
            "failure-details": [detail] * 3000,
        }
        report = read_report(json.dumps({"policies": [policy] * 3, "report-id": "z" * 9000}).encode())
        self.assertEqual([len(each.details) for each in report.policies], [3000, 2000, 0])
        self.assertEqual(len(report.policies[0].details[0].result_type), tls_report.LONGEST)
        self.assertEqual((len(report.policies[0].strings), len(report.report_id)), (50, tls_report.LONGEST))
        many = read_report(json.dumps({"policies": [{"policy": {"policy-domain": "a.test"}}] * 5000}).encode())
        self.assertEqual(len(many.policies), tls_report.MOST_POLICIES)

    def test_numbers_that_are_none(self) -> None:
        for number, count in (
            (-5, 0),
            (1 << 70, (1 << 53) - 1),
            ("9" * 90, (1 << 53) - 1),
            (True, 0),
            ("x", 0),
            (1e300, (1 << 53) - 1),
        ):
            summary = {"total-failure-session-count": number}
            data = json.dumps({"policies": [{"policy": {"policy-domain": "a.test"}, "summary": summary}]})
            self.assertEqual(read_report(data.encode()).failed, count, number)

    def test_moments(self) -> None:
        for text, moment in {
            "2027-01-13T00:00:00Z": DAY,
            "2027-01-13t00:00:00.5z": DAY,
            "2027-01-13T01:00:00+01:00": DAY,
            "2027-01-13 00:00:00": DAY,
            "2027-01-13": DAY,
            "yesterday": 0,
            "": 0,
            "1066-01-01T00:00:00Z": 0,
            "0001-01-01T00:00:00+14:00": 0,
        }.items():
            time = {"start-datetime": text}
            data = json.dumps({"policies": [{"policy": {"policy-domain": "a.test"}}], "date-range": time})
            self.assertEqual(read_report(data.encode()).begin, moment, text)

    @given(VALUES)
    def test_any_json_is_read_or_refused(self, value: Any) -> None:
        try:
            report = read_report(json.dumps({"policies": [value, {"policy": {"policy-domain": "a.test"}}]}).encode())
        except MalformedReport:
            return
        self.assertEqual(read_report(write_report(report)), report)

    @given(st.binary(max_size=200))
    def test_any_octets_are_read_or_refused(self, data: bytes) -> None:
        with contextlib.suppress(MalformedReport):
            read_report(data)


class WritingTests(SynchronousTestCase):
    def test_the_form(self) -> None:
        detail = FailureDetail("certificate-expired", "192.0.2.1", "mx.a.test", "", "192.0.2.2", 2)
        policy = PolicyResult("sts", "a.test", ("version: STSv1",), ("*.a.test",), 3, 2, (detail,))
        report = TlsReport("Ours", DAY, DAY + 86399, "mailto:postmaster@b.test", "1@b.test", (policy,))
        written = json.loads(write_report(report))
        self.assertEqual(list(written), ["organization-name", "date-range", "contact-info", "report-id", "policies"])
        self.assertEqual(
            written["date-range"], {"start-datetime": "2027-01-13T00:00:00Z", "end-datetime": "2027-01-13T23:59:59Z"}
        )
        self.assertEqual(
            written["policies"],
            [
                {
                    "policy": {
                        "policy-type": "sts",
                        "policy-string": ["version: STSv1"],
                        "policy-domain": "a.test",
                        "mx-host": ["*.a.test"],
                    },
                    "summary": {"total-successful-session-count": 3, "total-failure-session-count": 2},
                    "failure-details": [
                        {
                            "result-type": "certificate-expired",
                            "sending-mta-ip": "192.0.2.1",
                            "receiving-mx-hostname": "mx.a.test",
                            "receiving-ip": "192.0.2.2",
                            "failed-session-count": 2,
                        }
                    ],
                }
            ],
        )
        self.assertEqual(read_report(write_report(report)), report)
        bare = evolve(report, policies=(PolicyResult("no-policy-found", "a.test"),))
        self.assertEqual(read_report(write_report(bare)), bare)
