"""What is known about one connection before any request is read: listener, addresses, whether TLS protects it."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from stalwart.codec.ip_networks import normalise_ip


@frozen
class Connection:
    """``remote_ip`` is canonical text, IPv4-mapped addresses as IPv4 (http-service 1.2); ``local_ip`` is the bind address."""

    listener: str
    remote_ip: str
    remote_port: int
    local_ip: str
    local_port: int
    is_tls: bool


@frozen
class ProxiedAddress:
    """The peer that a PROXY header names, in the place of the socket's."""

    host: str
    port: int
    is_tls: bool


def peer_ip(address: Any) -> str:
    """The canonical IP of a Twisted address; a UNIX socket counts as this host. Zone identifiers are dropped."""
    host = getattr(address, "host", None)
    return normalise_ip(host.partition("%")[0]) if isinstance(host, str) else "127.0.0.1"
