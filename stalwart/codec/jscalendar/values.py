"""Values of JSCalendar (RFC 8984 1.4): times and durations as whole seconds, as ``codec.icalendar.values`` counts them.

Fractions of seconds are refused: iCalendar, which events are kept as, has none.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, TypeAlias

from stalwart.codec.icalendar.values import DAY, EPOCH, Duration, MalformedValue

Json: TypeAlias = dict[str, Any]
"""A JSON object."""

BLOB_ID: Final = "blobId"
OF_SERVER: Final = frozenset(
    (
        *("id", "baseEventId", "calendarIds", "isDraft", "isOrigin", "utcStart", "utcEnd", "myRights"),
        "convertedProperties",
    )
)
"""What a server says of objects, and no text does, nor an override (draft-ietf-jmap-calendars 5.1)."""
FLAGS: Final = ("mayInviteSelf", "mayInviteOthers", "hideAttendees")
"""What an organizer lets people do; the same in all instances."""

_NAME = re.compile(r"(?!(?:id|shareWith)\Z)[A-Za-z0-9@$][A-Za-z0-9@$_.:/-]{0,254}\Z", re.ASCII)

ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)
"""RFC 8984 1.4.1."""

_LOCAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\Z", re.ASCII)
_DURATION = re.compile(
    r"([+-])?P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?\Z", re.ASCII
)
_MOST_SECONDS: Final = 10_000 * 366 * DAY


def is_name(text: str) -> bool:
    """Whether a member can have the name; ``id`` and ``shareWith`` are of things on servers."""
    return _NAME.match(text) is not None


@lru_cache(4096)
def local_seconds(text: str) -> int:
    """Seconds of a LocalDateTime on its own clock. Raises MalformedValue."""
    found = _LOCAL.match(text)
    if found is None:
        raise MalformedValue(f"This is no LocalDateTime in whole seconds: {text[:40]!r}.")
    year, month, day, hour, minute, second = map(int, found.groups())
    if hour > 23 or minute > 59 or second > 59:
        raise MalformedValue(f"There is no such time: {text[:40]!r}.")
    try:
        days = date(year, month, day).toordinal() - EPOCH
    except ValueError as problem:
        raise MalformedValue(f"There is no such day: {text[:40]!r}.") from problem
    return days * DAY + hour * 3600 + minute * 60 + second


@lru_cache(4096)
def local_text(seconds: int) -> str:
    """A LocalDateTime. Raises MalformedValue where the calendar ends."""
    days, rest = divmod(seconds, DAY)
    try:
        day = date.fromordinal(EPOCH + days).isoformat()
    except (ValueError, OverflowError) as problem:
        raise MalformedValue("A time is beyond the year 9999.") from problem
    return f"{day}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def utc_seconds(text: str) -> int:
    """Seconds of a UTCDateTime. Raises MalformedValue."""
    if text[-1:] != "Z":
        raise MalformedValue(f"This is no UTCDateTime: {text[:40]!r}.")
    return local_seconds(text[:-1])


def utc_text(seconds: int) -> str:
    """A UTCDateTime. Raises MalformedValue where the calendar ends."""
    return local_text(seconds) + "Z"


@lru_cache(1024)
def duration(text: str) -> Duration:
    """A SignedDuration. Raises MalformedValue."""
    found = _DURATION.match(text)
    if found is None or text[-1:] in "PT":
        raise MalformedValue(f"This is no duration in whole seconds: {text[:40]!r}.")
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    made = Duration(weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)
    if made.length > _MOST_SECONDS:
        raise MalformedValue(f"A duration can have 10,000 years at most: {text[:40]!r}.")
    return Duration(-made.days, -made.seconds) if found.group(1) == "-" else made


def duration_text(given: Duration) -> str:
    """A duration in one form: days, and hours, minutes and seconds; without weeks, which not every program reads."""
    days, seconds = abs(given.days), abs(given.seconds)
    units = ((seconds // 3600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S"))
    times = "".join(f"{count}{unit}" for count, unit in units if count)
    text = (f"{days}D" if days else "") + (f"T{times}" if times else "")
    return f"{'-' if given.length < 0 else ''}P{text or 'T0S'}"


@lru_cache(4096)
def derived_id(*parts: str) -> str:
    """An Id of what something is, so that it is the same whatever stands beside it."""
    return "k" + blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()
