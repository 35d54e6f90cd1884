"""The HTTP service as one factory: routes, front, open connections, their clock (design.md 8).

``build_site`` is the composition root of this package. The factory answers connections by itself, as one anonymous
listener, or behind ``listener.wrap_listener``. Twisted's access log is not used; requests are events.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.http import HTTPFactory

from stalwart.codec.expression import ExpressionIO
from stalwart.directory.places import MemoryPlaces, Places
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    NETWORK_TIMEOUT,
    RESOURCE_ERROR,
)
from stalwart.telemetry.faults import tell_fault
from stalwart.telemetry.measures import HTTP_CONNECTION_DURATION
from stalwart.tls.contexts import HTTP_1_1
from stalwart.web.access import Directory
from stalwart.web.access_log import log_exchange
from stalwart.web.answer_count import AnswerCount
from stalwart.web.answers import Answer, EventStream, WebSocket
from stalwart.web.bans import Ban, Bans, Failures
from stalwart.web.body import Body
from stalwart.web.clock import Clock
from stalwart.web.compression import LEAST, Compression
from stalwart.web.connection import Connection, Listener, OpenConnection, Owner
from stalwart.web.cors import with_origin
from stalwart.web.exchange import Exchange
from stalwart.web.forwarding import Forwarding
from stalwart.web.front import Front, Mode, read_front
from stalwart.web.head import RequestHead
from stalwart.web.limits import Counters, Limits
from stalwart.web.pipeline import Changes, Pipeline
from stalwart.web.problems import fault
from stalwart.web.protocol import Channel
from stalwart.web.response import AddedHeaders, DateLine, UnsafeHeaderError, response_head, socket_head, stream_head
from stalwart.web.route_table import RouteTable
from stalwart.web.routes import Route
from stalwart.web.sse import Streams

HTTP_2 = b"h2"
TICK = 1.0
LAST_WORDS = 1.0
"""Seconds before the end in which clients are told that they will not be answered."""
_BARE = AddedHeaders()


class Site(HTTPFactory):
    """All connections of the service. ``front`` is the present settings snapshot; ``leaving`` when each answer is the
    last one on its connection, ``closing`` once it stops.

    ``places`` count the open connections of each listener.
    """

    noisy = False

    def __init__(self, pipeline: Pipeline, telemetry: Telemetry, clock: Clock, places: Places | None = None) -> None:
        super().__init__(reactor=clock)  # type: ignore[arg-type]  # a reactor, as far as this class asks
        self.pipeline = pipeline
        self.front = pipeline.front
        self.bans = pipeline.bans
        self.limits = pipeline.limits
        self.telemetry = telemetry
        self.leaving = self.closing = False
        self.seconds: Callable[[], float] = clock.seconds
        self.call_later: Callable[..., Any] = clock.callLater
        self.streams = Streams(telemetry, clock.seconds())
        self.channels: set[OpenConnection] = set()
        self.places = places if places is not None else MemoryPlaces()
        self._answers = AnswerCount(telemetry)
        self._lasted = telemetry.series(HTTP_CONNECTION_DURATION)
        self._instance = secrets.token_hex(3)
        self._serial = 0
        self._date = DateLine()
        self._compression = Compression()
        self._tick: Any = None
        self._drained: Deferred[None] | None = None

    # Connections

    def buildProtocol(self, addr: Any) -> Any:
        """A connection that no listener describes."""
        return self.connect(Listener("http"), addr)

    @property
    def protocols(self) -> tuple[bytes, ...]:
        """What a TLS listener offers by ALPN at present, the preferred one first (RFC 7301 3.2)."""
        return (HTTP_2, HTTP_1_1) if self.front.http2 else (HTTP_1_1,)

    def connect(self, listener: Listener, peer: Any, owner: Owner | None = None, agreed: bytes | None = None) -> Any:
        """A connection of ``listener`` from ``peer``: the protocol to give to the transport.

        ``owner`` counts it while it is open; ``agreed`` is what ALPN has chosen, None without it.
        """
        if agreed != HTTP_2:
            return Channel(self, listener, peer, owner)
        from stalwart.web.http2.connection import Http2Connection  # with its tables, when somebody speaks it

        return Http2Connection(self, listener, peer, owner)

    def startFactory(self) -> None:
        """No log file, no clock of its own."""

    def stopFactory(self) -> None:
        """The connections outlive the port; ``shut_down`` ends them."""

    def opened(self, channel: OpenConnection) -> None:
        """A connection is made."""
        self.channels.add(channel)
        if channel.owner is not None:
            channel.owner.entered()
        if self._tick is None:
            self._tick = self.call_later(TICK, self._ticked)
        self.telemetry.emit(
            HTTP_CONNECTION_START,
            spanId=channel.connection.span,
            listenerId=channel.connection.listener,
            localPort=channel.connection.local_port,
            remoteIp=channel.connection.remote_ip,
            remotePort=channel.connection.remote_port,
        )

    def closed(self, channel: OpenConnection) -> None:
        """A connection is gone."""
        self.channels.discard(channel)
        if channel.owner is not None:
            channel.owner.left()
        self._tell_end(channel.connection)
        if not self.channels:
            if self._tick is not None:
                self._tick.cancel()
                self._tick = None
            drained, self._drained = self._drained, None
            if drained is not None:
                drained.callback(None)

    def timed_out(self, connection: Connection) -> None:
        """A connection was too slow or idle."""
        self._tell(NETWORK_TIMEOUT, connection)

    def parse_error(self, connection: Connection) -> None:
        """What arrived was not HTTP: counts as scanning, unless the peer may be a proxy (http-service 6.4)."""
        if not self.front.use_forwarded:
            self.bans.parse_error(connection.remote_ip)

    def shut_down(self, grace: float = 10.0) -> Deferred[None]:
        """Finish what runs, close the rest; fires when all connections are gone, aborted after ``grace`` seconds. What
        has no answer shortly before gets 503.
        """
        self.leaving = self.closing = True
        done: Deferred[None] = Deferred()
        if not self.channels:
            done.callback(None)
            return done
        self._drained = done
        for seconds, end in ((max(grace - LAST_WORDS, 0.0), self._excuse_all), (grace, self._abort_all)):
            done.addBoth(_cancelled, self.call_later(seconds, end))
        for channel in tuple(self.channels):
            channel.shut_down()
        return done

    def _excuse_all(self) -> None:
        for channel in tuple(self.channels):
            channel.excuse()

    def _abort_all(self) -> None:
        for channel in tuple(self.channels):
            channel.abort()

    def _ticked(self) -> None:
        self._tick = self.call_later(TICK, self._ticked)
        now = self.seconds()
        self.streams.tick(now)
        for channel in [channel for channel in self.channels if channel.deadline <= now]:
            channel.timed_out(now)

    def _tell(self, event: Any, connection: Connection, **keys: Any) -> None:
        self.telemetry.emit(
            event,
            spanId=connection.span,
            listenerId=connection.listener,
            remoteIp=connection.remote_ip,
            remotePort=connection.remote_port,
            **keys,
        )

    def _tell_end(self, connection: Connection) -> None:
        lasted = max(self.seconds() - connection.opened, 0.0)
        self._lasted.observe(lasted)
        self._tell(HTTP_CONNECTION_END, connection, elapsed=round(lasted * 1000))

    # Requests and answers

    def exchange(self, head: RequestHead, connection: Connection, body: Body | None) -> Exchange:
        """A new request."""
        self._serial += 1
        return Exchange(head, connection, body, self._instance, self._serial, self.seconds())

    def date(self) -> str:
        """The Date field of now."""
        return self._date.at(self.seconds())

    def plain_head(self, answer: Answer, tail: str) -> bytes:
        """The head of an answer to something that is no request: nothing of the settings is on it."""
        return response_head(answer, _BARE, tail)

    def rendered(self, exchange: Exchange, answer: Answer, connection_field: str, now: float) -> tuple[bytes, Answer]:
        """The head on the wire, and the answer whose body follows; one that cannot be sent becomes a 500."""
        if len(answer.body) >= LEAST:
            answer = self._compression.applied(answer, exchange.head.fields.get("accept-encoding"))
        added = _BARE if exchange.bare else self.front.added
        tail = connection_field + self._date.at(now)
        if answer.status >= 400:
            tail = f"X-Request-Id: {exchange.request_id}\r\n{tail}"  # what the person who complains can quote
        if self.front.cors_origins and not exchange.bare and not self.front.permissive_cors:
            origin = exchange.head.fields.get("origin")
            answer = evolve(answer, headers=with_origin(answer.headers, origin, self.front.cors_origins))
        try:
            head = response_head(answer, added, tail)
        except UnsafeHeaderError as error:
            self.telemetry.emit(RESOURCE_ERROR, requestId=exchange.request_id, path=exchange.path, reason=str(error))
            answer = fault()
            head = response_head(answer, added, f"X-Request-Id: {exchange.request_id}\r\n{tail}")
        self._answers.count(exchange, answer.status, now)
        log_exchange(self.telemetry, exchange, answer.status, answer.length, now)
        return head, answer

    def stream_head(self, exchange: Exchange, stream: EventStream, connection_field: str, chunked: bool) -> bytes:
        """The head of an event stream."""
        headers = stream.headers
        if self.front.cors_origins and not self.front.permissive_cors:
            headers = with_origin(headers, exchange.head.fields.get("origin"), self.front.cors_origins)
        now = self.seconds()
        self._answers.count(exchange, stream.status, now)
        log_exchange(self.telemetry, exchange, stream.status, 0, now)
        tail = connection_field + self._date.at(now)
        return stream_head(stream.content_type, headers, self.front.added, tail, chunked, stream.status)

    def socket_head(self, exchange: Exchange, socket: WebSocket) -> bytes:
        """The head that makes a WebSocket of the connection."""
        now = self.seconds()
        self._answers.count(exchange, 101, now)
        log_exchange(self.telemetry, exchange, 101, 0, now)
        return socket_head(socket.accept, socket.protocol, self._date.at(now))

    def fault(self, failure: Failure, exchange: Exchange) -> None:
        """Something broke after the answer was made."""
        tell_fault(self.telemetry, failure, requestId=exchange.request_id, path=exchange.path)

    def use(self, front: Front) -> None:
        """Take another settings snapshot; running requests keep what they were decided by."""
        self.front = self.pipeline.front = front


def _cancelled(result: Any, call: Any) -> Any:
    if call.active():
        call.cancel()
    return result


def build_site(
    routes: Iterable[Route],
    services: Mapping[str, Any],
    *,
    settings: Any,
    directory: Directory,
    telemetry: Telemetry,
    clock: Clock,
    mode: Mode,
    base_url: str,
    ban: Ban,
    expression_io: ExpressionIO | None = None,
    limits: Limits | None = None,
    failures: Failures | None = None,
    counters: Counters | None = None,
    places: Places | None = None,
    changes: Changes | None = None,
) -> Site:
    """The service over ``routes``.

    ``ban(ip, reason, expires_at)`` writes a BlockedIp; ``expression_io`` answers what access rules have to look up;
    the service ``proofs``, if there is one, judges requests with tokens that are bound to a key;
    who wants to reset the ``limits`` brings them; ``failures`` counts failed sign-ins, by default in this process.
    Other misdeeds are counted in ``counters``, open connections in ``places``; ``changes`` come from other processes.

    :raises UnknownServiceError: a route asks for a service that is not in ``services``.
    """

    def snapshot() -> Front:
        return read_front(settings, mode, telemetry, expression_io)

    active = mode == "normal"
    bans = Bans(settings, telemetry, clock, ban, active=active, counters=counters, failures=failures)
    pipeline = Pipeline(
        RouteTable(routes, services),
        snapshot(),
        directory=directory,
        bans=bans,
        limits=limits if limits is not None else Limits(),
        forwarding=Forwarding(telemetry, clock),
        telemetry=telemetry,
        clock=clock,
        base_url=base_url,
        proofs=services.get("proofs"),
        changes=changes,
    )
    site = Site(pipeline, telemetry, clock, places)

    def changed(*_: Any) -> None:
        bans.reload()
        site.use(snapshot())

    settings.watch(changed)
    on_failure = getattr(directory, "on_failure", None)
    if on_failure is not None:
        on_failure(bans.failed_login)
    return site
