"""Values of iCalendar (RFC 5545 3.3): texts, lists, dates, durations, periods, offsets, addresses of people.

Dates and times are whole seconds: *local* seconds count from 1970-01-01T00:00:00 on the clock of whatever zone is
meant, UTC seconds are those of Unix. So the recurrence of a series is arithmetic, and a day has 86,400 of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from stalwart.codec.content_lines import escaped as escaped
from stalwart.codec.content_lines import structured as structured
from stalwart.codec.content_lines import text_list as text_list
from stalwart.codec.content_lines import unescaped as unescaped
from stalwart.codec.icalendar.lines import MalformedCalendar, Property

DAY: Final = 86_400
EPOCH: Final = date(1970, 1, 1).toordinal()
"""The ordinal of the day that local seconds count from."""

FIRST: Final = (date.min.toordinal() - EPOCH) * DAY
LAST: Final = (date.max.toordinal() - EPOCH + 1) * DAY - 1
"""The first and the last second that can be written."""

_DAY = re.compile(r"\d{8}\Z", re.ASCII)
_CLOCK = re.compile(r"\d{4}(?:\d\d)?\Z", re.ASCII)
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?\Z",
    re.ASCII | re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?\Z", re.ASCII)
_NOT_IN_ADDRESSES = re.compile(r'[\s\x00-\x1f<>,;:"/]')


class MalformedValue(MalformedCalendar):
    """A value that does not have the form of its type."""


class Moment(NamedTuple):
    """A DATE or a DATE-TIME as it is written (RFC 5545 3.3.4, 3.3.5)."""

    local: int
    """Seconds on the clock meant; UTC if ``is_utc``."""
    is_date: bool = False
    is_utc: bool = False
    tzid: str | None = None

    @property
    def is_floating(self) -> bool:
        """Whether it depends on where its reader is: no zone is named, or it is a day."""
        return not self.is_utc and (self.is_date or self.tzid is None)


class Duration(NamedTuple):
    """Nominal days and exact seconds, both of one sign (RFC 5545 3.3.6)."""

    days: int
    seconds: int

    @property
    def length(self) -> int:
        """Seconds, if all days had 24 hours."""
        return self.days * DAY + self.seconds


class Period(NamedTuple):
    """RFC 5545 3.3.9: a start, and an end or a duration."""

    start: Moment
    end: Moment | Duration


def moment(text: str, tzid: str | None = None) -> Moment:
    """A DATE or DATE-TIME, told apart by their form. Raises MalformedValue."""
    text = text.strip()
    day, at, time = text[:8], text[8:9], text[9:]
    if not at:
        return Moment(_days(day) * DAY, True, False, None)
    if at not in "Tt":
        raise MalformedValue(f"This is no date: {text[:40]!r}.")
    if time[-1:] in ("Z", "z"):
        return Moment(_days(day) * DAY + _clock(time[:-1]), False, True, None)
    return Moment(_days(day) * DAY + _clock(time), False, False, tzid)


@lru_cache(8192)
def _days(text: str) -> int:
    if _DAY.match(text) is None:
        raise MalformedValue(f"This is no date: {text[:40]!r}.")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal() - EPOCH
    except ValueError as problem:
        raise MalformedValue(f"There is no such day: {text[:40]!r}.") from problem


@lru_cache(8192)
def _clock(text: str) -> int:
    if _CLOCK.match(text) is None:
        raise MalformedValue(f"This is no time of day: {text[:40]!r}.")
    hours, minutes, seconds = int(text[:2]), int(text[2:4]), int(text[4:] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        raise MalformedValue(f"There is no such time: {text[:40]!r}.")
    # RFC 5545 3.3.12: a leap second is taken for the one before.
    return hours * 3600 + minutes * 60 + min(seconds, 59)


def moment_of(item: Property) -> Moment:
    """The value of DTSTART and its like, with their TZID. Raises MalformedValue."""
    line = item.line
    head, _, text = line.partition(":")
    if ";" not in head:
        return moment(text)
    if head.count(";") == 1 and '"' not in head and "^" not in head and not text.startswith("//"):
        # The common form, without reading all parameters.
        name, _, tzid = head[head.index(";") + 1 :].partition("=")
        return moment(text, tzid if name.upper() == "TZID" else None)
    return moment(item.value, item.parameter("TZID"))


def moments_of(item: Property) -> list[Moment | Period]:
    """The values of RDATE and EXDATE. Raises MalformedValue."""
    tzid = item.parameter("TZID")
    return [period(text, tzid) if "/" in text else moment(text, tzid) for text in item.value.split(",") if text.strip()]


def day_text(local: int) -> str:
    """A DATE."""
    return date.fromordinal(EPOCH + local // DAY).strftime("%Y%m%d").rjust(8, "0")


def time_text(local: int, *, is_utc: bool = False) -> str:
    """A DATE-TIME; with UTC seconds, the form with Z."""
    minutes, second = divmod(local % DAY, 60)
    return f"{day_text(local)}T{minutes // 60:02}{minutes % 60:02}{second:02}{'Z' if is_utc else ''}"


def moment_text(given: Moment) -> str:
    """A moment as it is written."""
    return day_text(given.local) if given.is_date else time_text(given.local, is_utc=given.is_utc)


def duration(text: str) -> Duration:
    """RFC 5545 3.3.6. Raises MalformedValue."""
    found = _DURATION.match(text.strip())
    if found is None or text.strip()[-1:] in "PpTt":
        raise MalformedValue(f"This is no duration: {text[:40]!r}.")
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    sign = -1 if found.group(1) == "-" else 1
    return Duration(sign * (weeks * 7 + days), sign * (hours * 3600 + minutes * 60 + seconds))


def duration_text(given: Duration) -> str:
    """A duration as it is written."""
    sign = "-" if given.length < 0 else ""
    days, seconds = abs(given.days), abs(given.seconds)
    if not seconds and days and days % 7 == 0:
        return f"{sign}P{days // 7}W"
    units = ((seconds // 3600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S"))
    times = "".join(f"{count}{unit}" for count, unit in units if count)
    text = (f"{days}D" if days else "") + (f"T{times}" if times else "")
    return f"{sign}P{text or 'T0S'}"


def period(text: str, tzid: str | None = None) -> Period:
    """RFC 5545 3.3.9. Raises MalformedValue."""
    start, _, end = text.strip().partition("/")
    return Period(moment(start, tzid), duration(end) if end[:2].lstrip("+-")[:1] in ("P", "p") else moment(end, tzid))


def utc_offset(text: str) -> int:
    """Seconds east of UTC (RFC 5545 3.3.14), less than a day. Raises MalformedValue."""
    found = _OFFSET.match(text.strip())
    if found is None or int(found.group(2)) > 23 or int(found.group(3)) > 59:
        raise MalformedValue(f"This is no offset from UTC: {text[:40]!r}.")
    seconds = int(found.group(2)) * 3600 + int(found.group(3)) * 60 + int(found.group(4) or 0)
    return -seconds if found.group(1) == "-" else seconds


def utc_offset_text(seconds: int) -> str:
    """An offset as it is written."""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}{minutes % 60:02}{f'{rest:02}' if rest else ''}"


def calendar_address(value: str) -> str | None:
    """The e-mail address of a calendar user (RFC 5545 3.3.3) in lower case; None if it is none."""
    text = value.strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if "?" in text:
        text = text.partition("?")[0]
    if "%" in text:
        try:
            text = unquote_to_bytes(text).decode()
        except UnicodeDecodeError:
            return None
    text = text.strip().lower()
    local, at, domain = text.rpartition("@")
    if not (at and local and domain) or "@" in local or len(text) > 320 or _NOT_IN_ADDRESSES.search(text):
        return None
    return text


def calendar_addresses(items: Iterable[Property]) -> list[str]:
    """The addresses of ATTENDEE properties that have one, each once."""
    found = (calendar_address(item.value) for item in items)
    return list(dict.fromkeys(each for each in found if each is not None))
