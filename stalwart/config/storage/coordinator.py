"""x:Coordinator: how the nodes of a cluster tell each other what has changed (settings C.11, decision 23)."""

from __future__ import annotations

from stalwart.config.storage.in_memory_store import Redis, RedisCluster, RedisSentinel
from stalwart.schema import (
    Boolean,
    Duration,
    Nested,
    SecretKeyOptional,
    SecretTextOptional,
    Set,
    String,
    Union,
    Unsigned,
    Variant,
    prop,
)

_POSITIVE = Unsigned(min=1)


class Disabled(Variant):
    """By the database: several nodes are never without."""


class Default(Variant):
    """By the Redis of the in-memory store, or by the database."""


class Nats(Variant):
    """By NATS servers."""

    addresses: frozenset[str] = prop(Set(String(), min_items=1), {"127.0.0.1:4444": True}, "Servers, as `host:port`.")
    auth_username: str | None = prop(String(nullable=True), "stalwart", "User name; null sends none.")
    auth_secret: Variant = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Password.")
    credentials: Variant = prop(Nested(SecretTextOptional), {"@type": "None"}, "Content of a credentials file.")
    use_tls: bool = prop(Boolean(), False, "Speak TLS to the servers.", label="Use TLS")
    no_echo: bool = prop(Boolean(), True, "Do not get one's own messages back.")
    max_reconnects: int | None = prop(Unsigned(nullable=True), None, "Attempts to connect again; null is for ever.")
    ping_interval: int = prop(Duration(), 60_000, "Time between two pings.")
    timeout_connection: int = prop(Duration(), 5_000, "Limit of connecting.")
    timeout_request: int = prop(Duration(), 10_000, "Limit of one request.")
    capacity_client: int = prop(_POSITIVE, 2048, "Operations that may wait.")
    capacity_subscription: int = prop(_POSITIVE, 65_536, "Messages of a subscription that may wait.")
    capacity_read_buffer: int = prop(_POSITIVE, 65_535, "Bytes of the read buffer.")


Coordinator = Union(
    "Coordinator",
    Disabled,
    Default,
    Nats,
    Redis,
    RedisCluster,
    RedisSentinel,
    doc="How nodes of one PostgreSQL database tell each other of changes; all of them need a restart when it changes. "
    "Default is the Redis of x:InMemoryStore if that is one, else the database.",
    singleton=True,
    others="Nodes of this server coordinate by Default, Nats, Redis, RedisCluster or RedisSentinel.",
)
