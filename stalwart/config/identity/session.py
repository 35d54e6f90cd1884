"""x:Session: where somebody is signed in (auth-api 13.1, RFC 7009); a view of the sign-ins to applications."""

from __future__ import annotations

from stalwart.schema import Boolean, Object, Set, String, UtcDateTime, prop


class Session(Object, snapshot=False, label="clientName", stored=False):
    """An application that is signed in to one's own account. Destroying it makes its tokens void."""

    client_id: str = prop(String(), None, "Id of the application (client_id).", update="serverSet", label="Client ID")
    client_name: str | None = prop(
        String(nullable=True), None, "What the application calls itself.", update="serverSet"
    )
    scope: frozenset[str] = prop(Set(String()), {}, "What it was granted; empty is everything.", update="serverSet")
    ip_address: str | None = prop(
        String(nullable=True), None, "Address that signed in.", update="serverSet", label="IP address"
    )
    user_agent: str | None = prop(String(nullable=True), None, "Browser that signed in.", update="serverSet")
    methods: frozenset[str] = prop(
        Set(String()), {}, "How it was proved who signs in (RFC 8176 2).", update="serverSet"
    )
    created_at: int = prop(UtcDateTime(), None, "When it began.", update="serverSet")
    last_used_at: int = prop(UtcDateTime(), None, "When tokens were last given out.", update="serverSet")
    expires_at: int = prop(UtcDateTime(), None, "When it ends unless it is used.", update="serverSet")
    current: bool = prop(Boolean(), None, "Whether this request comes from it.", update="serverSet")
