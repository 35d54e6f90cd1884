"""The data of events as a property: all of it, or the part that the request selects (RFC 4791 9.6, spec/dav.md 5.3).

An event that is to be expanded and has too many instances has not this property; it can be had whole.
"""

from __future__ import annotations

from stalwart.codec.caldav.selection import is_whole, select
from stalwart.codec.dav.multistatus import data_element
from stalwart.codec.dav.names import name
from stalwart.codec.icalendar.timezones import UTC
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.declaring import On, prop
from stalwart.dav.shown import Shown
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.guarded_events import Discretion, is_one_of

_NAME = name("A:calendar-data")


@prop("A:calendar-data", on=On.EVENT | On.NOTICE, lasting=On.EVENT, spec="RFC 4791 9.6")
def calendar_data(shown: Shown) -> bytes | None:
    """The calendar object."""
    octets = shown.octets
    if octets is None and shown.member is not None:
        octets = shown.tx.collections.octets(shown.account_id, shown.member.item_id)
        if octets is not None and shown.on is On.EVENT and not shown.is_own:
            discretion = Discretion.of(shown.tx, shown.account_id)
            is_me = is_one_of(shown.tx, shown.asking.tools.homes, shown.asking.viewer)
            octets = discretion.seen(shown.member.item_id, octets, is_me)
    if octets is None:
        return None
    wanted = shown.wanted.calendar_data
    if not is_whole(wanted):
        zone = UTC
        if shown.on is On.EVENT and shown.member is not None:
            user_id = shown.asking.viewer.account_id
            zone = calendar_zone(shown.tx, shown.account_id, shown.member.collection_id, user_id)
        limit = shown.asking.tools.settings.of(Calendar).max_recurrence_expansions
        if wanted is not None and wanted.expand is not None:
            octets = shown.asking.instances.select(octets, wanted, zone, limit=limit)
        else:
            octets = select(octets, wanted, zone, limit=limit).octets
    return data_element(_NAME, octets) if octets is not None else None
