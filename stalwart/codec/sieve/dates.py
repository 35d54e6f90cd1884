"""Parts of dates as scripts compare them (RFC 5260 4)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Final

from stalwart.codec.mime import dates

PARTS: Final = frozenset(
    (
        *("year", "month", "day", "date", "julian", "weekday"),
        *("hour", "minute", "second", "time", "zone", "iso8601", "std11"),
    )
)
"""Names of parts."""

_ZONE = re.compile(r"([+-])([01][0-9]|2[0-3])([0-5][0-9])\Z")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_JULIAN_EPOCH = date(1858, 11, 17).toordinal()
"""The day 0 of the modified Julian calendar."""


def zone(text: str) -> timezone | None:
    """A zone as ``+0100``; None if it is none."""
    match = _ZONE.match(text)
    if match is None:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)


def of_field(value: str) -> datetime | None:
    """The date of a field: what it is, or what stands behind its last semicolon."""
    found = dates.as_date(value.rpartition(";")[2])
    try:
        return datetime.fromisoformat(found) if found is not None else None
    except ValueError:
        return None


def in_zone(moment: datetime, wanted: timezone) -> datetime:
    """The same moment in another zone; where the calendar ends it stays in its own."""
    try:
        return moment.astimezone(wanted)
    except (OverflowError, ValueError):
        return moment


def part(moment: datetime, name: str) -> str:
    """One of ``PARTS``."""
    offset = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    sign = "-" if offset < 0 else "+"
    hours, minutes = divmod(abs(offset), 60)
    weekday = moment.weekday()
    match name:
        case "year":
            return f"{moment.year:04d}"
        case "month" | "day" | "hour" | "minute" | "second":
            return f"{getattr(moment, name):02d}"
        case "date":
            return f"{moment:%Y-%m-%d}" if moment.year > 999 else moment.date().isoformat()
        case "julian":
            return str(moment.toordinal() - _JULIAN_EPOCH)
        case "time":
            return f"{moment:%H:%M:%S}"
        case "iso8601":
            return f"{moment.replace(tzinfo=None, microsecond=0).isoformat()}{sign}{hours:02d}:{minutes:02d}"
        case "zone":
            return f"{sign}{hours:02d}{minutes:02d}"
        case "weekday":
            return str((weekday + 1) % 7)
    month = _MONTHS[moment.month - 1]
    written = f"{_DAYS[weekday]}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S}"
    return f"{written} {sign}{hours:02d}{minutes:02d}"
