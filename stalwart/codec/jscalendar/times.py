"""When an event or a task is: DTSTART, DTEND, DUE and DURATION as start, timeZone, duration and due; RRULE as a rule.

An end that is a time makes a duration in hours, minutes and seconds, which is exact; DURATION makes one with days of
the calendar. So each goes back to where it came from. Days make midnights that are shown without time.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.recurring import occurrences
from stalwart.codec.icalendar.rules import rule
from stalwart.codec.icalendar.values import (
    DAY,
    FIRST,
    LAST,
    Duration,
    MalformedValue,
    Moment,
    moment_of,
    moment_text,
)
from stalwart.codec.icalendar.values import duration as ical_duration
from stalwart.codec.icalendar.values import duration_text as ical_duration_text
from stalwart.codec.jscalendar.reading import Aspect, Reading, Writing, with_value
from stalwart.codec.jscalendar.rules import rule_of, rule_text, until_local
from stalwart.codec.jscalendar.values import Json, duration, duration_text, local_seconds, local_text
from stalwart.codec.jscalendar.zone_names import UTC_NAME, ZoneNames


def moment_in(reading: Reading, name: str) -> Moment | None:
    """The moment of a property; None if there is none that can be read."""
    item = reading.one(name)
    if item is None:
        return None
    try:
        return moment_of(item)
    except MalformedValue:
        reading.unread.append(item)
        return None


def _length_in(reading: Reading, name: str) -> Duration | None:
    item = reading.one(name)
    if item is None:
        return None
    try:
        lasts = ical_duration(item.value)
        duration(duration_text(lasts))
    except MalformedValue:
        lasts = Duration(-1, 0)
    if lasts.length < 0:
        reading.unread.append(item)
        return None
    return lasts


def _read_without_time(reading: Reading, is_date: bool) -> None:
    item = reading.one("SHOW-WITHOUT-TIME")
    if is_date or (item is not None and item.value.strip().upper() == "TRUE"):
        reading.made["showWithoutTime"] = True


def _read_event(reading: Reading) -> None:
    start, end = moment_in(reading, "DTSTART"), moment_in(reading, "DTEND")
    lasts = _length_in(reading, "DURATION")
    if start is None:
        return
    names, made = reading.zones, reading.made
    made["start"] = local_text(start.local)
    name = names.name(start)
    if name is not None:
        made["timeZone"] = name
    if end is not None:
        made["duration"] = duration_text(_until(names, start, end))
        end_name = names.name(end)
        if name is not None and end_name is not None and end_name != name:
            made["endTimeZone"] = end_name
    elif lasts is not None:
        made["duration"] = duration_text(lasts)
    elif start.is_date:
        made["duration"] = "P1D"  # RFC 5545 3.6.1
    _read_without_time(reading, start.is_date)


def _until(names: ZoneNames, start: Moment, end: Moment) -> Duration:
    if start.is_date:
        return Duration(max(end.local // DAY - start.local // DAY, 1), 0)
    zone = names.zones.of(start)
    end_utc = names.zones.utc(end) if end.is_utc or end.tzid is not None else zone.utc(end.local)
    return Duration(0, max(0, end_utc - zone.utc(start.local)))


def _read_task(reading: Reading) -> None:
    start, due = moment_in(reading, "DTSTART"), moment_in(reading, "DUE")
    lasts, estimate = _length_in(reading, "DURATION"), _length_in(reading, "ESTIMATED-DURATION")
    names, made = reading.zones, reading.made
    first = start or due
    if first is not None:
        name = names.name(first)
        if name is not None:
            made["timeZone"] = name
        zone = names.zones.of(first)
        if start is not None:
            made["start"] = local_text(start.local)
        if due is not None:
            is_same = (due.is_utc, due.tzid) == (first.is_utc, first.tzid) or due.is_floating
            made["due"] = local_text(due.local if is_same else zone.local(names.zones.utc(due)))
        elif start is not None and lasts is not None:
            made["due"] = local_text(zone.local(zone.utc(start.local + lasts.days * DAY) + lasts.seconds))
        _read_without_time(reading, all(each is None or each.is_date for each in (start, due)))
    if estimate is not None:
        made["estimatedDuration"] = duration_text(estimate)


def as_days(given: Json) -> bool:
    """Whether the times of an object are written as days."""
    if not given.get("showWithoutTime") or given.get("timeZone") is not None or given.get("endTimeZone") is not None:
        return False
    times = [given[key] for key in ("start", "due") if given.get(key) is not None]
    keys = given.get("recurrenceOverrides") or ()
    if not all(each.endswith("T00:00:00") for each in (*times, *keys)):
        return False
    if given.get("@type") == "Task":
        return bool(times)
    lasts = duration(given.get("duration") or "PT0S")
    return lasts.days > 0 and not lasts.seconds


def moment_for(names: ZoneNames, local: int, name: str | None, is_date: bool) -> Moment:
    """What stands for a time in a zone."""
    if is_date:
        return Moment(local // DAY * DAY, is_date=True)
    if name == UTC_NAME:
        return Moment(local, is_utc=True)
    return Moment(local, tzid=None if name is None else names.tzid(name))


def moment_property(name: str, given: Moment, over: Property | None = None) -> Property:
    """A property that is a moment; with the other parameters of one that it replaces."""
    made = Property.made(name, "") if over is None else over.without_parameters("TZID", "VALUE")
    if given.is_date:
        made = made.with_parameter("VALUE", "DATE")
    elif given.tzid is not None:
        made = made.with_parameter("TZID", given.tzid)
    return made.with_value(moment_text(given))


def _put_moment(component: Component, name: str, given: Moment | None, names: ZoneNames) -> None:
    """Write a time; one in the same zone keeps the TZID that it has, even if that says nothing here."""
    present = component.first(name)
    if given is None:
        component.remove(name)
    elif present is None:
        component.append(moment_property(name, given))
    else:
        was = _moment_or_none(present)
        if was is not None and was.tzid is not None and not was.is_utc and names.name(was) == names.name(given):
            given = given if given.is_date else Moment(given.local, tzid=was.tzid)
        if was != given:
            component.exchange(present, moment_property(name, given, present))


def _moment_or_none(item: Property) -> Moment | None:
    try:
        return moment_of(item)
    except MalformedValue:
        return None


def _write_without_time(writing: Writing, is_date: bool) -> None:
    is_written = bool(writing.new.get("showWithoutTime")) and not is_date
    present = writing.component.value("SHOW-WITHOUT-TIME")
    if is_written != ((present or "").strip().upper() == "TRUE"):
        with_value(writing.component, "SHOW-WITHOUT-TIME", "TRUE" if is_written else None)


def _write_event(writing: Writing) -> None:
    component, new, names = writing.component, writing.new, writing.zones
    is_date, name = as_days(new), new.get("timeZone")
    if new.get("start") is None:
        component.remove("DTSTART", "DTEND", "DURATION")
        return
    local = local_seconds(new["start"])
    _put_moment(component, "DTSTART", moment_for(names, local, name, is_date), names)
    _write_without_time(writing, is_date)
    if new.get("duration") is None:
        component.remove("DTEND", "DURATION")
        return
    lasts = duration(new["duration"])
    end = _end(writing, local, lasts, is_date)
    if end is None:
        component.remove("DTEND")
        present = component.value("DURATION")
        if present is None or _length(present) != lasts:
            with_value(component, "DURATION", ical_duration_text(lasts))
    else:
        component.remove("DURATION")
        _put_moment(component, "DTEND", end, names)


def _length(text: str) -> Duration | None:
    try:
        return ical_duration(text)
    except MalformedValue:
        return None


def _end(writing: Writing, local: int, lasts: Duration, is_date: bool) -> Moment | None:
    """DTEND; None where DURATION says it: it was there, has days, or ends at a time that the clock shows twice."""
    names, end_name = writing.zones, writing.new.get("endTimeZone")
    if is_date:
        end = local + lasts.days * DAY
        return None if writing.component.has("DURATION") or end > LAST else Moment(end, is_date=True)
    if end_name is None and (lasts.days or not lasts.seconds or writing.component.has("DURATION")):
        return None
    zone = names.zone(writing.new.get("timeZone"))
    end_utc = zone.utc(local + lasts.days * DAY) + lasts.seconds
    end_name = end_name or writing.new.get("timeZone")
    end_zone = names.zone(end_name)
    end_local = end_zone.local(end_utc)
    if end_zone.utc(end_local) != end_utc or not FIRST <= end_local <= LAST:
        return None
    return moment_for(names, end_local, end_name, False)


def _write_task(writing: Writing) -> None:
    component, new, names = writing.component, writing.new, writing.zones
    is_date, name = as_days(new), new.get("timeZone")
    component.remove("DURATION")
    for key, item in (("start", "DTSTART"), ("due", "DUE")):
        text = new.get(key)
        _put_moment(component, item, text and moment_for(names, local_seconds(text), name, is_date), names)
    _write_without_time(writing, is_date)
    estimate = new.get("estimatedDuration")
    with_value(component, "ESTIMATED-DURATION", estimate and ical_duration_text(duration(estimate)))


def _read_rule(reading: Reading) -> None:
    items = reading.take("RRULE")
    if not items:
        return
    rule = _rule(reading.component, items[0], reading.zones)
    if rule is None:
        reading.unread += items
    else:
        reading.made["recurrenceRule"] = rule
        reading.unread += items[1:]


def _rule(component: Component, item: Property, names: ZoneNames) -> Json | None:
    """The rule of an RRULE, with UNTIL on the clock of the series."""
    try:
        first = component.first("DTSTART") or component.first("DUE")
        start = moment_of(first) if first is not None else Moment(0)
        zone = names.zones.of(start)
        made = rule_of(item.value, lambda given: until_local(given, is_date=start.is_date, local=zone.local))
        if "count" in made and "until" in made:
            del made[_later_end(made, item.value, start)]
    except MalformedValue:
        return None
    return made


def _later_end(made: Json, text: str, start: Moment) -> str:
    """The member that does not end a series of which RRULE says two ends, against RFC 5545 3.3.10."""
    last = local_seconds(made["until"])
    found = occurrences(rule(text), start.local, is_date=start.is_date, until=last)
    return "until" if len(found) >= made["count"] else "count"


def _write_rule(writing: Writing) -> None:
    component, new, names = writing.component, writing.new, writing.zones
    rule, present = new.get("recurrenceRule"), component.first("RRULE")
    if rule is None:
        if writing.old.get("recurrenceRule") is not None:
            component.remove("RRULE", "EXRULE")
        return
    if present is not None and _rule(component, present, names) == rule:
        return
    zone_name = new.get("timeZone")

    def until(local: int) -> Moment:
        if as_days(new) or zone_name is None:
            return moment_for(names, local, None, as_days(new))
        return Moment(names.zone(zone_name).utc(local), is_utc=True)

    with_value(component, "RRULE", rule_text(rule, until))


TIMES: Final = ("start", "timeZone", "duration", "endTimeZone", "showWithoutTime", "due", "estimatedDuration")

EVENT: Final = Aspect(TIMES, _read_event, _write_event)
TASK: Final = Aspect(TIMES, _read_task, _write_task)
RULE: Final = Aspect(("recurrenceRule", "timeZone", "showWithoutTime", "start", "duration"), _read_rule, _write_rule)
