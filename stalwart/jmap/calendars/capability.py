"""What the session says about calendars (draft-ietf-jmap-calendars 1.5.1), for each account that a client sees."""

from __future__ import annotations

from typing import Any, Final

from stalwart.config.collaboration.calendar import Calendar
from stalwart.jmap.capabilities import Audience, Capability
from stalwart.store.object_types import CALENDAR

CALENDARS: Final = "urn:ietf:params:jmap:calendars"
CALENDARS_PARSE: Final = f"{CALENDARS}:parse"
LONGEST_QUERY: Final = "P365D"
"""The longest time that recurrences are expanded in, by one query."""


def _limits(audience: Audience) -> dict[str, Any]:
    return {
        "maxCalendarsPerEvent": None,
        "minDateTime": "0001-01-01T00:00:00Z",
        "maxDateTime": "9999-12-31T23:59:59Z",
        "maxExpandedQueryDuration": LONGEST_QUERY,
        "maxParticipantsPerEvent": audience.settings.of(Calendar).max_attendees,
        "mayCreateCalendar": audience.belongs and audience.access.may("jmapCalendarCreate"),
    }


calendars = Capability(CALENDARS, account=_limits, permission="jmapCalendarGet", shared=(CALENDAR,))
calendars_parse = Capability(CALENDARS_PARSE, permission="jmapCalendarEventParse", shared=(CALENDAR,))
