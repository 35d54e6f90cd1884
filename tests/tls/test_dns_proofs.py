"""DNS-01 at the x:DnsServer of a domain: published, seen, removed, and what is said when that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault, VaultKey
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Invalid
from stalwart.net import dns_update
from stalwart.net.acme import AcmeProblem
from stalwart.net.dns_publisher import DnsUpdateRefused
from stalwart.net.dns_transport import NameServer
from stalwart.net.tls import TrustStore
from stalwart.tls import dns_proofs
from stalwart.tls.dns_proofs import DnsProofs
from stalwart.tls.dns_servers import DNS_KEY
from tests.net.fake_dns import FakeResolver
from tests.net.test_dns_tsig import SECRET

NAME = "_acme-challenge.example.test"
TIMES = {"ttl": 120_000, "pollingInterval": 1000, "propagationDelay": 2000, "propagationTimeout": 10_000}


@frozen
class Outside:
    reactor: Any
    resolver: Any
    trust_store: TrustStore


class FakePublisher:
    """Notes what it is asked for, and raises ``problem`` if there is one."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.problem: Exception | None = None

    async def add(self, *what: Any, ttl: int) -> None:
        self._note("add", *what, ttl)

    async def remove(self, *what: Any) -> None:
        self._note("remove", *what)

    async def close(self) -> None:
        self.asked.append(("close",))

    def _note(self, *what: Any) -> None:
        self.asked.append(what)
        if self.problem is not None:
            raise self.problem


class DnsProofsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.vault = Vault(VaultKey("v" * 40))
        self.publisher = FakePublisher()
        self.secrets: list[str] = []
        self.patch(dns_update, "publisher_for", self.publisher_for)
        self.zone: dict[tuple[str, str], Any] = {
            (NAME, "TXT"): ["value"],
            ("example.test", "NS"): ["ns.example.test."],
            ("ns.example.test", "A"): ["192.0.2.53"],
        }

    def publisher_for(self, server: Any, secret: str, outside: Any) -> FakePublisher:
        self.secrets.append(secret)
        return self.publisher

    def tsig(self, **members: Any) -> Any:
        key = {"@type": "Value", "secret": self.vault.seal(DNS_KEY["Tsig"], SECRET)}
        given = {"@type": "Tsig", "description": "Ours", "host": "192.0.2.1", "port": 5353, "keyName": "k", "key": key}
        return DnsServer.from_wire({**given, **TIMES, **members})

    def cloudflare(self) -> Any:
        secret = {"@type": "Value", "secret": self.vault.seal(DNS_KEY["Cloudflare"], "a-token")}
        return DnsServer.from_wire({"@type": "Cloudflare", "description": "Theirs", "secret": secret, **TIMES})

    def proofs(self, server: Any = None, zone: str | None = None) -> DnsProofs:
        self.resolver = FakeResolver(self.zone)
        outside = Outside(self.clock, self.resolver, TrustStore())
        return DnsProofs(server or self.tsig(), zone, self.vault, outside, SynchronousHashing())

    def begin(self, work: Any) -> Deferred[None]:
        return Deferred.fromCoroutine(work)

    def problem(self, work: Any) -> str:
        """What the authority's customer is told."""
        failed: Any = self.failureResultOf(self.begin(work), AcmeProblem).value
        self.assertEqual(failed.kind, "dns")
        self.assertNotIn(SECRET, failed.detail)
        return str(failed.detail)

    def looked_at(self, server: Any = None) -> Any:
        """Whom ``add`` asks whether the record can be seen."""
        with mock.patch.object(dns_proofs, "wait_until_seen", return_value=True) as waited:
            self.successResultOf(self.begin(self.proofs(server).add(NAME, "value")))
        return waited.call_args.args[0]

    def test_published_beside_others_and_waited_for(self) -> None:
        with mock.patch.object(dns_proofs, "wait_until_seen", return_value=True) as waited:
            self.successResultOf(self.begin(self.proofs(zone="example.test").add(NAME, "value")))
        self.assertEqual(self.publisher.asked, [("add", "example.test", NAME, "TXT", "value", 120), ("close",)])
        self.assertEqual(waited.call_args.args[1:], (NAME, "value"))
        limits = {"delay": 2, "interval": 1, "timeout": 10, "clock": self.clock, "otherwise": self.resolver}
        self.assertEqual(waited.call_args.kwargs, limits)

    def test_secrets_are_opened(self) -> None:
        self.looked_at()
        self.looked_at(self.cloudflare())
        self.assertEqual(self.secrets, [SECRET, "a-token"])

    def test_secret_in_a_file(self) -> None:
        path = Path(self.mktemp())
        path.write_text(SECRET + "\n")
        self.looked_at(self.tsig(key={"@type": "File", "filePath": str(path)}))
        self.assertEqual(self.secrets, [SECRET])

    def test_name_servers_of_the_zone_are_looked_at(self) -> None:
        self.assertEqual(self.looked_at(), (NameServer("192.0.2.53"),))

    def test_zone_that_nobody_delegates(self) -> None:
        self.zone.clear()
        self.assertEqual(self.looked_at(), NameServer("192.0.2.1", 5353))
        self.assertIs(self.looked_at(self.cloudflare()), self.resolver)

    def test_never_seen(self) -> None:
        self.zone = {("else.test", "A"): ["192.0.2.1"]}
        adding = self.begin(self.proofs(self.cloudflare()).add(NAME, "value"))
        self.clock.pump([1] * 11)
        self.assertNoResult(adding)
        self.clock.advance(1)
        failed: Any = self.failureResultOf(adding, AcmeProblem).value
        self.assertIn(f"The record {NAME} was taken by the DNS server, but could not be seen within 10", failed.detail)
        self.assertIn("propagationTimeout", failed.detail)

    def test_refusal_is_told(self) -> None:
        for problem in (DnsUpdateRefused("NOTAUTH: no."), Invalid("It is no name.")):
            self.publisher.problem = problem
            self.assertEqual(self.problem(self.proofs().add(NAME, "value")), problem.detail)
            self.assertEqual(self.publisher.asked[-1], ("close",))

    def test_secret_that_cannot_be_had(self) -> None:
        stranger = Vault(VaultKey("s" * 40)).seal(DNS_KEY["Tsig"], SECRET)
        for key in ({"@type": "Value", "secret": stranger}, {"@type": "File", "filePath": "/none/such"}):
            proofs = self.proofs(self.tsig(key=key))
            self.assertIn("The secret of the DNS server Ours cannot be had", self.problem(proofs.add(NAME, "value")))
            self.successResultOf(self.begin(proofs.remove(NAME, "value")))
        self.assertEqual(self.publisher.asked, [])

    def test_key_that_is_no_key(self) -> None:
        self.patch(dns_update, "publisher_for", mock.Mock(side_effect=DnsUpdateRefused("Not in base64.")))
        self.assertEqual(self.problem(self.proofs().add(NAME, "value")), "Not in base64.")
        self.successResultOf(self.begin(self.proofs().remove(NAME, "value")))

    def test_only_the_own_value_is_removed(self) -> None:
        self.successResultOf(self.begin(self.proofs().remove(NAME, "value")))
        self.assertEqual(self.publisher.asked, [("remove", None, NAME, "TXT", "value"), ("close",)])

    def test_record_that_stays_is_no_failure(self) -> None:
        self.publisher.problem = DnsUpdateRefused("REFUSED.")
        self.successResultOf(self.begin(self.proofs().remove(NAME, "value")))
        self.assertEqual(self.publisher.asked[-1], ("close",))
