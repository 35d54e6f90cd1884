"""x:MtaTlsStrategy: what is asked of the TLS of hosts that mail is sent to (settings C.7)."""

from __future__ import annotations

from stalwart.config.named import note, unique_name
from stalwart.schema import Boolean, Duration, Enum, Enumeration, Object, prop

REQUIREMENT = Enumeration(
    "MtaRequiredOrOptional",
    ("optional", "require", "disable"),
    "Used where offered, insisted on, or not used at all.",
)


class MtaTlsStrategy(Object, label="name"):
    """TLS towards hosts that mail is sent to."""

    name: str = unique_name("MtaTlsStrategy")
    description: str | None = note()
    start_tls: str = prop(Enum(REQUIREMENT), "optional", "STARTTLS (RFC 3207).", label="STARTTLS")
    dane: str = prop(Enum(REQUIREMENT), "optional", "TLSA records of the host (RFC 7672).", label="DANE")
    mta_sts: str = prop(Enum(REQUIREMENT), "optional", "Policy of the domain (RFC 8461).", label="MTA-STS")
    allow_invalid_certs: bool = prop(Boolean(), False, "Take any certificate where no policy forbids it.")
    mta_sts_timeout: int = prop(Duration(), 300_000, "Limit of fetching a policy.", label="MTA-STS timeout")
    tls_timeout: int = prop(Duration(), 180_000, "Limit of a handshake.", label="TLS timeout")
