"""From the settings to a resolver: x:DnsResolver says whom to ask, x:Diagnosis whom to believe.

The settings are taken by their attributes, so that any object of that shape does. Of ``resolv.conf(5)`` the
``nameserver`` lines and the options ``timeout`` and ``attempts`` count; search lists and rotation are left
out, because every name asked for is complete.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import attrs
from attrs import frozen

from stalwart.codec.dns_records import IANA_ANCHORS
from stalwart.net.dns import MOST_SERVERS, NameServer, Resolver, StubResolver
from stalwart.net.dns_cache import CachingResolver
from stalwart.net.dns_transport import PORT, TLS_PORT
from stalwart.net.dnssec import ValidatingResolver
from stalwart.telemetry import Telemetry

DEFAULT_TIMEOUT, DEFAULT_ATTEMPTS = 5.0, 2
_SHORTEST_TIMEOUT, _LONGEST_TIMEOUT = 0.1, 60.0
_LARGEST_FILE = 64 * 1024

_PUBLIC: dict[str, tuple[str, tuple[str, ...]]] = {
    "Cloudflare": (
        "cloudflare-dns.com",
        ("1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001"),
    ),
    "Quad9": ("dns.quad9.net", ("9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9")),
    "Google": ("dns.google", ("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844")),
}


class InvalidServer(ValueError):
    """The text is not the address of a name server; the message says what is expected."""


@frozen
class SystemResolver:
    """What ``resolv.conf`` says; times in seconds, ``None`` where it says nothing."""

    servers: tuple[NameServer, ...]
    timeout: float | None = None
    attempts: int | None = None


def resolver_from_settings(
    dns_resolver: Any,
    diagnosis: Any,
    reactor: Any,
    resolv_conf: str = "/etc/resolv.conf",
    *,
    pool: Any = None,
    telemetry: Telemetry | None = None,
) -> CachingResolver:
    """The resolver that the settings describe, with a cache in front.

    ``dns_resolver`` is one of the variants of x:DnsResolver, ``diagnosis`` the x:Diagnosis singleton or
    ``None``; ``pool`` are the threads for signatures. Reads the small file ``resolv_conf`` at once.

    :raises InvalidServer: a server is given that is not an IP address. MalformedRecord: a trust anchor is not
    one.
    """
    timeout = min(max(dns_resolver.timeout / 1000, _SHORTEST_TIMEOUT), _LONGEST_TIMEOUT)
    attempts = dns_resolver.attempts
    kind = getattr(dns_resolver, "tag", type(dns_resolver).__name__)
    if kind == "System":
        system = read_resolv_conf(_text_of(resolv_conf))
        servers = system.servers
        if timeout == DEFAULT_TIMEOUT and system.timeout is not None:
            timeout = system.timeout
        if attempts == DEFAULT_ATTEMPTS and system.attempts is not None:
            attempts = system.attempts
    else:
        servers = _configured_servers(kind, dns_resolver)
    servers = trusting(servers, getattr(diagnosis, "trusted_resolvers", ()))
    stub = StubResolver(
        reactor,
        servers,
        timeout=timeout,
        attempts=attempts,
        edns=dns_resolver.enable_edns,
        tcp_on_error=dns_resolver.tcp_on_error,
        concurrency=dns_resolver.concurrency,
    )
    return complete(stub, reactor, getattr(diagnosis, "trust_anchors", ()), pool=pool, telemetry=telemetry)


def complete(
    stub: StubResolver,
    reactor: Any,
    trust_anchors: Iterable[str] = (),
    *,
    pool: Any = None,
    telemetry: Telemetry | None = None,
) -> CachingResolver:
    """``stub`` with a cache; where none of its servers is trusted, with validation in this process too."""
    resolver: Resolver = stub
    if not any(server.trusted for server in stub.servers):
        resolver = ValidatingResolver(stub, tuple(trust_anchors) or IANA_ANCHORS, reactor, pool)
    return CachingResolver(resolver, reactor, telemetry=telemetry)


def parse_server(text: str, protocol: Literal["udp", "tcp", "tls"] = "udp", *, trusted: bool = False) -> NameServer:
    """The server in ``ip``, ``ip:port``, ``[v6]`` or ``[v6]:port``; the port of the protocol if none is
    given.

    :raises InvalidServer: it is something else.
    """
    host, port = _split(text.strip())
    return _server(host, port if port else _default_port(protocol), protocol, trusted)


def trusting(servers: Iterable[NameServer], trusted: Iterable[str]) -> tuple[NameServer, ...]:
    """``servers``, those marked as trusted whose address is listed; a listed port must be theirs as well.

    :raises InvalidServer: an entry of the list is no address.
    """
    listed = {(_plain(host), port) for host, port in (_split(text.strip()) for text in trusted)}
    return tuple(
        attrs.evolve(server, trusted=True)
        if (_plain(server.address), None) in listed or (_plain(server.address), server.port) in listed
        else server
        for server in servers
    )


def read_resolv_conf(text: str) -> SystemResolver:
    """Servers and options in the text of a ``resolv.conf``; lines that make no sense are passed over.

    Loopback addresses are trusted: a resolver on this computer is under the same administration.
    """
    servers: list[NameServer] = []
    options: dict[str, int] = {}
    for line in text.splitlines():
        words = line.split("#")[0].split(";")[0].split()
        if len(words) >= 2 and words[0] == "nameserver":
            servers += _system_server(words[1])
        elif words and words[0] == "options":
            options |= _numbers(words[1:])
    timeout, attempts = options.get("timeout"), options.get("attempts")
    return SystemResolver(
        tuple(servers[:MOST_SERVERS]) or (NameServer("127.0.0.1", trusted=True),),
        float(min(max(timeout, 1), 30)) if timeout is not None else None,  # resolv.conf(5): capped at 30
        min(max(attempts, 1), 5) if attempts is not None else None,  # resolv.conf(5): capped at 5
    )


def _system_server(address: str) -> list[NameServer]:
    try:
        return [NameServer(address, trusted=ipaddress.ip_address(_plain(address)).is_loopback)]
    except ValueError:
        return []


def _numbers(words: Iterable[str]) -> dict[str, int]:
    pairs = (word.partition(":") for word in words)
    return {name: int(value) for name, _colon, value in pairs if value.isdecimal() and len(value) < 6}


def _text_of(path: str) -> str:
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST_FILE)
    except OSError:
        return ""


def _configured_servers(kind: str, settings: Any) -> tuple[NameServer, ...]:
    if kind == "Custom":
        return tuple(_server(one.address, one.port, one.protocol) for one in settings.servers)
    tls_name, addresses = _PUBLIC[kind]
    if getattr(settings, "use_tls", False):
        return tuple(NameServer(address, TLS_PORT, "tls", tls_name=tls_name) for address in addresses)
    return tuple(NameServer(address) for address in addresses)


def _server(host: str, port: int, protocol: Any, trusted: bool = False) -> NameServer:
    try:
        return NameServer(host.strip("[]"), port, protocol, trusted)
    except ValueError as problem:
        raise InvalidServer(f"{host!r} is not the IP address of a name server.") from problem


def _split(text: str) -> tuple[str, int | None]:
    """Address and port; a bare IPv6 address has colons of its own."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text, ""
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError as problem:
        raise InvalidServer(f"{text!r} is not a name server: give ip, ip:port or [ipv6]:port.") from problem
    if port and not (port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536):
        raise InvalidServer(f"{text!r} has no port between 1 and 65535.")
    return host, int(port) if port else None


def _plain(address: str) -> str:
    """One spelling for an address, without its zone."""
    return str(ipaddress.ip_address(address.partition("%")[0]))


def _default_port(protocol: str) -> int:
    return TLS_PORT if protocol == "tls" else PORT
