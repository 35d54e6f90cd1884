"""x:PublicKey: a key that mail for an account can be encrypted with (settings C.5)."""

from __future__ import annotations

from stalwart.schema import REQUIRED, Object, ObjectId, Set, String, UtcDateTime, prop


class PublicKey(Object, snapshot=False, label="description", owner="accountId", enforced=False):
    """An OpenPGP key or an S/MIME certificate of an account."""

    account_id: int = prop(
        ObjectId("Account", binding=False), REQUIRED, "Account that it belongs to.", update="immutable", index="exact"
    )
    description: str = prop(String(), REQUIRED, "What people call it.")
    key: str = prop(String("text"), REQUIRED, "Armored OpenPGP key, or S/MIME certificates in PEM.")
    email_addresses: frozenset[str] = prop(Set(String("emailAddress")), {}, "Addresses that it is for.")
    created_at: int = prop(UtcDateTime(), None, "When it was added.", update="serverSet")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "When it expires; null is never.")
