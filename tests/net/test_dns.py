"""The stub resolver against scripted servers: what it asks, what it believes, and when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dns_records import MX, TLSA
from stalwart.net.dns import Answer, LookupFailed, NameServer, StubResolver
from stalwart.net.dns_message import Query
from stalwart.net.dns_transport import Unreachable
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
        return Deferred.fromCoroutine(self.resolver.lookup(name, rtype))

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


class Answers(StubCase):
    """Positive answers."""

    def test_records_are_values(self) -> None:
        answer = self.looked_up(MX_LINE)
        self.assertEqual(answer, Answer("good.test.", "MX", (MX(10, "mx.good.test."),), ttl=300))

    def test_nothing_is_left_behind(self) -> None:
        self.looked_up(MX_LINE)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tlsa(self) -> None:
        answer = self.looked_up("_25._tcp.mx.test. 60 TLSA 3 1 1 " + "ab" * 32, name="_25._tcp.mx.test", rtype="TLSA")
        self.assertEqual(answer.records, (TLSA(3, 1, 1, b"\xab" * 32),))

    def test_idn_is_asked_as_a_label(self) -> None:
        answer = self.looked_up("xn--bcher-kva.test. 1 A 192.0.2.9", name="Bücher.test", rtype="A")
        self.assertEqual((answer.name, answer.records), ("xn--bcher-kva.test.", ("192.0.2.9",)))

    def test_shortest_ttl_counts(self) -> None:
        answer = self.looked_up("www.test. 9 CNAME a.test.", "a.test. 5 A 192.0.2.1", name="www.test", rtype="A")
        self.assertEqual(answer.ttl, 5)

    def test_aliases_in_the_answer_are_followed(self) -> None:
        answer = self.looked_up(
            "www.test. 9 CNAME a.test.", "b.test. 9 A 192.0.2.1", "a.test. 9 CNAME B.test.", name="www.test", rtype="A"
        )
        self.assertEqual((answer.aliases, answer.records), (("a.test.", "b.test."), ("192.0.2.1",)))

    def test_records_of_other_names_are_ignored(self) -> None:
        answer = self.looked_up("evil.test. 9 MX 1 evil.test.", MX_LINE)
        self.assertEqual(answer.records, (MX(10, "mx.good.test."),))

    def test_records_of_other_names_alone_are_no_answer(self) -> None:
        self.assertEqual(self.refused("evil.test. 9 MX 1 evil.test.").kind, "nodata")

    def test_cname_itself_can_be_asked_for(self) -> None:
        answer = self.looked_up("www.test. 9 CNAME a.test.", name="www.test", rtype="CNAME")
        self.assertEqual((answer.records, answer.aliases), (("a.test.",), ()))

    def test_repeated_records_count_once(self) -> None:
        self.assertEqual(len(self.looked_up(MX_LINE, MX_LINE).records), 1)

    def test_alias_without_its_target_is_asked_further(self) -> None:
        looking = self.look("www.test", "A")
        self.asked().answer("www.test. 9 CNAME a.test.")
        self.assertEqual(self.asked().parsed.question[0].name.to_text().lower(), "a.test.")
        self.asked().answer("a.test. 5 A 192.0.2.1")
        answer = self.successResultOf(looking)
        self.assertEqual((answer.name, answer.aliases, answer.ttl), ("www.test.", ("a.test.",), 5))


class Denials(StubCase):
    """NXDOMAIN and NODATA."""

    def test_no_such_name(self) -> None:
        failure = self.refused(rcode="NXDOMAIN", authority=SOA)
        self.assertEqual((failure.kind, failure.ttl), ("nxdomain", 60))
        self.assertEqual(failure.reason, "DNS record not found: Non-Existent Domain")

    def test_no_such_record(self) -> None:
        failure = self.refused(authority=SOA)
        self.assertEqual((failure.kind, failure.ttl), ("nodata", 60))
        self.assertEqual(failure.reason, "DNS record not found: No Error")

    def test_no_such_record_without_a_soa_is_not_kept(self) -> None:
        failure = self.refused()
        self.assertEqual((failure.kind, failure.ttl), ("nodata", 0))

    def test_soa_of_a_foreign_zone_is_ignored(self) -> None:
        self.assertEqual(self.refused(rcode="NXDOMAIN", authority=SOA.replace("test. 120", "other. 120")).ttl, 0)

    def test_end_of_an_alias_that_does_not_exist(self) -> None:
        failure = self.refused("www.test. 9 CNAME a.test.", rcode="NXDOMAIN", authority=SOA, name="www.test", rtype="A")
        self.assertEqual((failure.kind, failure.ttl), ("nxdomain", 9))

    def test_denial_of_a_trusted_server_is_secure(self) -> None:
        self.make(TRUSTED)
        self.assertTrue(self.refused(rcode="NXDOMAIN", authority=SOA, flags="AD").secure)

    def test_denial_of_any_other_is_not(self) -> None:
        self.assertFalse(self.refused(rcode="NXDOMAIN", authority=SOA, flags="AD").secure)


class Aliases(StubCase):
    """Chains that do not end."""

    def test_loop_in_the_answer_fails(self) -> None:
        failure = self.refused("a.test. 9 CNAME b.test.", "b.test. 9 CNAME a.test.", name="a.test", rtype="A")
        self.assertEqual(
            (failure.kind, failure.reason.split(": ")[1]), ("error", "the aliases of the name form a loop")
        )

    def test_alias_to_itself_fails(self) -> None:
        self.assertEqual(self.refused("a.test. 9 CNAME a.test.", name="a.test", rtype="A").kind, "error")

    def test_loop_over_several_replies_fails(self) -> None:
        looking = self.look("a.test", "A")
        self.asked().answer("a.test. 9 CNAME b.test.")
        self.asked().answer("b.test. 9 CNAME a.test.")
        self.assertEqual(self.failed(looking).kind, "error")

    def test_nine_aliases_are_too_many(self) -> None:
        lines = [f"n{n}.test. 9 CNAME n{n + 1}.test." for n in range(9)]
        failure = self.refused(*lines, "n9.test. 9 A 192.0.2.1", name="n0.test", rtype="A")
        self.assertIn("too many aliases", failure.reason)

    def test_eight_aliases_are_followed(self) -> None:
        lines = [f"n{n}.test. 9 CNAME n{n + 1}.test." for n in range(8)]
        answer = self.looked_up(*lines, "n8.test. 9 A 192.0.2.1", name="n0.test", rtype="A")
        self.assertEqual(len(answer.aliases), 8)

    def test_aliases_over_many_replies_are_bounded(self) -> None:
        looking = self.look("n0.test", "A")
        for n in range(12):
            if looking.called:
                break
            self.asked().answer(f"n{n}.test. 9 CNAME n{n + 1}.test.")
        self.assertIn("too many aliases", self.failed(looking).reason)
        self.assertLess(len(self.transport.asked), 10)


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


class Trust(StubCase):
    """The AD bit."""

    def test_trusted_server_vouches_with_ad(self) -> None:
        self.make(TRUSTED)
        answer = self.looked_up(MX_LINE, flags="AD")
        self.assertEqual((answer.secure, answer.trust), (True, "ad-bit"))

    def test_trusted_server_without_ad_does_not(self) -> None:
        self.make(TRUSTED)
        answer = self.looked_up(MX_LINE)
        self.assertEqual((answer.secure, answer.trust), (False, None))

    def test_ad_of_any_other_server_is_nothing(self) -> None:
        answer = self.looked_up(MX_LINE, flags="AD")
        self.assertEqual((answer.secure, answer.trust), (False, None))

    def test_every_part_of_a_chain_must_be_secure(self) -> None:
        self.make(TRUSTED)
        looking = self.look("www.test", "A")
        self.asked().answer("www.test. 9 CNAME a.test.")
        self.asked().answer("a.test. 5 A 192.0.2.1", flags="AD")
        self.assertFalse(self.successResultOf(looking).secure)

    def test_failure_that_ends_with_checking_disabled_is_bogus(self) -> None:
        self.make(TRUSTED, SECOND)
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.assertIn("CD", self.asked().parsed.to_text())
        self.asked().answer(MX_LINE)
        failure = self.failed(looking)
        self.assertEqual(failure.kind, "bogus")
        self.assertEqual(failure.reason, "DNS resolution error: DNS error: DNSSEC validation failed")
        self.assertEqual([one.server for one in self.transport.asked], [TRUSTED, TRUSTED])

    def test_failure_that_stays_is_a_server_failure(self) -> None:
        self.make(TRUSTED)
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.asked().answer(rcode="SERVFAIL")
        self.assertEqual(self.failed(looking).kind, "servfail")

    def test_question_with_checking_disabled_that_breaks_off_is_a_server_failure(self) -> None:
        self.make(TRUSTED)
        looking = self.look()
        self.asked().answer(rcode="SERVFAIL")
        self.asked().waiting.errback(Unreachable("gone"))
        self.assertEqual(self.failed(looking).kind, "servfail")

    def test_other_servers_are_not_asked_with_checking_disabled(self) -> None:
        self.assertEqual(self.refused(rcode="SERVFAIL").kind, "servfail")
        self.assertEqual(len(self.transport.asked), 1)

    def test_untrusted_server_does_not_overtake_a_trusted_one(self) -> None:
        self.make(TRUSTED, SECOND)
        looking = self.look()
        self.clock.advance(2)
        self.assertEqual(len(self.transport.asked), 1)
        self.asked().answer(MX_LINE, flags="AD")
        self.assertTrue(self.successResultOf(looking).secure)


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


class Fallbacks(StubCase):
    """EDNS, truncation, and replies that cannot be read."""

    def check_without_edns(self, rcode: str) -> None:
        looking = self.look()
        self.assertEqual(self.asked().parsed.edns, 0)
        self.asked().answer(rcode=rcode)
        self.assertEqual(self.asked().parsed.edns, -1)
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_format_error_is_followed_by_a_query_without_edns(self) -> None:
        self.check_without_edns("FORMERR")

    def test_not_implemented_is_followed_by_a_query_without_edns(self) -> None:
        self.check_without_edns("NOTIMP")

    def test_bad_version_is_followed_by_a_query_without_edns(self) -> None:
        self.check_without_edns("BADVERS")

    def test_format_error_without_edns_is_final(self) -> None:
        self.make(FIRST, edns=False)
        failure = self.refused(rcode="FORMERR")
        self.assertEqual(failure.reason, "DNS resolution error: DNS error: error response: Form Error")

    def test_truncated_reply_is_fetched_over_tcp(self) -> None:
        looking = self.look()
        self.asked().answer(flags="TC")
        self.assertEqual(self.asked().over, "tcp")
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_reply_in_other_letter_case_is_fetched_over_tcp(self) -> None:
        self.make(FIRST, bits=lambda count: (1 << count) - 1)
        looking = self.look()
        wire = reply_to(self.asked().query.wire, MX_LINE)
        self.asked().waiting.callback(wire[:12] + wire[12:23].lower() + wire[23:])
        self.assertEqual(self.asked().over, "tcp")
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def cut(self) -> None:
        self.asked().waiting.callback(reply_to(self.asked().query.wire, MX_LINE)[:-15])

    def test_cut_reply_is_fetched_over_tcp(self) -> None:
        looking = self.look()
        self.cut()
        self.assertEqual(self.asked().over, "tcp")
        self.asked().answer(MX_LINE)
        self.successResultOf(looking)

    def test_cut_reply_without_tcp_is_malformed(self) -> None:
        self.make(FIRST, attempts=1, tcp_on_error=False)
        looking = self.look()
        self.cut()
        self.assertEqual(self.failed(looking).kind, "malformed")

    def test_record_that_cannot_be_decoded_is_malformed(self) -> None:
        self.make(FIRST, attempts=1)
        looking = self.look()
        wire = reply_to(self.asked().query.wire, MX_LINE)
        self.asked().waiting.callback(wire.replace(b"\x02mx", b"\x3fmx"))
        failure = self.failed(looking)
        self.assertEqual(failure.kind, "malformed")
        self.assertTrue(failure.reason.startswith("DNS resolution error: malformed answer: "))

    def test_every_query_has_its_own_id(self) -> None:
        for _ in range(20):
            self.looked_up(MX_LINE)
        self.assertGreater(len({one.query.wire[:2] for one in self.transport.asked}), 15)


class Bits(SynchronousTestCase):
    """Where unpredictability comes from."""

    def test_default_source_is_the_system(self) -> None:
        from stalwart.net import dns

        bits: Callable[[int], int] = dns._bits
        self.assertEqual({bits(16).bit_length() <= 16 for _ in range(50)}, {True})
        self.assertGreater(len({bits(16) for _ in range(50)}), 40)
