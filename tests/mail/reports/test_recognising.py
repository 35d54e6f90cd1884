"""Reports are found in whatever way they are sent; what is none is left alone."""

from __future__ import annotations

import gzip

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dmarc_report import AggregateReport
from stalwart.codec.mime.scanner import scan
from stalwart.codec.tls_report import TlsReport
from stalwart.mail.reports import recognising
from stalwart.mail.reports.recognising import Found, recognised
from tests.mail.reports.letters import corpus, letters, tls_multipart, whole_body, zipped


def found(data: bytes) -> list[Found]:
    return recognised(data, scan(data))


def problem(data: bytes) -> tuple[str, str]:
    (only,) = found(data)
    return only.kind, only.problem


class RecognisingTests(SynchronousTestCase):
    def test_each_way_to_send_one(self) -> None:
        names = {}
        for way, data in letters().items():
            (only,) = found(data)
            kind = TlsReport if way.startswith("tls") else AggregateReport
            self.assertIsInstance(only.report, kind, way)
            report = only.report
            names[way] = report.organization_name if isinstance(report, TlsReport) else report.org_name  # type: ignore[union-attr]
        self.assertEqual(
            list(names.values()),
            ["Large Provider Inc.", "Office Cloud", "small.test", "large.test", "Office Cloud", "Mail für alle"],
        )

    def test_other_mail(self) -> None:
        for data in (
            b"Subject: x\r\n\r\nText",
            whole_body(b"a,b\r\n", "text/csv", "a.csv"),
            whole_body(corpus("dmarc_large_provider.xml"), "text/plain", "a.txt"),
            whole_body(b"plain text", "application/json", "a.json"),
            whole_body(gzip.compress(b"plain text"), "application/gzip", "a.gz"),
        ):
            self.assertEqual(found(data), [])

    def test_what_cannot_be_read(self) -> None:
        self.assertEqual(problem(whole_body(b"{}", "application/json", "a.json"))[0], "tls")
        self.assertEqual(problem(whole_body(b"<html>", "text/xml", "a.xml"))[0], "dmarc")
        self.assertEqual(
            problem(whole_body(b"\x1f\x8b\x00" * 9, "application/gzip", "a.gz")), ("archive", "it is damaged")
        )

    def test_nothing_becomes_too_large(self) -> None:
        bomb = gzip.compress(bytes(20 << 20))
        for data in (tls_multipart(bomb), whole_body(zipped(bytes(20 << 20)), "application/zip", "a.zip")):
            self.assertEqual(problem(data)[0], "archive")
        self.patch(recognising, "LARGEST_REPORT", 100)
        self.assertIn("more than 100", problem(whole_body(b"{" + b" " * 101, "application/json", "a.json"))[1])
        self.patch(recognising, "LARGEST_MESSAGE", 100)
        self.assertEqual(found(letters()["dmarc zip"]), [])

    def test_a_few_parts_are_looked_into(self) -> None:
        part = b"--x\r\nContent-Type: application/json\r\n\r\n{}\r\n"
        data = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 50 + b"--x--\r\n"
        self.assertEqual(len(found(data)), recognising.MOST_REPORTS)

    @given(st.sampled_from(sorted(letters())), st.integers(0, 3000), st.binary(min_size=1, max_size=5))
    def test_damaged_messages_are_read_or_left_alone(self, way: str, place: int, damage: bytes) -> None:
        data = letters()[way]
        self.assertIsInstance(found(data[:place] + damage + data[place + len(damage) :]), list)
