"""The outside world of deliveries and diagnoses: built once from options or settings, handed to every run.

Name service with its cache, MTA-STS policies with theirs, the trusted authorities and the way to open a connection all
come from here, so that a test, the demo hosts and the real Internet differ in these values only.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, field, frozen

from stalwart.mail.delivery.addresses import is_public
from stalwart.mail.delivery.exchanges import Shuffle
from stalwart.mail.delivery.sts import StsPolicies
from stalwart.net.dns import Resolver, StubResolver
from stalwart.net.dns_config import complete, parse_server, read_resolv_conf
from stalwart.net.https import PolicyFetcher, any_address
from stalwart.net.smtp import SmtpConnection
from stalwart.net.tls import TrustStore

Connect = Callable[..., Awaitable[SmtpConnection]]


def _now() -> datetime:
    return datetime.now(UTC)


@frozen
class Limits:
    """What bounds a run: seconds for each operation, the port, and whether private addresses may be tried."""

    ehlo_name: str = "localhost"
    operation_timeout: float = 30.0
    port: int = 25
    allow_private: bool = False
    now: Callable[[], datetime] = _now


@frozen
class Outgoing:
    """Clock and connections, name service, policies and trusted authorities."""

    reactor: Any
    resolver: Resolver
    policies: StsPolicies
    trust_store: TrustStore
    shuffle: Shuffle = field(default=random.shuffle)
    connect: Connect = field(default=SmtpConnection.connect)


@frozen
class OutgoingOptions:
    """What a person chooses on a command line.

    ``resolvers`` are ``ip`` or ``ip:port``, trusted for DNSSEC unless ``trust_anchors`` (DS or DNSKEY records) ask for
    validation in this process; without them the system's name servers are asked. ``authorities`` is a PEM file.
    """

    resolvers: tuple[str, ...] = ()
    trust_anchors: tuple[str, ...] = ()
    allow_private: bool = False
    authorities: str | None = None
    policy_port: int = 443
    resolv_conf: str = "/etc/resolv.conf"


def make_outgoing(reactor: Any, options: OutgoingOptions) -> Outgoing:
    """The outside world for ``options``.

    :raises ValueError: a resolver or an anchor is not one; the text says which.
    """
    if options.resolvers:
        servers = tuple(parse_server(text, trusted=True) for text in options.resolvers)
    else:
        with open(options.resolv_conf, encoding="utf-8", errors="replace") as opened:
            servers = read_resolv_conf(opened.read()).servers
    if options.trust_anchors:
        servers = tuple(evolve(server, trusted=False) for server in servers)
    resolver = complete(StubResolver(reactor, servers), reactor, options.trust_anchors)
    return world_of(reactor, resolver, TrustStore(options.authorities), options.allow_private, options.policy_port)


def world_of(
    reactor: Any, resolver: Resolver, trust_store: TrustStore, allow_private: bool, policy_port: int = 443
) -> Outgoing:
    """The outside world that ``resolver`` and ``trust_store`` describe; policy hosts obey the same address rule."""
    allow = any_address if allow_private else is_public
    fetcher = PolicyFetcher(reactor, trust_store, resolver, allow=allow, port=policy_port)
    return Outgoing(reactor, resolver, StsPolicies(resolver, fetcher.fetch, reactor), trust_store)
