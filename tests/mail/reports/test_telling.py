"""Our reports: when they are sent, to whom, by which way, and what becomes of them when something goes wrong."""

from __future__ import annotations

import email
import email.policy
import gzip
import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.web.http_headers import Headers

from stalwart.codec.tls_report import read_report
from stalwart.config.mail.tls_report_settings import TlsReportSettings
from stalwart.errors import OverQuota, Unavailable
from stalwart.mail.delivery.shipment import TlsResult
from stalwart.mail.queue.letter import Letter
from stalwart.mail.reports import telling
from stalwart.mail.reports.counting import DAY, MOST_KINDS, TlsCounting
from stalwart.mail.reports.telling import LOOK, RETRY, SPREAD, TlsReporting, Ways, _fitting
from stalwart.net.dns import LookupFailed
from stalwart.net.https import FetchFailed
from stalwart.net.web_requests import WebAnswer
from stalwart.store import Transaction
from stalwart.store.mail_reports import TlsCount
from tests.mail.sorting_office import SortingOffice
from tests.net.fake_dns import FakeResolver

MAIL = "v=TLSRPTv1; rua=mailto:tls@mail.org"
POST = "v=TLSRPTv1; rua=https://report.web.org/v1?a=b"
ZONE = {
    ("_smtp._tls.mail.org", "TXT"): [MAIL],
    ("_smtp._tls.web.org", "TXT"): [POST],
    ("_smtp._tls.both.org", "TXT"): [f"{POST},mailto:a@both.org,mailto:b@both.org"],
    ("_smtp._tls.broken.org", "TXT"): LookupFailed("servfail", "broken"),
    ("none.org", "A"): ["192.0.2.1"],
}


class FakeQueue:
    """In place of ``MailQueue``."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.told: list[int] = []
        self.problem: Exception | None = None

    async def prepare(self, content: Any) -> Any:
        return content

    def add(self, tx: Transaction, letter: Letter, now: int) -> int:
        if self.problem is not None:
            raise self.problem
        self.letters.append(letter)
        return len(self.letters)

    def queued(self, letter: Letter, id: int) -> None:
        self.told.append(id)


class FakeSigning:
    """In place of ``Signing``."""

    async def signed(self, content: Any, domain: str) -> bytes:
        return f"DKIM-Signature: d={domain}\r\n".encode()


class FakePosts:
    """In place of ``WebRequests``."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Headers, bytes]] = []
        self.answer: WebAnswer | Exception | Deferred[Any] = WebAnswer(204, b"")

    async def send(self, method: bytes, url: str, headers: Headers, content: bytes = b"", **_named: Any) -> WebAnswer:
        assert method == b"POST"
        self.sent.append((url, headers, content))
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Deferred):
            return await self.answer
        return self.answer


class TellingCase(SortingOffice):
    """Sessions of yesterday are counted by ``count``; ``tell`` has sent what is due now."""

    def setUp(self) -> None:
        super().setUp()
        self.queue, self.posts, self.zone = FakeQueue(), FakePosts(), dict(ZONE)
        ways = Ways(self.queue, FakeSigning(), lambda: self.posts, lambda: FakeResolver(self.zone))
        self.reporting = TlsReporting(self.store, self.settings, self.io, ways, self.telemetry, self.clock)
        self.today = int(self.clock.seconds()) // DAY

    def count(self, domain: str, failure: str | None = None) -> None:
        counting = TlsCounting(self.store, self.clock, self.telemetry)
        counting.note(TlsResult(domain, "sts", ("version: STSv1",), ("mx." + domain,), failure, "mx." + domain))
        self.settle(counting.flush())
        self.settle(counting.close())

    def to_next_day(self, seconds: float = SPREAD) -> None:
        """Go on to so many seconds after midnight."""
        self.clock.advance((self.today + 1) * DAY + seconds - self.clock.seconds())

    def tell(self) -> None:
        self.settle(self.reporting.send_due())

    def left(self) -> list[str]:
        """The domains with something to tell."""
        found = self.successResultOf(self.store.read(lambda tx: tx.tls_counts.domains(1 << 40, (-1, ""), 100)))
        return [domain for _, domain in found]


class TellingTests(TellingCase):
    def test_a_report_by_mail(self) -> None:
        self.count("mail.org")
        self.count("mail.org", "certificate-expired")
        self.to_next_day()
        self.tell()
        (letter,) = self.queue.letters
        self.assertEqual((letter.return_path, letter.source), ("", "report"))
        self.assertEqual([each.address for each in letter.recipients], ["tls@mail.org"])
        self.assertEqual((self.queue.told, self.left()), ([1], []))
        content: Any = letter.content
        self.assertTrue(
            content.startswith(b"DKIM-Signature: d=example.test\r\nFrom: Report Subsystem <noreply-tls@example.test>")
        )
        message = email.message_from_bytes(content, policy=email.policy.default)
        _, attached = message.iter_parts()
        report = read_report(gzip.decompress(attached.get_content()))
        self.assertEqual((report.begin, report.end), (self.today * DAY, (self.today + 1) * DAY - 1))
        self.assertEqual((report.organization_name, report.contact_info), ("example.test", "noreply-tls@example.test"))
        (policy,) = report.policies
        self.assertEqual((policy.domain, policy.successful, policy.failed), ("mail.org", 1, 1))
        self.assertEqual(message["Message-ID"], f"<{report.report_id}>")
        self.assertIn("outgoing-report.tls-aggregate", self.events)
        self.tell()
        self.assertEqual(len(self.queue.letters), 1)

    def test_a_report_by_post(self) -> None:
        self.count("web.org")
        self.to_next_day()
        self.tell()
        ((url, headers, content),) = self.posts.sent
        self.assertEqual(url, "https://report.web.org/v1?a=b")
        self.assertEqual(headers.getRawHeaders("content-type"), ["application/tlsrpt+gzip"])
        self.assertEqual(json.loads(gzip.decompress(content))["policies"][0]["policy"]["policy-domain"], "web.org")
        self.assertEqual((self.left(), self.queue.letters), ([], []))
        self.assertIn("outgoing-report.http-submission", self.events)

    def test_several_ways(self) -> None:
        self.posts.answer = FetchFailed("connect", "refused")
        self.count("both.org")
        self.to_next_day()
        self.tell()
        self.assertEqual([each.address for each in self.queue.letters[0].recipients], ["a@both.org", "b@both.org"])
        self.assertEqual((len(self.posts.sent), self.left()), (1, []))

    def test_who_does_not_ask_gets_none(self) -> None:
        self.count("none.org")
        self.to_next_day()
        self.tell()
        self.assertEqual((self.queue.letters, self.posts.sent, self.left()), ([], [], []))

    def test_nothing_is_told_of_today(self) -> None:
        self.count("mail.org")
        self.tell()
        self.assertEqual((self.queue.letters, self.left()), ([], ["mail.org"]))

    def test_reports_are_spread(self) -> None:
        names = [f"{number}.org" for number in range(30)]
        for name in names:
            self.zone[f"_smtp._tls.{name}", "TXT"] = [MAIL]
            self.count(name)
        sent = []
        for quarter in range(5):
            self.to_next_day(quarter * SPREAD / 4)
            self.tell()
            sent.append(len(self.queue.letters))
        self.assertEqual(sent[4], 30)
        self.assertLess(sent[0], 10)
        self.assertTrue(sent[0] < sent[1] < sent[2] < sent[3])

    def test_they_can_be_switched_off(self) -> None:
        self.set(
            TlsReportSettings,
            sendFrequency={"match": {"0": {"if": "rcpt_domain == 'mail.org'", "then": "disable"}}, "else": "daily"},
        )
        self.count("mail.org")
        self.count("web.org")
        self.to_next_day()
        self.tell()
        self.assertEqual((self.queue.letters, len(self.posts.sent), self.left()), ([], 1, []))

    def test_names_of_the_settings(self) -> None:
        self.set(
            TlsReportSettings,
            orgName={"else": "'Ours'"},
            contactInfo={"else": "'mailto:x@example.test'"},
            fromAddress={"else": "'tls@sub.example.test'"},
            fromName={"else": "''"},
            dkimSignDomain={"else": "'sub.example.test'"},
        )
        self.count("mail.org")
        self.to_next_day()
        self.tell()
        content: Any = self.queue.letters[0].content
        self.assertTrue(content.startswith(b"DKIM-Signature: d=sub.example.test\r\nFrom: tls@sub.example.test\r\n"))
        self.assertIn(b"TLS-Report-Submitter: sub.example.test\r\n", content)

    def test_rules_that_give_nothing(self) -> None:
        self.set(TlsReportSettings, fromAddress={"else": "'nobody'"}, orgName={"else": "1 / 0"})
        self.count("mail.org")
        self.to_next_day()
        self.tell()
        content: Any = self.queue.letters[0].content
        self.assertIn(b"<noreply-tls@mail.example.test>", content)


class TroubleTests(TellingCase):
    def test_names_that_cannot_be_asked_for_are_asked_for_later(self) -> None:
        self.count("broken.org")
        self.to_next_day()
        self.tell()
        self.assertEqual(self.left(), ["broken.org"])
        self.zone["_smtp._tls.broken.org", "TXT"] = [MAIL]
        self.clock.advance(RETRY - 1)
        self.tell()
        self.assertEqual(self.queue.letters, [])
        self.clock.advance(1)
        self.tell()
        self.assertEqual(len(self.queue.letters), 1)

    def test_posts_that_fail_are_tried_again_for_days(self) -> None:
        self.count("web.org")
        self.to_next_day()
        for answer in (WebAnswer(500, b""), FetchFailed("tls", "distrust")):
            self.posts.answer = answer
            self.tell()
            self.assertEqual(self.left(), ["web.org"])
            self.clock.advance(RETRY)
        self.to_next_day(2 * DAY)
        self.tell()
        self.assertEqual((len(self.posts.sent), self.left()), (3, []))
        self.assertIn("outgoing-report.not-found", self.events)

    def test_a_queue_that_is_full(self) -> None:
        self.queue.problem = OverQuota("full")
        self.count("mail.org")
        self.count("web.org")
        self.to_next_day()
        self.tell()
        self.assertEqual((self.left(), len(self.posts.sent)), (["mail.org"], 1))
        self.queue.problem = None
        self.clock.advance(RETRY)
        self.tell()
        self.assertEqual(self.left(), [])

    def test_a_fault_at_one_domain_keeps_nobody_waiting(self) -> None:
        self.posts.answer = KeyError("x")
        self.count("mail.org")
        self.count("web.org")
        self.zone["_smtp._tls.mail.org", "TXT"], self.zone["_smtp._tls.web.org", "TXT"] = [POST], [MAIL]
        self.to_next_day()
        self.tell()
        self.assertEqual((self.left(), len(self.queue.letters)), (["mail.org"], 1))
        self.assertIn("outgoing-report.error", self.events)
        self.posts.answer = WebAnswer(204, b"")
        self.clock.advance(RETRY)
        self.tell()
        self.assertEqual(self.left(), [])

    def test_nothing_is_posted_before_its_mail_is_queued(self) -> None:
        self.queue.problem = OverQuota("full")
        self.count("both.org")
        self.to_next_day()
        self.tell()
        self.assertEqual((len(self.posts.sent), self.left()), (0, ["both.org"]))
        self.queue.problem = None
        self.clock.advance(RETRY)
        self.tell()
        self.assertEqual((len(self.posts.sent), len(self.queue.letters), self.left()), (1, 1, []))

    def test_who_does_not_answer_keeps_nobody_waiting(self) -> None:
        self.posts.answer = Deferred()
        self.count("web.org")
        self.count("mail.org")
        self.to_next_day()
        sending = Deferred.fromCoroutine(self.reporting.send_due())
        self.assertNoResult(sending)
        self.clock.advance(telling.PATIENCE)
        self.successResultOf(sending)
        self.assertEqual((self.left(), len(self.queue.letters)), (["web.org"], 1))

    def test_old_days_are_forgotten(self) -> None:
        self.count("mail.org")
        self.to_next_day(5 * DAY)
        self.tell()
        self.assertEqual((self.left(), self.queue.letters), ([], []))

    def test_large_reports_leave_details_out(self) -> None:
        def fill(tx: Any) -> None:
            failures = (f'["validation-failure","","mx{number}.org","","",""]' for number in range(MOST_KINDS))
            rows = [
                TlsCount(self.today, "mail.org", str(at), '["sts",[],[]]', each, 1) for at, each in enumerate(failures)
            ]
            tx.tls_counts.add(rows, MOST_KINDS)

        self.successResultOf(self.store.write(fill))
        self.to_next_day()
        made: Any = self.settle(self.reporting._make(self.today, "mail.org"))
        self.assertEqual(len(made.report.policies[0].details), MOST_KINDS)
        small = read_report(_fitting(made.report, 5000))
        self.assertEqual((small.policies[0].failed, len(small.policies[0].details)), (MOST_KINDS, 31))
        self.assertGreater(len(_fitting(made.report, 10)), 10)  # the least there is


class LeadingTests(TellingCase):
    def test_it_looks_now_and_then(self) -> None:
        self.count("mail.org")
        self.reporting.lead()
        self.assertEqual(self.queue.letters, [])
        self.to_next_day(SPREAD)
        self.clock.advance(LOOK)
        self.assertEqual(len(self.queue.letters), 1)
        self.reporting.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_store_that_fails_is_asked_again(self) -> None:
        read = self.store.read

        def fails(work: Any) -> Any:
            raise Unavailable("away")

        self.patch(self.store, "read", fails)
        self.reporting.lead()
        self.assertIn("outgoing-report.error", self.events)
        self.patch(self.store, "read", read)
        self.count("mail.org")
        self.to_next_day(SPREAD)
        self.clock.advance(LOOK)
        self.assertEqual(len(self.queue.letters), 1)
        self.reporting.close()

    def test_closing_ends_what_runs(self) -> None:
        self.posts.answer = Deferred()
        self.count("web.org")
        self.to_next_day()
        self.reporting.lead()
        self.reporting.close()
        self.assertEqual((self.clock.getDelayedCalls(), self.left()), ([], ["web.org"]))
