"""x:SystemSettings: the server's names and what it announces (settings C.2)."""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.schema import (
    Boolean,
    Enum,
    Enumeration,
    Map,
    Nested,
    ObjectId,
    ObjectList,
    Set,
    Singleton,
    String,
    Unsigned,
    Value,
    prop,
)

SERVICE_PROTOCOL = Enumeration(
    "ServiceProtocol",
    ("jmap", "imap", "pop3", "smtp", "caldav", "carddav", "webdav", "managesieve"),
    "Services that can be announced.",
)

PROVIDER_INFO = Enumeration(
    "ProviderInfo",
    (
        "providerName",
        "providerShortName",
        "userDocumentation",
        "developerDocumentation",
        "contactUri",
        "logoUrl",
        "logoWidth",
        "logoHeight",
    ),
    "Texts about the provider.",
)

_BUILT = (
    "jmap",
    "caldav",
    "carddav",
    "webdav",
    "smtp",
)  # a client must never be sent to a port that nobody serves


class MailExchanger(Value):
    """An MX record to publish."""

    hostname: str | None = prop(
        String("hostName", nullable=True), None, "Host that takes mail; null is the default host name."
    )
    priority: int = prop(Unsigned(min=1, max=65535), 10, "Preference; the lowest is tried first.")


class Service(Value):
    """Where a service is announced."""

    hostname: str | None = prop(
        String("hostName", nullable=True), None, "Host of the service; null is the default host name."
    )
    cleartext: bool = prop(Boolean(), False, "Announce the port without TLS too.")


class SystemSettings(Singleton):
    """Names of the server and what it announces about itself."""

    default_hostname: str = prop(
        String("hostName"), "localhost", "Public host name; base of published URLs unless overridden."
    )
    default_domain_id: int | None = prop(
        ObjectId("Domain", nullable=True), None, "Domain of reports and of login names without one."
    )
    default_certificate_id: int | None = prop(
        ObjectId("Certificate", nullable=True), None, "Certificate for clients that name no host."
    )
    max_connections: int = prop(Unsigned(min=1), 8192, "Concurrent connections of all listeners together.")
    proxy_trusted_networks: frozenset[str] = prop(
        Set(String("ipNetwork")), {}, "Peers that must speak the PROXY protocol."
    )
    mail_exchangers: tuple[MailExchanger, ...] = prop(
        ObjectList(MailExchanger), {"0": {"priority": 10}}, "MX records to publish."
    )
    services: Mapping[str, Service] = prop(
        Map(Enum(SERVICE_PROTOCOL), Nested(Service)),
        {name: {"cleartext": False} for name in _BUILT},
        "Services announced in SRV records, autoconfig and autodiscover.",
    )
    provider_info: Mapping[str, str] = prop(
        Map(Enum(PROVIDER_INFO), String()), {}, "Texts about the provider for client configuration documents."
    )
    thread_pool_size: int | None = prop(
        Unsigned(min=1, nullable=True), None, "Worker threads; null is as many as there are processor cores."
    )
