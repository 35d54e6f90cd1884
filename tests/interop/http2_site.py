"""A site of this server behind TLS with ALPN, as a process: ``python -m tests.interop.http2_site`` prints its port.

Its routes are what HTTP/2 makes difficult: bodies in both directions, streams of events, answers that take their time.
SIGTERM stops it as the daemon stops. What is cancelled is printed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key
from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.task import deferLater
from zope.interface import implementer

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from stalwart.tls.accepting import Handshakes, accept
from stalwart.tls.self_signed import self_signed
from stalwart.web.answers import Answer, Content, EventStream, text_answer
from stalwart.web.connection import Listener
from stalwart.web.exchange import Exchange
from stalwart.web.routes import Route, route
from stalwart.web.site import Site, build_site
from tests.web.fakes import FakeDirectory, FakeSettings

MOST = 200_000_000


@route("GET", "/open", needs=None, limit="none", spec="test")
def hello(exchange: Exchange) -> Answer:
    """A small answer."""
    return text_answer("hello")


@route("GET", "/named/<name>", needs=None, limit="none", spec="test")
def named(exchange: Exchange) -> Answer:
    """A small answer that depends on the path."""
    return text_answer(exchange.path_value("name"))


@route("POST", "/upload", needs=None, limit="none", body_limit=MOST, spec="test")
async def upload(exchange: Exchange) -> Answer:
    """The digest of a body that is taken piece by piece."""
    digest = sha256()
    while exchange.body_stream is not None and (piece := await exchange.body_stream.piece(MOST)):
        digest.update(piece)
    return text_answer(digest.hexdigest())


@route("POST", "/small", needs=None, limit="none", body_limit=1000, spec="test")
async def small(exchange: Exchange) -> Answer:
    """The size of a body that must be small."""
    return text_answer(str(len(await exchange.body())))


@route("GET", "/download/<size>", needs=None, limit="none", spec="test")
async def download(exchange: Exchange) -> Answer:
    """So many zeros."""

    async def read(offset: int, size: int) -> bytes:
        return bytes(size)

    return Answer(200, b"", "application/octet-stream", content=Content(int(exchange.path_value("size")), read))


@route("GET", "/slow", needs=None, limit="none", spec="test")
async def slow(exchange: Exchange, *, reactor: Any) -> Answer:
    """An answer after a second."""
    print("waiting", flush=True)
    try:
        await deferLater(reactor, 1, lambda: None)
    except BaseException:
        print("cancelled", flush=True)
        raise
    return text_answer("done")


@route("GET", "/events", needs=None, limit="none", spec="test")
async def events(exchange: Exchange, *, reactor: Any) -> EventStream:
    """An event at once, one when it is cancelled."""

    async def run(send: Callable[[bytes], None]) -> None:
        send(b"data: begun\n\n")
        try:
            await Deferred()
        except BaseException:
            print("cancelled", flush=True)
            raise

    return EventStream(run)


ROUTES = [value for value in list(globals().values()) if isinstance(value, Route)]


@implementer(IOpenSSLServerConnectionCreator)
class Creator:
    """TLS with a certificate of its own that offers what ``site`` offers."""

    def __init__(self, site: Site) -> None:
        self._site = site
        pair = self_signed(("localhost",), time.time())
        self._context = context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate(x509.load_der_x509_certificate(pair.chain[0]))
        key: Any = load_der_private_key(pair.key, None)
        context.use_privatekey(key)
        context.set_alpn_select_callback(self._selected)

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """Twisted calls this."""
        return SSL.Connection(self._context, None)

    def _selected(self, connection: SSL.Connection, offered: list[bytes]) -> Any:
        return next((each for each in self._site.protocols if each in offered), SSL.NO_OVERLAPPING_PROTOCOLS)


def main() -> None:
    """Serve until SIGTERM."""
    from twisted.internet import reactor as installed

    reactor: Any = installed
    telemetry = Telemetry(threshold=Level.ERROR)

    async def ban(*_: Any) -> None:
        """Nobody is banned."""

    site = build_site(
        ROUTES,
        {"reactor": reactor},
        settings=FakeSettings(Http={"rateLimitAnonymous": None, "useXForwarded": True}),
        directory=FakeDirectory(),
        telemetry=telemetry,
        clock=reactor,
        mode="normal",
        base_url="",
        ban=ban,
    )

    def proceed(agreed: bytes | None, peer: Any) -> Any:
        return site.connect(Listener("https"), peer, None, agreed)

    factory = accept(Creator(site), Handshakes("https", proceed, 10.0, reactor, telemetry))
    port = reactor.listenTCP(0, factory, interface="127.0.0.1", backlog=1024)
    reactor.addSystemEventTrigger("before", "shutdown", site.shut_down)
    print(f"listening {port.getHost().port}", flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
