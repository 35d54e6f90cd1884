"""Date and UTCDate (RFC 8620 1.4): RFC 3339 texts with capital letters, no fraction of nought, UTCDate in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from attrs import frozen

from stalwart.jmap.standard.scalars import PropertyType, Unfit

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.\d{1,12})?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


@frozen
class Date(PropertyType):
    """A moment with its offset: ``2014-10-30T14:12:00+08:00``. Fractions of a second are dropped (jmap.md 4)."""

    def read(self, value: Any) -> Any:
        moment = _moment(value)
        offset = moment.strftime("%z")
        zone = "Z" if value[-1] in "Zz" else f"{offset[:3]}:{offset[3:]}"
        return f"{_local(moment)}{zone}"


@frozen
class UTCDate(PropertyType):
    """A moment in UTC: ``2014-10-30T06:12:00Z``; other offsets are accepted and converted (jmap.md 4)."""

    def read(self, value: Any) -> Any:
        try:
            return f"{_local(_moment(value).astimezone(UTC))}Z"
        except OverflowError:
            raise Unfit("must be a date of the years 1 to 9999") from None


def utc_date(seconds: int) -> str:
    """Seconds since the epoch as a UTCDate, which knows the years 1 to 9999."""
    days, time = divmod(min(max(seconds, _FIRST), _LAST), 86400)
    minute, second = divmod(time, 60)
    return f"{_day(days)}{_MINUTES[minute]}{_SECONDS[second]}"


_EPOCH = date(1970, 1, 1).toordinal()
_FIRST = (date.min.toordinal() - _EPOCH) * 86400
_LAST = (date.max.toordinal() - _EPOCH) * 86400 + 86399
_MINUTES = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
_SECONDS = tuple(f"{second:02}Z" for second in range(60))


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return date.fromordinal(_EPOCH + days).isoformat()


def _local(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat()


def _moment(value: Any) -> datetime:
    match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unfit("must be a date such as 2014-10-30T06:12:00Z")
    day, time, sign, hours, minutes = match.groups()
    try:
        zone = timezone(timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1))
        return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=zone)
    except ValueError:
        raise Unfit("must be a date that exists") from None
