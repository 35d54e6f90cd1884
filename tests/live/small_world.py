"""A name server and a mail server on loopback, in the reactor of the test, and how a daemon is led to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from stalwart.codec.dns_records import MX
from stalwart.config.network.dns_resolver import DnsResolver
from stalwart.config.settings import Settings
from stalwart.schema import Declaration
from stalwart.store import open_store
from stalwart.store.config_file import embedded_store_config
from stalwart.telemetry import Telemetry
from tests.net.fake_dns import LoopbackNameServer

ZONE = {
    ("silent.test", "MX"): [MX(10, "mx.silent.test.")],
    ("mx.silent.test", "A"): ["127.0.0.1"],
}


class MailServer(Factory):
    """Greets after ``delay`` seconds, or never; ``left`` are the times at which clients were gone."""

    noisy = False

    def __init__(self, reactor: Any, delay: float | None = None) -> None:
        self.reactor = reactor
        self.delay = delay
        self.clients: list[Session] = []
        self.left: list[float] = []

    def buildProtocol(self, addr: Any) -> Session:
        """A new client."""
        return Session(self)


class Session(Protocol):
    """One client."""

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self._due: Any = None

    def connectionMade(self) -> None:
        """Greet in a while."""
        self.server.clients.append(self)
        if self.server.delay is not None:
            self._due = self.server.reactor.callLater(self.server.delay, self._greet)

    def _greet(self) -> None:
        assert self.transport is not None
        self.transport.write(b"554 no\r\n")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It has left."""
        self.server.clients.remove(self)
        self.server.left.append(self.server.reactor.seconds())
        if self._due is not None and self._due.active():
            self._due.cancel()


class SmallWorld:
    """Start it, ``prepare`` a data folder, run a daemon with ``environment``."""

    def __init__(self, reactor: Any, delay: float | None = None) -> None:
        self.reactor = reactor
        self.mail = MailServer(reactor, delay)
        self.names = LoopbackNameServer(reactor, ZONE)
        self._port: Any = None

    def start(self) -> None:
        """Listen."""
        self.names.start()
        self._port = self.reactor.listenTCP(0, self.mail, interface="127.0.0.1")

    async def stop(self) -> None:
        """Close everything."""
        await self.names.stop()
        await self._port.stopListening()
        for client in tuple(self.mail.clients):
            client.transport.abortConnection()  # type: ignore[union-attr]
        while self.mail.clients:
            await pause(self.reactor, 0.005)

    @property
    def environment(self) -> dict[str, str]:
        """What leads the daemon to the mail server."""
        return {"STALWART_DIAGNOSIS": json.dumps({"allowPrivateTargets": True, "port": self._port.getHost().port})}

    async def prepare(self, data: Path) -> None:
        """Store in ``data`` whom to ask for names."""
        server = {"address": "127.0.0.1", "port": self.names.server.port}
        await store_settings(self.reactor, data, DnsResolver, {"@type": "Custom", "servers": {"0": server}})


async def store_settings(reactor: Any, data: Path, declaration: Declaration, members: Any) -> None:
    """Write settings to ``data`` as another process does, beside a daemon or before its first start: an object of a
    collection is made, the one of a singleton is changed."""
    store = open_store(embedded_store_config(data), reactor, Telemetry())
    await store.start()
    settings = Settings(store, Telemetry(), reactor)
    try:
        if declaration.is_singleton:
            await settings.change(declaration, members)
        else:
            await settings.create(declaration, members)
    finally:
        settings.close()
        await store.close()


def pause(reactor: Any, seconds: float) -> Deferred[None]:
    """Fires after a while."""
    waiting: Deferred[None] = Deferred()
    reactor.callLater(seconds, waiting.callback, None)
    return waiting
