"""An LDAP server that a test plays by hand in memory: ``says`` delivers messages, ``heard`` is what was asked."""

from __future__ import annotations

from typing import Any

from ldaptor.protocols import pureber, pureldap
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from stalwart.net.ldap import LdapConnection, LdapServer, connect
from stalwart.net.tls import TrustStore
from tests.net.smtp_peers import PlayedTransport

SERVER = LdapServer("192.0.2.1", 389)
ADDRESS = b"alice@example.test"

_CONTEXT = pureldap.LDAPBERDecoderContext_TopLevel(
    inherit=pureldap.LDAPBERDecoderContext_LDAPMessage(
        fallback=pureldap.LDAPBERDecoderContext(fallback=pureber.BERDecoderContext()),
        inherit=pureldap.LDAPBERDecoderContext(fallback=pureber.BERDecoderContext()),
    )
)


def read_requests(data: bytes) -> list[Any]:
    """The messages in ``data`` as ldaptor reads them."""
    found = []
    while data:
        message, size = pureber.berDecodeObject(_CONTEXT, data)
        found.append(message)
        data = data[size:]
    return found


def message(id: int, operation: Any) -> bytes:
    """A message as bytes."""
    wire: bytes = pureldap.LDAPMessage(operation, id=id).toWire()
    return wire


def entry(dn: str, **attributes: list[str]) -> Any:
    """A found entry."""
    return pureldap.LDAPSearchResultEntry(dn, list(attributes.items()))


def done(code: int = 0, text: str = "") -> Any:
    """The end of a search."""
    return pureldap.LDAPSearchResultDone(code, errorMessage=text)


class LdapTransport(PlayedTransport):
    """Also closes in good order, and starts a TLS of which nothing is true."""

    closed = False
    secured: Any = None

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.kept_alive = enabled

    def loseConnection(self) -> None:
        self.closed = True

    def startTLS(self, options: Any) -> None:
        self.secured = options


class PlayedLdap:
    """One connection to a server that the test plays."""

    def __init__(self, server: LdapServer = SERVER) -> None:
        self.reactor = MemoryReactorClock()
        self.transport = LdapTransport()
        self.connecting = Deferred.fromCoroutine(connect(self.reactor, server, TrustStore(), timeout=5))
        self.protocol = self.reactor.tcpClients[-1][2].buildProtocol(None)
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)

    def connection(self) -> LdapConnection:
        """The connection that has been made."""
        found: list[LdapConnection] = []
        self.connecting.addCallback(found.append)
        return found[0]

    def heard(self) -> list[Any]:
        """The requests since the last time."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return read_requests(data)

    def says(self, *operations: Any, id: int = 1) -> None:
        """Answer, all in one packet."""
        self.sends(b"".join(message(id, operation) for operation in operations))

    def sends(self, data: bytes) -> None:
        self.protocol.dataReceived(data)

    def hangs_up(self, reason: BaseException | None = None) -> None:
        self.protocol.connectionLost(Failure(reason or ConnectionDone()))
