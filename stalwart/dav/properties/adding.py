"""Where new events and cards are posted to (RFC 5995 3.2.1)."""

from __future__ import annotations

from stalwart.codec.dav.multistatus import element
from stalwart.codec.dav.names import name
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown

_ON = On.CALENDAR | On.BOOK


@prop("D:add-member", on=_ON, lasting=_ON, spec="RFC 5995 3.2.1")
def add_member(shown: Shown) -> bytes | None:
    """The collection itself."""
    return element(name("D:add-member"), b"<D:href>%b</D:href>" % shown.href)
