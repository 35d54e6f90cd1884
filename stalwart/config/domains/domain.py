"""x:Domain: a mail domain and how its certificates, keys and DNS records are kept (settings C.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stalwart.config.mail.variables import RCPT_VARIABLES
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Expression,
    ExpressionValue,
    Nested,
    Object,
    ObjectId,
    Set,
    String,
    Union,
    UtcDateTime,
    Value,
    Variant,
    Violation,
    prop,
)

DKIM_SIGNATURE_TYPE = Enumeration(
    "DkimSignatureType",
    ("Dkim1Ed25519Sha256", "Dkim1RsaSha256", "Dkim2Ed25519Sha256", "Dkim2RsaSha256"),
    "Kinds of DKIM signatures.",
)

DNS_RECORD_TYPE = Enumeration(
    "DnsRecordType",
    (
        *("dkim", "tlsa", "spf", "mx", "dmarc", "srv", "mtaSts", "tlsRpt"),
        *("caa", "autoConfig", "autoConfigLegacy", "autoDiscover"),
    ),
    "Kinds of DNS records that the server can publish.",
)

POLICY_ENFORCEMENT = Enumeration(
    "PolicyEnforcement", ("enforce", "testing", "none", "disable"), "How strictly a policy applies."
)

_DAY = 86_400_000
_PLACEHOLDER = re.compile(r"\{(version|algorithm|date-[^{}]+|[^{}]*)\}")


class Manual(Variant):
    """Kept by the administrator."""


class AutomaticCertificates(Variant, name="Automatic"):
    """Issued and renewed by the server."""

    acme_provider_id: int = prop(ObjectId("AcmeProvider"), REQUIRED, "Account at a certificate authority.")
    subject_alternative_names: frozenset[str] = prop(
        Set(String()), {}, "Further host names; single labels are completed with the domain."
    )


CertificateManagement = Union(
    "CertificateManagement", Manual, AutomaticCertificates, doc="Who keeps the certificates of a domain."
)


class AutomaticKeys(Variant, name="Automatic"):
    """Made and rotated by the server."""

    algorithms: frozenset[str] = prop(
        Set(Enum(DKIM_SIGNATURE_TYPE)),
        {"Dkim1Ed25519Sha256": True, "Dkim1RsaSha256": True},
        "Kinds of keys to make.",
    )
    rotate_after: int = prop(Duration(), 90 * _DAY, "Age at which a new key takes over.")
    retire_after: int = prop(Duration(), 7 * _DAY, "How long the record of the old key stays.")
    delete_after: int = prop(Duration(), 30 * _DAY, "When a retired key is deleted.")
    selector_template: str = prop(
        String(),
        "v{version}-{algorithm}-{date-%Y%m%d}",
        "Selector of new keys, with `{version}`, `{algorithm}` and `{date-...}` filled in.",
    )

    def check(self) -> Iterator[Violation]:
        """The template has known placeholders and makes a DNS label."""
        unknown = [name for name in _PLACEHOLDER.findall(self.selector_template) if not _is_placeholder(name)]
        rest = _PLACEHOLDER.sub("x", self.selector_template)
        if unknown or not re.fullmatch(r"[A-Za-z0-9._-]+", rest):
            yield Violation("invalidProperties", "selectorTemplate", "Invalid selector template")


DkimManagement = Union("DkimManagement", AutomaticKeys, Manual, doc="Who keeps the DKIM keys of a domain.")


class AutomaticRecords(Variant, name="Automatic"):
    """Published by the server at a DNS provider."""

    dns_server_id: int = prop(ObjectId("DnsServer"), REQUIRED, "Provider.")
    origin: str | None = prop(
        String("domainName", nullable=True), None, "Zone of the records, when it is not the domain itself."
    )
    publish_records: frozenset[str] = prop(
        Set(Enum(DNS_RECORD_TYPE), min_items=1),
        dict.fromkeys((name for name in DNS_RECORD_TYPE.names if name != "tlsa"), True),
        "Kinds of records kept up to date.",
    )


DnsManagement = Union("DnsManagement", Manual, AutomaticRecords, doc="Who publishes the DNS records of a domain.")


class SubAddressesEnabled(Variant, name="Enabled"):
    """`name+detail` is delivered to `name`."""


class SubAddressesCustom(Variant, name="Custom"):
    """A rule says which address is meant."""

    custom_rule: ExpressionValue = prop(Expression(RCPT_VARIABLES), REQUIRED, "Rule whose result is the address.")


class SubAddressesDisabled(Variant, name="Disabled"):
    """Addresses are taken as they are."""


SubAddressing = Union(
    "SubAddressing",
    SubAddressesEnabled,
    SubAddressesCustom,
    SubAddressesDisabled,
    doc="What `name+detail` means.",
)


class MtaStsPolicy(Value):
    """The MTA-STS policy that the server publishes for a domain (RFC 8461 3.2)."""

    max_age: int = prop(Duration(), 7 * _DAY, "How long senders keep the policy.")
    mode: str = prop(
        Enum(POLICY_ENFORCEMENT),
        "testing",
        "Whether senders must honour it; none takes it back, disable publishes no policy.",
    )
    mx_hosts: frozenset[str] = prop(Set(String()), {}, "Mail hosts; empty is the mail exchangers of the server.")


class Domain(Object, ids="sequential", label="name", tenant=True):
    """A mail domain."""

    name: str = prop(String("domainName"), REQUIRED, "Domain name.", unique="Domain.name", index="both")
    aliases: frozenset[str] = prop(
        Set(String("domainName")),
        {},
        "Other domains with the same mailboxes.",
        unique="Domain.name",
        index="both",
    )
    is_enabled: bool = prop(Boolean(), True, "Accept mail and logins.")
    created_at: int = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    description: str | None = prop(String(nullable=True), None, "Note.", index="words")
    logo: str | None = prop(String(nullable=True), None, "Address of a picture, or the picture as a data: URL.")
    certificate_management: Variant = prop(
        Nested(CertificateManagement), {"@type": "Manual"}, "Who keeps its certificates."
    )
    dkim_management: Variant = prop(Nested(DkimManagement), {"@type": "Automatic"}, "Who keeps its DKIM keys.")
    dns_management: Variant = prop(Nested(DnsManagement), {"@type": "Manual"}, "Who publishes its DNS records.")
    dns_zone_file: str | None = prop(
        String("text"), None, "Records it should have, as a zone file.", update="serverSet", stored=False
    )
    directory_id: int | None = prop(
        ObjectId("Directory", nullable=True),
        None,
        "External directory of its accounts; null is the default one.",
    )
    catch_all_address: str | None = prop(
        String("emailAddress", nullable=True), None, "Who gets mail for unknown recipients."
    )
    sub_addressing: Variant = prop(Nested(SubAddressing), {"@type": "Enabled"}, "What `name+detail` means.")
    allow_relaying: bool = prop(
        Boolean(), False, "Pass mail for unknown recipients on, for domains split over servers."
    )
    report_address_uri: str | None = prop(
        String(nullable=True),
        "mailto:postmaster",
        "Where reports about the domain go; a local part alone is completed with the domain.",
    )
    mta_sts: MtaStsPolicy | None = prop(
        Nested(MtaStsPolicy, nullable=True), None, "Its MTA-STS policy; null is the one of the server."
    )
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")


def _is_placeholder(name: str) -> bool:
    return name in ("version", "algorithm") or name.startswith("date-%")
