"""recurrenceOverrides written as EXDATE, RDATE and components with RECURRENCE-ID (RFC 5545 3.8.4.4, 3.8.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import instances_of
from stalwart.codec.icalendar.lines import MAX_OCTETS, Property
from stalwart.codec.icalendar.rules import rule
from stalwart.codec.icalendar.values import (
    DAY,
    MalformedValue,
    Moment,
    Period,
    moment,
    moment_of,
    moment_text,
    moments_of,
    period,
)
from stalwart.codec.jscalendar.checking import FIXED, InvalidEvent, shifted
from stalwart.codec.jscalendar.objects import COMPONENTS, write_object
from stalwart.codec.jscalendar.patches import MalformedPatch, escaped, patched
from stalwart.codec.jscalendar.times import TIMES, as_days, moment_for, moment_property
from stalwart.codec.jscalendar.values import Json, local_seconds, local_text
from stalwart.codec.jscalendar.vtimezones import put_custom
from stalwart.codec.jscalendar.zone_names import ZoneNames

EXCLUDED: Final = {"excluded": True}
_OF_MASTER: Final = ("RRULE", "EXRULE", "RDATE", "EXDATE")
_MOST: Final = 3000


def dates(component: Component, name: str) -> Iterator[Moment | Period]:
    """The values of RDATE or EXDATE that can be read."""
    for item in component.properties:
        if item.name == name:
            try:
                yield from moments_of(item)
            except MalformedValue:
                continue


def key_of(master: Component, given: Moment, names: ZoneNames) -> str:
    """The recurrence id of a moment: on the clock of the series. Raises MalformedValue."""
    item = master.first("DTSTART") or master.first("DUE")
    start = moment_of(item) if item is not None else given
    if start.is_date:
        return local_text(given.local // DAY * DAY)
    if given.is_date:
        return local_text(given.local + start.local % DAY)
    if (given.tzid is None and not given.is_utc) or (given.is_utc, given.tzid) == (start.is_utc, start.tzid):
        return local_text(given.local)
    return local_text(names.zones.of(start).local(names.zones.utc(given)))


def keyed_dates(master: Component, name: str, names: ZoneNames) -> dict[str, Moment | Period]:
    """The values of RDATE or EXDATE by their recurrence ids."""
    found: dict[str, Moment | Period] = {}
    for given in dates(master, name):
        try:
            found[key_of(master, given.start if isinstance(given, Period) else given, names)] = given
        except MalformedValue:
            continue
    return found


def write_overrides(
    calendar: Component, names: ZoneNames, master: Component, components: dict[str, Component], old: Json, new: Json
) -> None:
    """Change the overrides of a series whose master is written already.

    :param components: those that there are, by their keys.
    """
    before, after = old.get("recurrenceOverrides") or {}, new.get("recurrenceOverrides") or {}
    if not before and not after:
        return
    is_date = as_days(new)
    is_moved = (as_days(old), old.get("timeZone")) != (is_date, new.get("timeZone"))
    present = {key: each for key, each in components.items() if key in before}
    gone = [each for key, each in present.items() if after.get(key, EXCLUDED) == EXCLUDED]
    if gone:
        ids = {id(each) for each in gone}
        calendar.components = [each for each in calendar.components if id(each) not in ids]
    periods = {key for key, given in keyed_dates(master, "RDATE", names).items() if isinstance(given, Period)}
    added = set()
    octets = 0
    for key, patch in after.items():
        if patch == EXCLUDED:
            continue
        component = present.get(key)
        if component is not None:
            instance = _patched(new, key, patch)
            write_object(component, patched(shifted(old, key), before[key]), instance, names, left_out=FIXED)
            if is_moved:
                component.put(with_range(_recurrence_id(names, new, key, is_date), component))
        elif patch and not (key in periods and patch == before.get(key)):
            made = _instance(master, names, new, key, patch, is_date)
            octets += sum(map(len, made.lines()))
            if octets > MAX_OCTETS:
                raise InvalidEvent([("recurrenceOverrides", "So many instances are too large.")])
            calendar.components.append(made)
            added.add(key)
    excluded = {key for key, patch in after.items() if patch == EXCLUDED}
    _write_dates(master, names, "EXDATE", excluded, is_moved, new, set(), is_date)
    extra = {key for key, patch in after.items() if not patch and key not in present}
    known = keyed_dates(master, "RDATE", names)
    extra |= {key for key in known if key in after and key not in excluded}
    if added:
        is_made = _rule_of_series(master, names, new)
        extra |= {key for key in added if not is_made(key)}
    _write_dates(master, names, "RDATE", extra, is_moved, new, periods & added, is_date)


def _patched(event: Json, key: str, patch: Json) -> Json:
    """An instance of an event. Raises InvalidEvent, which says where the fault is."""
    try:
        return patched(shifted(event, key), patch)
    except MalformedPatch as problem:
        where = f"recurrenceOverrides/{escaped(key)}/{escaped(problem.pointer)}"
        raise InvalidEvent([(where, problem.detail)]) from problem


def with_range(item: Property, component: Component) -> Property:
    """A RECURRENCE-ID with the RANGE that the component has (RFC 5545 3.8.4.4): it is kept, though not shown."""
    present = component.first("RECURRENCE-ID")
    given = None if present is None else present.parameter("RANGE")
    return item if given is None else item.with_parameter("RANGE", given)


def _recurrence_id(names: ZoneNames, new: Json, key: str, is_date: bool) -> Property:
    given = moment_for(names, local_seconds(key), new.get("timeZone"), is_date)
    return moment_property("RECURRENCE-ID", given)


def _instance(master: Component, names: ZoneNames, new: Json, key: str, patch: Json, is_date: bool) -> Component:
    """A component for an instance that has none: what the series says, but for what is changed."""
    component = master.copy()
    component.remove(*_OF_MASTER)
    before = shifted(new, key)
    after = _patched(new, key, patch)
    for name in TIMES:
        if name in new:
            before[name] = new[name]
    write_object(component, before, after, names, left_out=FIXED, has_leftovers=False)
    component.append(_recurrence_id(names, new, key, is_date))
    return component


def _write_dates(
    master: Component,
    names: ZoneNames,
    name: str,
    wanted: set[str],
    is_moved: bool,
    new: Json,
    stale: set[str],
    is_date: bool,
) -> None:
    """Change RDATE or EXDATE to have these keys; those that are stale are written anew."""
    missing = set(wanted)
    kept: list[Property] = []
    for item in master.properties:
        if item.name != name:
            kept.append(item)
            continue
        if is_moved:
            continue
        values = [(text, _keys(master, names, item, text)) for text in item.value.split(",") if text.strip()]
        good = [text for text, key in values if key is None or (key in wanted and key not in stale)]
        missing -= {key for text, key in values if key is not None and key not in stale}
        if len(good) == len(values):
            kept.append(item)
        elif good:
            kept.append(item.with_value(",".join(good)))
    master.properties = kept
    keys = sorted(missing)
    size = 1 if len(keys) <= 20 else 50
    for at in range(0, len(keys), size):
        moments = [moment_for(names, local_seconds(key), new.get("timeZone"), is_date) for key in keys[at : at + size]]
        item = moment_property(name, moments[0])
        master.append(item.with_value(",".join(map(moment_text, moments))) if size > 1 else item)


def _keys(master: Component, names: ZoneNames, item: Property, text: str) -> str | None:
    tzid = item.parameter("TZID")
    try:
        given = period(text, tzid).start if "/" in text else moment(text, tzid)
        return key_of(master, given, names)
    except MalformedValue:
        return None


def _rule_of_series(master: Component, names: ZoneNames, new: Json) -> Callable[[str], bool]:
    """Whether the rule of a series makes an instance, as far as one can tell."""
    text = master.value("RRULE")
    if text is None:
        return lambda key: key == new.get("start")
    items = [each for each in (master.first("DTSTART"), master.first("DUE"), master.first("RRULE")) if each is not None]
    expansion = instances_of([Component(master.name, items)], names.zones, limit=_MOST)
    starts = {local_text(each.start_local) for each in expansion}
    try:
        is_open = rule(text).is_foreign
    except MalformedValue:
        is_open = True
    last = max(starts, default="") if expansion.is_truncated else None
    return lambda key: is_open or key in starts or (last is not None and key > last)


def rule_makes(event: Json, key: str) -> bool:
    """Whether the rule of an event makes an instance; its start counts as one."""
    start = event.get("start") or event.get("due")
    if event.get("recurrenceRule") is None or start is None:
        return key == start
    calendar = Component("VCALENDAR")
    put_custom(calendar, event.get("timeZones"))
    names = ZoneNames(calendar)
    master = Component(COMPONENTS[event["@type"]])
    bare: Json = {name: event[name] for name in ("@type", "recurrenceRule", *TIMES) if name in event}
    write_object(master, {}, bare, names, left_out=event.keys())
    return _rule_of_series(master, names, event)(key)
