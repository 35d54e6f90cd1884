"""One component as one object, without what is said of its series; and an object written over a component.

Writing changes the lines of those members that are not what they were, and no other line. What iCalendar has no word
for is kept in JSPROP properties (draft-ietf-calext-jscalendar-icalendar): what is read back is compared with the
object, and the difference is written down, so that nothing is lost whatever it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import unescaped
from stalwart.codec.jscalendar import texts, times
from stalwart.codec.jscalendar.alerts import ALERTS
from stalwart.codec.jscalendar.checking import check
from stalwart.codec.jscalendar.leftovers import add, leftovers, odd
from stalwart.codec.jscalendar.links import LINKS
from stalwart.codec.jscalendar.older import VERSION, main_location
from stalwart.codec.jscalendar.patches import MalformedPatch, difference, patched, segments
from stalwart.codec.jscalendar.people import PEOPLE
from stalwart.codec.jscalendar.places import PLACES, VIRTUAL
from stalwart.codec.jscalendar.reading import Aspect, Reading, Writing, exchange_all
from stalwart.codec.jscalendar.texts import text_value
from stalwart.codec.jscalendar.values import BLOB_ID, OF_SERVER, Json, is_name
from stalwart.codec.jscalendar.zone_names import ZoneNames

KINDS: Final = {"VEVENT": "Event", "VTODO": "Task"}
COMPONENTS: Final = {kind: name for name, kind in KINDS.items()}

_COMMON: Final = (*texts.COMMON, PLACES, VIRTUAL, LINKS, PEOPLE, ALERTS)
ASPECTS: Final[dict[str, tuple[Aspect, ...]]] = {
    "VEVENT": (times.EVENT, times.RULE, *texts.EVENT, *_COMMON),
    "VTODO": (times.TASK, times.RULE, *texts.TASK, *_COMMON),
}
_TIMES: Final = (times.EVENT, times.TASK, times.RULE)
OF_SERIES: Final = ("RDATE", "EXDATE", "RECURRENCE-ID")
_ELSEWHERE: Final = frozenset(
    {
        "@type",
        "version",
        "uid",
        "method",
        "prodId",
        "recurrenceId",
        "recurrenceIdTimeZone",
        "recurrenceOverrides",
        "iCalendar",
        "timeZones",
        "start",
        "timeZone",
        "organizerCalendarAddress",
        *OF_SERVER,
    }
)
"""Members that no JSPROP may change."""

_WITH_LINKS: Final = ("links", "locations", "participants", "virtualLocations", "localizations")
"""Members in which there may be links."""
_MOST_JSPROPS: Final = 500
_KNOWN: Final = frozenset(
    [
        "UID",
        "DTSTAMP",
        "LAST-MODIFIED",
        "CREATED",
        "SEQUENCE",
        "SUMMARY",
        "DESCRIPTION",
        "STYLED-DESCRIPTION",
        "CATEGORIES",
        "CONCEPT",
        "COLOR",
        "PRIORITY",
        "CLASS",
        "STATUS",
        "TRANSP",
        "RELATED-TO",
        "REQUEST-STATUS",
        "DTSTART",
        "DTEND",
        "DUE",
        "DURATION",
        "ESTIMATED-DURATION",
        "SHOW-WITHOUT-TIME",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "LOCATION",
        "GEO",
        "VLOCATION",
        "CONFERENCE",
        "ATTACH",
        "IMAGE",
        "LINK",
        "URL",
        "ATTENDEE",
        "ORGANIZER",
        "VALARM",
        "PERCENT-COMPLETE",
        "JSPROP",
        "JSID",
    ]
)


def read_object(component: Component, names: ZoneNames, *, has_extras: bool = True) -> Reading:
    """The object of a VEVENT or VTODO, without what JSPROP says if ``has_extras`` is false."""
    reading = Reading(component, names)
    reading.made["@type"] = KINDS[component.name]
    reading.made["version"] = VERSION
    for aspect in ASPECTS[component.name]:
        aspect.read(reading)
    for name in OF_SERIES:
        reading.take(name)
    extras = reading.take("JSPROP")
    if extras and has_extras:
        _apply(reading, extras)
    return reading


def _apply(reading: Reading, extras: Any) -> None:
    """Add what JSPROP says; where it makes no good object of a good one, nothing, and where lines say it, these do."""
    patch: Json = {}
    said: dict[str, Property] = {}
    for item in extras[:_MOST_JSPROPS]:
        pointer = item.parameter("JSPTR")
        path = segments(pointer) if pointer is not None else [BLOB_ID]
        if pointer is None or path[0] in _ELSEWHERE or BLOB_ID in path or not is_name(path[0]):
            reading.unread.append(item)
            continue
        try:
            value = json.loads(unescaped(item.value), parse_constant=_no_constant)
            patch[pointer] = _without_blobs(value) if path[0] in _WITH_LINKS else value
            said[pointer] = item
        except (ValueError, RecursionError):
            reading.unread.append(item)
    made = _good(reading.made, patch)
    told = _told_by_lines(reading, made) if made is not None else set()
    if told:
        reading.unread += [said[pointer] for pointer in patch if segments(pointer)[0] in told]
        patch = {pointer: value for pointer, value in patch.items() if segments(pointer)[0] not in told}
        made = _good(reading.made, patch)
    if made is None:
        reading.unread += [said[pointer] for pointer in patch]
    else:
        reading.made = made


def _good(given: Json, patch: Json) -> Json | None:
    """An object with a patch; None if that makes no good one of it."""
    try:
        made = patched(given, patch)
    except MalformedPatch:
        return None
    return None if check({"uid": "-", **made}, {"uid": "-", **given}) else made


def _told_by_lines(reading: Reading, made: Json) -> set[str]:
    """The members of which a JSPROP says something that lines could say, and do not."""
    aspects = ASPECTS[reading.component.name]
    others = [each for each in aspects if any(reading.made.get(key) != made.get(key) for key in each.keys)]
    if not others:
        return set()
    component = reading.component.copy()
    component.remove("JSPROP")
    writing = Writing(component, reading.made, made, reading.zones)
    for aspect in others:
        aspect.write(writing)
    again = Reading(component, reading.zones)
    again.made["@type"] = made["@type"]
    for aspect in aspects:
        aspect.read(again)
    keys = {key for each in others for key in each.keys if reading.made.get(key) != made.get(key)}
    return {key for key in keys if again.made.get(key) != reading.made.get(key)}


def _without_blobs(value: Any) -> Any:
    """Parts of an object that name no blobs: which those are is known to the server alone."""
    if isinstance(value, dict):
        return {key: _without_blobs(each) for key, each in value.items() if key != BLOB_ID}
    return [_without_blobs(each) for each in value] if isinstance(value, list) else value


def _no_constant(text: str) -> None:
    raise ValueError(text)


def write_object(
    component: Component,
    old: Json,
    new: Json,
    names: ZoneNames,
    *,
    left_out: Collection[str] = (),
    has_leftovers: bool = True,
) -> None:
    """Change a component from what one object says to what another says, but for members that are left out."""
    writing = Writing(component, old, new, names)
    is_changed = False
    is_moved = times.as_days(old) != times.as_days(new)
    for aspect in ASPECTS[component.name]:
        if any(old.get(key) != new.get(key) for key in aspect.keys) or (is_moved and aspect in _TIMES):
            aspect.write(writing)
            is_changed = True
    if has_leftovers and "iCalendar" in new and old.get("iCalendar") != new["iCalendar"]:
        _write_leftovers(component, new["iCalendar"], names)
        is_changed = True
    if is_changed or difference(old, new, {*left_out, *_ELSEWHERE}):
        _write_extras(component, new, names, {*left_out, *_ELSEWHERE})


def _write_leftovers(component: Component, given: Any, names: ZoneNames) -> None:
    reading = read_object(component, names)
    exchange_all(component, {id(item): None for item in reading.leftovers()})
    left = {id(part) for part in reading.left_parts()}
    component.components = [part for part in component.components if id(part) not in left]
    add(component, given, _KNOWN)
    for each in odd(given, _KNOWN):
        _add_odd(component, each, names)


def _add_odd(component: Component, each: Property | Component, names: ZoneNames) -> None:
    """Add what has a known name, if nothing is made of it."""
    before = read_object(component, names).made
    if isinstance(each, Property):
        component.append(each)
        if read_object(component, names).made != before:
            component.exchange(each, None)
    else:
        component.components.append(each)
        if read_object(component, names).made != before:
            component.components.pop()


def _write_extras(component: Component, new: Json, names: ZoneNames, left_out: Collection[str]) -> None:
    """JSPROP for each difference between what is read of a component and what it is to say."""
    read, elsewhere = read_object(component, names, has_extras=False).made, left_out
    if new.get("mainLocationId") == main_location(None, new.get("locations")):
        left_out = {*left_out, "mainLocationId"}  # goes without saying
    patch = difference(read, new, left_out)
    gone: dict[int, Property | None] = {}
    for item in component.all("JSPROP"):
        pointer = item.parameter("JSPTR")
        if pointer is not None and segments(pointer)[0] not in elsewhere:
            if pointer in patch and unescaped(item.value) == _json(patch[pointer]):
                del patch[pointer]
            else:
                gone[id(item)] = None
    exchange_all(component, gone)
    for pointer, value in patch.items():
        component.append(Property.made("JSPROP", text_value(_json(value)), {"JSPTR": pointer}))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("\x7f", "\\u007f")


def left_of(reading: Reading) -> Json | None:
    """The member ``iCalendar`` of a component that was read."""
    return leftovers(reading.component.name, reading.leftovers(), reading.left_parts())
