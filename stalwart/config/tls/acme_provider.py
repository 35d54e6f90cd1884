"""x:AcmeProvider: an account at a certificate authority (settings C.3, acme-tls A1, RFC 8555 7.3).

Registration at the authority is no business of the declaration; what it answers is set by the server.
"""

from __future__ import annotations

from stalwart.schema import (
    Boolean,
    Enum,
    Enumeration,
    Object,
    ObjectId,
    Secret,
    Set,
    String,
    Unsigned,
    prop,
)

CHALLENGE_TYPE = Enumeration(
    "AcmeChallengeType",
    ("TlsAlpn01", "DnsPersist01", "Dns01", "Http01"),
    "Ways to prove to a certificate authority that a name is ours.",
)

RENEW_BEFORE = Enumeration(
    "AcmeRenewBefore",
    ("R12", "R23", "R34", "R45"),
    "Share of its lifetime after which a certificate is renewed: a half, two thirds, three quarters, four fifths.",
)

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"


class AcmeProvider(Object, label="description", tenant=True):
    """An account at a certificate authority, from which domains get their certificates."""

    directory: str = prop(
        String("uri"), LETS_ENCRYPT, "Directory URL of the authority.", update="immutable", index="words"
    )
    challenge_type: str = prop(Enum(CHALLENGE_TYPE), "TlsAlpn01", "How names are proved.")
    contact: frozenset[str] = prop(
        Set(String("emailAddress"), min_items=1), {}, "Addresses that the authority may write to.", index="words"
    )
    renew_before: str = prop(Enum(RENEW_BEFORE), "R23", "When a certificate is renewed.")
    max_retries: int = prop(Unsigned(), 10, "Failed attempts before a warning is an error in the log; attempts go on.")
    preferred_chain: str | None = prop(
        String(nullable=True), None, "Common name of the root that chains should end in; null takes what comes."
    )
    profile: str | None = prop(
        String(nullable=True), None, "Profile of the authority for its certificates; null is the authority's choice."
    )
    fallback_provider_id: int | None = prop(
        ObjectId("AcmeProvider", nullable=True),
        None,
        "Another account, which is tried in turn with this one after two failed attempts.",
    )
    reuse_key: bool = prop(Boolean(), False, "Keep the key of a certificate that is renewed.")
    eab_key_id: str | None = prop(
        String(nullable=True),
        None,
        "Key id of an external account at the authority; used once, not kept.",
        update="immutable",
        label="EAB key id",
    )
    eab_hmac_key: str | None = prop(
        Secret(nullable=True),
        None,
        "Key of the external account in base64url; used once, not kept.",
        update="immutable",
        label="EAB HMAC key",
    )
    account_key: str | None = prop(Secret(), None, "Private key of the account.", update="serverSet")
    account_uri: str | None = prop(
        String("uri"), None, "URL of the account, as it stands in CAA records.", update="serverSet", label="Account URI"
    )
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")
    description: str | None = prop(
        String(), None, "Directory and account in a few words.", update="serverSet", stored=False
    )
