"""Whether what was published can be seen: who is asked, how often, and when it is given up."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.net.dns import LookupFailed
from stalwart.net.dns_cache import CachingResolver
from stalwart.net.dns_propagation import MOST_SERVERS, authorities_of, wait_until_seen
from tests.net.fake_dns import FakeResolver, LoopbackNameServer

NAME = "_acme-challenge.example.test"


class WaitingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.resolver = FakeResolver({(NAME, "MX"): []})

    def show(self, *values: Any) -> None:
        """From now on these are the texts."""
        self.resolver.zone[NAME + ".", "TXT"] = values

    def wait(self, value: str = "a", where: Any = None, **times: float) -> Deferred[bool]:
        given: dict[str, Any] = {"delay": 0.0, "interval": 5.0, "timeout": 20.0, **times}
        work = wait_until_seen(where or self.resolver, NAME, value, clock=self.clock, **given)
        return Deferred.fromCoroutine(work)

    def test_seen_at_once(self) -> None:
        self.show("b", "a")
        self.assertTrue(self.successResultOf(self.wait()))
        self.assertEqual(self.resolver.asked, [(NAME, "TXT")])

    def test_seen_later(self) -> None:
        waiting = self.wait()
        self.clock.advance(5)
        self.show("a")
        self.assertNoResult(waiting)
        self.clock.advance(4.9)
        self.assertNoResult(waiting)
        self.clock.advance(0.1)
        self.assertTrue(self.successResultOf(waiting))
        self.assertEqual(len(self.resolver.asked), 3)

    def test_other_values_are_not_it(self) -> None:
        self.show("aa", "A", "")
        waiting = self.wait(timeout=1)
        self.clock.advance(1)
        self.assertFalse(self.successResultOf(waiting))

    def test_text_beyond_ascii(self) -> None:
        self.show("é".encode().decode("latin-1"))
        self.assertTrue(self.successResultOf(self.wait("é")))

    def test_nobody_looks_before_the_delay_is_over(self) -> None:
        self.show("a")
        waiting = self.wait(delay=3)
        self.clock.advance(2.9)
        self.assertEqual(self.resolver.asked, [])
        self.clock.advance(0.2)
        self.assertTrue(self.successResultOf(waiting))

    def test_last_look_is_when_the_time_is_up(self) -> None:
        waiting = self.wait(interval=15, timeout=20)
        self.clock.advance(15)
        self.clock.advance(4)
        self.show("a")
        self.assertNoResult(waiting)
        self.clock.advance(1)
        self.assertTrue(self.successResultOf(waiting))

    def test_given_up_in_time(self) -> None:
        waiting = self.wait(interval=7, timeout=20)
        for _ in range(20):
            self.assertNoResult(waiting)
            self.clock.advance(1)
        self.assertFalse(self.successResultOf(waiting))
        self.assertEqual(len(self.resolver.asked), 4)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_interval_of_nothing_does_not_spin(self) -> None:
        waiting = self.wait(interval=0, timeout=1)
        self.clock.pump([0.05] * 30)
        self.assertFalse(self.successResultOf(waiting))
        self.assertLess(len(self.resolver.asked), 15)

    def test_silent_server_holds_a_look_up_for_seconds_only(self) -> None:
        self.resolver.zone[NAME + ".", "TXT"] = Deferred()
        waiting = self.wait(timeout=5)
        self.clock.advance(10)
        self.assertFalse(self.successResultOf(waiting))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_failure_is_for_the_moment(self) -> None:
        self.resolver.zone[NAME + ".", "TXT"] = LookupFailed("servfail", "x")
        waiting = self.wait()
        self.show("a")
        self.clock.advance(5)
        self.assertTrue(self.successResultOf(waiting))

    def test_cache_is_gone_round(self) -> None:
        cache: Any = CachingResolver(self.resolver, self.clock)
        denied: Deferred[Any] = Deferred.fromCoroutine(cache.lookup(NAME, "TXT"))
        self.failureResultOf(denied, LookupFailed)
        self.show("a")
        self.assertTrue(self.successResultOf(self.wait(where=cache)))

    def test_cancelling_leaves_nothing(self) -> None:
        first: Any
        for first in (None, Deferred()):  # between two looks, and in the middle of one
            self.resolver.zone[NAME + ".", "TXT"] = first
            waiting = self.wait()
            waiting.cancel()
            self.failureResultOf(waiting, CancelledError)
            self.assertEqual(self.clock.getDelayedCalls(), [])


class SeveralServersTests(TestCase):
    """Each name server of a zone is asked by itself."""

    timeout = 20

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.servers = [self.server(), self.server()]

    def server(self) -> LoopbackNameServer:
        made = LoopbackNameServer(self.reactor, {(NAME, "TXT"): ["a"]}, lame=False)
        made.start()
        self.addCleanup(made.stop)
        return made

    async def seen(self, *, timeout: float = 0.3, otherwise: Any = None) -> bool:
        where = [each.server for each in self.servers]
        times = {"delay": 0.01, "interval": 0.1, "timeout": timeout}
        return await wait_until_seen(where, NAME, "a", **times, clock=self.reactor, otherwise=otherwise)

    async def test_all_show_it(self) -> None:
        self.assertTrue(await self.seen())

    async def test_one_that_does_not_is_waited_for(self) -> None:
        lagging = self.servers[1].zone.pop((NAME + ".", "TXT"))
        self.assertFalse(await self.seen())
        self.reactor.callLater(0.15, self.servers[1].zone.__setitem__, (NAME + ".", "TXT"), lagging)
        self.assertTrue(await self.seen(timeout=5))

    async def test_one_that_refuses_says_nothing(self) -> None:
        self.servers[1].rcodes = {NAME: "REFUSED"}
        self.assertTrue(await self.seen())
        self.servers[0].rcodes = {NAME: "REFUSED"}
        self.assertFalse(await self.seen())

    async def test_resolver_is_asked_where_no_server_answers(self) -> None:
        asked = FakeResolver({(NAME, "TXT"): ["a"]})
        for server in self.servers:
            server.rcodes = {NAME: "REFUSED"}
        self.assertTrue(await self.seen(otherwise=asked))
        self.servers[1].rcodes = {}
        self.servers[1].zone.clear()
        self.assertFalse(await self.seen(otherwise=asked))
        self.assertEqual(len(asked.asked), 1)

    async def test_single_server(self) -> None:
        found = await wait_until_seen(
            self.servers[0].server, NAME, "a", delay=0, interval=0.1, timeout=0.1, clock=self.reactor
        )
        self.assertTrue(found)


class AuthoritiesTests(SynchronousTestCase):
    def found(self, zone: Any, name: str = NAME, **how: Any) -> list[str]:
        self.resolver = FakeResolver(zone)
        servers = self.successResultOf(Deferred.fromCoroutine(authorities_of(self.resolver, name, **how)))
        self.assertTrue(all(server.port == 53 for server in servers))
        return [server.address for server in servers]

    def test_closest_zone(self) -> None:
        zone = {
            ("example.test", "NS"): ["ns1.test.", "ns2.test."],
            ("test", "NS"): ["far.test."],
            ("ns1.test", "A"): ["192.0.2.1"],
            ("ns1.test", "AAAA"): ["2001:db8::1"],
            ("ns2.test", "A"): ["192.0.2.2", "192.0.2.1"],
        }
        self.assertEqual(self.found(zone), ["192.0.2.1", "2001:db8::1", "192.0.2.2"])
        self.assertNotIn(("test", "NS"), self.resolver.asked)

    def test_addresses_that_are_not_allowed(self) -> None:
        zone = {("example.test", "NS"): ["ns.test."], ("ns.test", "A"): ["10.0.0.1", "192.0.2.1"]}
        self.assertEqual(self.found(zone, allow=lambda ip: not ip.startswith("10.")), ["192.0.2.1"])

    def test_nobody(self) -> None:
        self.assertEqual(self.found({}), [])
        self.assertEqual(self.found({("example.test", "NS"): ["ns.test."]}), [])
        self.assertEqual(self.found({}, "a..b"), [])

    def test_name_service_that_fails(self) -> None:
        self.assertEqual(self.found({("example.test", "NS"): LookupFailed("timeout", "x")}), [])

    def test_names_and_servers_without_end(self) -> None:
        many = [f"ns{number}.test." for number in range(30)]
        zone: dict[tuple[str, str], Any] = {("example.test", "NS"): many}
        zone |= {(host, "A"): [f"192.0.2.{number}"] for number, host in enumerate(many)}
        self.assertEqual(len(self.found(zone)), MOST_SERVERS)
        self.assertLess(len(self.resolver.asked), 40)
        self.found({}, ".".join("abcdefgh" * 5))
        self.assertLessEqual(len(self.resolver.asked), 12)
