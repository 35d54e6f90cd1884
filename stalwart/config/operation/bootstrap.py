"""x:Bootstrap: the questions of a new server, asked once (settings A.9, C.12).

The answers become other objects; of this one nothing is kept.
"""

from __future__ import annotations

from stalwart.config.identity.directory import Ldap, Oidc, Sql
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.storage.blob_store import BlobStore
from stalwart.config.storage.data_store import DataStore
from stalwart.config.storage.in_memory_store import InMemoryStore
from stalwart.config.storage.search_store import SearchStore
from stalwart.config.tls.dns_server import OFFERED, Cloudflare, Tsig
from stalwart.schema import Boolean, Nested, Secret, Singleton, String, Union, Variant, prop

STORE_PATH = "/var/lib/stalwart/store.sqlite3"
LOG_PATH = "/var/log/stalwart/"


class Internal(Variant):
    """Accounts and passwords are kept on this server."""


class Manual(Variant):
    """Somebody publishes the records by hand."""


DirectoryBootstrap = Union(
    "DirectoryBootstrap", Internal, Ldap, Sql, Oidc, doc="Who knows the accounts of a new server."
)

DnsServerBootstrap = Union(
    "DnsServerBootstrap",
    Manual,
    Tsig,
    Cloudflare,
    others=OFFERED,
    doc="Who publishes the DNS records of a new server.",
)


class Bootstrap(Singleton, stored=False):
    """The questions of a new server."""

    server_hostname: str = prop(String("hostName"), "localhost", "Public host name of the server.")
    default_domain: str = prop(String("domainName"), "example.org", "First mail domain.")
    request_tls_certificate: bool = prop(
        Boolean(), True, "Get a certificate for the server from Let's Encrypt.", label="Request TLS certificate"
    )
    generate_dkim_keys: bool = prop(
        Boolean(), True, "Make keys that outgoing mail is signed with.", label="Generate DKIM keys"
    )
    data_store: Variant = prop(Nested(DataStore), {"@type": "Sqlite", "path": STORE_PATH}, "Database of the server.")
    blob_store: Variant = prop(Nested(BlobStore), {"@type": "Default"}, "Where messages and files are kept.")
    search_store: Variant = prop(Nested(SearchStore), {"@type": "Default"}, "Where the search index is kept.")
    in_memory_store: Variant = prop(Nested(InMemoryStore), {"@type": "Default"}, "Where short-lived values are kept.")
    directory: Variant = prop(Nested(DirectoryBootstrap), {"@type": "Internal"}, "Who knows the accounts.")
    tracer: Variant = prop(
        Nested(Tracer), {"@type": "Log", "path": LOG_PATH, "ansi": False}, "Where events are written."
    )
    dns_server: Variant = prop(
        Nested(DnsServerBootstrap), {"@type": "Manual"}, "Who publishes DNS records.", label="DNS server"
    )
    username: str | None = prop(
        String("emailAddress"), None, "Login of the new administrator, told once.", update="serverSet", stored=False
    )
    secret: str | None = prop(
        Secret(), None, "Password of the new administrator, told once.", update="serverSet", stored=False
    )
