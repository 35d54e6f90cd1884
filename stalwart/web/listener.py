"""What happens to a TCP connection before it is served: PROXY header, block list, limit, TLS (http-service 1.2).

``wrap_listener`` gives the factory to listen with. A connection that is refused here is closed without a byte: first
the PROXY header of a trusted proxy, then the block list, then the limit, and only then TLS. The PROXY header is read by
``codec.proxy_protocol``; which names TLS answers to is the business of the context creator that is passed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from typing import Protocol as Interface

from twisted.internet.interfaces import IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.codec.ip_networks import NetworkSet
from stalwart.codec.proxy_protocol import Header, Incomplete, parse
from stalwart.config.network.listener import NetworkListener
from stalwart.directory.places import CONNECTIONS, Places
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import LIMIT_CONCURRENT_CONNECTION, NETWORK_PROXY_ERROR, SECURITY_IP_BLOCKED
from stalwart.tls.accepting import Handshakes, accept
from stalwart.web.bans import Bans
from stalwart.web.clock import Clock
from stalwart.web.connection import Listener, ProxiedAddress, peer_ip

PROXY_TIMEOUT = 10
_CONNECTIONS = CONNECTIONS[0]


class Serving(Interface):
    """Whoever serves the connections of a listener: the site, or a server of mail.

    ``connect`` gives the protocol for a connection from ``peer``; ``agreed`` is what ALPN has chosen. ``owner`` is to
    be told when it is open, unless ``owner.has_entered``, and when it is gone.
    """

    telemetry: Telemetry
    places: Places

    @property
    def bans(self) -> Bans: ...
    @property
    def closing(self) -> bool: ...
    def connect(self, listener: Listener, peer: Any, owner: Any, agreed: bytes | None = None) -> Any: ...


class ListenerFactory(ServerFactory):
    """Connections of one listener on their way to ``site``; ``connections`` is how many are open."""

    noisy = False
    has_entered = False

    def __init__(
        self,
        site: Serving,
        listener: Listener,
        *,
        trusted_proxies: NetworkSet,
        max_connections: int | None,
        clock: Clock,
        tls: Any = None,
        tls_limit: float | None = None,
    ) -> None:
        self._site = site
        self._listener = listener
        self._trusted = trusted_proxies
        self._most = max_connections
        self._clock = clock
        self._inner: Any = _Plain(self)
        if tls is not None:
            handshakes = Handshakes(
                listener.name, self.secured, tls_limit, clock, site.telemetry, counting=self, address=peer_ip
            )
            self._inner = accept(tls, handshakes)

    @property
    def connections(self) -> int:
        """Open connections of the listener over all its addresses."""
        return self._site.places.taken(_CONNECTIONS, self._listener.name)

    def entered(self) -> None:
        """A connection is open."""
        self._site.places.take(_CONNECTIONS, self._listener.name, None)

    def left(self) -> None:
        """It is gone."""
        self._site.places.free(_CONNECTIONS, self._listener.name)

    def doStart(self) -> None:
        """Twisted calls this; the factories inside have nothing to start."""

    def doStop(self) -> None:
        """Twisted calls this."""

    def buildProtocol(self, addr: Any) -> Any:
        """The protocol for a new connection from ``addr``, None to close it."""
        if peer_ip(addr) in self._trusted:
            return _ProxyHeader(self, addr)
        return self.admitted(addr)

    def admitted(self, peer: Any) -> Any:
        """The protocol for a connection from ``peer``, after any PROXY header; None if it is kept out."""
        bans, telemetry = self._site.bans, self._site.telemetry
        if bans.any and bans.blocked(peer_ip(peer)):
            telemetry.emit(SECURITY_IP_BLOCKED, listenerId=self._listener.name, remoteIp=peer_ip(peer))
            return None
        if self._most is not None and self.connections >= self._most:
            telemetry.emit(LIMIT_CONCURRENT_CONNECTION, listenerId=self._listener.name, limit=self._most)
            return None
        return self._inner.buildProtocol(peer)

    def channel(self, peer: Any) -> Any:
        """The HTTP connection itself, without TLS."""
        return self._site.connect(self._listener, peer, self)

    def secured(self, agreed: bytes | None, peer: Any) -> Any:
        """The HTTP connection itself, when TLS is there; ``agreed`` is what ALPN has chosen, None without it.

        None if the server has begun to stop: nobody would end the connection.
        """
        if self._site.closing:
            return None
        return self._site.connect(self._listener, peer, _Entered(self), agreed)

    def call_later(self, seconds: float, what: Any) -> Any:
        """On the listener's clock."""
        return self._clock.callLater(seconds, what)

    def refused_header(self, peer: Any, reason: str) -> None:
        """A trusted proxy sent no valid PROXY header."""
        self._site.telemetry.emit(
            NETWORK_PROXY_ERROR, listenerId=self._listener.name, remoteIp=peer_ip(peer), reason=reason
        )


class _Entered:
    """The owner of a connection that was counted when its handshake began."""

    has_entered = True

    def __init__(self, listener: ListenerFactory) -> None:
        self._listener = listener

    def entered(self) -> None:
        """It was told already."""

    def left(self) -> None:
        """The connection is gone."""
        self._listener.left()


class _Plain(ServerFactory):
    """Connections without TLS."""

    noisy = False

    def __init__(self, listener: ListenerFactory) -> None:
        self._listener = listener

    def buildProtocol(self, addr: Any) -> Any:
        return self._listener.channel(addr)


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class _ProxyHeader(Protocol):
    """Reads the PROXY header, then stands aside: everything goes to the protocol that it made."""

    transport: Any

    def __init__(self, factory: ListenerFactory, peer: Any) -> None:
        self._listener = factory
        self._peer = peer
        self._data = b""
        self._inner: Any = None
        self._deadline: Any = None

    def connectionMade(self) -> None:
        """Twisted calls this."""
        self._deadline = self._listener.call_later(PROXY_TIMEOUT, self._late)

    def dataReceived(self, data: bytes) -> None:
        """Twisted calls this."""
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        self._data += data
        header = parse(self._data)
        if isinstance(header, Header):
            self._hand_over(header)
        elif not isinstance(header, Incomplete):
            self._refuse(header.reason)

    def handshakeCompleted(self) -> None:
        """TLS has begun in the middle of the connection."""
        if IHandshakeListener.providedBy(self._inner):
            self._inner.handshakeCompleted()

    def readConnectionLost(self) -> None:
        """The client has closed its half."""
        if IHalfCloseableProtocol.providedBy(self._inner):
            self._inner.readConnectionLost()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Our half is closed."""

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Twisted calls this."""
        self._settle()
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.connectionLost(reason)

    def _hand_over(self, header: Header) -> None:
        self._settle()
        peer = self._peer
        if not header.local and header.source_ip is not None:
            peer = ProxiedAddress(header.source_ip, header.source_port or 0, header.tls, peer_ip(peer))
        rest, self._data = self._data[header.length :], b""
        inner = self._listener.admitted(peer)
        if inner is None:
            self._drop()
            return
        self._inner = inner
        inner.makeConnection(self.transport)
        if rest:
            inner.dataReceived(rest)

    def _late(self) -> None:
        self._deadline = None
        self._refuse("no header in time")

    def _refuse(self, reason: str) -> None:
        self._settle()
        self._listener.refused_header(self._peer, reason)
        self._drop()

    def _settle(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _drop(self) -> None:
        self._data = b""
        self.transport.abortConnection()


def wrap_listener(
    site: Serving,
    listener: NetworkListener,
    *,
    clock: Clock,
    proxy_trusted_networks: Iterable[str] = (),
    system_max_connections: int | None = None,
    bind_ip: str | None = None,
    tls: Any = None,
) -> ListenerFactory:
    """The factory to listen with for one stored listener.

    ``proxy_trusted_networks`` and ``system_max_connections`` are those of SystemSettings, in force where the listener
    has none of its own; ``bind_ip`` is what rules see as ``local_ip``; ``tls`` (an
    ``IOpenSSLServerConnectionCreator``) makes it an implicit TLS listener.
    """
    own = listener.override_proxy_trusted_networks
    most = listener.max_connections if listener.max_connections is not None else system_max_connections
    return ListenerFactory(
        site,
        Listener(listener.name, bind_ip, listener.socket_no_delay),
        trusted_proxies=NetworkSet(own or proxy_trusted_networks),
        max_connections=most,
        clock=clock,
        tls=tls,
        tls_limit=listener.tls_timeout / 1000 if listener.tls_timeout is not None else None,
    )
