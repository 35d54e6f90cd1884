"""Names of time zones that say where the clock stands, and no more: ``UTC+2``, ``GMT-0500``, ``+05:30``, and what
Windows shows people (``(UTC+01:00) Amsterdam, Berlin, Bern``). They count where nothing better tells the zone.

An offset becomes the zone of the IANA database that has it all the year; cities and regions count if the zone that goes
by their name has the offset that stands before them.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from stalwart.codec.icalendar.timezones import UTC, Zone, iana_names, iana_zone

_OFFSET = re.compile(r"(?:UTC|GMT)?[ ]?([+-])(\d{1,2})(?:[:.]?([0-5]\d))?\Z", re.ASCII | re.IGNORECASE)
_SHOWN = re.compile(r"\((?:UTC|GMT)(?:([+-]\d{2})[:.](\d{2}))?\)[ ]*(.{1,150})\Z", re.ASCII | re.IGNORECASE)
_UTC: Final = frozenset({"tzone://microsoft/utc", "coordinated universal time"})
_JANUARY, _JULY = 1_767_225_600, 1_782_864_000
"""2026: one half of the year is not daylight saving time."""
_MOST_CITIES: Final = 10

_BROKEN: Final = {
    12600: "Asia/Tehran",
    16200: "Asia/Kabul",
    19800: "Asia/Kolkata",
    20700: "Asia/Kathmandu",
    23400: "Asia/Yangon",
    31500: "Australia/Eucla",
    34200: "Australia/Darwin",
    -34200: "Pacific/Marquesas",
}
"""Offsets that are no whole hours: zones that have them all the year."""

_REGIONS: Final = {
    "eastern time": "America/New_York",
    "central time": "America/Chicago",
    "mountain time": "America/Denver",
    "pacific time": "America/Los_Angeles",
    "atlantic time": "America/Halifax",
    "indiana": "America/Indiana/Indianapolis",
    "newfoundland": "America/St_Johns",
    "alaska": "America/Anchorage",
    "arizona": "America/Phoenix",
    "hawaii": "Pacific/Honolulu",
    "saskatchewan": "America/Regina",
    "chennai": "Asia/Kolkata",
    "beijing": "Asia/Shanghai",
    "osaka": "Asia/Tokyo",
    "canberra": "Australia/Sydney",
    "greenwich mean time : dublin": "Europe/Dublin",
}


@lru_cache(256)
def described_zone(tzid: str) -> Zone | None:
    """The zone that such a name means; None if it is none."""
    if len(tzid) > 200:
        return None
    tzid = tzid.strip()
    if tzid.lower() in _UTC:
        return UTC
    plain = _OFFSET.match(tzid)
    if plain is not None:
        seconds = int(plain[2]) * 3600 + int(plain[3] or 0) * 60
        return _of_offset(-seconds if plain[1] == "-" else seconds)
    shown = _SHOWN.match(tzid)
    if shown is None:
        return None
    hours, minutes = int(shown[1] or 0), int(shown[2] or 0)
    offset = hours * 3600 + (-minutes if (shown[1] or "").startswith("-") else minutes) * 60
    for called in shown[3].split(",")[:_MOST_CITIES]:
        zone = _called(called.partition("(")[0].strip().lower())
        if zone is not None and offset == min(zone.offset(_JANUARY), zone.offset(_JULY)):
            return zone
    return _of_offset(offset)


def _called(name: str) -> Zone | None:
    known = _REGIONS.get(name) or _cities().get(name.replace(" ", "_"))
    return iana_zone(known) if known is not None else None


@cache
def _cities() -> dict[str, str]:
    """Names of zones by their last part."""
    return {each.rpartition("/")[2]: name for each, name in iana_names().items() if each.count("/") == 1}


def _of_offset(seconds: int) -> Zone | None:
    if seconds == 0:
        return UTC
    hours, rest = divmod(seconds, 3600)
    if rest:
        return iana_zone(_BROKEN.get(seconds, ""))
    return iana_zone(f"Etc/GMT{'-' if hours > 0 else '+'}{abs(hours)}")
