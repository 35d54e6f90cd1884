"""x:MtaRoute: to which hosts a message goes: the mail exchangers of its domain, a relay, or nowhere else (settings
C.7).
"""

from __future__ import annotations

from stalwart.config.named import note, unique_name
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Enum,
    Enumeration,
    Nested,
    SecretKeyOptional,
    String,
    Union,
    Unsigned,
    Variant,
    prop,
)

IP_STRATEGY = Enumeration(
    "MtaIpStrategy",
    ("v4ThenV6", "v6ThenV4", "v4Only", "v6Only"),
    "Which families of addresses are tried, and in which order.",
)
PROTOCOL = Enumeration("MtaProtocol", ("smtp", "lmtp"), "Protocols that hand mail over.")


class Mx(Variant):
    """The mail exchangers of the recipient's domain (RFC 5321 5.1)."""

    name: str = unique_name("MtaRoute")
    description: str | None = note()
    ip_lookup_strategy: str = prop(Enum(IP_STRATEGY), "v4ThenV6", "Order of addresses.", label="IP lookup strategy")
    max_mx_hosts: int = prop(Unsigned(min=1), 5, "Mail exchangers tried in one attempt.", label="Max MX hosts")
    max_multihomed: int = prop(Unsigned(min=1), 2, "Addresses tried of one mail exchanger.")


class Relay(Variant):
    """One host that takes all mail and sends it on."""

    name: str = unique_name("MtaRoute")
    description: str | None = note()
    address: str = prop(String("hostName"), REQUIRED, "Name or address of the host.")
    port: int = prop(Unsigned(min=1, max=65535), 25, "Port of the host.")
    protocol: str = prop(Enum(PROTOCOL), "smtp", "Protocol of the host.")
    implicit_tls: bool = prop(Boolean(), False, "TLS from the first byte.", label="Implicit TLS")
    allow_invalid_certs: bool = prop(Boolean(), False, "Do not verify the certificate of the host.")
    auth_username: str | None = prop(String(nullable=True), None, "User name; null sends none.")
    auth_secret: Variant = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Password.")


class Local(Variant):
    """The mailboxes of this server."""

    name: str = unique_name("MtaRoute")
    description: str | None = note()


MtaRoute = Union(
    "MtaRoute",
    Mx,
    Relay,
    Local,
    doc="Where messages go.",
    ids="snowflake",
    label="name",
)
