"""Listening sockets: those of the command line, and the stored ones with their socket options.

A socket that cannot be bound is one log line that names the address; the others start. Endpoint options take the place
of the default listener of their protocol, which stays stored but is not bound; listeners that somebody added are bound
besides them. Until mail is built the mail protocols answer ``421 4.3.2`` and close.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import define, frozen
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from stalwart.config.network.listener import NetworkListener
from stalwart.errors import Unavailable
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import NETWORK_BIND_ERROR, NETWORK_LISTEN_STOP

DEFAULT_NAMES = {
    "http": ("http", "https"),
    "smtp": ("smtp",),
    "submission": ("submissions",),
    "lmtp": ("lmtp",),
}
MAIL_PROTOCOLS = ("lmtp", "smtp", "submission")


class NotYet(Protocol):
    """Says that mail is not served yet and closes (RFC 5321 3.8: 421)."""

    def connectionMade(self) -> None:
        """Answer at once."""
        transport: Any = self.transport
        transport.write(b"421 4.3.2 not yet\r\n")
        transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing is held."""


@frozen
class Wanted:
    """A listener to bind: its ``settings`` (name, limits, socket options), and an endpoint string or a bind address."""

    protocol: str
    settings: NetworkListener
    endpoint: str | None = None
    bind: str | None = None

    @property
    def bind_ip(self) -> str | None:
        """The address of a stored listener, as rules see it; an endpoint string tells only when it listens."""
        return _host_and_port(self.bind)[0] if self.bind is not None else None

    @property
    def where(self) -> str:
        """What the person wrote."""
        return self.endpoint or self.bind or ""


@define
class Bound:
    """A bound listener."""

    wanted: Wanted
    port: Any  # IListeningPort


FactoryFor = Callable[["Wanted"], Any]


class Listeners:
    """Binds, reports and closes. ``factory_for(wanted)`` gives what serves the connections."""

    def __init__(self, reactor: Any, telemetry: Telemetry, factory_for: FactoryFor) -> None:
        self._reactor = reactor
        self._telemetry = telemetry
        self._factory_for = factory_for
        self._log = Logger(namespace="stalwart")
        self.bound: list[Bound] = []

    async def bind(self, wanted: Iterable[Wanted]) -> int:
        """Bind all of ``wanted``; the number that could not be bound. Each outcome is one log line."""
        failed = 0
        for one in wanted:
            try:
                port = await maybeDeferred(self._listen, one)
            except Exception as problem:  # the address parsers and endpoints raise whatever they like
                failed += 1
                self._telemetry.emit(NETWORK_BIND_ERROR, address=one.where, reason=_reason(problem))
                continue
            self.bound.append(Bound(one, port))
            self._log.info("listening {protocol} {address}", protocol=one.protocol, address=shown(port.getHost()))
        return failed

    async def change(self, wanted: Iterable[Wanted]) -> None:
        """Bind what is new, bind anew what has other settings, close what is gone; a new socket that fails leaves the
        old one alone."""
        wished = list(wanted)
        old = list(self.bound)
        changed = [(bound, one) for bound in old for one in wished if _same(one, bound.wanted) and one != bound.wanted]
        fresh = [one for one in wished if not any(_same(one, bound.wanted) for bound in old)]
        gone = [bound for bound in old if not any(_same(one, bound.wanted) for one in wished)]
        for bound, one in changed:
            await self._close(bound)
            await self.bind([one])
        failed = await self.bind(fresh)
        if failed and len(gone) == len(fresh):
            return
        for bound in gone:
            await self._close(bound)

    async def close(self) -> None:
        """Stop accepting on every listener."""
        for bound in list(self.bound):
            await self._close(bound)

    async def _close(self, bound: Bound) -> None:
        self.bound.remove(bound)
        address = shown(bound.port.getHost())
        await maybeDeferred(bound.port.stopListening)
        self._telemetry.emit(NETWORK_LISTEN_STOP, listenerId=bound.wanted.settings.name, address=address)

    def _listen(self, wanted: Wanted) -> Any:
        factory = self._factory(wanted)
        if wanted.endpoint is not None:
            return serverFromString(self._reactor, wanted.endpoint).listen(factory)
        opened = open_socket(wanted.bind or "", wanted.settings)
        try:
            return self._reactor.adoptStreamPort(opened.fileno(), opened.family, factory)
        finally:
            opened.close()  # the reactor works on a duplicate

    def _factory(self, wanted: Wanted) -> Any:
        if wanted.settings.use_tls and wanted.settings.tls_implicit:
            raise Unavailable("Implicit TLS is not served yet; nothing listens in its place.")
        if wanted.protocol in MAIL_PROTOCOLS:
            factory = Factory.forProtocol(NotYet)
            factory.noisy = False
            return factory
        return self._factory_for(wanted)


def wanted_listeners(
    stored: Iterable[NetworkListener], endpoints: Mapping[str, list[str]], built: Iterable[str] = ("http",)
) -> list[Wanted]:
    """What to bind for the stored listeners and the endpoint options."""
    wished: list[Wanted] = []
    replaced: set[str] = set()
    for protocol, strings in endpoints.items():
        for number, endpoint in enumerate(strings):
            name = protocol if number == 0 else f"{protocol}-{number + 1}"
            settings = NetworkListener.from_wire(
                {
                    "name": name,
                    "bind": {"127.0.0.1:1": True},
                    "protocol": _stored_protocol(protocol),
                    "useTls": False,
                }
            )
            wished.append(Wanted(protocol, settings, endpoint=endpoint))
        if strings:
            replaced.update(DEFAULT_NAMES[protocol])
    for listener in stored:
        if listener.name in replaced or listener.protocol not in built:
            continue
        wished.extend(Wanted(listener.protocol, listener, bind=bind) for bind in sorted(listener.bind))
    return wished


def open_socket(bind: str, settings: NetworkListener) -> socket.socket:
    """A bound, listening, non-blocking socket for ``[::]:443`` or ``0.0.0.0:25`` with the listener's options.

    ``[::]`` takes IPv4 too, and falls back to ``0.0.0.0`` on a host without IPv6.

    :raises OSError: the address cannot be had; nothing stays open.
    """
    host, port = _host_and_port(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if host == "::" and not _has_ipv6():
        host, family = "0.0.0.0", socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        _set_options(opened, settings)
        opened.bind((host, port))
        opened.listen(settings.socket_backlog or 1024)
        opened.setblocking(False)
    except BaseException:
        opened.close()
        raise
    return opened


def _host_and_port(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def _set_options(opened: socket.socket, settings: NetworkListener) -> None:
    if opened.family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    chosen = (
        (socket.SOL_SOCKET, socket.SO_REUSEADDR, int(settings.socket_reuse_address)),
        (socket.SOL_SOCKET, socket.SO_SNDBUF, settings.socket_send_buffer_size),
        (socket.SOL_SOCKET, socket.SO_RCVBUF, settings.socket_receive_buffer_size),
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, int(settings.socket_no_delay)),
        (socket.IPPROTO_IP, socket.IP_TTL, settings.socket_ttl),
        (socket.IPPROTO_IP, socket.IP_TOS, settings.socket_tos_v4),
    )
    for level, option, value in chosen:
        if value is not None:
            opened.setsockopt(level, option, value)


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def shown(address: Any) -> str:
    """``127.0.0.1:8080``, ``[::]:443`` or the path of a UNIX socket."""
    host = getattr(address, "host", None)
    if host is None:
        name = getattr(address, "name", b"")
        return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"


def _stored_protocol(protocol: str) -> str:
    return "smtp" if protocol == "submission" else protocol


def _same(one: Wanted, other: Wanted) -> bool:
    return (one.protocol, one.where, one.settings.name) == (other.protocol, other.where, other.settings.name)


def _reason(problem: Exception) -> str:
    inner = getattr(problem, "socketError", None) or problem
    return getattr(inner, "strerror", None) or str(inner)
