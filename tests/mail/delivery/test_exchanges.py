"""Where a domain's mail goes."""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX
from stalwart.mail.delivery.exchanges import NULL_MX, NoExchange, Route, find_route, hosts_before_us
from stalwart.mail.delivery.stages import Exchanges
from stalwart.net.dns import LookupFailed
from tests.net.fake_dns import FakeResolver

ZONE: dict[tuple[str, str], Any] = {
    ("many.test", "MX"): [MX(20, "c.test."), MX(10, "a.test."), MX(10, "b.test."), MX(20, "c.test.")],
    ("null.test", "MX"): [MX(0, ".")],
    ("dots.test", "MX"): [MX(10, "."), MX(20, "a.test.")],
    ("own.test", "A"): ["192.0.2.1"],
    ("empty.test", "TXT"): ["x"],
    ("broken.test", "MX"): LookupFailed("servfail", "server failure"),
    ("half.test", "TXT"): ["x"],
    ("half.test", "A"): LookupFailed("timeout", "request timed out"),
}


def backwards(hosts: MutableSequence[str]) -> None:
    """A shuffle that can be foreseen."""
    hosts.reverse()


class RouteTests(SynchronousTestCase):
    """RFC 5321 5.1, RFC 7505."""

    def looking(self, domain: str, secure: tuple[str, ...] = ()) -> Deferred[Route]:
        """The lookup of a route."""
        return Deferred.fromCoroutine(find_route(FakeResolver(ZONE, secure), domain, backwards))

    def route(self, domain: str, secure: tuple[str, ...] = ()) -> Route:
        """The route of a domain that has one."""
        return self.successResultOf(self.looking(domain, secure))

    def refusal(self, domain: str) -> NoExchange:
        """Why a domain has none."""
        return self.failureResultOf(self.looking(domain), NoExchange).value  # type: ignore[no-any-return]

    def test_preferences_ascend_and_only_equal_ones_are_shuffled(self) -> None:
        route = self.route("many.test")
        self.assertEqual(route.hosts, ("b.test", "a.test", "c.test"))
        shown = [(group.preference, group.exchanges) for group in route.groups]
        self.assertEqual(shown, [(10, ["a.test.", "b.test."]), (20, ["c.test."])])

    def test_a_lone_dot_takes_no_mail(self) -> None:
        refusal = self.refusal("null.test")
        self.assertEqual((refusal.kind, refusal.reason), ("null-mx", NULL_MX))

    def test_a_dot_among_others_is_passed_over(self) -> None:
        self.assertEqual(self.route("dots.test").hosts, ("a.test",))

    def test_a_domain_with_an_address_is_its_own_exchange(self) -> None:
        route = self.route("own.test")
        self.assertEqual((route.hosts, route.groups, route.implicit), (("own.test",), (), True))

    def test_neither_exchange_nor_address(self) -> None:
        self.assertEqual(self.refusal("empty.test").kind, "nodata")

    def test_no_such_domain(self) -> None:
        self.assertEqual(self.refusal("nowhere.test").kind, "nxdomain")

    def test_a_failure_of_dns_is_no_missing_record(self) -> None:
        self.assertEqual(self.refusal("broken.test").kind, "servfail")

    def test_so_is_one_of_the_address(self) -> None:
        self.assertEqual(self.refusal("half.test").kind, "timeout")

    def test_dnssec_of_the_set_is_kept(self) -> None:
        route = self.route("many.test", ("many.test",))
        self.assertEqual((route.secure, route.trust), (True, "ad-bit"))

    def test_and_that_of_the_denial_for_an_implicit_one(self) -> None:
        self.assertTrue(self.route("own.test", ("own.test",)).secure)


class LoopTests(SynchronousTestCase):
    """RFC 5321 5.1: mail goes to hosts that are nearer than we are."""

    route = Route(
        (Exchanges(["a.test."], 10), Exchanges(["B.test.", "c.test."], 20), Exchanges(["d.test."], 30)),
        *(("a.test", "c.test", "B.test", "d.test"), False, None),
    )

    def test_table(self) -> None:
        for ours, expected in (
            ((), ("a.test", "c.test", "B.test", "d.test")),
            (("x.test",), ("a.test", "c.test", "B.test", "d.test")),
            (("b.test",), ("a.test",)),
            (("d.test",), ("a.test", "c.test", "B.test")),
        ):
            self.assertEqual(hosts_before_us(self.route, "x", ours), expected, ours)

    def test_we_are_the_nearest(self) -> None:
        for ours in (("a.test",), ("a.test", "d.test")):
            failure = self.assertRaises(NoExchange, hosts_before_us, self.route, "x", ours)
            self.assertEqual(failure.kind, "loop")

    def test_the_domain_is_ourselves(self) -> None:
        implicit = Route((), ("own.test",), False, None, implicit=True)
        self.assertRaises(NoExchange, hosts_before_us, implicit, "own.test", ("own.test",))
        self.assertEqual(hosts_before_us(implicit, "own.test", ("x.test",)), ("own.test",))
