"""``CalendarEvent/parse``: events among blobs as JSCalendar (draft-ietf-jmap-calendars 5.12): a list for each blob."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from stalwart.codec.icalendar.components import read_calendars
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.jscalendar.values import Json
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import NotFound
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.contents import Decoding, Octets, octets_of
from stalwart.jmap.blobs.parsing import named_blobs, parse_answer, readable_blobs
from stalwart.jmap.calendars.calendar_event import CALENDAR_EVENT
from stalwart.jmap.calendars.capability import CALENDARS, CALENDARS_PARSE
from stalwart.jmap.calendars.event_properties import NOT_MEMBERS
from stalwart.jmap.call import Call
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.getting import answered_names
from stalwart.store import Store
from stalwart.store.blob_files import BlobFiles
from stalwart.store.object_types import CALENDAR
from stalwart.web.clock import Clock

_MOST_DECODED: Final = 64 << 20
_MOST_EVENTS: Final = 1000
_HIDDEN: Final = NOT_MEMBERS - {"iCalendar"}


_NEEDS: Final = CALENDAR_EVENT.declared.permission("Parse")


@method("CalendarEvent/parse", capability=(CALENDARS, CALENDARS_PARSE), needs=_NEEDS)
async def parse(
    call: Call, *, store: Store, settings: Any, clock: Clock, calendar_objects: CalendarObjects
) -> dict[str, Any]:
    """Blobs as events that are in no calendar."""
    account_id = account_argument(call, shared=CALENDAR)
    reader = ArgumentReader(call.arguments)
    ids = named_blobs(call, reader, settings.of(Jmap).parse_limit_event)
    asked = reader.texts("properties")
    names = None if asked is None else answered_names(CALENDAR_EVENT.declared, asked, call.request.using)
    found = await readable_blobs(call, store, account_id, ids, int(clock.seconds()))
    decoding = Decoding(_MOST_DECODED)
    parsed: dict[str, list[Json]] = {}
    has_rest = names is not None and "iCalendar" in names
    for id, readable in found.items():
        try:
            octets = await octets_of(store, readable, decoding)
            work = partial(_events, octets=octets, most=calendar_objects.largest, rest=has_rest)
            events = await store.blob_work(work)
        except (MalformedCalendar, NotFound):
            continue
        if events:
            parsed[id] = [_shown(each, names) for each in events]
    return parse_answer(account_id, ids, found, parsed)


def _shown(event: Json, names: list[str] | None) -> Json:
    if names is None:
        return event
    return {name: event[name] for name in names if name in event and name not in _HIDDEN}


def _events(files: BlobFiles, octets: Octets, most: int, rest: bool) -> list[Json]:
    """The events of a blob; blocks. Raises MalformedCalendar."""
    from stalwart.codec.jscalendar.series import events_of

    if octets.size > most:
        raise MalformedCalendar(f"There are more than {most} octets.")
    calendars = read_calendars(octets.read(files, 0, octets.size), max_octets=most, is_lenient=True)
    return [event for each in calendars for event in events_of(each, has_leftovers=rest)][:_MOST_EVENTS]
