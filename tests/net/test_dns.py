"""The stub resolver against scripted servers: what it asks, what it believes, and when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.dns import Answer, LookupFailed, NameServer, StubResolver
from stalwart.net.dns_message import Query
from stalwart.net.dns_transport import Unreachable
from tests.leftovers import begun
from tests.net.fake_dns import reply_to

SOA = "test. 120 SOA ns.test. host.test. 1 2 3 4 60"
MX_LINE = "good.test. 300 MX 10 mx.good.test."
FIRST, SECOND = NameServer("192.0.2.1"), NameServer("192.0.2.2")
TRUSTED = NameServer("127.0.0.1", trusted=True)


@define
class Asked:
    """One exchange that the resolver wants; ``waiting`` is fired by the test."""

    server: NameServer
    over: str
    query: Query
    waiting: Deferred[bytes]

    def answer(self, *records: str, **options: str) -> None:
        self.waiting.callback(reply_to(self.query.wire, *records, **options))

    @property
    def parsed(self) -> Any:
        import dns.message

        return dns.message.from_wire(self.query.wire)


class ScriptedTransport:
    """Records exchanges; those that end without an answer count as released."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.released = 0

    def datagram(self, server: NameServer, query: Query) -> Deferred[bytes]:
        return self._ask(server, "udp", query)

    def stream(self, server: NameServer, query: Query) -> Deferred[bytes]:
        return self._ask(server, "tcp", query)

    def _ask(self, server: NameServer, over: str, query: Query) -> Deferred[bytes]:
        def release(_: object) -> None:
            self.released += 1

        self.asked.append(Asked(server, over, query, Deferred(release)))
        return self.asked[-1].waiting


class StubCase(SynchronousTestCase):
    """A resolver on a clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.transport = ScriptedTransport()
        self.make(FIRST)

    def make(self, *servers: NameServer, **options: Any) -> None:
        self.resolver = StubResolver(self.clock, servers, transport=self.transport, **options)

    def look(self, name: str = "good.test", rtype: str = "MX") -> Deferred[Answer]:
        return begun(self, self.resolver.lookup(name, rtype))

    def asked(self, number: int = -1) -> Asked:
        return self.transport.asked[number]

    def looked_up(self, *records: str, rtype: str = "MX", name: str = "good.test", **options: str) -> Answer:
        found = self.look(name, rtype)
        self.asked().answer(*records, **options)
        return self.successResultOf(found)

    def failed(self, looking: Deferred[Answer]) -> LookupFailed:
        failure: Any = self.failureResultOf(looking, LookupFailed).value
        self.assertEqual(self.clock.getDelayedCalls(), [])
        return failure

    def refused(self, *records: str, rtype: str = "MX", name: str = "good.test", **options: str) -> LookupFailed:
        looking = self.look(name, rtype)
        self.asked().answer(*records, **options)
        return self.failed(looking)


class BadNames(StubCase):
    """Names that are never asked for."""

    def check(self, name: str) -> None:
        failure = self.failed(self.look(name, "A"))
        self.assertEqual(failure.kind, "malformed")
        self.assertTrue(failure.reason.startswith("DNS resolution error: "))
        self.assertEqual(self.transport.asked, [])

    def test_empty(self) -> None:
        self.check("")

    def test_empty_label(self) -> None:
        self.check("a..test")

    def test_long_label(self) -> None:
        self.check("a" * 64 + ".test")

    def test_long_name(self) -> None:
        self.check("a." * 200 + "test")

    def test_impossible_idn(self) -> None:
        self.check("\u0378.test")


class Servers(StubCase):
    """Several servers, several attempts."""

    def test_failing_server_is_followed_by_the_next(self) -> None:
        self.make(FIRST, SECOND)
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.assertIs(self.asked().server, SECOND)
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_only_one_more_server_is_asked_after_a_failure(self) -> None:
        self.make(FIRST, SECOND, NameServer("192.0.2.3"))
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.asked().answer(rcode="SERVFAIL")
        failure = self.failed(looking)
        self.assertEqual(failure.reason, "DNS resolution error: DNS error: error response: Server Failure")
        self.assertEqual(len(self.transport.asked), 2)

    def test_refusal_is_named(self) -> None:
        failure = self.refused(rcode="REFUSED")
        self.assertEqual(failure.kind, "refused")
        self.assertEqual(failure.reason, "DNS resolution error: DNS error: error response: Query Refused")

    def test_unknown_response_code_is_named(self) -> None:
        failure = self.refused(rcode="NOTZONE")
        self.assertEqual((failure.kind, "code 10" in failure.reason), ("error", True))

    def test_lame_server_is_named(self) -> None:
        looking = self.look()
        wire = bytearray(reply_to(self.asked().query.wire))
        wire[3] &= 0x7F
        self.asked().waiting.callback(bytes(wire))
        failure = self.failed(looking)
        self.assertEqual((failure.kind, "neither answers" in failure.reason), ("error", True))

    def test_slow_server_is_joined_by_the_next_after_a_second(self) -> None:
        self.make(FIRST, SECOND)
        looking = self.look()
        self.clock.advance(0.9)
        self.assertEqual(len(self.transport.asked), 1)
        self.clock.advance(0.2)
        self.assertIs(self.asked().server, SECOND)
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)
        self.assertEqual(self.transport.released, 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_slow_server_may_still_win(self) -> None:
        self.make(FIRST, SECOND)
        looking = self.look()
        self.clock.advance(1.1)
        self.asked(0).answer(MX_LINE)
        self.successResultOf(looking)
        self.assertEqual(self.transport.released, 1)

    def test_concurrency_of_one_asks_one_after_another(self) -> None:
        self.make(FIRST, SECOND, concurrency=1)
        self.look().addErrback(lambda _: None)
        self.clock.advance(4.9)
        self.assertEqual(len(self.transport.asked), 1)
        self.clock.advance(0.2)
        self.assertEqual(len(self.transport.asked), 2)

    def test_second_attempt_goes_over_tcp(self) -> None:
        self.make(FIRST, concurrency=1)
        looking = self.look()
        self.clock.advance(5)
        self.assertEqual([one.over for one in self.transport.asked], ["udp", "tcp"])
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_second_attempt_stays_with_udp_if_so_set(self) -> None:
        self.make(FIRST, concurrency=1, tcp_on_error=False)
        self.look().addErrback(lambda _: None)
        self.clock.advance(5)
        self.assertEqual([one.over for one in self.transport.asked], ["udp", "udp"])

    def test_silence_is_a_time_out(self) -> None:
        looking = self.look()
        self.clock.pump([1.0] * 11)
        failure = self.failed(looking)
        self.assertEqual((failure.kind, failure.reason), ("timeout", "DNS resolution error: request timed out"))
        self.assertEqual(self.transport.released, len(self.transport.asked))

    def test_whole_lookup_is_bounded_however_many_servers(self) -> None:
        self.make(*[NameServer(f"192.0.2.{n}") for n in range(1, 9)], timeout=2.0, concurrency=1)
        looking = self.look()
        self.clock.pump([0.5] * 8)
        self.assertNoResult(looking)
        self.clock.advance(0.5)
        self.assertEqual(self.failed(looking).kind, "timeout")

    def test_unreachable_server_is_an_error_at_once(self) -> None:
        self.make(FIRST, attempts=1)
        looking = self.look()
        self.asked().waiting.errback(Unreachable("the name server cannot be asked: Connection refused"))
        failure = self.failed(looking)
        self.assertEqual(failure.kind, "error")
        self.assertEqual(failure.reason, "DNS resolution error: the name server cannot be asked: Connection refused")

    def test_what_a_server_says_counts_more_than_silence(self) -> None:
        self.make(FIRST, SECOND, attempts=1)
        looking = self.look()
        self.asked().answer(rcode="REFUSED")
        self.clock.advance(5)
        self.assertEqual(self.failed(looking).kind, "refused")

    def test_no_server_is_an_error(self) -> None:
        self.make()
        self.assertEqual(self.failed(self.look()).reason, "DNS resolution error: no name server is configured")

    def test_cancelling_releases_everything(self) -> None:
        self.make(FIRST, SECOND)
        looking = self.look()
        self.clock.advance(1.5)
        looking.cancel()
        self.failureResultOf(looking, CancelledError)
        self.assertEqual((len(self.transport.asked), self.transport.released), (2, 2))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Bits(SynchronousTestCase):
    """Where unpredictability comes from."""

    def test_default_source_is_the_system(self) -> None:
        from stalwart.net import dns

        bits: Callable[[int], int] = dns._bits
        self.assertEqual({bits(16).bit_length() <= 16 for _ in range(50)}, {True})
        self.assertGreater(len({bits(16) for _ in range(50)}), 40)
