"""free-busy-query: when somebody is busy by a calendar, without what for (RFC 4791 7.10, spec/dav.md 5.4)."""

from __future__ import annotations

from stalwart.codec.caldav.free_busy import Busy, free_busy
from stalwart.codec.dav.calendar_reports import FreeBusyQuery
from stalwart.codec.dav.rights import TELLING_TIMES
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import report
from stalwart.dav.refusals import Refused
from stalwart.groupware.availability import secrets
from stalwart.groupware.busy_times import calendar_times
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Level
from stalwart.store import Transaction
from stalwart.web.answers import Answer

_CONTENT_TYPE = "text/calendar; charset=utf-8"
_FIRST, _LAST = -2_208_988_800, 253_402_300_799  # 1900 to 9999, what can be written as a date


@report(FreeBusyQuery)
async def free_busy_query(asking: Asking, asked: FreeBusyQuery) -> Answer:
    """A VFREEBUSY of the time that is asked for."""
    if asking.kind is not CALENDARS:
        raise Refused(405)
    asking.require("FreeBusyQuery")
    given = asked.time_range
    within = None
    if given is not None:
        start, end = given.start, given.end
        within = _FIRST if start is None else max(start, _FIRST), _LAST if end is None else min(end, _LAST)
    found = await asking.read(lambda tx: _times(tx, asking, within))
    return Answer(200, free_busy(within, found, asking.now).octets(), _CONTENT_TYPE)


def _times(tx: Transaction, asking: Asking, within: tuple[int, int] | None) -> list[tuple[Busy, int, int]]:
    """The busy times of the calendar."""
    found = asking.resource(tx)
    if found.level in (Level.ABSENT, Level.ORPHAN):
        raise Refused(404)
    if found.level is not Level.COLLECTION:
        raise Refused(405)
    if within is None or not found.rights & TELLING_TIMES:
        return []
    zone = calendar_zone(tx, found.account_id, found.inside, asking.viewer.account_id)
    most = asking.tools.settings.of(Calendar).max_recurrence_expansions
    hidden = frozenset(secrets(tx, asking.viewer, found.account_id, found.inside, within))
    return list(calendar_times(tx, found.account_id, found.inside, within, zone, most, left_out=hidden))
