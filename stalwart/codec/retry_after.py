"""When to ask again: the field Retry-After (RFC 9110 10.2.3) and the dates of HTTP (RFC 9110 5.6.7)."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

_LONGEST_DATE = 64
_SECONDS = re.compile(r"[0-9]{1,64}\Z")


def http_date(text: str | None) -> float | None:
    """Epoch seconds of a date, which is in GMT whether it says so or not; None for anything else."""
    if text is None or len(text) > _LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def seconds_to_wait(field: str | None, now: float, longest: float) -> float | None:
    """Seconds from ``now``, at most ``longest``; for a moment that is over, 0; None where the field says nothing."""
    value = (field or "").strip()
    if _SECONDS.match(value):
        return min(float(value), longest)
    moment = http_date(value)
    return None if moment is None else min(max(moment - now, 0.0), longest)
