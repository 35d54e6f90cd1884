"""The handshake of an accepted connection: within its time, told of in words, then whatever was agreed (RFC 7301).

``accept`` gives the factory to listen with. The protocol that speaks over TLS is chosen and made when the handshake is
over, so it may depend on what was agreed; until then an ``Accepting`` stands in its place, which costs nothing
afterwards. A certificate authority that came for its challenge (RFC 8737) is not served anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import Protocol as Interface

from attrs import frozen
from OpenSSL import SSL
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHandshakeListener, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import TLS_HANDSHAKE, TLS_HANDSHAKE_ERROR
from stalwart.tls.contexts import ACME_TLS, reason_of

PARTING = 5.0
"""Seconds that an authority has to close the connection."""

_WORDS = {
    "http request": "the client does not speak TLS, but HTTP",
    "https proxy request": "the client does not speak TLS, but HTTP",
    "wrong version number": "the client does not speak TLS",
    "unsupported protocol": "no version of TLS in common",
    "no shared cipher": "no cipher suite in common",
    "no suitable key share": "no key exchange in common",
    "no shared groups": "no key exchange in common",
}
_ALERT = " alert "


class Counting(Interface):
    """Whoever counts open connections."""

    def entered(self) -> None: ...
    def left(self) -> None: ...


@frozen
class Handshakes:
    """Those of a listener.

    ``proceed(agreed, peer)`` gives what speaks once TLS does, ``agreed`` being the protocol of ALPN or None; None from
    it ends the connection. ``counting`` counts the connection from its begin; when it ends after the handshake that is
    to be told by whoever came from ``proceed``. ``limit`` is in seconds, None for none; ``address(peer)`` is what
    events tell of the client.
    """

    listener: str
    proceed: Callable[[bytes | None, Any], Any]
    limit: float | None
    clock: Any
    telemetry: Telemetry
    counting: Counting | None = None
    address: Callable[[Any], str] = lambda peer: getattr(peer, "host", "")


def accept(tls: IOpenSSLServerConnectionCreator, handshakes: Handshakes) -> TLSMemoryBIOFactory:
    """The factory for connections that begin with TLS."""
    acceptor: Any = _Acceptor(handshakes)
    factory = TLSMemoryBIOFactory(tls, False, acceptor, handshakes.clock)
    factory.protocol = _Accepted
    return factory


class _Accepted(BufferingTLSTransport):
    """Twisted's, whose ``makeConnection`` declares nine interfaces one by one and then all at once: 12 us."""

    def makeConnection(self, transport: Any) -> None:
        creator: Any = self.factory
        self._tlsConnection = creator._creatorCallable(self)
        self._appSendBuffer: list[bytes] = []
        ProtocolWrapper.makeConnection(self, transport)
        self._checkHandshakeStatus()


class _Acceptor(ServerFactory):
    noisy = False

    def __init__(self, handshakes: Handshakes) -> None:
        self._handshakes = handshakes

    def buildProtocol(self, addr: Any) -> Accepting:
        return Accepting(self._handshakes, addr)


@implementer(IHandshakeListener)
class Accepting(Protocol):
    """A connection from ``peer`` during its handshake."""

    transport: Any
    _deadline: Any = None
    _is_late = _is_over = False

    def __init__(self, handshakes: Handshakes, peer: Any) -> None:
        self._handshakes = handshakes
        self._peer = peer

    def connectionMade(self) -> None:
        """Twisted calls this before the handshake."""
        handshakes = self._handshakes
        if handshakes.counting is not None:
            handshakes.counting.entered()
        if handshakes.limit is not None:
            self._deadline = handshakes.clock.callLater(handshakes.limit, self._give_up)

    def handshakeCompleted(self) -> None:
        """Twisted calls this: make way for what speaks from now on."""
        self._settle()
        self._is_over = True
        tls = self.transport
        agreed = tls.negotiatedProtocol
        self._tell(tls.getHandle())
        if agreed == ACME_TLS:
            self._deadline = self._handshakes.clock.callLater(PARTING, self._part)
            tls.loseConnection()  # waits for the client to say the same
            return
        protocol = self._handshakes.proceed(agreed, self._peer)
        if protocol is None:
            tls.abortConnection()
            return
        tls.wrappedProtocol = protocol
        protocol.makeConnection(tls)

    def dataReceived(self, data: bytes) -> None:
        """Nothing is wanted of a client that is not served."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted calls this if there was no handshake, or nothing to say after it."""
        self._settle()
        handshakes = self._handshakes
        if not self._is_over:
            handshakes.telemetry.emit(
                TLS_HANDSHAKE_ERROR,
                listenerId=handshakes.listener,
                remoteIp=handshakes.address(self._peer),
                reason=lambda: self._words(reason.value),
            )
        if handshakes.counting is not None:
            handshakes.counting.left()

    def _tell(self, connection: SSL.Connection) -> None:
        handshakes = self._handshakes
        handshakes.telemetry.emit(
            TLS_HANDSHAKE,
            listenerId=handshakes.listener,
            remoteIp=handshakes.address(self._peer),
            version=connection.get_protocol_version_name,
            details=connection.get_cipher_name,
        )

    def _give_up(self) -> None:
        self._deadline = None
        self._is_late = True
        self.transport.abortConnection()

    def _part(self) -> None:
        self._deadline = None
        self.transport.abortConnection()

    def _settle(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _words(self, problem: BaseException | None) -> str:
        if self._is_late:
            return f"no handshake within {self._handshakes.limit:g} seconds"
        if isinstance(problem, ConnectionDone | ConnectionLost):
            return "the client left"
        said = reason_of(problem) if isinstance(problem, Exception) else ""
        _, alert, meaning = said.partition(_ALERT)
        return f"the client refuses: {meaning}" if alert else _WORDS.get(said, said)
