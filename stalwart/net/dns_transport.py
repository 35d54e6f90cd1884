"""One question to one name server, over UDP, TCP or TLS (RFC 1035 4.2, RFC 7766, RFC 7858).

Every UDP query has a socket of its own, connected to the server and bound to a port that the kernel picks at
random (RFC 5452 9.2), so that only datagrams from the asked address and port arrive; those that do not match
are ignored and the wait goes on. Streams carry one query each. Time-outs are the caller's: cancelling closes
the socket at once.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable
from typing import Any, Literal

from attrs import field, frozen
from OpenSSL.SSL import Error as TlsError
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP6ClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import optionsForClientTLS
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.net.dns_message import Match, Query

PORT, TLS_PORT = 53, 853
_LARGEST_DATAGRAM = 4096
_READS_PER_TURN = 16  # a flood of forged datagrams must not hold up the reactor
_CONNECT_LIMIT = 30.0  # a bound of last resort; callers have shorter ones


@frozen
class NameServer:
    """Where to ask: an IP address, with a zone where it needs one. ``trusted``: its AD bit is believed.
    ``tls_name``: whom its certificate must name, else the address.
    """

    address: str = field(validator=lambda _server, _field, value: _check_ip(value))
    port: int = PORT
    protocol: Literal["udp", "tcp", "tls"] = "udp"
    trusted: bool = False
    tls_name: str | None = None


class Unreachable(Exception):
    """The server could not be asked, or broke off; the message says how."""


class Transport:
    """Exchanges octets with name servers. ``trust_root`` is for tests: the CAs that TLS servers are checked
    with.
    """

    def __init__(self, reactor: Any, trust_root: Any = None) -> None:
        self._reactor = reactor
        self._trust_root = trust_root
        self._tls: dict[str, Any] = {}

    def datagram(self, server: NameServer, query: Query) -> Deferred[bytes]:
        """The first datagram that matches ``query``, in spite of different letter case even.

        :raises Unreachable: no socket, no route, or nobody listens there.
        """
        return _Datagram(self._reactor, server, query).ask()

    async def stream(self, server: NameServer, query: Query) -> bytes:
        """The reply to ``query`` over TCP, or TLS where the server is reached so.

        :raises Unreachable: no connection, a certificate that does not verify, closed early, or a foreign
        reply.
        """
        kind = TCP6ClientEndpoint if ":" in server.address else TCP4ClientEndpoint
        endpoint: Any = kind(self._reactor, server.address, server.port, timeout=_CONNECT_LIMIT)
        if server.protocol == "tls":
            endpoint = wrapClientTLS(self._tls_options(server.tls_name or server.address), endpoint)
        exchange = _Stream(query)
        factory = _Once(exchange)
        connect: Callable[..., Deferred[Any]] = endpoint.connect
        try:
            await connect(factory)
        except CancelledError:
            raise
        except Exception as problem:
            raise Unreachable(f"no connection to the name server: {problem}") from problem
        return await exchange.reply

    def _tls_options(self, name: str) -> Any:
        if name not in self._tls:
            root = {} if self._trust_root is None else {"trustRoot": self._trust_root}
            self._tls[name] = optionsForClientTLS(name, **root)
        return self._tls[name]


class _Once(Factory):
    """Makes the one protocol that it is given, without a word in the log."""

    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: Any) -> Protocol:
        """The connection is there."""
        return self._protocol


@implementer(IReadDescriptor)
class _Datagram:
    """A connected UDP socket for one query.

    Twisted's own UDP port writes two log lines for each socket and closes it a turn later, too much for one
    lookup.
    """

    def __init__(self, reactor: Any, server: NameServer, query: Query) -> None:
        self._reactor = reactor
        self._server = server
        self._query = query
        self._socket: socket.socket | None = None
        self._descriptor = -1
        self._reply: Deferred[bytes] = Deferred(lambda _: self._close())

    def ask(self) -> Deferred[bytes]:
        """Send the query; the Deferred fires with the reply."""
        family = socket.AF_INET6 if ":" in self._server.address else socket.AF_INET
        try:
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._descriptor = self._socket.fileno()
            self._socket.setblocking(False)
            self._socket.connect((self._server.address, self._server.port))
            self._socket.send(self._query.wire)
        except OSError as problem:
            self._fail(problem)
        else:
            self._reactor.addReader(self)
        return self._reply

    def fileno(self) -> int:
        """The descriptor to wait for; it stays when closed, else the reactor would look for it among all
        others.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """Named by the reactor in its log."""
        return "DNS"

    def doWrite(self) -> None:
        """Nothing waits to be written; an event that was meant for the former owner of the descriptor may come."""

    def doRead(self) -> None:
        """Take what has arrived; errors that the network reports end the wait."""
        for _ in range(_READS_PER_TURN):
            if self._socket is None:
                return
            try:
                data = self._socket.recv(_LARGEST_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as problem:
                self._fail(problem)
                return
            if self._query.match(data) is not Match.NO:
                self._close()
                self._reply.callback(data)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor gives the socket up: the kernel reported an error, or the reactor stops."""
        if self._socket is not None:
            error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._fail(OSError(error, os.strerror(error) if error else "the socket was closed"))

    def _fail(self, problem: OSError) -> None:
        self._close()
        self._reply.errback(Unreachable(f"the name server cannot be asked: {problem.strerror or problem}"))

    def _close(self) -> None:
        if self._socket is not None:
            self._reactor.removeReader(self)
            self._socket.close()
            self._socket = None


class _Stream(Protocol):
    """One query and one reply, each behind its length (RFC 1035 4.2.2)."""

    transport: Any = None

    def __init__(self, query: Query) -> None:
        self.reply: Deferred[bytes] = Deferred(lambda _: self._hang_up())
        self._query = query
        self._buffer = bytearray()
        self._over = False

    def connectionMade(self) -> None:
        """Send the query."""
        self.transport.write(len(self._query.wire).to_bytes(2, "big") + self._query.wire)

    def dataReceived(self, data: bytes) -> None:
        """Collect one message, 65,535 octets at most; what follows it is not wanted."""
        if self._over:
            return
        self._buffer += data
        if len(self._buffer) < 2:
            return
        end = 2 + int.from_bytes(self._buffer[:2], "big")
        if len(self._buffer) < end:
            return
        message = bytes(self._buffer[2:end])
        if self._query.match(message) is Match.NO:
            self._end(lambda: self.reply.errback(Unreachable("the name server answered something else")))
        else:
            self._end(lambda: self.reply.callback(message))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Without a reply so far this is a failure."""
        if not self._over:
            self._over = True
            self.reply.errback(Unreachable(f"the name server broke off: {_broken_off(reason)}"))

    def _end(self, outcome: Callable[[], None]) -> None:
        self._hang_up()
        outcome()

    def _hang_up(self) -> None:
        self._over = True
        self._buffer.clear()
        if self.transport is not None:
            self.transport.abortConnection()


def _check_ip(address: str) -> None:
    """A host name here would make the socket look it up, and block."""
    ipaddress.ip_address(address)


def _broken_off(reason: Failure) -> str:
    if isinstance(reason.value, ConnectionDone | ConnectionLost):
        return "connection closed"
    if isinstance(reason.value, TlsError | VerificationError):
        return "TLS could not be established with its certificate"
    return reason.getErrorMessage()
