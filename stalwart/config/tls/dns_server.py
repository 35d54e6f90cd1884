"""x:DnsServer: where the server may publish DNS records (settings C.3).

Two kinds of the reference's seventy are offered: dynamic updates, which most name servers take, and Cloudflare.
"""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Duration,
    Enum,
    Enumeration,
    Nested,
    ObjectId,
    SecretKey,
    String,
    Union,
    Unsigned,
    Variant,
    prop,
)

IP_PROTOCOL = Enumeration("IpProtocol", ("udp", "tcp"), "Transports of DNS updates.")

TSIG_ALGORITHM = Enumeration(
    "TsigAlgorithm",
    (
        *("hmac-md5", "gss", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha256-128"),
        *("hmac-sha384", "hmac-sha384-192", "hmac-sha512", "hmac-sha512-256"),
    ),
    "Algorithms that sign DNS messages (RFC 8945 6).",
)

OFFERED = "This DNS provider is not supported; use Tsig (RFC 2136) or Cloudflare."


class Provider(Variant):
    """What all DNS providers share."""

    description: str = prop(String(), REQUIRED, "What people call it.")
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")
    timeout: int = prop(Duration(), 30_000, "Limit of one request.")
    ttl: int = prop(Duration(), 300_000, "Time to live of the records.", label="Time to live")
    polling_interval: int = prop(Duration(), 15_000, "Time between two looks whether a record can be seen.")
    propagation_delay: int | None = prop(Duration(nullable=True), None, "Time before the first look.")
    propagation_timeout: int = prop(Duration(), 60_000, "Time after which a record counts as not published.")


class Tsig(Provider):
    """A name server that takes signed dynamic updates (RFC 2136, RFC 8945)."""

    host: str = prop(String("ipAddress"), REQUIRED, "Address of the primary name server.")
    port: int = prop(Unsigned(min=1, max=65535), 53, "Port of the name server.")
    protocol: str = prop(Enum(IP_PROTOCOL), "udp", "Transport.")
    key_name: str = prop(String(), REQUIRED, "Name of the key.")
    key: Variant = prop(Nested(SecretKey), REQUIRED, "The key in base64.")
    tsig_algorithm: str = prop(Enum(TSIG_ALGORITHM), "hmac-sha512", "Algorithm of the key.", label="TSIG algorithm")


class Cloudflare(Provider):
    """The DNS service of Cloudflare."""

    email: str | None = prop(
        String(nullable=True), None, "Address of the account; needed with a global API key, null with a token."
    )
    secret: Variant = prop(Nested(SecretKey), REQUIRED, "API token, or the global API key.")


DnsServer = Union(
    "DnsServer",
    Tsig,
    Cloudflare,
    doc="A place where the server may publish DNS records.",
    ids="snowflake",
    others=OFFERED,
    label="description",
    tenant=True,
)
