"""Calendar objects as Events and Tasks: a series with its overrides is one object, instances without a series are each
their own (draft-ietf-calext-jscalendar-icalendar); and objects written back over the calendar object that they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from attrs import define

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import sequence_of
from stalwart.codec.icalendar.lines import MAX_OCTETS, Property
from stalwart.codec.icalendar.values import MalformedValue, Moment, Period, moment_of, unescaped
from stalwart.codec.jscalendar.checking import InvalidEvent, check, override_patch, shifted
from stalwart.codec.jscalendar.objects import COMPONENTS, KINDS, left_of, read_object, write_object
from stalwart.codec.jscalendar.older import VERSION, translated
from stalwart.codec.jscalendar.overrides import key_of, keyed_dates, with_range, write_overrides
from stalwart.codec.jscalendar.reading import with_value
from stalwart.codec.jscalendar.texts import text_value
from stalwart.codec.jscalendar.times import moment_for, moment_property
from stalwart.codec.jscalendar.values import Json, duration_text, local_seconds, local_text
from stalwart.codec.jscalendar.vtimezones import drop_unused, put_custom, put_missing, used_zones
from stalwart.codec.jscalendar.zone_names import ZoneNames
from stalwart.errors import Invalid

PRODID: Final = "-//stalwart//calendars//EN"
PER_USER: Final = frozenset({"keywords", "color", "freeBusyStatus", "useDefaultAlerts", "alerts"})
"""Members that each user of a shared calendar has of his own (draft-ietf-jmap-calendars 5.2)."""

_NEVER: Final = "1970-01-01T00:00:00Z"
MAX_ENTRIES: Final = 3000
"""Objects in a Group."""


class NoEvent(Invalid):
    """Calendar data in which there is no event and no task."""


def event_of(calendar: Component, *, has_leftovers: bool = False) -> Json:
    """The Event or the Task that a calendar object is; a Group, where it is instances without their series, or several.

    :param has_leftovers: whether what has no member is given in ``iCalendar``.
    :raises NoEvent: there is none.
    """
    events = events_of(calendar, has_leftovers=has_leftovers)
    if not events:
        raise NoEvent("There is no event and no task in it.")
    if len(events) == 1:
        return events[0]
    return {"@type": "Group", "version": VERSION, "uid": events[0].get("uid", ""), "entries": events}


def events_of(calendar: Component, *, has_leftovers: bool = False) -> list[Json]:
    """The Events and Tasks of calendar data, of any number of UIDs."""
    names = ZoneNames(calendar)
    return [_read(each, calendar, names, has_leftovers) for each in _parts(calendar, names)]


@define
class _Parts:
    """The components of one object."""

    master: Component
    overrides: dict[str, Component]
    """By their keys in ``recurrenceOverrides``."""
    is_instance: bool = False


def _parts(calendar: Component, names: ZoneNames) -> list[_Parts]:
    by_uid: dict[tuple[str, str], list[Component]] = {}
    for each in calendar.components:
        if each.name in KINDS:
            by_uid.setdefault((each.name, (each.value("UID") or "").strip()), []).append(each)
    found = []
    for components in by_uid.values():
        master = next((each for each in components if not each.has("RECURRENCE-ID")), None)
        if master is None:
            found += [_Parts(each, {}, True) for each in _newest(components)]
        elif len(components) == 1:
            found.append(_Parts(master, {}))
        else:
            found.append(_Parts(master, _keyed(master, components, names)))
    return found


def _newest(components: Sequence[Component]) -> list[Component]:
    """Instances without a series, one for each time."""
    found: dict[str, Component] = {}
    for each in components:
        item = each.first("RECURRENCE-ID")
        key = item.line if item is not None else ""
        if key not in found or sequence_of(each) >= sequence_of(found[key]):
            found[key] = each
    return list(found.values())


def _keyed(master: Component, components: Sequence[Component], names: ZoneNames) -> dict[str, Component]:
    found: dict[str, Component] = {}
    for each in components:
        item = each.first("RECURRENCE-ID")
        if item is None:
            continue
        try:
            key = key_of(master, moment_of(item), names)
        except MalformedValue:
            continue
        if key not in found or sequence_of(each) >= sequence_of(found[key]):
            found[key] = each
    return found


def _read(parts: _Parts, calendar: Component, names: ZoneNames, has_leftovers: bool) -> Json:
    reading = read_object(parts.master, names)
    made = reading.made
    if parts.is_instance:
        _read_instance(parts.master, made, names)
    else:
        overrides = _read_overrides(parts, made, names)
        if overrides:
            made["recurrenceOverrides"] = overrides
    method, product = calendar.value("METHOD"), calendar.value("PRODID")
    if method is not None and method.strip():
        made["method"] = method.strip().lower()
    if product is not None and product != PRODID:
        made["prodId"] = unescaped(product)
    custom = names.custom()
    if custom:
        made["timeZones"] = custom
    if has_leftovers:
        left = left_of(reading)
        if left is not None:
            made["iCalendar"] = left
    return made


def _read_instance(component: Component, made: Json, names: ZoneNames) -> None:
    item = component.first("RECURRENCE-ID")
    if item is None:
        return
    try:
        given = moment_of(item)
    except MalformedValue:
        return
    made["recurrenceId"] = local_text(given.local)
    name = names.name(given)
    if name is not None:
        made["recurrenceIdTimeZone"] = name
    made.pop("recurrenceRule", None)


def _read_overrides(parts: _Parts, made: Json, names: ZoneNames) -> Json:
    master = parts.master
    found: Json = {}
    if made.get("start") is None and made.get("due") is None:
        return {}
    for key, given in keyed_dates(master, "RDATE", names).items():
        found[key] = _period_patch(given, made, names) if isinstance(given, Period) else {}
    days = keyed_dates(master, "EXDATE", names)
    found.update({key: {"excluded": True} for key in days})
    for key, component in parts.overrides.items():
        if key in days:
            # Taken away, and changed as well: what is changed stays, as instances that no rule makes do.
            found.pop(key, None)
        instance = read_object(component, names).made
        found[key] = override_patch(shifted(made, key), instance)
    return dict(sorted(found.items()))


def _period_patch(given: Period, made: Json, names: ZoneNames) -> Json:
    """What RDATE says of an instance that lasts otherwise (RFC 5545 3.8.5.2)."""
    if isinstance(given.end, Moment):
        seconds = max(0, names.zones.utc(given.end) - names.zones.utc(given.start))
        hours, rest = divmod(seconds, 3600)
        text = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (rest // 60, "M"), (rest % 60, "S")) if count)
        lasts = f"PT{text or '0S'}"
    else:
        lasts = duration_text(given.end) if given.end.length >= 0 else "PT0S"
    return {} if made.get("duration") == lasts or made["@type"] == "Task" else {"duration": lasts}


def calendar_of(event: Any, previous: Component | None = None) -> Component:
    """The calendar object of an Event, a Task or a Group of them.

    With the object that it was made of before, each line stays whose meaning has not changed, as do properties that
    JSCalendar has no member for; VTIMEZONE is added for zones that were not used before.

    :raises InvalidEvent: it is not good, or too large.
    """
    if not isinstance(event, dict):
        raise InvalidEvent([("", "This is no object.")])
    entries = event.get("entries") if event.get("@type") == "Group" else [event]
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_ENTRIES:
        raise InvalidEvent([("entries", f"A group has 1 to {MAX_ENTRIES} entries.")])
    calendar = Component("VCALENDAR", [Property.made("VERSION", "2.0"), Property.made("PRODID", PRODID)])
    if previous is not None:
        calendar = previous.copy()
    before = used_zones(calendar)
    made = [_translated(each) for each in entries]
    for each in made:
        put_custom(calendar, each.get("timeZones"))
    names = ZoneNames(calendar)
    present = _Present(calendar, names, made) if previous is not None else None
    for each in made:
        parts, old = present.taken(each) if present is not None else (None, None)
        if old is None:
            each.setdefault("updated", each.get("created", _NEVER))
        problems = check(each, old)
        if problems:
            raise InvalidEvent(problems)
        _write(calendar, names, parts, old, each)
    if present is not None:
        present.remove_rest(calendar)
    used = used_zones(calendar)
    drop_unused(calendar, before.keys() - used.keys())
    put_missing(calendar, {tzid: item for tzid, item in used.items() if tzid not in before}, names)
    if sum(len(line.encode("utf-8", "replace")) + 2 for line in calendar.lines()) > MAX_OCTETS:
        raise InvalidEvent([("", f"A calendar object can have {MAX_OCTETS} octets at most.")])
    return calendar


def _translated(event: Any) -> Json:
    if not isinstance(event, dict):
        raise InvalidEvent([("", "This is no object.")])
    return translated(event)


class _Present:
    """The objects that a calendar object is before it is written."""

    def __init__(self, calendar: Component, names: ZoneNames, made: Sequence[Json]) -> None:
        found = [(parts, translated(_read(parts, calendar, names, True))) for parts in _parts(calendar, names)]
        self._known: dict[tuple[str, ...], list[tuple[_Parts, Json]]] = {}
        if len(made) == len(found) == 1 and made[0].get("@type") == found[0][1]["@type"]:
            self._known[_key(made[0])] = found
        else:
            for parts, old in reversed(found):
                self._known.setdefault(_key(old), []).append((parts, old))

    def taken(self, event: Json) -> tuple[_Parts, Json] | tuple[None, None]:
        """The one that an event is written over, if there is one."""
        same = self._known.get(_key(event))
        return same.pop() if same else (None, None)

    def remove_rest(self, calendar: Component) -> None:
        """Take out those that nothing was written over."""
        rest = [parts for same in self._known.values() for parts, _ in same]
        if rest:
            gone = {id(each) for parts in rest for each in (parts.master, *parts.overrides.values())}
            calendar.components = [each for each in calendar.components if id(each) not in gone]


def _key(event: Json) -> tuple[str, ...]:
    """What tells the objects of calendar data from each other."""
    return tuple(str(event.get(key)) for key in ("@type", "uid", "recurrenceId", "recurrenceIdTimeZone"))


def _write(calendar: Component, names: ZoneNames, parts: _Parts | None, old: Json | None, new: Json) -> None:
    is_new = parts is None
    if parts is None:
        parts = _Parts(Component(COMPONENTS[new["@type"]]), {}, new.get("recurrenceId") is not None)
        calendar.components.append(parts.master)
    before = old if old is not None else {}
    if is_new:
        parts.master.append(Property.made("UID", text_value(new["uid"])))
        before = {"@type": new["@type"], "version": VERSION, "uid": new["uid"]}
    write_object(parts.master, before, new, names)
    keys = ("recurrenceId", "recurrenceIdTimeZone")
    if any(before.get(key) != new.get(key) for key in keys):
        _write_instance(parts.master, new, names)
    write_overrides(calendar, names, parts.master, parts.overrides, before, new)
    for key, name in (("method", "METHOD"), ("prodId", "PRODID")):
        if before.get(key) != new.get(key) and new.get(key) is not None:
            with_value(calendar, name, new[key].upper() if key == "method" else text_value(new[key]))
    if before.get("method") is not None and new.get("method") is None:
        calendar.remove("METHOD")
    if before.get("prodId") is not None and new.get("prodId") is None:
        calendar.set("PRODID", PRODID)


def _write_instance(component: Component, new: Json, names: ZoneNames) -> None:
    text = new.get("recurrenceId")
    if text is None:
        component.remove("RECURRENCE-ID")
        return
    name = new.get("recurrenceIdTimeZone")
    is_date = name is None and bool(new.get("showWithoutTime")) and text.endswith("T00:00:00")
    item = moment_property("RECURRENCE-ID", moment_for(names, local_seconds(text), name, is_date))
    if component.has("RECURRENCE-ID"):
        component.put(with_range(item, component))
    else:
        component.append(item)
