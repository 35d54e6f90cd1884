"""Dates, points in time, time zones, URIs and language tags, as vCard and as JSContact write them (RFC 9555 2.2)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from stalwart.codec.content_lines import unescaped
from stalwart.codec.jscontact.vocabulary import Value

_LONGEST_UID: Final = 1024
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY: Final = re.compile(r"(?:(\d{4})(?:-?(\d\d)-?(\d\d)|-(\d\d))?|--(\d\d)-?(\d\d))\Z", re.ASCII)
_MOMENT: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?\Z", re.ASCII
)
_UTC: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{0,8}[1-9]))?Z\Z", re.ASCII)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f\\]+\Z")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:[/?#][^\s\x00-\x1f\x7f\\]*)?\Z", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TAG: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*\Z", re.ASCII)
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*\Z", re.ASCII)
_SCALE: Final = re.compile(r"[a-z][a-z0-9.:-]{0,99}\Z", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(00)?\Z", re.ASCII)


def is_plain(text: str) -> bool:
    """Whether it says something, on one line."""
    return bool(text.strip()) and _CONTROL.search(text) is None


def is_uid(text: str) -> bool:
    """Whether cards can be told by it."""
    return is_plain(text) and text == text.strip() and len(text) <= _LONGEST_UID


def is_uri(text: str) -> bool:
    """Whether it can be a URI (RFC 3986 3): a scheme, and something behind it."""
    return _URI.match(text) is not None


def is_tag(text: str) -> bool:
    """Whether it can be a language tag (RFC 5646 2.1)."""
    return _TAG.match(text) is not None and len(text) <= 100


def is_zone(text: str) -> bool:
    """Whether it can be the name of a time zone."""
    return _ZONE.match(text) is not None and len(text) <= 100


def is_scale(text: str) -> bool:
    """Whether it can be the name of a calendar system (RFC 9553 2.8.1)."""
    return _SCALE.match(text) is not None


def is_day(value: Value) -> bool:
    """Whether year, month and day of a PartialDate go together (RFC 9553 2.8.1)."""
    year, month, day = value.get("year"), value.get("month"), value.get("day")
    if month is None:
        return day is None and year is not None
    if not 1 <= month <= 12:
        return False
    if day is None:
        return year is not None
    is_leap = year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    return bool(1 <= day <= (29 if month == 2 and is_leap else _DAYS[month - 1]))


def is_moment(text: str) -> bool:
    """Whether it is a UTCDateTime (RFC 9553 1.4.5)."""
    found = _UTC.match(text)
    if found is None:
        return False
    try:
        datetime(*map(int, found.groups()[:6]))  # type: ignore[arg-type]  # six numbers
    except ValueError:
        return False
    return True


def day_of(text: str) -> Value | None:
    """A date of vCard (RFC 6350 4.3.1) as PartialDate; None where it is less than a year or a day of a month."""
    found = _DAY.match(text.strip())
    if found is None:
        return None
    year, month, day, only, yearless, yearless_day = found.groups()
    value: Value = {}
    for name, said in (("year", year), ("month", month or only or yearless), ("day", day or yearless_day)):
        if said is not None:
            value[name] = int(said)
    return value if is_day(value) else None


def day_text(value: Value) -> str:
    """A PartialDate as vCard writes it."""
    year, month, day = value.get("year"), value.get("month"), value.get("day")
    if year is None:
        return f"--{month:02}{day:02}"
    if month is None:
        return f"{year:04}"
    return f"{year:04}-{month:02}" if day is None else f"{year:04}{month:02}{day:02}"


def moment_of(text: str, *, without_zone: bool = False) -> str | None:
    """A timestamp of vCard (RFC 6350 4.3.5) as UTCDateTime; ``without_zone`` takes one without a zone for UTC."""
    found = _MOMENT.match(text.strip())
    if found is None:
        return None
    *numbers, second, fraction, zone = found.groups()
    if zone is None and not without_zone:
        return None
    try:
        year, month, day, hour, minute = map(int, numbers)
        moment = datetime(year, month, day, hour, minute, int(second or 0))
        if zone and zone not in "Zz":
            away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:].lstrip(":") or 0))
            moment = moment + away if zone[0] == "-" else moment - away
    except (ValueError, OverflowError):
        return None
    fraction = (fraction or "").rstrip("0")
    return f"{moment.isoformat()}.{fraction}Z" if fraction else f"{moment.isoformat()}Z"


def moment_text(moment: str) -> str:
    """A UTCDateTime as vCard writes it, in whole seconds."""
    return moment[:19].replace("-", "").replace(":", "") + "Z"


def offset_zone(text: str) -> str | None:
    """The zone of an offset of whole hours (RFC 9555 2.8.2): ``-0500`` is ``Etc/GMT+5``."""
    found = _OFFSET.match(text.strip())
    if found is None:
        return None
    hours = int(found[2])
    if not hours:
        return "Etc/UTC"
    if hours > (12 if found[1] == "-" else 14):
        return None
    return f"Etc/GMT{'+' if found[1] == '-' else '-'}{hours}"


def uri_of(written: str) -> str | None:
    """The URI that a value is, which some programs escape as if it were text."""
    text = (unescaped(written) if "\\" in written else written).strip()
    return text if is_uri(text) else None


def link_of(written: str) -> str | None:
    """The same, also where people have left out the scheme of a page on the web."""
    found = uri_of(written)
    if found is not None:
        return found
    text = unescaped(written).strip()
    return f"http://{text}" if _HOST.match(text) else None


def number_of(text: str, most: int) -> int | None:
    """A positive number up to ``most``."""
    text = text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        return None
    number = int(text)
    return number if 1 <= number <= most else None
