"""The data type Calendar (draft-ietf-jmap-calendars 4): get, changes, set; and query, which clients ask for as well."""

from __future__ import annotations

from typing import Final

from stalwart.groupware.kinds import CALENDARS as KIND
from stalwart.jmap.calendars.capability import CALENDARS
from stalwart.jmap.calendars.traits import Color, DefaultAlerts, ZoneName
from stalwart.jmap.collections.collection_type import LARGEST_ORDER, LONGEST_DESCRIPTION, collection_type
from stalwart.jmap.sharing.rights import CALENDAR as RIGHTS
from stalwart.jmap.standard.default_choice import IS_DEFAULT
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.scalars import Boolean, Int, Nullable, String

_PROPERTIES: Final = {
    "name": Property(String(least=1, most=255, is_line=True)),
    "description": Property(Nullable(String(most=LONGEST_DESCRIPTION)), None),
    "color": Property(Nullable(Color()), None),
    "sortOrder": Property(Int(least=0, most=LARGEST_ORDER), 0),
    "isSubscribed": Property(Boolean(), True),
    "isVisible": Property(Boolean(), True),
    IS_DEFAULT: computed(Boolean()),
    "includeInAvailability": Property(String(choices=frozenset(("all", "attending", "none"))), "all"),
    "defaultAlertsWithTime": Property(Nullable(DefaultAlerts()), None),
    "defaultAlertsWithoutTime": Property(Nullable(DefaultAlerts()), None),
    "timeZone": Property(Nullable(ZoneName()), None),
    **RIGHTS.properties(),
}

CALENDAR = collection_type(
    "Calendar",
    CALENDARS,
    KIND,
    RIGHTS,
    _PROPERTIES,
    removing="onDestroyRemoveEvents",
    not_empty="calendarHasEvent",
)
