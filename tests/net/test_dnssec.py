"""Local validation against a signed root, ``test`` and ``good.test``: what is proven, undecided, and bogus."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.codec.dns_records import TLSA, TYPES, parse_anchor
from stalwart.net.dns import Answer, LookupFailed, NameServer, StubResolver
from stalwart.net.dns_answers import Bogus
from stalwart.net.dns_message import Query, make_query
from stalwart.net.dnssec import ValidatingResolver
from tests.net.fake_dns import LoopbackNameServer

NOW = 1_800_000_000
DAY = 86_400
TTL = 300


class SignedZones:
    """A name server's zone that grows signed sets. Keys are made once per name: that is what costs."""

    _keys: dict[str, Any] = {}

    def __init__(self) -> None:
        self.server = LoopbackNameServer(None, {}, ttl=TTL)

    def key(self, zone: str) -> Any:
        return self._keys.setdefault(zone, ec.generate_private_key(ec.SECP256R1()))

    def dnskey(self, zone: str) -> Any:
        return dns.dnssec.make_dnskey(self.key(zone).public_key(), "ECDSAP256SHA256", flags=257)

    def ds(self, zone: str) -> Any:
        return dns.dnssec.make_ds(dns.name.from_text(zone), self.dnskey(zone), "SHA256")

    def add(
        self,
        name: str,
        rtype: str,
        records: Iterable[Any],
        signer: str | None,
        *,
        begins: int = NOW - DAY,
        ends: int = NOW + DAY,
        signed_as: str | None = None,
    ) -> None:
        """Records at ``name``, signed by ``signer``; ``signed_as`` is the owner under the signature if not
        ``name``.
        """
        parsed = [dns.rdata.from_text("IN", rtype, one) if isinstance(one, str) else one for one in records]
        self.server.zone[name, rtype] = parsed
        self.server.signatures.pop((name, rtype), None)
        if signer is not None:
            rrset = dns.rrset.from_rdata_list(dns.name.from_text(signed_as or name), TTL, parsed)
            signature = dns.dnssec.sign(
                rrset, self.key(signer), dns.name.from_text(signer), self.dnskey(signer), begins, ends
            )
            self.server.signatures[name, rtype] = [signature]

    def delegate(self, zone: str, parent: str) -> None:
        self.add(zone, "DS", [self.ds(zone)], parent)
        self.own_keys(zone)

    def own_keys(self, zone: str) -> None:
        self.add(zone, "DNSKEY", [self.dnskey(zone)], zone)


class DirectTransport:
    """Hands queries to the name server without a socket."""

    def __init__(self, server: LoopbackNameServer) -> None:
        self._server = server

    def datagram(self, _server: NameServer, query: Query) -> Deferred[bytes]:
        return succeed(self._server.answers(query.wire, "udp")[0])

    stream = datagram


class SamePool:
    """A thread pool that works in the calling thread."""

    def callInThreadWithCallback(self, on_result: Callable[[bool, Any], None], work: Callable[[], Any]) -> None:
        try:
            result = work()
        except Exception:
            on_result(False, Failure())
        else:
            on_result(True, result)


class ThreadClock(Clock):
    """A clock that threads can call."""

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:
        call(*arguments)


class ChainCase(SynchronousTestCase):
    """``good.test`` with a mail host, signed from the root down."""

    def setUp(self) -> None:
        self.zones = SignedZones()
        self.now = NOW
        self.zones.own_keys(".")
        self.zones.delegate("test.", ".")
        self.zones.delegate("good.test.", "test.")
        self.zones.add("mx.good.test.", "A", ["192.0.2.1"], "good.test.")
        self.make(f". IN DS {self.zones.ds('.').to_text()}")

    def make(self, *anchors: str) -> None:
        clock = ThreadClock()
        transport = DirectTransport(self.zones.server)
        stub = StubResolver(clock, [NameServer("192.0.2.53")], transport=transport)
        self.resolver = ValidatingResolver(stub, anchors, clock, SamePool(), now=lambda: self.now)

    def found(self, name: str = "mx.good.test", rtype: str = "A") -> Answer:
        return self.successResultOf(Deferred.fromCoroutine(self.resolver.lookup(name, rtype)))

    def failed(self, name: str = "mx.good.test", rtype: str = "A") -> LookupFailed:
        looking = Deferred.fromCoroutine(self.resolver.lookup(name, rtype))
        failure: Any = self.failureResultOf(looking, LookupFailed).value
        return failure

    def assert_secure(self, answer: Answer) -> None:
        self.assertEqual((answer.secure, answer.trust), (True, "validated-local"))

    def assert_undecided(self, answer: Answer) -> None:
        self.assertEqual((answer.secure, answer.trust), (False, None))

    def assert_bogus(self, failure: LookupFailed) -> None:
        self.assertEqual(failure.kind, "bogus")
        self.assertEqual(failure.reason, "DNS resolution error: DNS error: DNSSEC validation failed")


class Proven(ChainCase):
    """Chains that hold."""

    def test_address(self) -> None:
        answer = self.found()
        self.assert_secure(answer)
        self.assertEqual(answer.records, ("192.0.2.1",))

    def test_tlsa(self) -> None:
        self.zones.add("_25._tcp.mx.good.test.", "TLSA", ["3 1 1 " + "ab" * 32], "good.test.")
        answer = self.found("_25._tcp.mx.good.test", "TLSA")
        self.assert_secure(answer)
        self.assertEqual(answer.records, (TLSA(3, 1, 1, b"\xab" * 32),))

    def test_alias_within_the_zone(self) -> None:
        self.zones.add("www.good.test.", "CNAME", ["mx.good.test."], "good.test.")
        self.assert_secure(self.found("www.good.test"))

    def test_alias_over_two_replies(self) -> None:
        self.zones.server.chase = False
        self.zones.add("www.good.test.", "CNAME", ["mx.good.test."], "good.test.")
        self.assert_secure(self.found("www.good.test"))

    def test_alias_into_another_signed_zone(self) -> None:
        self.zones.delegate("next.test.", "test.")
        self.zones.add("a.next.test.", "CNAME", ["mx.good.test."], "next.test.")
        self.assert_secure(self.found("a.next.test"))

    def test_anchor_may_be_a_key(self) -> None:
        self.make(f". IN DNSKEY {self.zones.dnskey('.').to_text()}")
        self.assert_secure(self.found())

    def test_anchor_may_be_below_the_root(self) -> None:
        self.make(f"good.test. IN DS {self.zones.ds('good.test.').to_text()}")
        self.assert_secure(self.found())
        asked = [name for name, _rtype, _over, _query in self.zones.server.queries]
        self.assertNotIn(".", asked)

    def test_ttl_ends_with_the_signature(self) -> None:
        self.zones.add("mx.good.test.", "A", ["192.0.2.1"], "good.test.", ends=NOW + 17)
        self.assertEqual(self.found().ttl, 17)

    def test_keys_are_kept(self) -> None:
        self.found()
        before = len(self.zones.server.queries)
        self.found()
        self.assertEqual(len(self.zones.server.queries) - before, 1)

    def test_keys_are_fetched_again_when_their_time_is_over(self) -> None:
        self.found()
        before = len(self.zones.server.queries)
        self.now += TTL + 1
        self.found()
        self.assertEqual(len(self.zones.server.queries) - before, 6)

    def test_queries_have_do_and_cd(self) -> None:
        self.found()
        for _name, _rtype, _over, query in self.zones.server.queries:
            self.assertIn("CD", query.to_text())
            self.assertIn("DO", query.to_text())


class Undecided(ChainCase):
    """What cannot be proven without NSEC is not secure, and never bogus."""

    def test_record_without_a_signature(self) -> None:
        self.zones.add("mx.good.test.", "A", ["192.0.2.1"], None)
        self.assert_undecided(self.found())

    def test_delegation_without_ds(self) -> None:
        del self.zones.server.zone["good.test.", "DS"]
        self.assert_undecided(self.found())

    def test_delegation_with_an_unsigned_ds(self) -> None:
        self.zones.add("good.test.", "DS", [self.zones.ds("good.test.")], None)
        self.assert_undecided(self.found())

    def test_delegation_with_unknown_algorithms_only(self) -> None:
        self.zones.add("good.test.", "DS", ["1 250 2 " + "ab" * 32], "test.")
        self.assert_undecided(self.found())

    def test_server_that_fails_for_ds(self) -> None:
        self.zones.server.rcodes["test"] = "SERVFAIL"
        self.assert_undecided(self.found())

    def test_alias_that_is_not_signed(self) -> None:
        self.zones.add("www.good.test.", "CNAME", ["mx.good.test."], None)
        self.assert_undecided(self.found("www.good.test"))

    def test_wildcard(self) -> None:
        self.zones.add("any.good.test.", "A", ["192.0.2.1"], "good.test.", signed_as="*.good.test.")
        self.assert_undecided(self.found("any.good.test"))

    def test_signature_of_a_zone_that_does_not_enclose_the_name(self) -> None:
        self.zones.delegate("evil.test.", "test.")
        self.zones.add("mx.good.test.", "A", ["192.0.2.66"], "evil.test.")
        self.assert_undecided(self.found())

    def test_ds_that_the_child_signed_itself(self) -> None:
        self.zones.add("good.test.", "DS", [self.zones.ds("good.test.")], "good.test.")
        self.assert_undecided(self.found())

    def test_no_anchor_for_the_root(self) -> None:
        self.make(f"other. IN DS {self.zones.ds('.').to_text()}")
        self.assert_undecided(self.found())

    def test_denial_is_not_secure(self) -> None:
        failure = self.failed("none.good.test")
        self.assertEqual((failure.kind, failure.secure), ("nxdomain", False))

    def test_undecided_zone_is_not_asked_for_again_at_once(self) -> None:
        del self.zones.server.zone["good.test.", "DS"]
        self.found()
        before = len(self.zones.server.queries)
        self.found()
        self.assertEqual(len(self.zones.server.queries) - before, 1)


class Broken(ChainCase):
    """Signatures that do not fit."""

    def test_changed_record(self) -> None:
        self.zones.server.zone["mx.good.test.", "A"] = ["192.0.2.66"]
        self.assert_bogus(self.failed())

    def test_expired_signature(self) -> None:
        self.zones.add("mx.good.test.", "A", ["192.0.2.1"], "good.test.", ends=NOW - 1)
        self.assert_bogus(self.failed())

    def test_signature_of_the_future(self) -> None:
        self.zones.add("mx.good.test.", "A", ["192.0.2.1"], "good.test.", begins=NOW + 10)
        self.assert_bogus(self.failed())

    def test_key_that_the_parent_does_not_name(self) -> None:
        self.zones.add("good.test.", "DS", [self.zones.ds("test.")], "test.")
        self.assert_bogus(self.failed())

    def test_key_set_with_a_broken_signature(self) -> None:
        self.zones.add("good.test.", "DNSKEY", [self.zones.dnskey("good.test.")], "good.test.", ends=NOW - 1)
        self.assert_bogus(self.failed())

    def test_ds_with_a_broken_signature(self) -> None:
        self.zones.add("good.test.", "DS", [self.zones.ds("good.test.")], "test.", ends=NOW - 1)
        self.assert_bogus(self.failed())

    def test_root_key_that_is_not_the_anchor(self) -> None:
        self.make(f". IN DS {self.zones.ds('test.').to_text()}")
        self.assert_bogus(self.failed())

    def test_signature_with_a_key_that_is_not_published(self) -> None:
        self.zones.server.zone["good.test.", "DNSKEY"] = [self.zones.dnskey("good.test.")]
        self.zones._keys["stray.test."] = self.zones.key("stray.test.")
        rrset = dns.rrset.from_text("mx.good.test.", TTL, "IN", "A", "192.0.2.1")
        signature = dns.dnssec.sign(
            rrset,
            self.zones.key("stray.test."),
            dns.name.from_text("good.test."),
            self.zones.dnskey("stray.test."),
            NOW - DAY,
            NOW + DAY,
        )
        self.zones.server.signatures["mx.good.test.", "A"] = [signature]
        self.assert_bogus(self.failed())

    def test_absurd_number_of_keys(self) -> None:
        keys = [self.zones.dnskey("good.test.")]
        keys += [dns.rdata.from_text("IN", "DNSKEY", f"257 3 13 {'A' * 82}{n:02d}AAAA") for n in range(10, 40)]
        self.zones.add("good.test.", "DNSKEY", keys, "good.test.")
        self.assert_bogus(self.failed())


class Hostile(ChainCase):
    """Damaged messages in the hands of dnspython."""

    def damaged(self, name: str, rtype: str, damage: list[tuple[int, int]]) -> bytes:
        query = make_query(name, TYPES[rtype], lambda count: 0, checking_disabled=True)
        wire = bytearray(self.zones.server.answers(query.wire, "udp")[0])
        for at, octet in damage:
            wire[12 + at % (len(wire) - 12)] = octet
        return bytes(wire)

    @given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), min_size=1, max_size=6))
    def test_damaged_replies_are_undecided_or_bogus(self, damage: list[tuple[int, int]]) -> None:
        from stalwart.net import dns_signatures as signatures

        try:
            wire = self.damaged("good.test.", "DNSKEY", damage)
            found = signatures.signed_sets([wire], [("good.test.", TYPES["DNSKEY"])])
            if found is not None:
                anchor = parse_anchor(f"good.test. IN DS {self.zones.ds('good.test.').to_text()}")
                signatures.keys_below("good.test.", found[0], [anchor], NOW, DAY)
        except Bogus as problem:
            self.assertIn("good.test.", str(problem))


class Threads(TestCase):
    """The same over real sockets and the threads of the reactor."""

    timeout = 20

    def make(self) -> ValidatingResolver:
        from twisted.internet import reactor

        zones = SignedZones()
        zones.own_keys(".")
        zones.add("mx.", "A", ["192.0.2.1"], ".")
        zones.server._reactor = reactor
        server = zones.server.start()
        self.addCleanup(zones.server.stop)
        stub = StubResolver(reactor, [server])
        return ValidatingResolver(stub, [f". IN DS {zones.ds('.').to_text()}"], reactor, now=lambda: NOW)

    async def test_chain_is_proven_in_threads(self) -> None:
        answer = await self.make().lookup("mx", "A")
        self.assertEqual((answer.secure, answer.trust), (True, "validated-local"))

    async def test_many_lookups_share_the_keys(self) -> None:
        resolver = self.make()
        answers = await gatherResults([Deferred.fromCoroutine(resolver.lookup("mx", "A")) for _ in range(10)])
        self.assertEqual([answer.secure for answer in answers], [True] * 10)
        self.assertEqual(len(resolver._flights), 0)

    async def test_cancelled_lookup_ends_at_once(self) -> None:
        looking = Deferred.fromCoroutine(self.make().lookup("mx", "A"))
        looking.cancel()
        self.failureResultOf(looking, CancelledError)


class Laziness(SynchronousTestCase):
    """dnspython is not loaded before it is needed."""

    def test_import_does_not_load_dnspython(self) -> None:
        code = (
            "import sys, stalwart.net.dnssec, stalwart.net.dns_config; "
            "assert not any(name == 'dns' or name.startswith('dns.') for name in sys.modules)"
        )
        here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], env=here, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
