"""x:OAuthClient: an application that may sign people in (settings C.4, RFC 7591 2)."""

from __future__ import annotations

from stalwart.schema import REQUIRED, Enum, Enumeration, Object, ObjectId, Secret, Set, String, UtcDateTime, prop

ID_TOKEN_ALGORITHM = Enumeration(
    "IdTokenAlgorithm",
    ("ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "Algorithms of ID tokens, as registration names them (RFC 7591 2, RFC 7518 3.1).",
)


class OAuthClient(Object, ids="sequential", snapshot=False, label="clientId", tenant=True):
    """A registered application."""

    client_id: str = prop(
        String(), REQUIRED, "Id of the application (client_id).", unique="OAuthClient.clientId", index="both"
    )
    description: str | None = prop(String(nullable=True), None, "What people call it.", index="words")
    contacts: frozenset[str] = prop(Set(String("emailAddress")), {}, "Addresses of those who run it.")
    secret: str | None = prop(
        Secret(nullable=True), None, "Its secret, of which a hash is stored; null for one that cannot keep any."
    )
    created_at: int = prop(UtcDateTime(), None, "When it was registered.", update="serverSet")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "End of validity; null is never.")
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")
    redirect_uris: frozenset[str] = prop(
        Set(String("uri")), {}, "Where people may be sent back to.", label="Redirect URIs"
    )
    id_token_algorithm: str | None = prop(
        Enum(ID_TOKEN_ALGORITHM, nullable=True),
        None,
        "Algorithm that signs its ID tokens, if the server has a key for it; null is the server's own choice.",
        label="ID token algorithm",
    )
    scopes: frozenset[str] = prop(
        Set(String()), {}, "Scopes that it may ask for; none here is any. Unknown ones open nothing."
    )
    client_uri: str | None = prop(String("uri", nullable=True), None, "Its home page.", label="Client URI")
    policy_uri: str | None = prop(String("uri", nullable=True), None, "Its privacy policy.", label="Policy URI")
    tos_uri: str | None = prop(String("uri", nullable=True), None, "Its terms of service.", label="Terms URI")
    registration_secret: str | None = prop(
        Secret(nullable=True), None, "What lets it change its own registration (RFC 7592); a hash is stored."
    )
    logo: str | None = prop(String(nullable=True), None, "Address of a picture, or the picture as a data: URL.")
