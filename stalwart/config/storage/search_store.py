"""x:SearchStore: where the full-text index is kept (settings C.11)."""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.config.storage.data_store import PostgreSql
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    HttpAuth,
    Map,
    Nested,
    String,
    Union,
    Unsigned,
    Variant,
    prop,
)


class Default(Variant):
    """In the data store."""


class ElasticSearch(Variant):
    """In an Elasticsearch or OpenSearch server."""

    url: str = prop(String("uri"), REQUIRED, "Address of the server.", label="URL")
    num_shards: int = prop(Unsigned(min=1, max=1_048_576), 3, "Shards of a new index.")
    num_replicas: int = prop(Unsigned(max=2048), 0, "Copies of each shard.")
    include_source: bool = prop(Boolean(), False, "Keep the indexed text itself too.")
    timeout: int = prop(Duration(), 30_000, "Limit of one request.")
    allow_invalid_certs: bool = prop(Boolean(), False, "Do not verify the certificate of the server.")
    http_auth: Variant = prop(Nested(HttpAuth), {"@type": "Unauthenticated"}, "Credentials.")
    http_headers: Mapping[str, str] = prop(Map(String("headerName"), String("headerValue")), {}, "Further headers.")


class Meilisearch(Variant):
    """In a Meilisearch server."""

    url: str = prop(String("uri"), REQUIRED, "Address of the server.", label="URL")
    poll_interval: int = prop(Duration(), 500, "Time between two questions whether a task is done.")
    max_retries: int = prop(Unsigned(min=1, max=1024), 120, "Questions before a task counts as late.")
    fail_on_timeout: bool = prop(Boolean(), True, "A late task is an error.")
    timeout: int = prop(Duration(), 30_000, "Limit of one request.")
    allow_invalid_certs: bool = prop(Boolean(), False, "Do not verify the certificate of the server.")
    http_auth: Variant = prop(Nested(HttpAuth), {"@type": "Unauthenticated"}, "Credentials.")
    http_headers: Mapping[str, str] = prop(Map(String("headerName"), String("headerValue")), {}, "Further headers.")


SearchStore = Union(
    "SearchStore",
    Default,
    PostgreSql,
    ElasticSearch,
    Meilisearch,
    doc="Where the full-text index is kept. A change needs a restart.",
    singleton=True,
    enforced=False,
    others="This server keeps the index in Default, PostgreSql, ElasticSearch or Meilisearch.",
)
