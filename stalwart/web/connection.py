"""What is known about one connection before any request is read: listener, addresses, whether TLS protects it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

from attrs import Factory, frozen

from stalwart.codec.ip_networks import normalise_ip
from stalwart.telemetry.spans import new_span


@frozen
class Listener:
    """What connections inherit from their listener; ``bind_ip`` None is the address of the socket."""

    name: str
    bind_ip: str | None = None
    no_delay: bool = True


@frozen
class Connection:
    """``remote_ip`` is canonical text, IPv4-mapped as IPv4 (http-service 1.2); ``local_ip`` is the bind address.

    ``proxy_ip`` is the proxy whose PROXY header was read, None without one. ``span`` is what events on it have in
    common; ``opened`` is when it began, by the site's clock.
    """

    listener: str
    remote_ip: str
    remote_port: int
    local_ip: str
    local_port: int
    is_tls: bool
    proxy_ip: str | None = None
    opened: float = 0.0
    span: int = Factory(new_span)


@frozen
class ProxiedAddress:
    """The peer that a PROXY header names, in the place of the socket's; ``proxy_ip`` is who sent the header."""

    host: str
    port: int
    is_tls: bool
    proxy_ip: str | None = None


class Owner(Protocol):
    """Whoever counts open connections."""

    def entered(self) -> None: ...
    def left(self) -> None: ...


class OpenConnection(Protocol):
    """What a site needs of the connections that are open, whichever version of HTTP they speak.

    ``deadline`` is a time of the site's clock; once it has passed, the site calls ``timed_out``.
    """

    owner: Owner | None
    connection: Connection
    deadline: float

    def timed_out(self, now: float) -> None: ...
    def shut_down(self) -> None: ...
    def excuse(self) -> None: ...
    def abort(self) -> None: ...


def peer_ip(address: Any) -> str:
    """The canonical IP of a Twisted address; a UNIX socket counts as this host. Zone identifiers are dropped."""
    host = getattr(address, "host", None)
    return _canonical(host) if isinstance(host, str) else "127.0.0.1"


@lru_cache(maxsize=1024)  # a connection asks three times
def _canonical(host: str) -> str:
    return normalise_ip(host.partition("%")[0])


def connect(listener: Listener, peer: Any, local: Any, tls: bool, now: float = 0.0) -> Connection:
    """The description of a connection made ``now`` from ``peer`` (a Twisted or proxied address) to ``local``."""
    return Connection(
        listener=listener.name,
        remote_ip=peer_ip(peer),
        remote_port=getattr(peer, "port", 0),
        local_ip=listener.bind_ip if listener.bind_ip is not None else peer_ip(local),
        local_port=getattr(local, "port", 0),
        is_tls=tls or getattr(peer, "is_tls", False),
        proxy_ip=getattr(peer, "proxy_ip", None),
        opened=now,
    )
