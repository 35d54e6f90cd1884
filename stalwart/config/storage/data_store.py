"""x:DataStore: the database that everything else is kept in (settings A.1, C.11).

The object is the content of ``config.json``, not a row of the store. The reference's own engines (RocksDb,
FoundationDb) and MySql are not built.
"""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Nested,
    ObjectList,
    SecretKeyOptional,
    String,
    Union,
    Unsigned,
    Value,
    Variant,
    prop,
)

RECYCLING_METHOD = Enumeration(
    "PostgreSqlRecyclingMethod",
    ("fast", "verified", "clean"),
    "What is done with a pooled connection before it is used again: nothing, a test query, a reset of its session.",
)


class Sqlite(Variant):
    """A file of this computer; nothing else has to run."""

    path: str = prop(String(), REQUIRED, "File of the database; a relative path starts at the file that holds it.")
    pool_workers: int | None = prop(
        Unsigned(min=1, max=64, nullable=True), None, "Threads that read; null is as many as there are processor cores."
    )
    pool_max_connections: int = prop(Unsigned(min=1, max=8192), 10, "Open connections to the file at most.")


class PostgreSqlSettings(Value):
    """How a PostgreSQL server is reached."""

    host: str = prop(String("hostName"), REQUIRED, "Name or address of the server.")
    port: int = prop(Unsigned(min=1, max=65535), 5432, "Port of the server.")
    database: str = prop(String(), "stalwart", "Name of the database.")
    auth_username: str | None = prop(String(nullable=True), "stalwart", "User name; null sends none.")
    auth_secret: Variant = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Password.")
    timeout: int | None = prop(Duration(nullable=True), 15_000, "Limit of a connection attempt; null waits for ever.")
    use_tls: bool = prop(Boolean(), False, "Speak TLS to the server.", label="Use TLS")
    allow_invalid_certs: bool = prop(Boolean(), False, "Do not verify the certificate of the server.")
    pool_max_connections: int | None = prop(
        Unsigned(min=1, max=8192, nullable=True), 10, "Connections kept at most; null is no limit."
    )
    pool_recycling_method: str = prop(
        Enum(RECYCLING_METHOD), "fast", "How a connection is checked before it is used again.", enforced=False
    )
    options: str | None = prop(String(nullable=True), None, "Options of libpq, such as `-c search_path=mail`.")


class PostgreSql(PostgreSqlSettings, Variant):
    """A PostgreSQL server, which several nodes can share."""

    read_replicas: tuple[PostgreSqlSettings, ...] = prop(
        ObjectList(PostgreSqlSettings), {}, "Servers that answer what need not be fresh.", enforced=False
    )


DataStore = Union(
    "DataStore",
    Sqlite,
    PostgreSql,
    doc="Database of the server, named in its configuration file. A change needs a restart.",
    singleton=True,
    stored=False,
    others="This engine is not built into this server; it keeps its data in Sqlite or PostgreSql.",
)
