"""What clients are told of attachments that are kept here (RFC 8607 6)."""

from __future__ import annotations

from stalwart.codec.dav.multistatus import href_element, text_element
from stalwart.codec.dav.names import name
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown
from stalwart.groupware.attaching import MOST
from stalwart.groupware.kinds import CALENDARS

_ON = On.HOME | On.CALENDAR


@prop("A:managed-attachments-server-URL", on=On.HOME, spec="RFC 8607 6.1")
def server_url(shown: Shown) -> bytes | None:
    """Where attachments are got from."""
    if shown.kind is not CALENDARS:
        return None
    return href_element(name("A:managed-attachments-server-URL"), shown.asking.tools.attaching.server)


@prop("A:max-attachment-size", on=_ON, alike=On.CALENDAR, spec="RFC 8607 6.2")
def largest(shown: Shown) -> bytes | None:
    """Octets of one attachment."""
    if shown.kind is not CALENDARS:
        return None
    return text_element(name("A:max-attachment-size"), str(shown.asking.tools.attaching.largest))


@prop("A:max-attachments-per-resource", on=_ON, alike=On.CALENDAR, spec="RFC 8607 6.3")
def most(shown: Shown) -> bytes | None:
    """Attachments of one event."""
    if shown.kind is not CALENDARS:
        return None
    return text_element(name("A:max-attachments-per-resource"), str(MOST))
