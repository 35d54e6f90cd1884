"""Looking records up: a few at a time, never for ever, and past the cache."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX
from stalwart.mail.dns_check import LONGEST_CHECK, LONGEST_LOOKUP, MOST_AT_ONCE, check_dns
from stalwart.mail.dns_findings import Finding, questions
from stalwart.net.dns_cache import CachingResolver
from tests.mail.test_domain_records import facts
from tests.mail.zone_table import table_of
from tests.net.fake_dns import FakeResolver


class SilentResolver:
    """Never answers; counts who waits."""

    def __init__(self) -> None:
        self.waiting = self.most = self.asked = 0

    def lookup(self, name: str, rtype: str) -> Deferred[Any]:
        self.asked += 1
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        return Deferred(self._cancelled)

    def _cancelled(self, _waiting: Deferred[Any]) -> None:
        self.waiting -= 1


class DnsCheckTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.facts = facts()

    def begin(self, resolver: Any) -> Deferred[list[Finding]]:
        return Deferred.fromCoroutine(check_dns(self.facts, resolver, self.clock, ("smtp", "imap", "pop3")))

    def test_zone_as_it_should_be(self) -> None:
        resolver = FakeResolver(table_of(self.facts))
        found = self.successResultOf(self.begin(resolver))
        self.assertEqual({each.state for each in found}, {"ok"})
        self.assertEqual(sorted(resolver.asked), sorted(questions(self.facts)))

    def test_postmaster_who_is_nobody_is_told_of(self) -> None:
        resolver = FakeResolver(table_of(self.facts))
        found = self.successResultOf(
            Deferred.fromCoroutine(check_dns(self.facts, resolver, self.clock, ("smtp", "imap", "pop3"), "b"))
        )
        self.assertEqual([each.type for each in found if each.state != "ok"], ["MX"])

    def test_mended_record_is_seen_at_once(self) -> None:
        source = FakeResolver({**table_of(self.facts), ("example.org", "MX"): [MX(5, "old.test.")]})
        resolver = CachingResolver(source, self.clock)
        self.successResultOf(Deferred.fromCoroutine(resolver.lookup("example.org", "MX")))
        self.assertIn("extra", {each.state for each in self.successResultOf(self.begin(resolver))})
        source.zone = FakeResolver(table_of(self.facts)).zone
        self.assertEqual({each.state for each in self.successResultOf(self.begin(resolver))}, {"ok"})

    def test_silence_is_an_error_in_the_end(self) -> None:
        resolver = SilentResolver()
        checking = self.begin(resolver)
        self.assertEqual(resolver.waiting, MOST_AT_ONCE)
        for _ in range(int(LONGEST_CHECK / LONGEST_LOOKUP)):
            self.assertNoResult(checking)
            self.clock.advance(LONGEST_LOOKUP)
        self.assertEqual({each.state for each in self.successResultOf(checking)}, {"error"})
        self.assertEqual((resolver.waiting, resolver.most), (0, MOST_AT_ONCE))
        self.assertLess(resolver.asked, len(questions(self.facts)))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_whoever_leaves_ends_it(self) -> None:
        resolver = SilentResolver()
        checking = self.begin(resolver)
        checking.cancel()
        self.failureResultOf(checking, CancelledError)
        self.assertEqual((resolver.waiting, self.clock.getDelayedCalls()), (0, []))

    def test_fault_of_ours_is_not_taken_for_an_answer(self) -> None:
        class Broken:
            async def lookup(self, name: str, rtype: str) -> Any:
                raise ZeroDivisionError

        self.failureResultOf(self.begin(Broken()), ZeroDivisionError)
