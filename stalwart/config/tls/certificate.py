"""x:Certificate: a chain and its key; what the chain says is filled in by the server (settings C.3, A.11)."""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Nested,
    Object,
    PublicText,
    SecretText,
    Set,
    String,
    UtcDateTime,
    Variant,
    prop,
)


class Certificate(Object, enforced=False):
    """A certificate for the names in it, which clients get that ask for one of them."""

    certificate: Variant = prop(Nested(PublicText), REQUIRED, "The chain in PEM, the certificate itself first.")
    private_key: Variant = prop(Nested(SecretText), REQUIRED, "Its key in PEM.")
    subject_alternative_names: frozenset[str] = prop(
        Set(String()), {}, "Names in the certificate.", update="serverSet", index="words"
    )
    issuer: str | None = prop(String(), None, "Who issued it.", update="serverSet")
    not_valid_before: int | None = prop(UtcDateTime(), None, "When it starts to be valid.", update="serverSet")
    not_valid_after: int | None = prop(UtcDateTime(), None, "When it expires.", update="serverSet")
