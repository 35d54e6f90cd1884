"""Signed dynamic updates at Knot (RFC 2136, RFC 8945), over UDP and TCP, and DNS-01 with them.

Without knotd the tests are skipped.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SkipTest, TestCase

from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault, VaultKey
from stalwart.directory.hashing import SynchronousHashing
from stalwart.net.acme import AcmeProblem
from stalwart.net.dns import StubResolver
from stalwart.net.dns_propagation import wait_until_seen
from stalwart.net.dns_transport import NameServer
from stalwart.net.dns_tsig import ALGORITHMS, SharedKey, read_key
from stalwart.net.dns_update import DnsUpdateRefused, UpdatePublisher
from stalwart.net.tls import TrustStore
from stalwart.tls.dns_proofs import DnsProofs
from stalwart.tls.dns_servers import DNS_KEY
from tests.interop.knot import Key, Knot, missing

WHOLE = [name for name in ALGORITHMS if name.count("-") == 1]
KEYS = {name: Key(f"{name}.key", name) for name in WHOLE}
KEY = KEYS["hmac-sha256"]
IDLE, READER = Key("idle.key", may=()), Key("reader.key", may=("transfer",))
ADDRESSES = Key("addresses.key", types=("A", "AAAA"))
NAME = "_acme-challenge.example.test"
ZONES = {
    "example.test": "sub NS ns.sub\nns.sub A 127.0.0.1\naway NS ns.elsewhere.test.\nalias CNAME ns\n",
    "sub.example.test": "",
    "xn--bcher-kva.test": "",
}


@cache
def knot() -> Knot:
    """The server that all tests share; it ends with the run."""
    folder = Path(tempfile.mkdtemp(prefix="test-knot-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Knot(folder, [*KEYS.values(), IDLE, READER, ADDRESSES], ZONES)
    atexit.register(made.stop)
    made.start()
    return made


def shared(key: Key) -> SharedKey:
    return read_key(key.name, key.secret, key.algorithm)


class DnsUpdateTests(TestCase):
    timeout = 60

    def setUp(self) -> None:
        from twisted.internet import reactor

        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.reactor: Any = reactor
        self.knot = knot()

    def at(self, protocol: Literal["udp", "tcp"] = "udp", key: Key = KEY, timeout: float = 10.0) -> UpdatePublisher:
        server = NameServer("127.0.0.1", self.knot.port, protocol)
        return UpdatePublisher(self.reactor, server, shared(key), timeout=timeout)

    async def refused(self, work: Any) -> DnsUpdateRefused:
        with self.assertRaises(DnsUpdateRefused) as caught:
            await work
        found: DnsUpdateRefused = caught.exception
        self.assertNotIn(KEY.secret, found.detail)
        return found

    async def test_text_is_added_and_removed_over_both_transports(self) -> None:
        for number, protocol in enumerate(("udp", "tcp")):
            name = f"_t{number}.example.test"
            publisher = self.at(protocol)  # type: ignore[arg-type]
            await publisher.add("example.test", name, "TXT", "a", ttl=60)
            self.assertEqual(self.knot.texts(name), {'"a"'})
            await publisher.add("example.test", name, "TXT", "a", ttl=60)
            await publisher.remove("example.test", name, "TXT", "a")
            await publisher.remove("example.test", name, "TXT", "a")
            self.assertEqual(self.knot.texts(name), set())
            await publisher.close()

    async def test_values_are_kept_beside_each_other(self) -> None:
        publisher, name = self.at(), "_many.example.test"
        for value in ("a", "b", "c"):
            await publisher.add("example.test", name, "TXT", value, ttl=60)
        await publisher.add("example.test", name, "A", "192.0.2.1", ttl=60)
        await publisher.remove("example.test", name, "TXT", "b")
        self.assertEqual(self.knot.texts(name), {'"a"', '"c"'})
        await publisher.publish("example.test", name, "TXT", ["c", "d"], ttl=60)
        self.assertEqual(self.knot.texts(name), {'"c"', '"d"'})
        await publisher.remove("example.test", name, "TXT")
        self.assertEqual((self.knot.texts(name), self.knot.texts(name, "A")), (set(), {"192.0.2.1"}))

    async def test_every_algorithm(self) -> None:
        for algorithm, key in KEYS.items():
            name = f"_{algorithm}.example.test"
            await self.at(key=key).add(None, name, "TXT", algorithm, ttl=60)
            self.assertEqual(self.knot.texts(name), {f'"{algorithm}"'})

    async def test_zone_is_found_out(self) -> None:
        publisher = self.at()
        for name, zone in (
            (NAME, "example.test"),
            ("a.b.c.example.test", "example.test"),
            ("example.test", "example.test"),
            ("_x.sub.example.test", "sub.example.test"),
            ("_x.bücher.test", "xn--bcher-kva.test"),
        ):
            self.assertEqual(await publisher.zone_of(name), zone)
        await publisher.add(None, "_x.sub.example.test", "TXT", "below", ttl=60)
        self.assertEqual(self.knot.texts("_x.sub.example.test"), {'"below"'})

    async def test_what_does_not_fit_a_datagram(self) -> None:
        values = [f"{number} " + "x" * 300 for number in range(40)]
        await self.at().publish("example.test", "_large.example.test", "TXT", values, ttl=60)
        self.assertEqual(len(self.knot.texts("_large.example.test")), 40)

    async def test_key_of_another_name(self) -> None:
        problem = await self.refused(self.at(key=evolve(KEY, name="other.key")).add(None, NAME, "TXT", "a", ttl=60))
        self.assertIn("BADKEY: the name server knows no key of this name", problem.detail)

    async def test_other_secret(self) -> None:
        other = evolve(KEY, secret=KEYS["hmac-sha512"].secret)
        problem = await self.refused(self.at(key=other).add("example.test", NAME, "TXT", "a", ttl=60))
        self.assertIn("BADSIG: the key is known by its name, but its secret", problem.detail)
        self.assertEqual(self.knot.texts(NAME), set())

    async def test_other_algorithm(self) -> None:
        problem = await self.refused(self.at(key=evolve(KEY, algorithm="hmac-sha1")).remove("example.test", NAME, "A"))
        self.assertIn("BADKEY", problem.detail)

    async def test_clock_that_is_wrong(self) -> None:
        for offset, words in ((-3600, "3600 seconds ahead"), (3600, "3600 seconds behind")):
            now = time.time() + offset
            with mock.patch("time.time", return_value=now):
                problem = await self.refused(self.at().add("example.test", NAME, "TXT", "a", ttl=60))
            self.assertIn("BADTIME: the clocks of this server and of the name server differ", problem.detail)
            self.assertRegex(problem.detail, words.replace("3600", "3[56][0-9][0-9]"))
        self.assertEqual(self.knot.texts(NAME), set())

    async def test_key_that_may_not_update(self) -> None:
        """Knot knows a key only where a zone lets it do this."""
        for key in (IDLE, READER, ADDRESSES):
            problem = await self.refused(self.at(key=key).add("example.test", NAME, "TXT", "a", ttl=60))
            self.assertRegex(problem.detail, f"the key {key.name} - BADKEY: .* or not for this zone")
        await self.at(key=ADDRESSES).add("example.test", "addressed.example.test", "A", "192.0.2.1", ttl=60)
        self.assertEqual(self.knot.texts("addressed.example.test", "A"), {"192.0.2.1"})

    async def test_zones_and_names_of_others(self) -> None:
        publisher = self.at()
        problem = await self.refused(publisher.add(None, "a.elsewhere.test", "TXT", "a", ttl=60))
        self.assertIn("has no zone that holds a.elsewhere.test", problem.detail)
        problem = await self.refused(publisher.add("elsewhere.test", "a.elsewhere.test", "TXT", "a", ttl=60))
        self.assertIn("NOTAUTH", problem.detail)
        problem = await self.refused(publisher.add("example.test", "a.elsewhere.test", "TXT", "a", ttl=60))
        self.assertIn("NOTZONE", problem.detail)
        problem = await self.refused(publisher.add(None, "_x.away.example.test", "TXT", "a", ttl=60))
        self.assertIn("delegated to other name servers", problem.detail)

    async def test_alias_is_told_of(self) -> None:
        problem = await self.refused(self.at().add(None, "alias.example.test", "TXT", "a", ttl=60))
        self.assertIn("alias (CNAME)", problem.detail)

    async def test_nobody_there(self) -> None:
        server = NameServer("127.0.0.1", 9, "tcp")
        publisher = UpdatePublisher(self.reactor, server, shared(KEY), timeout=2)
        problem = await self.refused(publisher.add("example.test", NAME, "TXT", "a", ttl=60))
        self.assertTrue(problem.temporary)

    # Propagation and proofs

    async def seen(self, name: str, timeout: float) -> bool:
        server = NameServer("127.0.0.1", self.knot.port)
        return await wait_until_seen(server, name, "a", delay=0, interval=0.1, timeout=timeout, clock=self.reactor)

    async def test_propagation_is_waited_for(self) -> None:
        name = "_wait.example.test"
        self.assertFalse(await self.seen(name, 0.2))
        waiting = Deferred.fromCoroutine(self.seen(name, 10))
        publisher = self.at()
        await publisher.add(None, name, "TXT", "b", ttl=60)
        self.assertFalse(waiting.called)
        await publisher.add(None, name, "TXT", "a", ttl=60)
        self.assertTrue(await waiting)

    def proofs(self, **members: Any) -> DnsProofs:
        vault = Vault(VaultKey("k" * 40))
        key = {"@type": "Value", "secret": vault.seal(DNS_KEY["Tsig"], KEY.secret)}
        server = DnsServer.from_wire(
            {
                "@type": "Tsig",
                "description": "Knot",
                "host": "127.0.0.1",
                "port": self.knot.port,
                "keyName": KEY.name,
                "key": key,
                "tsigAlgorithm": KEY.algorithm,
                "pollingInterval": 100,
                "propagationTimeout": 5000,
                **members,
            }
        )
        nobody = StubResolver(self.reactor, [NameServer("127.0.0.1", self.knot.port)], timeout=1)
        outside: Any = mock.Mock(reactor=self.reactor, resolver=nobody, trust_store=TrustStore())
        return DnsProofs(server, None, vault, outside, SynchronousHashing())

    async def test_challenge_of_two_names_at_once(self) -> None:
        """A name and its wildcard are proved at the same place (RFC 8555 8.4)."""
        name, proofs = "_acme-challenge.sub.example.test", self.proofs()
        with mock.patch("stalwart.tls.dns_proofs.authorities_of", return_value=()):
            await proofs.add(name, "first")
            await proofs.add(name, "second")
            self.assertEqual(self.knot.texts(name), {'"first"', '"second"'})
            await proofs.remove(name, "first")
        self.assertEqual(self.knot.texts(name), {'"second"'})
        await proofs.remove(name, "second")
        self.assertEqual(self.knot.texts(name), set())

    async def test_challenge_that_cannot_be_published(self) -> None:
        with self.assertRaises(AcmeProblem) as caught:
            await self.proofs(keyName="other.key").add(NAME, "value")
        self.assertEqual(caught.exception.kind, "dns")
        self.assertIn("BADKEY", caught.exception.detail)
        await self.proofs(keyName="other.key").remove(NAME, "value")
