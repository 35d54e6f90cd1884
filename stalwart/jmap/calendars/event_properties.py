"""The properties of CalendarEvent: those that JMAP adds, and all members of JSCalendar objects, known or not.

What members may be is judged by the codec, which knows what they mean together (``codec.jscalendar.checking``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stalwart.codec.jscalendar.values import OF_SERVER, is_name
from stalwart.jmap.standard.containers import SetOf
from stalwart.jmap.standard.dates import UTCDate
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.scalars import Boolean, Id, Json, Nullable, String

CALENDAR_IDS: Final = "calendarIds"
IS_DRAFT: Final = "isDraft"
BASE: Final = "baseEventId"
IS_ORIGIN: Final = "isOrigin"
UTC_TIMES: Final = ("utcStart", "utcEnd")
LEFTOVERS: Final = ("iCalendar", "convertedProperties")
NOT_MEMBERS: Final = OF_SERVER | {*LEFTOVERS}
"""What is no member of the JSCalendar object."""


class EventProperties(Mapping[str, Property]):
    """Those of ``declared``, and any other name that a member can have."""

    def __init__(self, declared: Mapping[str, Property]) -> None:
        self._declared = declared
        self._further = Property(Nullable(Json()), None)

    def __getitem__(self, name: str) -> Property:
        known = self._declared.get(name)
        if known is not None:
            return known
        if not is_name(name):
            raise KeyError(name)
        return self._further

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._declared or is_name(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)


def _member(type: Any = None, **said: Any) -> Property:
    return Property(Nullable(type if type is not None else Json()), None, **said)


PROPERTIES: Final = EventProperties(
    {
        BASE: computed(Nullable(Id())),
        CALENDAR_IDS: Property(SetOf(), copied=False),
        IS_DRAFT: Property(Boolean(), False, copied=False),
        IS_ORIGIN: computed(Boolean()),
        "utcStart": _member(UTCDate(), by_default=False, copied=False),
        "utcEnd": _member(UTCDate(), by_default=False, copied=False),
        "iCalendar": Property(Json(), None, server_set=True, computed=True, by_default=False, copied=False),
        "convertedProperties": Property(Json(), None, server_set=True, computed=True, by_default=False, copied=False),
        "uid": _member(String(most=1024)),
        "method": _member(String(most=40), immutable=True, copied=False),
    }
)
