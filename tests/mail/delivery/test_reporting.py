"""Where TLS reports go."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery.reporting import ReportingUnusable, find_reporting
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver


class ReportingTests(SynchronousTestCase):
    """RFC 8460 3."""

    def looking(self, records: Any) -> Deferred[Any]:
        """The lookup with these TXT records."""
        zone = {("_smtp._tls.example", "TXT"): records} if records is not None else {}
        return Deferred.fromCoroutine(find_reporting(FakeResolver(zone), "example"))

    def test_addresses_of_both_kinds(self) -> None:
        found = self.successResultOf(self.looking(["v=TLSRPTv1; rua=mailto:a@example,https://example/v1"]))
        wanted = [{"type": "mail", "email": "a@example"}, {"type": "http", "url": "https://example/v1"}]
        self.assertEqual([rua.wire() for rua in found], wanted)

    def test_another_text_beside_it_is_passed_over(self) -> None:
        found = self.successResultOf(self.looking(["hello", "v=TLSRPTv1; rua=mailto:a@example"]))
        self.assertEqual(len(found), 1)

    def test_several_records_are_as_good_as_none(self) -> None:
        failure = self.failureResultOf(self.looking(["v=TLSRPTv1; rua=mailto:a@example"] * 2), ReportingUnusable)
        self.assertIn("several", failure.value.reason)

    def test_no_record_is_no_wish(self) -> None:
        self.assertIsNone(self.successResultOf(self.looking(None)))

    def test_a_record_that_says_nothing_is_an_error(self) -> None:
        failure = self.failureResultOf(self.looking(["v=TLSRPTv1;"]), ReportingUnusable)
        self.assertEqual(failure.value.reason, "Invalid record")

    def test_a_failure_of_dns_is_told(self) -> None:
        failure = self.failureResultOf(self.looking(LookupFailed("servfail", "server failure")), ReportingUnusable)
        self.assertEqual(failure.value.reason, "server failure")
