"""Who may write his own events in a calendar of somebody else, and no others (JMAP's mayWriteOwn), may so over CalDAV:
those that he organizes, and those of nobody.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.rights import Rights
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.values import calendar_address
from stalwart.dav.asking import Asking
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction

_OWN: Final = Rights.MODIFY_ITEMS_OWN


def may_write_own(found: Resource) -> bool:
    """Whether an event could be written here if it is the own one of who asks."""
    if found.kind is not CALENDARS or found.level not in (Level.ABSENT, Level.ITEM):
        return False
    return _OWN in (found.rights if found.level is Level.ITEM else found.parent_rights)


def check_own(tx: Transaction, asking: Asking, found: Resource, wanted: Rights, after: Component | None = None) -> None:
    """Whether who may only write his own events here may write or remove what is there, and have this be there
    ``after``; whoever has the right that is ``wanted`` may. Raises Refused (403).
    """
    held = found.rights if found.level is Level.ITEM else found.parent_rights
    if found.is_own or wanted in held:
        return
    if not may_write_own(found) or not all(_owns(tx, asking, each) for each in (_before(tx, found), after)):
        raise Refused(403)


def _before(tx: Transaction, found: Resource) -> Component | None:
    if found.member is None:
        return None
    try:
        return stored(tx.collections.octets(found.account_id, found.member.item_id) or b"")
    except MalformedCalendar:
        raise Refused(403) from None


def _owns(tx: Transaction, asking: Asking, calendar: Component | None) -> bool:
    """Whether who asks organizes an object, or nobody does."""
    if calendar is None:
        return True
    items = [item for part in calendar.components for item in part.all("ORGANIZER")]
    if not items:
        return True
    addresses = {calendar_address(item.value) for item in items}
    homes = (asking.tools.homes.find_address(tx, each) for each in addresses if each is not None)
    return any(home is not None and home.account_id == asking.viewer.account_id for home in homes)
