"""The zone file of a domain at Knot: it is loaded as it is, the check finds nothing to say, and each fault of a broken
zone is named. Without knotd the tests are skipped.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from attrs import evolve
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SkipTest, TestCase

from stalwart.codec.certificate_chains import certificates
from stalwart.codec.ids import encode_id
from stalwart.codec.zone_file import zone_text
from stalwart.config.domains.domain import DNS_RECORD_TYPE, Domain
from stalwart.config.operation.task import Task
from stalwart.config.settings import Settings
from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault, VaultKey
from stalwart.directory.hashing import SynchronousHashing
from stalwart.mail.dkim_keys import new_key, public_text
from stalwart.mail.dns_check import check_dns
from stalwart.mail.dns_findings import Finding
from stalwart.mail.dns_management import RecordParts, dns_management
from stalwart.mail.domain_records import DkimKey, DomainFacts, domain_records
from stalwart.net.dns import StubResolver
from stalwart.net.dns_transport import NameServer
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from tests.codec.pem import certificate, key, named
from tests.interop.knot import Key, Knot, missing
from tests.mail.test_domain_records import facts

OTHER = "ab" * 32
PROTOCOLS = ("http", "smtp", "imap", "pop3")
ADDRESS = "mail.{zone}. IN A 192.0.2.1\n"


def whole(name: str = "example.org", host: str = "mail.example.org") -> DomainFacts:
    """A domain with real keys, a key too long for one string, and a certificate."""
    keys = tuple(
        DkimKey(algorithm, algorithm, public_text(new_key(f"Dkim1{algorithm.title()}Sha256")))
        for algorithm in ("ed25519", "rsa")
    )
    (found,) = certificates(certificate(named("x"), key()))
    chain = (found.public_bytes(Encoding.DER),)
    return evolve(facts({"defaultHostname": host}, name=name), keys=keys, chain_for=lambda name: chain)


class DomainZoneTests(TestCase):
    timeout = 60

    def setUp(self) -> None:
        from twisted.internet import reactor

        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.reactor: Any = reactor

    def serve(self, zones: dict[str, str], shared: Key | None = None) -> Knot:
        """Knot with these zones, which ``shared`` may change, until the end of the test."""
        folder = Path(tempfile.mkdtemp(prefix="test-zone-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        knot = Knot(folder, [shared or Key("any.key")], zones)
        self.addCleanup(knot.stop)
        knot.start()
        return knot

    async def check(self, known: DomainFacts, knot: Knot) -> list[Finding]:
        resolver = StubResolver(self.reactor, [NameServer("127.0.0.1", knot.port)])
        return await check_dns(known, resolver, self.reactor, PROTOCOLS)

    async def test_zone_file_is_served_as_it_is(self) -> None:
        known = whole()
        text = zone_text(each.record for each in domain_records(known))
        self.assertIn("IN TLSA 3 1 1 ", text)
        knot = self.serve({"example.org": text + ADDRESS.format(zone="example.org")})
        found = await self.check(known, knot)
        self.assertEqual([each for each in found if each.state != "ok"], [])
        self.assertEqual(len(found), len(domain_records(known)))
        self.assertEqual(len(knot.texts("rsa._domainkey.example.org")), 1)

    async def test_domain_of_another_script(self) -> None:
        known = whole("bücher.test", "mail.bücher.test")
        zone = "xn--bcher-kva.test"
        text = zone_text(each.record for each in domain_records(known))
        knot = self.serve({zone: text + ADDRESS.format(zone=zone)})
        self.assertEqual([each for each in await self.check(known, knot) if each.state != "ok"], [])

    async def test_empty_zone_lacks_everything_and_is_mended_by_the_advice(self) -> None:
        known = whole()
        found = await self.check(known, self.serve({"example.org": ""}))
        self.assertEqual({each.state for each in found}, {"missing"})
        lines = [(each.advice or "").partition("\n")[2] for each in found]
        text = "".join(f"{line}\n" for line in lines).replace("IN A ...", "IN A 192.0.2.1")
        again = await self.check(known, self.serve({"example.org": text}))
        self.assertEqual([each for each in again if each.type != "TLSA" and each.state != "ok"], [])

    async def test_each_fault_of_a_broken_zone_is_named(self) -> None:
        known = whole()
        text = zone_text(each.record for each in domain_records(known)) + ADDRESS.format(zone="example.org")
        for old, new in {
            r"k=ed25519; h=sha256; p=[^\"]+": "k=ed25519; h=sha256; p=",
            r"mx -all": "include:else.test -all",
            r"example\.org\. IN MX 10 mail\.example\.org\.": "example.org. IN MX 10 old.else.test.",
            r"p=reject": "p=none",
            r"_imaps\._tcp\.example\.org\. .*": "_imaps._tcp.example.org. IN SRV 0 1 993 old.else.test.",
            r"_jmap\._tcp\.example\.org\. .*\n": "",
            r"id=[0-9]+": "id=1",
            r"\"v=TLSRPTv1;.*": '"v=TLSRPTv1; rua=mailto:nobody@else.test"',
            r"issue \"letsencrypt.org;[^\"]*": 'issue "other.test',
            r"_25\._tcp\.mail\.example\.org\. IN TLSA 3 1 1 .*": f"_25._tcp.mail.example.org. IN TLSA 3 1 1 {OTHER}",
            r"autoconfig\.example\.org\. IN CNAME .*": "autoconfig.example.org. IN A 192.0.2.99",
            r"d=[^\"]+": "d=AAAA",
        }.items():
            text, count = re.subn(rf"(?m)^{old}" if old.startswith(("_", "example")) else old, new, text)
            self.assertGreaterEqual(count, 1, old)
        text += 'example.org. IN TXT "v=spf1 ip4:192.0.2.1 -all"\n'
        found = await self.check(known, self.serve({"example.org": text}))
        wrong = [each for each in found if each.state != "ok"]
        faults = {(each.type, each.name.removesuffix(".example.org"), each.state) for each in wrong}
        self.assertEqual(
            faults,
            {
                ("TXT", "ed25519._domainkey", "wrong"),
                ("TXT", "example.org", "wrong"),
                ("MX", "example.org", "missing"),
                ("MX", "example.org", "extra"),
                ("TXT", "_dmarc", "wrong"),
                ("SRV", "_imaps._tcp", "wrong"),
                ("SRV", "_jmap._tcp", "missing"),
                ("TXT", "_mta-sts", "wrong"),
                ("TXT", "_smtp._tls", "wrong"),
                ("CAA", "example.org", "missing"),
                ("CAA", "example.org", "extra"),
                ("TLSA", "_25._tcp.mail", "wrong"),
                ("CNAME", "autoconfig", "wrong"),
                ("TXT", "_ua-auto-config", "wrong"),
            },
        )
        self.assertTrue(all(each.advice for each in wrong))

    async def test_records_are_published_with_updates_and_kept_in_step(self) -> None:
        shared = Key("ours.key", "hmac-sha512")
        text = ADDRESS.format(zone="example.org") + 'example.org. IN TXT "v=spf1 -all"\nexample.org. IN TXT "other"\n'
        knot = self.serve({"example.org": text}, shared)
        server = {"@type": "Tsig", "description": "knot", "host": "127.0.0.1", "port": knot.port}
        server |= {"keyName": shared.name, "key": {"@type": "Value", "secret": shared.secret}}
        store = MemoryStore(self.reactor.seconds)
        self.addCleanup(store.close)
        settings = Settings(store, Telemetry(), self.reactor)
        await settings.load()
        server_id = await settings.create(DnsServer, server)
        kinds = dict.fromkeys(DNS_RECORD_TYPE.names, True)
        automatic = {"@type": "Automatic", "dnsServerId": encode_id(server_id), "publishRecords": kinds}
        known = evolve(whole(), domain=facts(dnsManagement=automatic).domain)
        domain_id = await settings.create(Domain, {"name": "example.org", "dnsManagement": automatic})
        self.reading = known
        vault, outside = Vault(VaultKey("t" * 40)), self
        parts = RecordParts(store, settings, self, vault, SynchronousHashing(), lambda: outside, self.reactor)  # type: ignore[arg-type]
        work = dns_management(parts)
        task = Task.from_wire({"@type": "DnsManagement", "domainId": encode_id(domain_id)})
        self.assertIsNotNone(await work.run(task))
        self.assertEqual([each for each in await self.check(known, knot) if each.state != "ok"], [])
        self.assertEqual(knot.texts("example.org"), {'"other"', '"v=spf1 mx -all"'})
        before = knot.texts("example.org", "SOA")
        await work.run(task)
        self.assertEqual(knot.texts("example.org", "SOA"), before)
        self.reading = evolve(known, policy_id=None, keys=known.keys[:1])
        await work.run(task)
        self.assertEqual(knot.texts("_mta-sts.example.org"), set())

    resolver = trust_store = None

    def facts(self, tx: Any, id: int, domain: Domain) -> DomainFacts:
        """As of ``DomainZones``."""
        return self.reading
