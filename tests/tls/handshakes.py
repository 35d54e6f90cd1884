"""TLS of a listener in memory: certificates that differ in what matters, connections, and what clients see of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.listener import NetworkListener
from stalwart.telemetry import Telemetry
from stalwart.tls.accepting import Counting, Handshakes, accept
from stalwart.tls.contexts import HTTP_1_1, ServerCreator, ServerTls
from stalwart.tls.pairs import Pair, read_pair
from stalwart.tls.selection import Certificates
from tests.codec.pem import certificate, key, named, pem
from tests.tls.client import TlsClient
from tests.web.client import Wire

NOW = 1_800_000_000
DAY = 86_400
AUTHORITY = "Authority"
OWN_NAME = "mail.example.test"
EXAMPLE = b"x-example"


@cache
def authority_pem(which: int = 0) -> str:
    """The certificate of an issuer; another one of the same name for each ``which``."""
    return certificate(named(AUTHORITY), key("p256", 90 + which), authority=True)


@cache
def pair(*names: str, kind: str = "p256", which: int = 0, issuers: Sequence[str] = ()) -> Pair:
    """A certificate for ``names``; another one for each ``which``."""
    private = key(kind, which)
    subjects = [x509.DNSName(name) for name in names]
    leaf = certificate([], private, named(AUTHORITY), subjects)
    return read_pair("".join((leaf, *issuers)), pem(private))


def leaf_of(client: TlsClient) -> bytes:
    """The certificate that the server has shown, in DER."""
    found: Any = client.connection.get_peer_certificate(as_cryptography=True)
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(found.public_bytes(Encoding.DER))


def names_of(client: TlsClient) -> set[str]:
    """The names in the certificate that the server has shown."""
    found: Any = client.connection.get_peer_certificate(as_cryptography=True)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names.get_values_for_type(x509.DNSName))


def is_resumed(client: TlsClient) -> bool:
    """Whether the handshake has resumed a session."""
    raw: Any = client.connection
    library: Any = SSL
    return bool(library._lib.SSL_session_reused(raw._ssl))


class Echo(Protocol):
    """Sends back what comes; ``seen`` is what it was told."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(data)

    def connectionLost(self, reason: Failure = Failure(Exception("unknown"))) -> None:
        self.seen.append(reason)


class Challenged:
    """Challenges by name."""

    def __init__(self, **pairs: Pair) -> None:
        self.is_on = True
        self.pairs = {name.replace("_", "."): found for name, found in pairs.items()}
        self.asked: list[str] = []

    def pair_for(self, name: str) -> Pair | None:
        """See ``stalwart.tls.selection.Challenges``."""
        self.asked.append(name)
        return self.pairs.get(name)


class TlsCase(SynchronousTestCase):
    """``self.server`` serves what ``self.served`` chooses from; events are in ``self.events``."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.telemetry = Telemetry()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(lambda event, values: self.events.append((event.id, values)))
        self.served = Certificates(self.clock, self.telemetry, lambda: (OWN_NAME,))
        self.challenges = Challenged()
        self.server = ServerTls(self.served, self.challenges, self.clock, self.telemetry)

    def serve(self, *pairs: Pair, default: int | None = None) -> None:
        """Serve these, by their place."""
        self.served.replace(dict(enumerate(pairs)), default)

    def creator(self, name: str = "https", protocols: Sequence[bytes] = (HTTP_1_1,), **settings: Any) -> ServerCreator:
        """What makes TLS for a listener with these settings."""
        wire = {"name": name, "bind": {"[::]:443": True}} | settings
        return self.server.creator(NetworkListener.from_wire(wire), protocols)

    def handshakes(self, **given: Any) -> Handshakes:
        """Those of a listener that echoes."""
        proceed = given.pop("proceed", lambda agreed, peer: Echo())
        limit: float | None = given.pop("limit", None)
        counting: Counting | None = given.pop("counting", None)
        return Handshakes("https", proceed, limit, self.clock, self.telemetry, counting, **given)

    def connect(self, creator: ServerCreator, **client: Any) -> TlsClient:
        """A client that has yet to shake hands."""
        protocol, wire = self.accepted(creator, self.handshakes())
        return TlsClient(protocol, wire, settle=lambda: self.clock.advance(0), **client)

    def accepted(self, creator: ServerCreator, handshakes: Handshakes) -> tuple[Any, Wire]:
        """The server's side of a new connection."""
        wire = Wire()
        protocol: Any = accept(creator, handshakes).buildProtocol(wire.getPeer())
        protocol.makeConnection(wire)
        return protocol, wire

    def shaken(self, creator: ServerCreator, **client: Any) -> TlsClient:
        """A client that has shaken hands."""
        made = self.connect(creator, **client)
        made.shake()
        return made

    def ids(self) -> list[str]:
        """The events so far."""
        return [id for id, _ in self.events]
