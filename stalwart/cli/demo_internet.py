"""A small Internet on loopback for ``stalwart-cli diagnose --demo``: name server, mail hosts, policy host,
authority.

Everything listens on ephemeral ports in the reactor of the caller and vanishes with ``stop``. The domains
below ``demo.test`` (RFC 6761 6.2) show a healthy domain and instructive broken ones. A host without STARTTLS
needs an address of its own; where the system has none to give, that domain is left out.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ed25519
from twisted.internet.error import CannotListenError
from twisted.protocols.tls import TLSMemoryBIOFactory

from stalwart.cli.demo_certificates import (
    Authority,
    Identity,
    self_signed,
    tlsa_end_entity,
    tlsa_of_another_key,
)
from stalwart.cli.demo_hosts import MailHost, policy_site
from stalwart.cli.demo_names import Datagrams, Streams, Zone
from stalwart.codec.dns_names import reverse_name

ORIGIN = "demo.test"
REVERSE = "127.in-addr.arpa"
ADDRESS = "127.0.0.1"
OTHER_ADDRESSES = ("127.0.0.2", "::1")
ATTEMPTS = 20


@frozen
class DemoDomain:
    """``certificate``: ``trusted``, ``self``; ``tlsa``: ``right``, ``wrong`` or none; ``mode`` of MTA-STS or
    none.
    """

    meaning: str
    certificate: str = "trusted"
    tlsa: str | None = None
    mode: str | None = None
    tls: bool = True


DOMAINS = {
    "good": DemoDomain(
        "all in order: DANE, MTA-STS enforced, TLS reports, SPF, DKIM, DMARC", "trusted", "right", "enforce"
    ),
    "dane": DemoDomain("a self-signed certificate that DANE vouches for", "self", "right"),
    "danebad": DemoDomain("the TLSA record names another key: senders with DANE refuse to deliver", tlsa="wrong"),
    "selfsigned": DemoDomain("a certificate nobody vouches for: delivered, but open to interception", "self"),
    "stsbad": DemoDomain(
        "MTA-STS is enforced, but the certificate is not trusted: not delivered", "self", None, "enforce"
    ),
    "notls": DemoDomain("no STARTTLS: delivered in the clear", tls=False),
}
NOBODY = f"nobody@good.{ORIGIN}"


class DemoInternet:
    """The running hosts. ``resolver_address`` is a trusted resolver, ``authorities`` the path of a PEM file
    with the authority of the policy hosts and of good certificates, ``domains`` says what each target shows.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._ports: list[Any] = []
        self._mail_hosts: list[MailHost] = []
        self._folder = Path(tempfile.mkdtemp(prefix="stalwart-demo-"))
        self._authority = Authority("Demo authority")
        self._identities = {f"mx.{name}.{ORIGIN}": self._identity(name) for name in DOMAINS}
        self.resolver_address = (ADDRESS, 0)
        self.smtp_port = 0
        self.policy_port = 0
        self.authorities = str(self._folder / "authority.pem")
        self.domains: dict[str, str] = {}

    @classmethod
    async def start(cls, reactor: Any) -> DemoInternet:
        """Listen and return the running hosts.

        :raises CannotListenError: loopback has no port to give.
        """
        demo = cls(reactor)
        try:
            demo._listen()
        except BaseException:
            await demo.stop()
            raise
        return demo

    @property
    def resolver(self) -> str:
        """The resolver as ``ip:port``."""
        return "{}:{}".format(*self.resolver_address)

    async def stop(self) -> None:
        """Close every socket and remove the folder."""
        ports, self._ports = self._ports, []
        for port in ports:
            await port.stopListening()
        for host in self._mail_hosts:
            for client in tuple(host.clients):
                client.transport.abortConnection()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> None:
        Path(self.authorities).write_bytes(self._authority.pem)
        self.smtp_port, bare = self._listen_smtp()
        self._listen_policies()
        names = [name for name, domain in DOMAINS.items() if domain.tls or bare]
        zone = Zone((ORIGIN, REVERSE), self._records(names, bare or ADDRESS))
        self._listen_names(zone)
        self.domains = {f"{name}.{ORIGIN}": DOMAINS[name].meaning for name in names}
        self.domains[NOBODY] = "a mailbox that the healthy domain refuses"

    def _listen_smtp(self) -> tuple[int, str | None]:
        """The port, and the address of the host without STARTTLS if there could be one at the same port."""
        proper, bare = MailHost(self._identities), MailHost(self._identities, offers_tls=False)
        self._mail_hosts = [proper, bare]
        first = self._reactor.listenTCP(0, proper, interface=ADDRESS)
        self._ports.append(first)
        port = int(first.getHost().port)
        for address in OTHER_ADDRESSES:
            try:
                self._ports.append(self._reactor.listenTCP(port, bare, interface=address))
            except CannotListenError:
                continue
            return port, address
        return port, None

    def _listen_policies(self) -> None:
        names = [name for name, domain in DOMAINS.items() if domain.mode]
        policies = {f"mta-sts.{name}.{ORIGIN}": _policy(name, DOMAINS[name].mode or "") for name in names}
        tls: Any = MailHost({host: self._authority.issue(host) for host in policies}).tls()
        factory = TLSMemoryBIOFactory(tls, False, policy_site(policies, self._reactor))
        factory.noisy = False
        port = self._reactor.listenTCP(0, factory, interface=ADDRESS)
        self._ports.append(port)
        self.policy_port = int(port.getHost().port)

    def _listen_names(self, zone: Zone) -> None:
        """UDP and TCP at one port; another program may hold the second, so several are tried."""
        for attempt in range(ATTEMPTS):
            datagrams = self._reactor.listenUDP(0, Datagrams(zone), interface=ADDRESS)
            self._ports.append(datagrams)
            number = int(datagrams.getHost().port)
            try:
                self._ports.append(self._reactor.listenTCP(number, Streams(zone), interface=ADDRESS))
            except CannotListenError:
                if attempt == ATTEMPTS - 1:
                    raise
                continue
            self.resolver_address = (ADDRESS, number)
            return

    def _identity(self, name: str) -> Identity:
        host = f"mx.{name}.{ORIGIN}"
        make: Callable[[str], Identity] = self_signed if DOMAINS[name].certificate == "self" else self._authority.issue
        return make(host)

    def _records(self, names: list[str], bare: str) -> dict[tuple[str, str], list[str]]:
        records: dict[tuple[str, str], list[str]] = {
            (reverse_name(ADDRESS), "PTR"): [f"mx.good.{ORIGIN}."],
            (f"default._domainkey.good.{ORIGIN}", "TXT"): [f'"v=DKIM1; k=ed25519; p={_dkim_key()}"'],
        }
        for name in names:
            records.update(self._domain_records(name, DOMAINS[name], bare))
        return records

    def _domain_records(self, name: str, domain: DemoDomain, bare: str) -> dict[tuple[str, str], list[str]]:
        zone, host = f"{name}.{ORIGIN}", f"mx.{name}.{ORIGIN}"
        address = ADDRESS if domain.tls else bare
        records = {
            (zone, "MX"): [f"10 {host}."],
            (zone, "TXT"): ['"v=spf1 mx -all"'],
            (f"_dmarc.{zone}", "TXT"): [f'"v=DMARC1; p=reject; rua=mailto:dmarc@{zone}"'],
            (host, "AAAA" if ":" in address else "A"): [address],
        }
        if domain.tlsa:
            right = tlsa_end_entity(self._identities[host])
            text = right if domain.tlsa == "right" else tlsa_of_another_key()
            records[f"_{self.smtp_port}._tcp.{host}", "TLSA"] = [text]
        if domain.mode:
            records[f"_mta-sts.{zone}", "TXT"] = ['"v=STSv1; id=1"']
            records[f"mta-sts.{zone}", "A"] = [ADDRESS]
            records[f"_smtp._tls.{zone}", "TXT"] = [f'"v=TLSRPTv1; rua=mailto:tls@{zone}"']
        return records


def _dkim_key() -> str:
    """A public key that signs nothing (RFC 8463 4.2)."""
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    return base64.b64encode(key.public_bytes_raw()).decode("ascii")


def _policy(name: str, mode: str) -> str:
    return f"version: STSv1\r\nmode: {mode}\r\nmx: mx.{name}.{ORIGIN}\r\nmax_age: 604800\r\n"
