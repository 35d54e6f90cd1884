"""x:Security, x:AllowedIp, x:BlockedIp: who gets banned, who never is, who is at present (settings C.2)."""

from __future__ import annotations

from stalwart.schema import (
    REQUIRED,
    Duration,
    Enum,
    Enumeration,
    Nested,
    Object,
    Rate,
    Set,
    Singleton,
    String,
    UtcDateTime,
    prop,
)

BLOCK_REASON = Enumeration(
    "BlockReason",
    ("rcptToFailure", "authFailure", "loitering", "portScanning", "manual", "other"),
    "Why an address is blocked.",
)

_DAY = 86_400_000

_SCAN_PATHS = (
    *("*.php*", "*.cgi*", "*.asp*", "*/wp-*", "*/php*", "*/cgi-bin*", "*xmlrpc*"),
    *("*../*", "*/..*", "*joomla*", "*wordpress*", "*drupal*"),
)


class Security(Singleton):
    """What gets a remote address banned, and for how long."""

    abuse_ban_rate: Rate | None = prop(
        Nested(Rate, nullable=True),
        {"count": 35, "period": _DAY},
        "Attempts to relay or to reach unknown recipients before a ban; null never bans.",
    )
    abuse_ban_period: int | None = prop(Duration(nullable=True), None, "Length of such a ban; null is for ever.")
    auth_ban_rate: Rate | None = prop(
        Nested(Rate, nullable=True),
        {"count": 100, "period": _DAY},
        "Failed sign-ins before a ban; null never bans.",
    )
    auth_ban_period: int | None = prop(Duration(nullable=True), None, "Length of such a ban; null is for ever.")
    loiter_ban_rate: Rate | None = prop(
        Nested(Rate, nullable=True),
        {"count": 150, "period": _DAY},
        "Connections left idle before a ban; null never bans.",
    )
    loiter_ban_period: int | None = prop(Duration(nullable=True), None, "Length of such a ban; null is for ever.")
    scan_ban_paths: frozenset[str] = prop(
        Set(String()), dict.fromkeys(_SCAN_PATHS, True), "Patterns of URL paths; asking for one bans at once."
    )
    scan_ban_rate: Rate | None = prop(
        Nested(Rate, nullable=True),
        {"count": 30, "period": _DAY},
        "Scan attempts before a ban; null never bans.",
    )
    scan_ban_period: int | None = prop(Duration(nullable=True), None, "Length of such a ban; null is for ever.")


class AllowedIp(Object, label="address"):
    """An address or network that is never banned."""

    address: str = prop(
        String("ipNetwork"),
        REQUIRED,
        "Address or network.",
        update="immutable",
        unique="AllowedIp.address",
        index="exact",
    )
    reason: str | None = prop(String(nullable=True), None, "Note.")
    created_at: int = prop(UtcDateTime(), None, "When it was added.", update="immutable")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "When it ends; null is never.")


class BlockedIp(Object, label="address"):
    """An address or network whose connections are dropped."""

    address: str = prop(
        String("ipNetwork"),
        REQUIRED,
        "Address or network.",
        update="immutable",
        unique="BlockedIp.address",
        index="exact",
    )
    reason: str = prop(Enum(BLOCK_REASON), "manual", "Why it is blocked.")
    created_at: int = prop(UtcDateTime(), None, "When it was added.", update="serverSet")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "When it ends; null is never.")
