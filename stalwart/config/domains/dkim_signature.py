"""x:DkimSignature: a key that outgoing mail is signed with, and how (settings C.6, RFC 6376 3.5, RFC 8463).

Making and rotating keys belongs to the task ``DkimManagement``.
"""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Nested,
    ObjectId,
    SecretText,
    Set,
    String,
    Union,
    UtcDateTime,
    Variant,
    prop,
)

CANONICALIZATION = Enumeration(
    "DkimCanonicalization",
    ("relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"),
    "How headers and body are made uniform before they are signed (RFC 6376 3.4).",
)

DKIM_HASH = Enumeration("DkimHash", ("sha256", "sha1"), "Hashes of third-party signatures (RFC 6541 4.1).")

DKIM2_FLAG = Enumeration(
    "Dkim2Flag", ("donotmodify", "donotexplode", "feedback"), "What a DKIM2 signature asks of those who pass mail on."
)

ROTATION_STAGE = Enumeration(
    "DkimRotationStage",
    ("active", "pending", "retiring", "retired"),
    "Stages of a key: pending until its record is out, active while it signs, retiring while old signatures are still "
    "checked, retired until it is deleted.",
)


class Signature(Variant):
    """What all signatures share."""

    domain_id: int = prop(ObjectId("Domain"), REQUIRED, "Domain that signs (d=).", index="exact")
    selector: str = prop(String(), REQUIRED, "Selector of the key (s=).")
    private_key: Variant = prop(Nested(SecretText), REQUIRED, "The key in PEM.")
    public_key: str | None = prop(
        String("text"), None, "Public half of the key, for the DNS record.", update="serverSet", stored=False
    )
    stage: str = prop(Enum(ROTATION_STAGE), "active", "Stage of the key.")
    next_transition_at: int | None = prop(
        UtcDateTime(nullable=True), None, "When the next stage begins; null is not planned."
    )
    created_at: int = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")


class Dkim1(Signature):
    """What the signatures of RFC 6376 share."""

    headers: frozenset[str] = prop(
        Set(String("headerName")),
        dict.fromkeys(("From", "To", "Date", "Subject", "Message-ID"), True),
        "Headers that are signed (h=).",
    )
    canonicalization: str = prop(
        Enum(CANONICALIZATION), "relaxed/relaxed", "Canonicalization of headers and body (c=)."
    )
    expire: int | None = prop(Duration(nullable=True), None, "Validity of a signature (x=); null is for ever.")
    auid: str | None = prop(
        String(nullable=True), None, "Agent or user that signs (i=); null is the domain.", label="Agent or user (AUID)"
    )
    report: bool = prop(Boolean(), True, "Ask for reports about signatures that fail (r=y).")
    third_party: str | None = prop(
        String(nullable=True), None, "Domain on whose behalf is signed (atps=); null is none."
    )
    third_party_hash: str | None = prop(
        Enum(DKIM_HASH, nullable=True), None, "Hash that the record of that domain is found by (atpsh=)."
    )


class Dkim1Ed25519Sha256(Dkim1):
    """DKIM with an Ed25519 key (RFC 8463)."""


class Dkim1RsaSha256(Dkim1):
    """DKIM with an RSA key (RFC 6376)."""


class Dkim2(Signature):
    """What the signatures of DKIM2 share."""

    flags: frozenset[str] = prop(Set(Enum(DKIM2_FLAG)), {}, "What is asked of those who pass the mail on.")


class Dkim2Ed25519Sha256(Dkim2):
    """DKIM2 with an Ed25519 key. DKIM2 is a draft; nothing is signed with it yet."""


class Dkim2RsaSha256(Dkim2):
    """DKIM2 with an RSA key. DKIM2 is a draft; nothing is signed with it yet."""


DkimSignature = Union(
    "DkimSignature",
    Dkim1Ed25519Sha256,
    Dkim1RsaSha256,
    Dkim2Ed25519Sha256,
    Dkim2RsaSha256,
    doc="A key that outgoing mail of a domain is signed with, and how.",
    ids="snowflake",
    label="selector",
    tenant=True,
    enforced=False,
)
