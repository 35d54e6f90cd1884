"""When a schedule comes round next (settings C.1, Cron), in the local time of the server."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

from stalwart.schema.blocks import Hourly, Weekly

_HOUR = 3600


def next_time(schedule: Any, now: float, zone: tzinfo | None = None) -> int:
    """The first moment after ``now`` (seconds since the epoch); ``zone`` None is the zone of the process.

    A time of day that clocks skip in spring is an hour later that day; of one that comes twice in autumn the first
    counts.
    """
    local = datetime.fromtimestamp(now, zone)
    if isinstance(schedule, Hourly):
        begun = int(now) - local.minute * 60 - local.second
        moment = begun + schedule.minute * 60
        return moment if moment > now else moment + _HOUR
    wanted = local.replace(hour=schedule.hour, minute=schedule.minute, second=0, microsecond=0, fold=0)
    step = timedelta(days=1)
    if isinstance(schedule, Weekly):
        step = timedelta(days=7)
        wanted += timedelta(days=(schedule.day - local.isoweekday()) % 7)
    while wanted.timestamp() <= now:
        wanted += step
    return int(wanted.timestamp())
