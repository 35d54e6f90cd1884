"""x:InMemoryStore: where values that live for a short time are kept: rate counters, codes, locks (settings
C.11).
"""

from __future__ import annotations

from stalwart.schema import (
    Duration,
    Enum,
    Enumeration,
    Nested,
    SecretKeyOptional,
    Set,
    String,
    Union,
    Unsigned,
    Value,
    Variant,
    prop,
)

REDIS_PROTOCOL = Enumeration("RedisProtocol", ("resp2", "resp3"), "Versions of the Redis protocol.")

_WAIT = Duration(nullable=True)


class RedisPool(Value):
    """What all kinds of Redis share: a time-out and a pool of connections."""

    timeout: int = prop(Duration(), 10_000, "Limit of one request.")
    pool_max_connections: int = prop(Unsigned(min=1, max=8192), 10, "Connections kept at most.")
    pool_timeout_create: int | None = prop(_WAIT, 30_000, "Limit of opening a connection; null waits for ever.")
    pool_timeout_wait: int | None = prop(_WAIT, 30_000, "Limit of waiting for a free one; null waits for ever.")
    pool_timeout_recycle: int | None = prop(
        _WAIT, 30_000, "Limit of preparing a connection for its next use; null waits for ever."
    )


class RedisGroup(RedisPool):
    """What several Redis servers share that work together."""

    urls: frozenset[str] = prop(
        Set(String("uri"), min_items=1),
        {"redis://127.0.0.1": True},
        "Addresses of the servers, `redis://` or `rediss://`.",
        label="URLs",
    )
    auth_username: str | None = prop(String(nullable=True), None, "User name; null sends none.")
    auth_secret: Variant = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Password.")
    protocol_version: str = prop(Enum(REDIS_PROTOCOL), "resp2", "Version of the protocol.")


class Default(Variant):
    """In the data store."""


class Redis(RedisPool, Variant):
    """In one Redis server."""

    url: str = prop(
        String("uri"), "redis://127.0.0.1", "Address of the server, `redis://` or `rediss://`.", label="URL"
    )


class RedisCluster(RedisGroup, Variant):
    """In a Redis cluster."""


class RedisSentinel(RedisGroup, Variant):
    """In a Redis server that sentinels name."""

    service_name: str = prop(String(), "mymaster", "Name of the server among the sentinels.")
    sentinel_username: str | None = prop(String(nullable=True), None, "User name for the sentinels.")
    sentinel_secret: Variant = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Password for the sentinels.")


InMemoryStore = Union(
    "InMemoryStore",
    Default,
    Redis,
    RedisCluster,
    RedisSentinel,
    doc="Where short-lived values are kept. A change needs a restart.",
    singleton=True,
    enforced=False,
    others="This server keeps such values in Default, Redis, RedisCluster or RedisSentinel.",
)
