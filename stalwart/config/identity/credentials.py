"""Credentials of an account: its password, app passwords, API keys (settings C.5, A.7).

What a valid password is, hashing and the making of secrets belong to the directory; here is what is stored.
"""

from __future__ import annotations

from stalwart.config.identity.roles import CredentialPermissions
from stalwart.schema import (
    REQUIRED,
    LocalId,
    Nested,
    Secret,
    Set,
    String,
    Union,
    UtcDateTime,
    Variant,
    prop,
)


class Credential(Variant):
    """What all credentials have."""

    credential_id: int | None = prop(LocalId(), None, "Id inside the account.", update="serverSet")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "End of validity; null is never.")
    allowed_ips: frozenset[str] = prop(
        Set(String("ipNetwork")), {}, "Networks it may be used from; empty is any.", label="Allowed IPs"
    )


class Password(Credential):
    """The password of the account."""

    secret: str = prop(Secret(), REQUIRED, "Password, or its hash.")
    otp_auth: str | None = prop(
        Secret(nullable=True),
        None,
        "otpauth: URL of the second factor; null switches it off.",
        label="Second factor",
    )


class _Generated(Credential):
    """What the credentials have whose secret the server makes."""

    description: str = prop(String(), REQUIRED, "What it is for.")
    created_at: int | None = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    permissions: Variant = prop(Nested(CredentialPermissions), {"@type": "Inherit"}, "What it may do.")
    secret: str | None = prop(Secret(), None, "Generated secret, shown once; its hash is stored.", update="serverSet")


class AppPassword(_Generated):
    """A password for one application, which needs no second factor."""


class ApiKey(_Generated):
    """A bearer token for scripts."""


CredentialUnion = Union("Credential", Password, AppPassword, ApiKey, doc="A way to prove who one is.")
