"""x:DnsResolver: which name servers are asked, and how (settings C.2)."""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    ObjectList,
    String,
    Union,
    Unsigned,
    Value,
    Variant,
    prop,
)

DNS_PROTOCOL = Enumeration("DnsResolverProtocol", ("udp", "tcp", "tls"), "Transports of DNS.")


class DnsCustomResolver(Value):
    """A name server."""

    address: str = prop(String("ipAddress"), REQUIRED, "Address of the name server.")
    port: int = prop(Unsigned(min=1, max=65535), 53, "Port of the name server.")
    protocol: str = prop(Enum(DNS_PROTOCOL), "udp", "Transport.")


class _Asking(Variant):
    """What all resolvers share."""

    timeout: int = prop(Duration(), 5_000, "Limit of one query.")
    attempts: int = prop(Unsigned(), 2, "How often a query is repeated.")
    concurrency: int = prop(Unsigned(), 2, "Name servers asked at the same time.")
    enable_edns: bool = prop(Boolean(), True, "Use EDNS, for answers over 512 bytes.", label="Enable EDNS")
    preserve_intermediates: bool = prop(Boolean(), True, "Keep the aliases that led to an answer.")
    tcp_on_error: bool = prop(Boolean(), True, "Repeat over TCP what UDP could not answer.", label="TCP on error")


class System(_Asking):
    """The name servers that the operating system is configured with."""


class Custom(_Asking):
    """Name servers listed here."""

    servers: tuple[DnsCustomResolver, ...] = prop(
        ObjectList(DnsCustomResolver, min_items=1), {}, "Name servers, in the order in which they are asked."
    )


class Cloudflare(_Asking):
    """The public resolver of Cloudflare."""

    use_tls: bool = prop(Boolean(), True, "Ask over TLS.")


class Quad9(_Asking):
    """The public resolver of Quad9."""

    use_tls: bool = prop(Boolean(), True, "Ask over TLS.")


class Google(_Asking):
    """The public resolver of Google."""


DnsResolver = Union(
    "DnsResolver",
    System,
    Custom,
    Cloudflare,
    Quad9,
    Google,
    doc="Name servers that are asked, and how.",
    singleton=True,
)
