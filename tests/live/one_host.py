"""A diagnosis in this process of one host that misbehaves: real sockets on loopback, name service from memory."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred

from stalwart.codec.dns_records import MX
from stalwart.mail.delivery.diagnosis import Wishes, diagnose
from stalwart.mail.delivery.outgoing import Limits, Outgoing, world_of
from stalwart.mail.delivery.target import parse_target
from stalwart.net.dns import Answer, LookupFailed
from stalwart.net.tls import TrustStore
from tests.live.hostile_smtp import Certificates, HostileSmtp

ADDRESS = "127.0.0.1"


@define
class NamesOfOneHost:
    """Every domain has the exchange ``mx.`` and its own name, at loopback; nothing else exists.

    A question of the type ``silent`` is never answered.
    """

    silent: str | None = None

    async def lookup(self, name: str, rtype: str) -> Answer:
        """See ``stalwart.net.dns.Resolver``."""
        name = name.rstrip(".")
        if rtype == self.silent:
            await Deferred()
        if rtype == "MX":
            return Answer(f"{name}.", rtype, (MX(10, f"mx.{name}."),))
        if rtype == "A" and name.startswith("mx."):
            return Answer(f"{name}.", rtype, (ADDRESS,))
        raise LookupFailed("nxdomain", "DNS record not found: Non-Existent Domain")


@define
class OneHost:
    """A listening server of one behaviour and the outside world that leads to it."""

    name: str
    certificates: Certificates
    reactor: Any
    outgoing: Outgoing
    events: list[str] = field(factory=list)
    factory: Any = None
    port: Any = None

    @classmethod
    def listening(
        cls, name: str, certificates: Certificates, authorities: str, reactor: Any, silent: str | None = None
    ) -> OneHost:
        """The host ``mx.{name}.test`` on an ephemeral port; ``authorities``: path of the trusted PEM; ``silent``: type
        of question that gets no answer.
        """
        outgoing = world_of(reactor, NamesOfOneHost(silent), TrustStore(authorities), allow_private=True)
        host = cls(name, certificates, reactor, outgoing)
        host.factory = HostileSmtp.named(
            name, f"mx.{name}.test", certificates, reactor, observe=lambda _host, event: host.events.append(event)
        )
        host.port = reactor.listenTCP(0, host.factory, interface=ADDRESS)
        return host

    def diagnose(self, seconds: float) -> tuple[Deferred[Any], list[Any]]:
        """A running diagnosis of its postmaster, and the list that its stages go to."""
        stages: list[Any] = []
        limits = Limits(ehlo_name="client.test", port=self.port.getHost().port, allow_private=True)
        target = parse_target(f"postmaster@{self.name}.test")
        work = diagnose(target, self.outgoing, limits, Wishes(seconds), stages.append)
        return Deferred.fromCoroutine(work), stages

    async def stop(self) -> None:
        """Close everything on this side."""
        await self.port.stopListening()
        for client in tuple(self.factory.clients):
            client.transport.abortConnection()
        await self.left()

    async def left(self, patience: float = 2.0) -> float:
        """The seconds until no client is connected any more.

        :raises TimeoutError: one still is after ``patience``.
        """
        began = self.reactor.seconds()
        while self.factory.clients:
            if self.reactor.seconds() - began > patience:
                raise TimeoutError(f"{self.name}: a client is still connected")
            await pause(self.reactor, 0.002)
        return float(self.reactor.seconds() - began)


def pause(reactor: Any, seconds: float) -> Deferred[None]:
    """Fires after a while."""
    waiting: Deferred[None] = Deferred()
    reactor.callLater(seconds, waiting.callback, None)
    return waiting
