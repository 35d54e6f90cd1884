"""x:Certificate: a chain and its key; what the chain says is filled in by the server (settings C.3, A.11)."""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Nested,
    Object,
    ObjectId,
    PublicText,
    SecretText,
    Set,
    String,
    UtcDateTime,
    Variant,
    prop,
)


class Certificate(Object, snapshot=False):
    """A certificate for the names in it, which clients get that ask for one of them."""

    certificate: Variant = prop(Nested(PublicText), REQUIRED, "The chain in PEM, the certificate itself first.")
    private_key: Variant = prop(Nested(SecretText), REQUIRED, "Its key in PEM.")
    subject_alternative_names: frozenset[str] = prop(
        Set(String()), {}, "Names in the certificate.", update="serverSet", index="words"
    )
    issuer: str | None = prop(String(), None, "Who issued it.", update="serverSet")
    not_valid_before: int | None = prop(UtcDateTime(), None, "When it starts to be valid.", update="serverSet")
    not_valid_after: int | None = prop(UtcDateTime(), None, "When it expires.", update="serverSet")
    managed_domain_id: int | None = prop(
        ObjectId("Domain", nullable=True, binding=False),
        None,
        "Domain that the server got it for; null for one that somebody stored.",
        update="serverSet",
        index="exact",
    )
    renew_at: int | None = prop(
        UtcDateTime(nullable=True), None, "When the server will renew it; null is never.", update="serverSet"
    )
    revoked_at: int | None = prop(
        UtcDateTime(nullable=True), None, "When it was revoked through this server; null is never.", update="serverSet"
    )
