"""When delivery is tried again, when the sender hears of a delay, when it is given up (x:MtaDeliverySchedule).

Pure: times in, times out, in whole seconds since 1970. Who counts attempts has an end in time too, the sum of the steps
between them, so that a letter which waits for a destination that rests is given up as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.config.mail.schedule import Attempts, CustomIntervals, MtaDeliverySchedule

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_MINUTE: Final = 60

RETRY: Final = (2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, _DAY, 3 * _DAY)
"""Steps between attempts where the settings name none."""
NOTICES: Final = (_DAY, 3 * _DAY)
"""Steps between notices of a delay where the settings name none."""
LONGEST_REST: Final = 15 * _MINUTE
"""A destination that could not be reached is tried again after this at the latest."""
_LONGEST: Final = 366 * _DAY


@frozen
class Plan:
    """A schedule in seconds for a part of the queue; it is given up after ``lifetime``, and after ``attempts`` if that
    is sooner.
    """

    queue: str
    retry: tuple[int, ...] = RETRY
    notices: tuple[int, ...] = NOTICES
    lifetime: int = 3 * _DAY
    attempts: int | None = None

    def wait(self, attempts: int) -> int:
        """Seconds from the last of so many attempts to the next one."""
        return self.retry[min(max(attempts, 1), len(self.retry)) - 1]

    def rest(self, failures: int) -> int:
        """Seconds for which a destination rests that could not be reached so often in a row."""
        return min(self.wait(failures), LONGEST_REST)

    def next_notice(self, notices: int, since: int, expires_at: int) -> int | None:
        """When the sender hears of the delay after so many notices, the last one ``since``; None for no more."""
        at = since + self.notices[min(notices, len(self.notices) - 1)] if self.notices else expires_at
        return at if at < expires_at else None


def plan_of(schedule: MtaDeliverySchedule, queue: str) -> Plan:
    """What the settings say."""
    retry, notices = _steps(schedule.retry, RETRY), _steps(schedule.notify, NOTICES)
    expiry: Any = schedule.expiry
    if isinstance(expiry, Attempts):
        most = expiry.max_attempts
        steps = [retry[min(number, len(retry) - 1)] for number in range(min(most, 1000))]
        return Plan(queue, retry, notices, min(sum(steps), _LONGEST), most)
    return Plan(queue, retry, notices, min(max(expiry.expire // 1000, 1), _LONGEST))


BUILT_IN: Final[Mapping[str, Plan]] = {
    "local": Plan("local"),
    "remote": Plan("remote"),
    "dsn": Plan("dsn", (15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR), (), 17 * _HOUR, 10),
    "report": Plan("report", (30 * _MINUTE, _HOUR, 2 * _HOUR), (), 14 * _HOUR, 8),
}
"""The plans of the names in the default strategy, where the settings have no schedule of that name."""


def _steps(intervals: Any, usual: tuple[int, ...]) -> tuple[int, ...]:
    if not isinstance(intervals, CustomIntervals):
        return usual
    return tuple(min(max(step.duration // 1000, 1), _LONGEST) for step in intervals.intervals)
