"""x:WebDav: limits of the WebDAV service (settings C.9)."""

from __future__ import annotations

from stalwart.schema import Boolean, Duration, Singleton, Size, Unsigned, prop


class WebDav(Singleton):
    """The WebDAV service."""

    request_max_size: int = prop(
        Size(), 26_214_400, "Bytes of an XML body; files, events and cards have limits of their own."
    )
    max_results: int = prop(Unsigned(), 2000, "Resources of one multistatus answer.")
    max_locks: int = prop(Unsigned(), 10, "Locks of one user in one home; 0 is no limit.")
    max_lock_timeout: int = prop(Duration(), 3_600_000, "Longest time that a lock is granted for (RFC 4918 10.7).")
    dead_property_max_size: int | None = prop(
        Size(nullable=True), 1024, "Bytes of all dead properties of one resource (RFC 4918 4.2); null refuses them."
    )
    live_property_max_size: int = prop(Size(), 250, "Bytes of a live property that clients may set.")
    enable_assisted_discovery: bool = prop(
        Boolean(), True, "Show shared collections to clients that only look one level deep."
    )
