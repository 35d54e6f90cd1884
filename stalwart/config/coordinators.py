"""From ``x:Coordinator`` to the message bus that it means (settings C.11). Drivers are loaded where one is used."""

from __future__ import annotations

import re
import ssl
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from stalwart.config.kept_text import text_of
from stalwart.config.storage.coordinator import Default, Nats
from stalwart.config.storage.in_memory_store import Redis, RedisCluster, RedisSentinel
from stalwart.errors import Invalid
from stalwart.net.message_bus import MessageBus

DRIVER_MISSING = "The {library} driver is missing: install stalwart-twisted[{extra}]."
_HOST = re.compile(r"[^\s:/@\[\]]+|\[[0-9A-Fa-f:.]+\]")
_text = partial(text_of, "x:Coordinator")


def bus_of(chosen: Any, in_memory: Any, channel: str, reactor: Any) -> MessageBus | None:
    """The bus, not yet started; None if nodes tell each other by the data store. ``Default`` is the Redis of
    x:InMemoryStore, if that is one.

    For threads: secrets may be in files. Raises Invalid, in a sentence that tells no secret.
    """
    if isinstance(chosen, Default):
        chosen = in_memory
    check(chosen)
    if isinstance(chosen, Nats):
        return _nats(chosen, channel, reactor)
    if isinstance(chosen, (Redis, RedisCluster, RedisSentinel)):
        return _redis(chosen, channel, reactor)
    return None


def check(chosen: Any) -> None:
    """Raises Invalid for an address of a bus that can be none."""
    if isinstance(chosen, Nats):
        for address in chosen.addresses:
            host, _, port = address.rpartition(":")
            if not _HOST.fullmatch(host) or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
                raise Invalid(f"{address[:100]} is no server of NATS as host:port.", ("addresses",))
    elif isinstance(chosen, Redis):
        _check_redis(chosen.url, "url")
    elif isinstance(chosen, (RedisCluster, RedisSentinel)):
        for url in chosen.urls:
            _check_redis(url, "urls")


def _check_redis(url: str, property: str) -> None:
    try:
        found = urlsplit(url)
        is_one = found.scheme in ("redis", "rediss") and bool(found.hostname) and found.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise Invalid("The URL of a Redis server begins with redis:// or rediss://, and a host follows.", (property,))


def _nats(chosen: Nats, subject: str, reactor: Any) -> MessageBus:
    try:
        from stalwart.net.nats_bus import NatsBus
    except ImportError as error:
        raise Invalid(DRIVER_MISSING.format(library="NATS", extra="nats"), ("@type",)) from error
    options: dict[str, Any] = {
        "servers": [f"{'tls' if chosen.use_tls else 'nats'}://{address}" for address in sorted(chosen.addresses)],
        "connect_timeout": max(chosen.timeout_connection / 1000, 0.1),
        "ping_interval": max(chosen.ping_interval / 1000, 1),
        "no_echo": chosen.no_echo,
    }
    secret = _text(chosen.auth_secret, "authSecret")
    if secret:
        options |= {"user": chosen.auth_username or "", "password": secret}
    credentials = _text(chosen.credentials, "credentials")
    if credentials:
        try:
            import nkeys  # noqa: F401  # nats-py asks for it once it connects
        except ImportError as error:
            raise Invalid("Credentials of NATS need the package nkeys: install it.", ("credentials",)) from error
        from nats.aio.client import RawCredentials

        options["user_credentials"] = RawCredentials(credentials)
    if chosen.use_tls:
        options["tls"] = ssl.create_default_context()
    return NatsBus(options, subject, reactor)


def _redis(chosen: Redis | RedisCluster | RedisSentinel, channel: str, reactor: Any) -> MessageBus:
    try:
        from stalwart.net import redis_bus
    except ImportError as error:
        raise Invalid(DRIVER_MISSING.format(library="Redis", extra="redis"), ("@type",)) from error
    timeout = max(chosen.timeout / 1000, 0.1)
    if isinstance(chosen, Redis):
        url = chosen.url
        return redis_bus.RedisBus(lambda: redis_bus.server(url, timeout, chosen.pool_max_connections), channel, reactor)
    urls, resp3 = sorted(chosen.urls), chosen.protocol_version == "resp3"
    login = chosen.auth_username, _text(chosen.auth_secret, "authSecret")
    if isinstance(chosen, RedisCluster):
        return redis_bus.RedisBus(lambda: redis_bus.cluster(urls, login, timeout, resp3), channel, reactor)
    name = chosen.service_name
    asked = chosen.sentinel_username, _text(chosen.sentinel_secret, "sentinelSecret")
    return redis_bus.RedisBus(lambda: redis_bus.sentinel(urls, name, login, asked, timeout, resp3), channel, reactor)
