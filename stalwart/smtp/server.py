"""The server factory of a listener: takes connections within limits, and lets them end in peace."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure

from stalwart.codec.smtp import replies
from stalwart.codec.smtp_reply import Reply
from stalwart.directory.places import CONNECTIONS, MemoryPlaces, Places
from stalwart.smtp.connection import Connection
from stalwart.smtp.policy import Policy
from stalwart.telemetry.events import SMTP_CONCURRENCY_LIMIT
from stalwart.telemetry.measures import SMTP_CONNECTION_DURATION
from stalwart.web.connection import Listener, peer_ip

_EACH = "smtp connections of an address"
_ALL = CONNECTIONS[1]


class SmtpFactory(ServerFactory):
    """Serves by ``policy``, which may be replaced: connections that are open keep theirs.

    ``places`` counts connections, by listener and by client (an IPv4 address, or a /64 of IPv6), together with other
    processes where it does. Clients that ``spares`` names may have as many as they like.
    """

    noisy = False

    def __init__(
        self,
        listener: Listener,
        policy: Policy,
        places: Places | None = None,
        spares: Callable[[str], bool] = lambda ip: False,
    ) -> None:
        self.listener = listener
        self.policy = policy
        self.connections: set[Connection] = set()
        self._places = places if places is not None else MemoryPlaces()
        self._spares = spares
        self._delivering: set[Connection] = set()  # whose clients are gone
        self._ended: Deferred[None] | None = None
        self._stopped = False

    def buildProtocol(self, addr: Any) -> Protocol:
        """Twisted calls this."""
        if self._stopped:
            return SentAway(replies.CLOSING)
        limits, ip = self.policy.limits, peer_ip(addr)
        key = _neighbourhood(ip)
        if not self._places.take(_ALL, self.listener.name, limits.connections):
            return self._send_away(ip, replies.TOO_MANY_CONNECTIONS, limits.connections)
        if not self._places.take(_EACH, key, None if self._spares(ip) else limits.connections_each):
            self._places.free(_ALL, self.listener.name)
            return self._send_away(ip, replies.TOO_MANY_FROM_YOU, limits.connections_each)
        connection = Connection(self, addr, key)
        self.connections.add(connection)
        return connection

    def closed(self, connection: Connection, elapsed: float) -> None:
        """A connection is over, after ``elapsed`` seconds."""
        self.connections.discard(connection)
        self._places.free(_EACH, connection.key)
        self._places.free(_ALL, self.listener.name)
        self.policy.telemetry.series(SMTP_CONNECTION_DURATION).observe(elapsed)
        if connection.is_delivering:
            self._delivering.add(connection)
        self._look_whether_ended()

    def delivered(self, connection: Connection) -> None:
        """What was begun on a connection that is over has ended."""
        self._delivering.discard(connection)
        self._look_whether_ended()

    async def close(self, grace: float) -> None:
        """Accept nothing more, let messages end that have begun; after ``grace`` seconds abort what is left."""
        self._stopped = True
        for connection in tuple(self.connections):
            connection.shut_down()
        if not self.connections and not self._delivering:
            return
        self._ended = Deferred()
        late = self.policy.clock.callLater(grace, self._give_up)
        await self._ended
        if late.active():
            late.cancel()

    def _give_up(self) -> None:
        for connection in tuple(self.connections):
            connection.abort()
        ended, self._ended = self._ended, None
        if ended is not None:
            ended.callback(None)

    def _look_whether_ended(self) -> None:
        if self._ended is not None and not self.connections and not self._delivering:
            ended, self._ended = self._ended, None
            ended.callback(None)

    def _send_away(self, ip: str, answer: Reply, limit: int | None) -> Protocol:
        self.policy.telemetry.emit(SMTP_CONCURRENCY_LIMIT, listenerId=self.listener.name, remoteIp=ip, limit=limit)
        return SentAway(answer)


class SentAway(Protocol):
    """A connection that is refused with one answer (RFC 5321 3.1, 3.8)."""

    def __init__(self, answer: Reply) -> None:
        self._answer = answer

    def connectionMade(self) -> None:
        """Answer at once."""
        transport: Any = self.transport
        transport.write(replies.encode(self._answer))
        transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing is held."""


@lru_cache(maxsize=4096)
def _neighbourhood(ip: str) -> str:
    """What one client is taken to have: an IPv4 address, or a /64 of IPv6 (RFC 6177)."""
    if ":" not in ip:
        return ip
    try:
        return str(ip_network((ip_address(ip), 64), strict=False))
    except ValueError:
        return ip
