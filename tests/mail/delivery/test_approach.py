"""The way to a host: what each step gives, raises and tells."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX, TLSA
from stalwart.mail.delivery import stages
from stalwart.mail.delivery.approach import DNS_LIMIT, Approach
from stalwart.mail.delivery.exchanges import NoExchange
from stalwart.mail.delivery.lifetime import Expired, Lifetime
from stalwart.mail.delivery.stages import Stage
from stalwart.mail.delivery.sts import PolicyUnusable, StsPolicies
from stalwart.net.dns import LookupFailed
from stalwart.net.https import Fetched
from tests.mail.delivery.scripted import outgoing
from tests.net.fake_dns import FakeResolver

POLICY = b"version: STSv1\nmode: enforce\nmx: mx.a.test\nmax_age: 604800\n"
ZONE: dict[tuple[str, str], Any] = {
    ("a.test", "MX"): [MX(10, "mx.a.test.")],
    ("mx.a.test", "A"): ["192.0.2.1"],
    ("mx.a.test", "AAAA"): ["2001:db8::1"],
    ("_25._tcp.mx.a.test", "TLSA"): [TLSA(3, 1, 1, b"\1" * 32)],
    ("_mta-sts.a.test", "TXT"): ["v=STSv1; id=1;"],
    ("_25._tcp.broken.test", "TLSA"): LookupFailed("servfail", "Server Failure"),
    ("null.test", "MX"): [MX(0, ".")],
}


class ApproachCase(SynchronousTestCase):
    """The way to ``domain`` in a table of names."""

    def approach(self, domain: str = "a.test", lifetime: float = 60, policy: bytes = POLICY) -> Approach:
        """The steps; what they tell is in ``self.stages``."""
        self.clock = Clock()
        self.stages: list[Stage] = []
        self.resolver = FakeResolver(ZONE, ("a.test", "mx.a.test", "_25._tcp.mx.a.test", "broken.test"))

        async def fetch(host: str, path: str, limit: int, timeout: float) -> Fetched:
            return Fetched(200, "text/plain", policy)

        world, _ = outgoing(self.clock, self.resolver, StsPolicies(self.resolver, fetch, self.clock), {})
        self.lifetime = Lifetime(self.clock, lifetime)
        return Approach(world, self.lifetime, self.stages.append, domain, "shown.test")

    def begin(self, work: Any) -> Deferred[Any]:
        """Start a step."""
        return Deferred.fromCoroutine(work)

    def names(self) -> list[str]:
        """The stages told."""
        return [type(stage).__name__ for stage in self.stages]


class StepTests(ApproachCase):
    """What is there."""

    def test_the_route(self) -> None:
        route = self.successResultOf(self.begin(self.approach().route()))
        self.assertEqual((route.hosts, route.secure), (("mx.a.test",), True))
        self.assertEqual(self.stages[0], stages.MxLookupStart("shown.test"))

    def test_no_route_is_told_and_raised(self) -> None:
        waiting = self.begin(self.approach("null.test").route())
        self.assertEqual(self.failureResultOf(waiting, NoExchange).value.kind, "null-mx")
        self.assertEqual(self.names(), ["MxLookupStart", "MxLookupError"])

    def test_the_policy(self) -> None:
        approach = self.approach()
        policy = self.successResultOf(self.begin(approach.policy(30)))
        self.assertEqual(self.names(), ["MtaStsFetchStart", "MtaStsFetchSuccess"])
        self.assertTrue(approach.is_listed("mx.a.test", policy))
        self.assertFalse(approach.is_listed("mx.b.test", policy))
        self.assertEqual(self.names()[2:], ["MtaStsVerifySuccess", "MtaStsVerifyError"])

    def test_no_policy(self) -> None:
        approach = self.approach("null.test")
        self.assertIsNone(self.successResultOf(self.begin(approach.policy(30))))
        self.assertTrue(approach.is_listed("mx.b.test", None))
        self.assertEqual(self.names(), ["MtaStsFetchStart", "MtaStsNotFound"])

    def test_a_policy_that_cannot_be_used(self) -> None:
        self.failureResultOf(self.begin(self.approach(policy=b"x").policy(30)), PolicyUnusable)
        self.assertEqual(self.names()[-1], "MtaStsFetchError")

    def test_tlsa_records(self) -> None:
        for host, secure, expected in (
            ("mx.a.test", True, "TlsaLookupSuccess"),
            ("mx.a.test", False, "TlsaNotFound"),
            ("null.test", True, "TlsaNotFound"),
            ("broken.test", True, "TlsaLookupError"),
        ):
            self.successResultOf(self.begin(self.approach().tlsa(host, 25, secure)))
            self.assertEqual(self.names(), ["TlsaLookupStart", expected], host)

    def test_addresses(self) -> None:
        found = self.successResultOf(self.begin(self.approach().addresses("mx.a.test", None)))
        self.assertEqual(found.ips, ("192.0.2.1", "2001:db8::1"))
        found = self.successResultOf(self.begin(self.approach().addresses("mx.a.test", 6)))
        self.assertEqual(found.ips, ("2001:db8::1",))
        self.successResultOf(self.begin(self.approach().addresses("nowhere.test", None)))
        self.assertEqual(self.names(), ["IpLookupStart", "IpLookupError"])


class TimeTests(ApproachCase):
    """Every step is bounded."""

    def silence(self, name: str, kind: str) -> Deferred[Any]:
        """No answer to this question."""
        never: Deferred[Any] = Deferred()
        self.resolver.zone[name, kind] = never
        return never

    def test_no_answer_about_the_route(self) -> None:
        approach = self.approach()
        self.silence("a.test.", "MX")
        waiting = self.begin(approach.route())
        self.clock.advance(DNS_LIMIT)
        self.assertFalse(self.failureResultOf(waiting, Expired).value.lifetime)
        self.assertEqual(self.names()[-1], "MxLookupError")

    def test_no_answer_about_addresses_is_a_failure_that_passes(self) -> None:
        approach = self.approach()
        self.silence("mx.a.test.", "A")
        waiting = self.begin(approach.addresses("mx.a.test", 4))
        self.clock.advance(DNS_LIMIT)
        found = self.successResultOf(waiting)
        self.assertEqual((found.ips, found.failure.kind), ((), "timeout"))

    def test_no_answer_about_tlsa_is_a_failure_too(self) -> None:
        approach = self.approach()
        self.silence("_25._tcp.mx.a.test.", "TLSA")
        waiting = self.begin(approach.tlsa("mx.a.test", 25, True))
        self.clock.advance(DNS_LIMIT)
        self.assertEqual(self.successResultOf(waiting).failure, "time-out")

    def test_the_end_of_the_lifetime_ends_the_way(self) -> None:
        approach = self.approach(lifetime=1)
        self.silence("mx.a.test.", "A")
        waiting = self.begin(approach.addresses("mx.a.test", 4))
        self.clock.advance(1)
        self.assertTrue(self.failureResultOf(waiting, Expired).value.lifetime)
