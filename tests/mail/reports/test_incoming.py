"""Reports are kept when their mail is delivered, and the mail is delivered in any case."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.storage.retention import DataRetention
from stalwart.errors import Unavailable
from stalwart.mail.reports import incoming
from stalwart.mail.reports.incoming import IncomingReports
from stalwart.mail.reports.shown import unpacked
from stalwart.store.blob_files import LARGE
from stalwart.store.mail_reports import ReportRow, ReportSearch
from tests.directory.world import NOW
from tests.mail.reports.letters import corpus, letters, tls_multipart, whole_body
from tests.mail.sorting_office import SortingOffice

THERE = "postmaster@example.test"


class IncomingCase(SortingOffice):
    """``arrive`` has a message delivered; ``kept`` are the reports in the store."""

    def setUp(self) -> None:
        super().setUp()
        self.person("postmaster")
        self.reports = IncomingReports(self.store, self.settings, self.clock, self.telemetry)
        self.delivering.then = self.reports.take

    def arrive(self, data: bytes, recipient: str = THERE) -> None:
        self.deliver(data, recipient)

    def kept(self, kind: str) -> list[ReportRow]:
        def look(tx: Any) -> list[ReportRow]:
            ids = tx.mail_reports.search(ReportSearch(kind), descending=False, offset=0, limit=100)
            return list(tx.mail_reports.many(kind, ids).values())

        return self.successResultOf(self.store.read(look))


class IncomingTests(IncomingCase):
    def test_all_ways_to_send_one(self) -> None:
        for data in letters().values():
            self.arrive(data)
        self.assertEqual((len(self.kept("tls")), len(self.kept("dmarc"))), (3, 3))
        self.assertEqual(len(self.mail_of("postmaster")), 6)
        self.assertEqual(
            [event for event in self.events if event.startswith("incoming-report")],
            [
                "incoming-report.tls-report",
                "incoming-report.tls-report-with-warnings",
                "incoming-report.tls-report-with-warnings",
                "incoming-report.dmarc-report-with-warnings",
                "incoming-report.dmarc-report-with-warnings",
                "incoming-report.dmarc-report-with-warnings",
            ],
        )

    def test_what_is_kept(self) -> None:
        self.arrive(letters()["dmarc zip"])
        (row,) = self.kept("dmarc")
        self.assertEqual((row.domain, row.sender, row.recipients), ("example.test", "a@sender.test", (THERE,)))
        self.assertEqual((row.subject, row.tenant_id), ("Report domain: example.test", None))
        self.assertEqual(row.expires_at, NOW + 30 * 86400)
        for word in ("large.test", "11223344556677889900", "2001:db8:bad::7", "a@sender.test", "report domain"):
            self.assertIn(word, row.words)
        self.assertEqual(unpacked(row.body)["reportMetadata"]["orgName"], "large.test")

    def test_reports_may_be_kept_for_ever(self) -> None:
        self.set(DataRetention, holdMtaReportsFor=None)
        self.arrive(letters()["tls gzip"])
        self.assertIsNone(self.kept("tls")[0].expires_at)

    def test_the_same_report_is_kept_once(self) -> None:
        for _ in range(2):
            self.arrive(letters()["tls gzip"])
        self.arrive(letters()["tls gzip"].replace(b"Message-ID: <", b"Message-ID: <2"))
        self.assertEqual(len(self.kept("tls")), 1)

    def test_mail_to_others_is_not_looked_at(self) -> None:
        self.arrive(letters()["tls gzip"], "alice@example.test")
        self.assertEqual(self.kept("tls"), [])

    def test_the_address_of_the_settings_counts(self) -> None:
        self.change_domain(reportAddressUri="mailto:Alice")
        self.arrive(letters()["tls gzip"], "Alice@example.test")
        self.assertEqual(len(self.kept("tls")), 1)
        self.change_domain(reportAddressUri=None)
        self.arrive(letters()["tls json"], "alice@example.test")
        self.assertEqual(len(self.kept("tls")), 1)

    def test_spellings_of_the_address_are_one(self) -> None:
        self.domain("xn--bcher-kva.test", reportAddressUri="mailto:Reports!TLS")
        for address in ("reports!tls@bücher.test", "Reports!Tls@XN--BCHER-KVA.test"):
            self.assertTrue(self.reports.is_wanted(["alice@example.test", address]), address)
        self.assertFalse(self.reports.is_wanted(["reports@bücher.test", "postmaster", "a@b@c", "a@" + "x" * 300]))

    def test_reports_about_others_are_not_kept(self) -> None:
        other = corpus("tls_large_provider.json").replace(b"example.test", b"example.org")
        self.arrive(tls_multipart(other, "application/tlsrpt+json", "a.json"))
        self.assertEqual(self.kept("tls"), [])
        self.assertIn("incoming-report.other-report", self.events)

    def test_subdomains_are_ours(self) -> None:
        inner = corpus("tls_large_provider.json").replace(b"example.test", b"a.b.example.test")
        self.arrive(tls_multipart(inner, "application/tlsrpt+json", "a.json"))
        self.assertEqual([row.domain for row in self.kept("tls")], ["a.b.example.test"])

    def test_what_cannot_be_read_is_told_and_delivered(self) -> None:
        self.arrive(whole_body(b"{}", "application/json", "a.json"))
        self.arrive(whole_body(b"<x/>", "text/xml", "b.xml"))
        self.arrive(whole_body(b"PK\x03\x04", "application/zip", "c.zip"))
        wanted = {"tls-rpc-parse-failed", "dmarc-parse-failed", "decompress-error"}
        self.assertLessEqual({f"incoming-report.{name}" for name in wanted}, set(self.events))
        self.assertGreater(len(self.mail_of("postmaster")), 0)

    def test_large_messages(self) -> None:
        padding = b"".join(b"X-Padding: " + b"y" * 900 + b"\r\n" for _ in range(LARGE // 900 + 1))
        self.arrive(padding + letters()["dmarc gzip"])
        self.assertEqual(len(self.kept("dmarc")), 1)

    def test_the_oldest_make_room(self) -> None:
        self.patch(incoming, "MOST_KEPT", 2)
        for way in ("tls gzip", "tls json", "tls attachment"):
            self.arrive(letters()[way])
            self.clock.advance(1)
        self.assertEqual(len(self.kept("tls")), 2)

    def test_a_fault_changes_nothing_about_the_mail(self) -> None:
        def fails(work: Any) -> Any:
            raise Unavailable("later")

        self.patch(self.store, "blob_work", fails)
        data = letters()["tls gzip"]
        prepared: Any = type("P", (), {"size": 10, "content": data, "parsed": type("Q", (), {"root": None})})
        self.settle(self.reports.take(prepared, "a@b.test", [THERE]))
        self.assertIn("incoming-report.error", self.events)

    def test_a_delivery_does_not_wait_for_ever(self) -> None:
        waiting: list[Deferred[Any]] = []
        self.patch(self.store, "blob_work", lambda work: waiting.append(Deferred()) or waiting[-1])
        prepared: Any = type("P", (), {"size": 10, "content": b"", "parsed": type("Q", (), {"root": None})})
        taking = [Deferred.fromCoroutine(self.reports.take(prepared, "a@b.test", [THERE])) for _ in range(2)]
        self.assertEqual(len(waiting), 1)  # one at a time
        self.clock.advance(incoming.PATIENCE)
        for each in taking:
            self.assertIsNone(self.successResultOf(each))
        self.assertEqual(self.events.count("incoming-report.error"), 2)
