"""calendar-multiget: events by their URLs, of one calendar or of many (RFC 4791 7.9, spec/dav.md 5.4)."""

from __future__ import annotations

from stalwart.codec.dav.calendar_reports import CalendarMultiget
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import report
from stalwart.dav.events import EventRows
from stalwart.dav.fetching import multiget
from stalwart.dav.inbox import fetch_notices
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import CALENDARS
from stalwart.web.answers import Answer, EventStream


@report(CalendarMultiget)
async def calendar_multiget(asking: Asking, asked: CalendarMultiget) -> Answer | EventStream:
    """What was asked for of the events at these URLs."""
    if asking.target.service == "itip":
        return await fetch_notices(asking, asked)
    if asking.kind is not CALENDARS:
        raise Refused(405)
    return await multiget(asking, asked.hrefs, EventRows(asking, asked.request or PropertyRequest("prop")))
