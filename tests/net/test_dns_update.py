"""Dynamic updates at a primary in memory: what is published, how it is sent, and what is said when it is refused."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.tls.dns_server import DnsServer
from stalwart.errors import Invalid
from stalwart.net import dns_publisher
from stalwart.net.cloudflare import CloudflarePublisher
from stalwart.net.dns_transport import NameServer
from stalwart.net.dns_update import DnsUpdateRefused, UpdatePublisher, publisher_for
from stalwart.net.tls import TrustStore
from tests.net.test_dns_tsig import SECRET, key
from tests.net.update_primary import Primary

SERVER = NameServer("192.0.2.1", 5353)
NAME = "_acme-challenge.example.test"


class UpdateCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.primary = Primary(key())
        self.publisher = self.at(SERVER)

    def at(self, server: NameServer) -> UpdatePublisher:
        return UpdatePublisher(self.clock, server, key(), timeout=10, transport=self.primary)

    def begin(self, work: Any) -> Deferred[Any]:
        return Deferred.fromCoroutine(work)

    def done(self, work: Any) -> Any:
        return self.successResultOf(self.begin(work))

    def refused(self, work: Any) -> DnsUpdateRefused:
        problem: Any = self.failureResultOf(self.begin(work), DnsUpdateRefused).value
        self.assertIn("192.0.2.1:5353", problem.detail)
        self.assertNotIn(SECRET, problem.detail)
        refusal: DnsUpdateRefused = problem
        return refusal


class Publishing(UpdateCase):
    """RFC 2136 2.5."""

    def test_publish_replaces_what_there_is(self) -> None:
        self.primary.records[NAME, "TXT"] = {'"old"': 9}
        self.done(self.publisher.publish("example.test", NAME, "TXT", ["a", "b", "a"], ttl=60))
        self.assertEqual(self.primary.at(NAME), {'"a"': 60, '"b"': 60})
        self.done(self.publisher.publish("example.test", NAME, "TXT", [], ttl=60))
        self.assertEqual(self.primary.at(NAME), {})

    def test_add_keeps_the_others(self) -> None:
        self.done(self.publisher.add("example.test", NAME, "TXT", "a", ttl=60))
        self.done(self.publisher.add("example.test", NAME, "TXT", "b", ttl=60))
        self.done(self.publisher.add("example.test", NAME, "TXT", "b", ttl=60))
        self.assertEqual(self.primary.at(NAME), {'"a"': 60, '"b"': 60})

    def test_remove_takes_one_or_all(self) -> None:
        self.primary.records[NAME, "TXT"] = {'"a"': 9, '"b"': 9, '"c"': 9}
        self.done(self.publisher.remove("example.test", NAME, "TXT", "a"))
        self.assertEqual(self.primary.at(NAME), {'"b"': 9, '"c"': 9})
        self.done(self.publisher.remove("example.test", NAME, "TXT", "not there"))
        self.done(self.publisher.remove("example.test", NAME, "TXT"))
        self.assertEqual(self.primary.at(NAME), {})
        self.done(self.publisher.remove("example.test", NAME, "TXT"))

    def test_long_text_is_cut_into_strings(self) -> None:
        self.done(self.publisher.add("example.test", NAME, "TXT", "é" * 200, ttl=60))
        ((text, _),) = self.primary.at(NAME).items()
        self.assertEqual(len(text.split('" "')), 2)

    def test_other_types_are_in_presentation_form(self) -> None:
        self.done(self.publisher.publish("example.test", "example.test", "MX", ["10 mail.example.test"], ttl=60))
        self.assertEqual(self.primary.at("example.test", "MX"), {"10 mail.example.test.": 60})

    def test_zone_is_the_closest_that_the_server_has(self) -> None:
        self.primary = Primary(key(), ["sub.example.test", "example.test"])
        publisher = self.at(SERVER)
        self.assertEqual(self.done(publisher.zone_of(f"a.b.sub.{'example.test'}")), "sub.example.test")
        self.done(publisher.add(None, "_x.other.example.test", "TXT", "a", ttl=60))
        self.assertEqual(self.primary.at("_x.other.example.test"), {'"a"': 60})

    def test_apex_is_in_its_own_zone(self) -> None:
        self.assertEqual(self.done(self.publisher.zone_of("EXAMPLE.test.")), "example.test")

    def test_idn(self) -> None:
        self.primary = Primary(key(), ["xn--bcher-kva.test"])
        self.done(self.at(SERVER).add(None, "_acme-challenge.bücher.test", "TXT", "a", ttl=60))
        self.assertEqual(self.primary.at("_acme-challenge.xn--bcher-kva.test"), {'"a"': 60})

    def test_what_is_no_record_is_invalid(self) -> None:
        publisher = self.publisher
        for work in (
            publisher.add(None, "a..b", "TXT", "x", ttl=60),
            publisher.add(None, NAME, "NONSENSE", "x", ttl=60),
            publisher.add(None, NAME, "ANY", "x", ttl=60),
            publisher.add(None, NAME, "SOA", "x", ttl=60),
            publisher.add(None, NAME, "A", "x", ttl=60),
            publisher.add(None, NAME, "TXT", "x", ttl=-1),
            publisher.add(None, NAME, "TXT", "x" * 40_000, ttl=1),
            publisher.publish(None, NAME, "TXT", list(map(str, range(501))), ttl=60),
            publisher.publish("a..b", NAME, "TXT", [], ttl=60),
            publisher.publish("example.test", NAME, "TXT", [f"{n}" + "x" * 30_000 for n in range(4)], ttl=60),
        ):
            self.failureResultOf(self.begin(work), Invalid)


class Transporting(UpdateCase):
    """Datagrams, streams and waits."""

    def add(self, value: str = "a") -> Any:
        return self.publisher.add("example.test", NAME, "TXT", value, ttl=60)

    def ways(self) -> list[str]:
        return [way for way, _ in self.primary.seen]

    def test_datagram_first(self) -> None:
        self.done(self.add())
        self.assertEqual(self.ways(), ["udp"])

    def test_stream_where_the_settings_say_so(self) -> None:
        self.publisher = self.at(evolve(SERVER, protocol="tcp"))
        self.done(self.add())
        self.assertEqual(self.ways(), ["tcp"])

    def test_stream_for_what_no_datagram_should_carry(self) -> None:
        self.done(self.add("x" * 2000))
        self.assertEqual(self.ways(), ["tcp"])

    def test_stream_after_an_answer_that_is_cut_off(self) -> None:
        self.primary.truncate = True
        self.done(self.add())
        self.assertEqual(self.ways(), ["udp", "tcp"])

    def test_lost_datagrams(self) -> None:
        self.primary.silent = 2
        working = self.begin(self.add())
        self.clock.advance(2.5)
        self.assertEqual(self.ways(), ["udp", "udp"])
        self.clock.advance(2.5)
        self.successResultOf(working)
        self.assertEqual(self.ways(), ["udp", "udp", "tcp"])

    def test_silence_ends_in_time(self) -> None:
        self.primary.silent = -1
        working = self.begin(self.add())
        for _ in range(10):
            self.assertNoResult(working)
            self.clock.advance(1)
        problem: Any = self.failureResultOf(working, DnsUpdateRefused).value
        self.assertIn("no answer within 10 seconds", problem.detail)
        self.assertTrue(problem.temporary)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nobody_there(self) -> None:
        self.primary.broken = True
        problem = self.refused(self.add())
        self.assertIn("no connection", problem.detail)
        self.assertTrue(problem.temporary)
        self.assertEqual(self.ways(), ["udp", "tcp"])

    def test_cancelling_leaves_nothing(self) -> None:
        self.primary.silent = -1
        working = self.begin(self.add())
        working.cancel()
        self.failureResultOf(working, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertTrue(self.primary.waiting[0].called)

    def test_closing_ends_what_is_under_way(self) -> None:
        self.primary.silent = -1
        working = self.begin(self.add())
        self.done(self.publisher.close())
        problem: Any = self.failureResultOf(working, DnsUpdateRefused).value
        self.assertTrue(problem.temporary)
        self.assertIn("closed", self.refused(self.add()).detail)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Refusals(UpdateCase):
    """What people are told."""

    def told(self, says: str) -> DnsUpdateRefused:
        self.primary.says = says
        return self.refused(self.publisher.add("example.test", NAME, "TXT", "a", ttl=60))

    def test_every_code_is_told_in_words(self) -> None:
        for says, words in (
            ("REFUSED", "does not let this key change this"),
            ("NOTAUTH", "not the primary of this zone, or does not know the key"),
            ("NOTZONE", "not in this zone"),
            ("NOTIMP", "takes no dynamic updates"),
            ("FORMERR", "could not read"),
            ("YXRRSET", "an alias"),
            ("BADVERS", "BADVERS"),
        ):
            problem = self.told(says)
            self.assertIn(f"{says}: ", problem.detail)
            self.assertIn(words, problem.detail)
            self.assertIn("_acme-challenge.example.test in the zone example.test", problem.detail)
            self.assertFalse(problem.temporary)

    def test_failure_of_the_server_is_for_the_moment(self) -> None:
        self.assertTrue(self.told("SERVFAIL").temporary)

    def test_unsigned_answers_are_believed_only_where_they_say_no(self) -> None:
        self.primary.sign = False
        self.assertIn("REFUSED", self.told("REFUSED").detail)
        self.assertIn("not signed", self.told("NOERROR").detail)

    def test_alias_is_not_overlooked(self) -> None:
        self.primary.records["www.example.test", "CNAME"] = {"a.test.": 9}
        problem = self.refused(self.publisher.add(None, "www.example.test", "TXT", "a", ttl=60))
        self.assertIn("alias (CNAME)", problem.detail)
        self.done(self.publisher.publish(None, "www.example.test", "CNAME", ["b.test"], ttl=60))
        self.assertEqual(self.primary.at("www.example.test", "CNAME"), {"b.test.": 60})

    def test_zone_that_is_not_there(self) -> None:
        problem = self.refused(self.publisher.add(None, "a.elsewhere.test", "TXT", "a", ttl=60))
        self.assertIn("has no zone that holds a.elsewhere.test (REFUSED)", problem.detail)
        self.assertIn("NOTAUTH", self.refused(self.publisher.remove("elsewhere.test", "elsewhere.test", "TXT")).detail)

    def test_name_outside_the_zone(self) -> None:
        self.assertIn("NOTZONE", self.refused(self.publisher.remove("example.test", "a.test", "TXT")).detail)

    def test_delegated_name(self) -> None:
        import dns.name

        self.primary.delegated = [dns.name.from_text("child.example.test")]
        problem = self.refused(self.publisher.add(None, "_x.child.example.test", "TXT", "a", ttl=60))
        self.assertIn("delegated to other name servers", problem.detail)


@frozen
class FakeWorld:
    reactor: Any
    trust_store: TrustStore


class Choosing(SynchronousTestCase):
    """From x:DnsServer to a publisher."""

    TSIG = {
        "@type": "Tsig",
        "description": "Ours",
        "host": "192.0.2.1",
        "keyName": "k.test",
        "key": {"@type": "Value", "secret": SECRET},
        "protocol": "tcp",
        "timeout": 7_000,
        "ttl": 120_000,
        "propagationDelay": 500,
    }

    def setUp(self) -> None:
        self.world = FakeWorld(Clock(), TrustStore())

    def server(self, **members: Any) -> Any:
        return DnsServer.from_wire({**self.TSIG, **members})

    def test_tsig(self) -> None:
        publisher = publisher_for(self.server(), SECRET, self.world)
        assert isinstance(publisher, UpdatePublisher)
        self.assertEqual(dns_publisher.primary_of(self.server()), NameServer("192.0.2.1", 53, "tcp"))

    def test_key_that_is_no_use(self) -> None:
        for secret, members in ((SECRET, {"tsigAlgorithm": "hmac-md5"}), ("?", {}), (SECRET, {"keyName": "a..b"})):
            with self.assertRaises(DnsUpdateRefused) as caught:
                publisher_for(self.server(**members), secret, self.world)
            self.assertIn("192.0.2.1", caught.exception.detail)

    def test_cloudflare(self) -> None:
        given = {"@type": "Cloudflare", "description": "x", "secret": {"@type": "Value", "secret": "t"}}
        publisher = publisher_for(DnsServer.from_wire(given), "t", self.world)
        self.assertIsInstance(publisher, CloudflarePublisher)

    def test_times_are_seconds(self) -> None:
        times = dns_publisher.times_of(self.server())
        self.assertEqual((times.delay, times.interval, times.timeout, times.ttl), (0.5, 15.0, 60.0, 120))
