"""``CalendarEvent/parse``: events among blobs as JSCalendar (draft-ietf-jmap-calendars 5.12): a list for each blob."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from stalwart.codec.icalendar.components import read_calendars
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.ids import encode_id
from stalwart.codec.jscalendar.values import Json
from stalwart.config.collaboration.jmap import Jmap
from stalwart.errors import NotFound
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.blobs.contents import Decoding, Octets, octets_of
from stalwart.jmap.calendars.calendar_event import CALENDAR_EVENT
from stalwart.jmap.calendars.capability import CALENDARS, CALENDARS_PARSE
from stalwart.jmap.calendars.event_properties import NOT_MEMBERS
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.getting import answered_names
from stalwart.jmap.standard.presence import require_account
from stalwart.store import Store, Transaction
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
    ids = _blob_ids(call, reader, settings.of(Jmap).parse_limit_event)
    asked = reader.texts("properties")
    names = None if asked is None else answered_names(CALENDAR_EVENT.declared, asked, call.request.using)
    access, now = call.request.access, int(clock.seconds())

    def look(tx: Transaction) -> dict[str, Readable]:
        require_account(tx, account_id)
        return find_readable(tx, access, account_id, ids, now)

    found = await store.read(look)
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
    return {
        "accountId": encode_id(account_id),
        "parsed": parsed or None,
        "notParsable": [id for id in found if id not in parsed] or None,
        "notFound": [id for id in ids if id not in found] or None,
    }


def _shown(event: Json, names: list[str] | None) -> Json:
    if names is None:
        return event
    return {name: event[name] for name in names if name in event and name not in _HIDDEN}


def _blob_ids(call: Call, reader: ArgumentReader, most: int) -> list[str]:
    given = reader.texts("blobIds")
    if given is None:
        raise invalid("blobIds", "is missing")
    if len(given) > most:
        raise MethodError("requestTooLarge", f"At most {most} blobs can be parsed in one call, not {len(given)}.")
    return list(dict.fromkeys(call.request.id_of(each) for each in given))


def _events(files: BlobFiles, octets: Octets, most: int, rest: bool) -> list[Json]:
    """The events of a blob; blocks. Raises MalformedCalendar."""
    from stalwart.codec.jscalendar.series import events_of

    if octets.size > most:
        raise MalformedCalendar(f"There are more than {most} octets.")
    calendars = read_calendars(octets.read(files, 0, octets.size), max_octets=most, is_lenient=True)
    return [event for each in calendars for event in events_of(each, has_leftovers=rest)][:_MOST_EVENTS]
