"""Look-ups that end."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.authentication.bounded_lookups import LONGEST_LOOKUP, BoundedResolver
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver


class BoundedResolverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.slow: Deferred[Any] = Deferred(lambda _: self.cancelled.append(True))
        self.cancelled: list[bool] = []
        zone = {("fast.test", "A"): ["192.0.2.1"], ("slow.test", "A"): self.slow}
        self.source = FakeResolver(zone)
        self.resolver = BoundedResolver(self.source, self.clock, 12.0)

    def ask(self, name: str) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.resolver.lookup(name, "A"))

    def test_answer(self) -> None:
        self.assertEqual(self.successResultOf(self.ask("fast.test")).records, ("192.0.2.1",))
        self.assertEqual(self.failureResultOf(self.ask("none.test"), LookupFailed).value.kind, "nxdomain")

    def test_each_has_its_time(self) -> None:
        asked = self.ask("slow.test")
        self.clock.advance(LONGEST_LOOKUP - 0.1)
        self.assertNoResult(asked)
        self.clock.advance(0.1)
        self.assertEqual(self.failureResultOf(asked, LookupFailed).value.kind, "timeout")
        self.assertEqual(self.cancelled, [True])

    def test_all_have_theirs(self) -> None:
        self.clock.advance(10)
        asked = self.ask("slow.test")
        self.clock.advance(2)
        self.assertEqual(self.failureResultOf(asked, LookupFailed).value.kind, "timeout")
        self.failureResultOf(self.ask("fast.test"), LookupFailed)
        self.assertEqual(self.source.asked, [("slow.test", "A")])
