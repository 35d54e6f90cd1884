"""The data type CalendarEvent (draft-ietf-jmap-calendars 5, jmap.md 16.2) with all standard methods.

Events are JSCalendar objects (draft-ietf-calext-jscalendarbis); what RFC 8984 spelt otherwise is taken as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.errors import StalwartError
from stalwart.groupware.kinds import CALENDARS as KIND
from stalwart.jmap.blobs.holders import BlobHolder, linked_objects
from stalwart.jmap.calendars.capability import CALENDARS
from stalwart.jmap.calendars.event_conditions import CONDITIONS, SORTS
from stalwart.jmap.calendars.event_ids import EventIds
from stalwart.jmap.calendars.event_preparing import prepare_large
from stalwart.jmap.calendars.event_properties import PROPERTIES, UTC_TIMES
from stalwart.jmap.calendars.event_refusals import wrong
from stalwart.jmap.calendars.event_source import EventSource
from stalwart.jmap.calendars.event_view import WRITES
from stalwart.jmap.calendars.event_writing import SENDS
from stalwart.jmap.calendars.older_spellings import respelt
from stalwart.jmap.collections.first import with_first
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.rules import Rules
from stalwart.store.object_types import CALENDAR
from stalwart.store.object_types import CALENDAR_EVENT as NUMBER


class EventRules(Rules):
    """What of a ``/set`` can be said before the transaction."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        asking.prepared[WRITES] = True
        asking.prepared[SENDS] = ArgumentReader(asking.rest).flag(SENDS)
        refused: dict[str, StalwartError] = {}
        for key, given in (*arguments.create.items(), *arguments.update.items()):
            if not _has_both_times(given):
                refused[key] = wrong("The times in UTC are given both or not at all.", *UTC_TIMES)
            respelt(given)
        return {**await prepare_large(asking, arguments), **refused}

    async def prepare_copies(
        self, origin: Asking, asking: Asking, create: Mapping[str, dict[str, Any]]
    ) -> Mapping[str, StalwartError]:
        asking.prepared[WRITES] = True
        for given in create.values():
            respelt(given)
        return {
            key: wrong("The times in UTC are given both or not at all.", *UTC_TIMES)
            for key, given in create.items()
            if not _has_both_times(given)
        }


def _has_both_times(given: Mapping[str, Any]) -> bool:
    return len({given.get(name) is None for name in UTC_TIMES}) == 1


CALENDAR_EVENT = DataType(
    Declaration(
        name="CalendarEvent",
        capability=CALENDARS,
        properties=PROPERTIES,
        conditions=CONDITIONS,
        sorts=SORTS,
        shared=CALENDAR,
        ids=EventIds(),
        further_name=PROPERTIES.__contains__,
        is_open=True,
    ),
    source=EventSource(),
    rules=EventRules(),
    supports=("get", "set", "changes", "query", "queryChanges", "copy"),
    services=("settings", "homes", "bin", "placing", "calendar_objects", "own_addresses", "base_url"),
    before=with_first(KIND),
)
holder = BlobHolder("CalendarEvent", linked_objects(NUMBER), CALENDARS)
