"""The time zone that a request or a calendar gives for floating times: by name, or as a VTIMEZONE (RFC 4791 5.2.2, 9.8,
RFC 7809 5.1).
"""

from __future__ import annotations

from functools import lru_cache

from stalwart.codec.icalendar.components import read_calendars
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.timezones import Zone
from stalwart.codec.icalendar.zones import compiled, named_zone

_LARGEST = 64 * 1024


@lru_cache(maxsize=128)
def described_zone(text: str) -> Zone | None:
    """The zone of a calendar that has one VTIMEZONE; or of a name, as some clients write it. None if it is none."""
    if "BEGIN:" not in text[:4096].upper():
        return named_zone(text) if len(text) < 256 else None
    try:
        calendars = read_calendars(text.encode(), max_octets=_LARGEST)
    except (MalformedCalendar, UnicodeEncodeError):
        return None
    zones = [each for calendar in calendars for each in calendar.within("VTIMEZONE")]
    if len(zones) != 1:
        return None
    (zone,) = zones
    tzid, location = zone.value("TZID"), zone.value("X-LIC-LOCATION")
    return (named_zone(tzid) if tzid else None) or (named_zone(location) if location else None) or compiled(zone)
