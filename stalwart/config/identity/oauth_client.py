"""x:OAuthClient: an application that may sign people in (settings C.4, RFC 7591 2)."""

from __future__ import annotations

from stalwart.schema import REQUIRED, Object, ObjectId, Secret, Set, String, UtcDateTime, prop


class OAuthClient(Object, ids="sequential", snapshot=False, label="clientId", tenant=True, enforced=False):
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
    logo: str | None = prop(String(nullable=True), None, "Address of a picture, or the picture as a data: URL.")
