"""A small world to send in: names in a table, hosts on loopback behind addresses of our choice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from attrs import frozen
from twisted.internet import reactor as real_reactor
from twisted.trial.unittest import TestCase

from stalwart.codec.dns_records import MX
from stalwart.errors import Unavailable
from stalwart.mail.delivery.content import HeldContent
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.sending import Sender
from stalwart.mail.delivery.shipment import (
    Connecting,
    Destination,
    Held,
    HostStrategy,
    Mx,
    RecipientOutcome,
    Shipment,
    ShipmentRecipient,
    TlsDemands,
    TlsResult,
)
from stalwart.mail.delivery.sts import StsPolicies
from stalwart.net.https import Fetched
from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_dialogue import SmtpFailed
from stalwart.net.tls import TrustStore
from stalwart.telemetry import Telemetry
from tests.net.certificates import issue, make_ca
from tests.net.fake_dns import FakeResolver
from tests.net.smtp_peers import ServerOptions
from tests.net.smtp_sink import Sink

IP1, IP2, IP3 = "192.0.2.1", "192.0.2.2", "192.0.2.3"
MESSAGE = b"From: jane@here.test\r\nSubject: hello\r\n\r\nHello.\r\n.\r\n..dots\r\n"
ZONE: dict[tuple[str, str], Any] = {
    ("one.test", "MX"): [MX(10, "mx.one.test.")],
    ("mx.one.test", "A"): [IP1],
    ("two.test", "MX"): [MX(20, "b.two.test."), MX(10, "a.two.test.")],
    ("a.two.test", "A"): [IP1],
    ("b.two.test", "A"): [IP2],
    ("null.test", "MX"): [MX(0, ".")],
    ("implicit.test", "A"): [IP1],
    ("relay.test", "A"): [IP1],
    ("loop.test", "MX"): [MX(10, "mail.here.test."), MX(20, "mx.one.test.")],
    ("backup.test", "MX"): [MX(20, "Mail.Here.test."), MX(10, "mx.one.test.")],
    ("dangling.test", "MX"): [MX(10, "nowhere.test.")],
    ("many.test", "MX"): [MX(10, "mx.many.test.")],
    ("mx.many.test", "A"): [IP3, IP2, IP1],
    ("policy.test", "MX"): [MX(10, "mx.one.test.")],
    ("_mta-sts.policy.test", "TXT"): ["v=STSv1; id=1;"],
    ("here.test", "A"): ["127.0.0.1"],
}
AUTHORITY = make_ca()
TRUSTED = issue(["mx.one.test", "a.two.test", "relay.test"], 30, AUTHORITY)
SELF_SIGNED = issue(["mx.one.test"])
LATER_TLS = TlsDemands(allow_invalid_certs=True)


@frozen
class FiledMessage:
    """A message that is not in memory; without ``content`` it cannot be read."""

    content: bytes | None = None
    size: int = 100
    held: None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it at once."""
        if self.content is None:
            raise Unavailable("The disk does not answer.")
        yield self.content


def tls(issued: Any = TRUSTED) -> ServerOptions:
    """The TLS side of a host."""
    return ServerOptions(issued)


async def held_back(host: str, ip: str, local_ip: str) -> Held:
    """The answer for every host."""
    return Held("rateLimited", "too much")


class SendingCase(TestCase):
    """Sends from here to hosts on loopback; nothing may be left behind."""

    timeout = 10
    secure: tuple[str, ...] = ()
    policy: bytes = b"version: STSv1\nmode: enforce\nmx: mx.one.test\nmax_age: 604800\n"
    zone = ZONE

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.ports: dict[str, int] = {}
        self.results: list[TlsResult] = []
        self.connected: list[str] = []
        self.sources: list[str] = []
        roots = self.mktemp()
        with open(roots, "wb") as file:
            file.write(AUTHORITY.certificate_pem)
        self.resolver = FakeResolver(self.zone, self.secure)
        policies = StsPolicies(self.resolver, self._fetch, self.reactor)
        self.world = Outgoing(
            *(self.reactor, self.resolver, policies, TrustStore(roots)),
            shuffle=lambda _: None,
            connect=self._connect,
        )
        self.limits = Limits(now=lambda: datetime.now(UTC))
        self.own_names: tuple[str, ...] = ("mail.here.test", "localhost")
        self.telemetry = Telemetry()
        self.sender = Sender(
            lambda: self.world,
            lambda: self.limits,
            self.telemetry,
            own_names=lambda: self.own_names,
            tls_result=self.results.append,
        )
        self.addCleanup(self.sender.close)

    async def _fetch(self, host: str, path: str, limit: int, timeout: float) -> Fetched:
        return Fetched(200, "text/plain", self.policy)

    async def _connect(self, reactor: Any, ip: str, port: int, *, timeout: float, **options: Any) -> SmtpConnection:
        self.connected.append(ip)
        if "source" in options:
            self.sources.append(options.pop("source"))
        if ip not in self.ports:
            raise SmtpFailed("I/O error: Connection refused (os error 111)", "io")
        made = await SmtpConnection.connect(reactor, "127.0.0.1", self.ports[ip], timeout=timeout, **options)
        self.addCleanup(lambda: (made.abort(), made.closed)[1])
        return made

    def host(self, ip: str = IP1, **options: Any) -> Sink:
        """A host at ``ip``."""
        sink = Sink(**options)
        port = self.reactor.listenTCP(0, sink, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.ports[ip] = port.getHost().port
        return sink

    async def send(
        self, to: Destination | str, *recipients: str | ShipmentRecipient, **more: Any
    ) -> list[RecipientOutcome]:
        """Send ``MESSAGE``; ``to`` is a destination or a domain."""
        destination = Mx(to) if isinstance(to, str) else to
        whom = [ShipmentRecipient(one) if isinstance(one, str) else one for one in recipients or ("bob@one.test",)]
        more.setdefault("content", HeldContent(MESSAGE))
        more.setdefault("return_path", "jane@here.test")
        demands = more.pop("tls", TlsDemands())
        connecting = more.pop("connecting", Connecting("mail.here.test", greeting=3, ehlo=3, mail=3, rcpt=3, data=3))

        async def usual(host: str) -> HostStrategy:
            return HostStrategy(connecting, demands)

        strategy = more.pop("strategy", None) or usual
        return await self.sender.send(Shipment(destination, recipients=tuple(whom), strategy=strategy, **more))

    async def one(self, to: Destination | str, *recipients: str | ShipmentRecipient, **more: Any) -> RecipientOutcome:
        """The outcome of the only recipient."""
        (outcome,) = await self.send(to, *recipients, **more)
        return outcome
