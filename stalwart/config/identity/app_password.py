"""x:AppPassword: passwords that people make for one application each (settings C.5); a view of the credentials of an
x:Account.
"""

from __future__ import annotations

from stalwart.config.identity.roles import CredentialPermissions
from stalwart.schema import (
    REQUIRED,
    Nested,
    Object,
    Secret,
    Set,
    String,
    UtcDateTime,
    Value,
    Variant,
    prop,
)


class IssuedCredential(Value):
    """What credentials have whose secret the server makes."""

    description: str = prop(String(), REQUIRED, "What it is for.")
    secret: str | None = prop(Secret(), None, "The secret, shown once when it is made.", update="serverSet")
    created_at: int | None = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "End of validity; null is never.", index="exact")
    permissions: Variant = prop(Nested(CredentialPermissions), {"@type": "Inherit"}, "What it may do.")
    allowed_ips: frozenset[str] = prop(
        Set(String("ipNetwork")), {}, "Networks it may be used from; empty is any.", label="Allowed IPs"
    )


class AppPassword(IssuedCredential, Object, snapshot=False, label="description", stored=False):
    """A password for one application, which needs no second factor."""
