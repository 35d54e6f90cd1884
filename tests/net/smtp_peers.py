"""Mail servers for tests: one that is played by hand in memory, and one on loopback that follows a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.net.smtp import SmtpConnection
from tests.net.certificates import Issued


class PlayedTransport(StringTransport):
    """Remembers how it was closed, and closes when asked to."""

    protocol: Any = None
    aborted = False

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def abortConnection(self) -> None:
        if not self.aborted:
            self.aborted = True
            self.protocol.connectionLost(Failure(ConnectionAborted()))


class PlayedServer:
    """A server whose lines the test writes: ``says`` delivers bytes, ``heard`` is what the client sent."""

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self.transport = PlayedTransport()

    def connect(self, timeout: float = 5) -> SmtpConnection:
        """A client that is connected to this server."""
        made = Deferred.fromCoroutine(SmtpConnection.connect(self.reactor, "192.0.2.1", 25, timeout=timeout))
        factory = self.reactor.tcpClients[-1][2]
        self.protocol = factory.buildProtocol(None)
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)
        found: list[SmtpConnection] = []
        made.addCallback(found.append)
        return found[0]

    def says(self, data: bytes) -> None:
        if not self.transport.aborted:
            self.protocol.dataReceived(data)

    def hangs_up(self, reason: BaseException | None = None) -> None:
        self.protocol.connectionLost(Failure(reason or ConnectionDone()))

    def heard(self) -> bytes:
        heard = self.transport.value()
        self.transport.clear()
        return heard


@implementer(IOpenSSLServerConnectionCreator)
class ServerOptions:
    """The TLS side of a test server."""

    def __init__(self, issued: Issued, *, only: int | None = None) -> None:
        self.context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self.context.use_privatekey(issued.key)
        self.context.use_certificate(issued.certificate)
        for certificate in issued.chain:
            self.context.add_extra_chain_cert(certificate)
        if only is not None:
            self.context.set_max_proto_version(only)
        self.names: list[bytes | None] = []
        self.context.set_tlsext_servername_callback(lambda connection: self.names.append(connection.get_servername()))

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        return SSL.Connection(self.context, None)


class ScriptedServer(LineReceiver):
    """Greets, and answers each verb with what the script has for it; STARTTLS starts TLS, or makes deaf
    without it.
    """

    factory: ScriptedFactory

    def connectionMade(self) -> None:
        self.factory.connections.append(self)
        if self.factory.greeting:
            self.transport.write(self.factory.greeting)

    def lineReceived(self, line: bytes) -> None:
        self.factory.lines.append(line)
        verb = line.split(b" ", 1)[0].upper()
        answer = self.factory.script.get(verb, b"502 5.5.2 not known\r\n")
        if callable(answer):
            self.setRawMode()
            answer(self)
            return
        self.transport.write(answer)
        if verb == b"QUIT":
            self.transport.loseConnection()
        if verb == b"STARTTLS" and answer.startswith(b"220"):
            if self.factory.tls is None:
                self.setRawMode()
            else:
                self.transport.startTLS(self.factory.tls)

    def rawDataReceived(self, data: bytes) -> None:
        """What a server that went deaf does not hear."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.connections.remove(self)


class ScriptedFactory(Factory):
    """``script`` maps a verb to its answer, or to something that is called with the server, which then hears
    no more.
    """

    protocol = ScriptedServer
    noisy = False

    def __init__(
        self,
        tls: ServerOptions | None = None,
        greeting: bytes = b"220 mx.example.test ESMTP\r\n",
        **script: bytes | Callable[[ScriptedServer], object],
    ) -> None:
        self.tls = tls
        self.greeting = greeting
        self.lines: list[bytes] = []
        self.connections: list[Protocol] = []
        self.script: dict[bytes, Any] = {
            b"EHLO": b"250-mx.example.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n",
            b"STARTTLS": b"220 2.0.0 go ahead\r\n",
            b"MAIL": b"250 2.1.0 ok\r\n",
            b"RCPT": b"250 2.1.5 ok\r\n",
            b"QUIT": b"221 2.0.0 bye\r\n",
        }
        self.script.update({verb.encode("ascii"): answer for verb, answer in script.items()})
