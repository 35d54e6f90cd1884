"""Locks on a resource (RFC 4918 15.8, 15.10)."""

from __future__ import annotations

from stalwart.codec.dav.fragments import SUPPORTED_LOCK, lock_discovery
from stalwart.codec.dav.multistatus import empty
from stalwart.codec.dav.names import name
from stalwart.codec.dav.paths import href
from stalwart.dav.declaring import On, prop
from stalwart.dav.methods.lock import active_lock
from stalwart.dav.shown import Shown

_LOCKABLE = On.KEPT
_ANYWHERE = On.KEPT | On.SCHEDULING | On.NOTICE


@prop("D:lockdiscovery", on=_ANYWHERE, all_on=_ANYWHERE, spec="RFC 4918 15.8")
def lock_discovery_of(shown: Shown) -> bytes | None:
    """The locks on it, and the infinite ones above it."""
    kind, home = shown.kind, shown.home
    if kind is None or home is None:
        return empty(name("D:lockdiscovery"))

    def root(path: str) -> str:
        return href(kind.service, home.address, *path.split("/")[1:], collection=False)

    return lock_discovery(active_lock(each, shown.asking.now, root) for each in shown.locks)


@prop("D:supportedlock", on=_ANYWHERE, all_on=_ANYWHERE, alike=_ANYWHERE, lasting=_ANYWHERE, spec="RFC 4918 15.10")
def supported_lock(shown: Shown) -> bytes | None:
    """Locks against writing, exclusive and shared."""
    return SUPPORTED_LOCK if shown.on & _LOCKABLE else empty(name("D:supportedlock"))
