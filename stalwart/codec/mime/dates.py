"""Dates of messages (RFC 5322 3.3, 4.3) to the Date of JMAP (RFC 8620 1.4), which keeps the offset from UTC.

Obsolete zones and years are read, and the usual mistakes: no day name, names in full, no seconds, no zone, asctime,
RFC 3339. What is no date gives None.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

_LONGEST = 200
_EPOCH = datetime(1970, 1, 1)
_FIRST = int((datetime.min - _EPOCH).total_seconds())
_LAST = int((datetime(9999, 12, 31, 23, 59, 59) - _EPOCH).total_seconds())
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*+\)", re.S)
_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_NAMES.split(), start=1)}
_TIME = r"(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2})(?:[.,]\d+)?)?\s*(am|pm)?"
_ZONE = r"(?:(?:gmt|utc|ut)?\s*([+-]\s*\d{1,2}:?\d{2})|([a-z]{1,5}))?"
_USUAL = re.compile(
    rf"(?:[a-z]+\.?\s*,?\s*)?(\d{{1,2}})[\s-]*([a-z]{{3,9}})\.?[\s,-]*(\d{{2,4}})\s*,?\s*{_TIME}\s*{_ZONE}", re.I
)
_ASCTIME = re.compile(
    rf"(?:[a-z]+\.?\s*,?\s*)?([a-z]{{3,9}})\.?\s+(\d{{1,2}})\s*,?\s+(?:(\d{{4}})\s+)?{_TIME}\s*{_ZONE}(?:\s*(\d{{4}}))?",
    re.I,
)
_ISO = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})[\sT]+{_TIME}\s*{_ZONE}", re.I)
_ZONES = {"est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420} | {
    "cet": 60, "cest": 120, "met": 60, "mest": 120, "eet": 120, "eest": 180, "wet": 0, "west": 60, "bst": 60,
    "msk": 180, "jst": 540,
}  # fmt: skip


def as_date(value: str) -> str | None:
    """``2024-01-31T09:30:00+01:00``, or with ``Z`` where the offset is zero or unknown."""
    text = " ".join(value[:_LONGEST].split())
    for _ in range(3):
        if "(" not in text:
            break
        text = _COMMENT.sub(" ", text)
    text = text.partition("(")[0].strip()
    for pattern, order in ((_USUAL, "dmy"), (_ASCTIME, "mdy"), (_ISO, "iso")):
        match = pattern.match(text)
        if match is not None:
            return _written(match, order)
    return None


def _written(match: re.Match[str], order: str) -> str | None:
    if order == "dmy":
        day, month, year = int(match[1]), _MONTHS.get(match[2][:3].lower(), 0), _year(match[3])
    elif order == "mdy":
        day, month, year = int(match[2]), _MONTHS.get(match[1][:3].lower(), 0), _year(match[3] or match[10] or "")
    else:
        day, month, year = int(match[3]), int(match[2]), int(match[1])
    hour, minute, second = int(match[4]), int(match[5]), int(match[6] or 0)
    if match[7]:
        hour = hour % 12 + (12 if match[7].lower() == "pm" else 0)
    second = min(second, 59) if second == 60 else second  # a leap second is none for most clocks
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(max(year, 1), month)[1]):
        return None
    if hour > 23 or minute > 59 or second > 59 or not 0 < year <= 9999:
        return None
    offset = _offset(match[8], match[9])
    if offset is None:
        return None
    moment = f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
    if offset == 0:
        return f"{moment}Z"
    return f"{moment}{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"


def _year(digits: str) -> int:
    """RFC 5322 4.3: two digits up to 49 are of this century, three count from 1900."""
    if not digits:
        return 0
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _offset(numeric: str | None, named: str | None) -> int | None:
    """Minutes east of Greenwich. Unknown names, the military ones among them, count as zero (RFC 5322 4.3)."""
    if numeric is None:
        return _ZONES.get(named.lower(), 0) if named else 0
    digits = re.sub(r"\D", "", numeric).zfill(4)
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        return None
    return (-1 if numeric[0] == "-" else 1) * (hours * 60 + minutes)


def of_received(value: str) -> str | None:
    """When a host has taken the message over: what stands behind the last semicolon of Received (RFC 5322 3.6.7)."""
    return as_date(value.rpartition(";")[2])


def instant(date: str) -> int | None:
    """Seconds since 1970 of what ``as_date`` has given, to sort by; None if the year is not 1 to 9999 in UTC."""
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return None
    offset = moment.utcoffset() or timedelta()
    seconds = int((moment.replace(tzinfo=None) - _EPOCH - offset).total_seconds())
    return seconds if _FIRST <= seconds <= _LAST else None
