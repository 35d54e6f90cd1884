"""Single instances of a series, seen and changed; UTC times; parts of large events (draft-ietf-jmap-calendars 5).

Which instances there are is asked of ``codec.icalendar.instances``; here they are named by their recurrence ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.values import DAY, Duration, MalformedValue
from stalwart.codec.jscalendar.checking import FIXED, InvalidEvent, override_patch, shifted
from stalwart.codec.jscalendar.older import translated
from stalwart.codec.jscalendar.overrides import EXCLUDED, rule_makes
from stalwart.codec.jscalendar.patches import MalformedPatch, escaped, leads_nowhere, patched, segments
from stalwart.codec.jscalendar.people import same_address
from stalwart.codec.jscalendar.values import (
    OF_SERVER,
    Json,
    duration,
    duration_text,
    local_seconds,
    local_text,
    utc_seconds,
    utc_text,
)
from stalwart.codec.jscalendar.vtimezones import put_custom
from stalwart.codec.jscalendar.zone_names import UTC_NAME, ZoneNames

_OF_INSTANCES: Final = ("recurrenceId", "recurrenceIdTimeZone", "recurrenceRule", "recurrenceOverrides")


def instance_of(event: Json, recurrence_id: str) -> Json | None:
    """An event as one of its instances; None if that is excluded. Whether the series has it is not asked.

    Raises InvalidEvent.
    """
    patch = (event.get("recurrenceOverrides") or {}).get(recurrence_id) or {}
    if patch == EXCLUDED:
        return None
    try:
        local_seconds(recurrence_id)
        base = shifted(event, recurrence_id)
        made = patched(base, {each: value for each, value in patch.items() if _may_differ(each, base)})
    except (MalformedPatch, MalformedValue) as problem:
        raise InvalidEvent([(f"recurrenceOverrides/{escaped(recurrence_id)}", str(problem))]) from problem
    made |= {"recurrenceId": recurrence_id, "recurrenceRule": None, "recurrenceOverrides": None}
    made["recurrenceIdTimeZone"] = event.get("timeZone")
    if "timeZones" in event:
        made["timeZones"] = event["timeZones"]
    return made


def _may_differ(pointer: str, base: Json) -> bool:
    """Whether a patch is one that an instance can have; what leads nowhere is left out (RFC 8984 1.4.9)."""
    if "/" in pointer and leads_nowhere(base, pointer):
        return False
    path = segments(pointer)
    return (
        path[0] not in FIXED
        and path[0] not in OF_SERVER
        and not (path[0] == "participants" and path[2:] == ["calendarAddress"])
    )


def with_instance(event: Json, recurrence_id: str, changed: Json | None) -> Json:
    """An event with one instance as it is given (``instance_of``, and changed since), or without it if it is None.

    What is kept of it is the least patch. Raises InvalidEvent.
    """
    overrides = dict(event.get("recurrenceOverrides") or {})
    try:
        base = shifted(event, recurrence_id)
    except MalformedValue as problem:
        raise InvalidEvent([("recurrenceId", str(problem))]) from problem
    if changed is None:
        overrides[recurrence_id] = dict(EXCLUDED)
    else:
        given = translated({key: value for key, value in changed.items() if key not in _OF_INSTANCES})
        base = translated(base)
        fixed = [key for key in FIXED if key not in ("timeZones", "iCalendar") and given.get(key) != base.get(key)]
        if fixed:
            raise InvalidEvent([(key, "This is the same in all instances.") for key in sorted(fixed)])
        patch = override_patch(base, given)
        if patch or not rule_makes(event, recurrence_id):
            overrides[recurrence_id] = patch
        else:
            overrides.pop(recurrence_id, None)
    made = {key: value for key, value in event.items() if key != "recurrenceOverrides"}
    if overrides:
        made["recurrenceOverrides"] = dict(sorted(overrides.items()))
    return made


def without_stale(event: Json, former: Json) -> Json:
    """An event without those patches of its overrides that it had before too, and that change something which has gone
    from it since: who takes a participant out need not know what was said of him in some instance.
    """
    before, overrides = former.get("recurrenceOverrides") or {}, event.get("recurrenceOverrides")
    if not isinstance(overrides, dict):
        return event
    made = {}
    for key, patch in overrides.items():
        known = before.get(key)
        if isinstance(patch, dict) and isinstance(known, dict):
            stale = {
                pointer
                for pointer, value in patch.items()
                if "/" in pointer and known.get(pointer) == value and leads_nowhere(event, pointer)
            }
            if stale:
                patch = {pointer: value for pointer, value in patch.items() if pointer not in stale}
                if not patch and rule_makes(event, key):
                    continue
        made[key] = patch
    return {**event, "recurrenceOverrides": made} if made != overrides else event


def zone_of(event: Json, floating: Zone = UTC) -> Zone:
    """The zone on whose clock an event is."""
    calendar = Component("VCALENDAR")
    put_custom(calendar, event.get("timeZones"))
    return ZoneNames(calendar, floating).zone(event.get("timeZone"))


def utc_span(event: Json, floating: Zone = UTC) -> tuple[int, int] | None:
    """UTC seconds of the start and the end of an event or a task; None if it has no time. Raises MalformedValue."""
    start, due = event.get("start"), event.get("due")
    first = start if start is not None else due
    if first is None:
        return None
    zone, local = zone_of(event, floating), local_seconds(first)
    if due is not None:
        return zone.utc(local), zone.utc(local_seconds(due))
    lasts = duration(event.get("duration") or "PT0S")
    return zone.utc(local), zone.utc(local + lasts.days * DAY) + lasts.seconds


def utc_times(event: Json, floating: Zone = UTC) -> Json:
    """``utcStart`` and ``utcEnd``; empty if there is no time."""
    span = utc_span(event, floating)
    return {} if span is None else {"utcStart": utc_text(span[0]), "utcEnd": utc_text(span[1])}


def with_utc_times(event: Json, utc_start: Any, utc_end: Any) -> Json:
    """An event that begins and ends at these times, in its own time zone, else in UTC. Raises InvalidEvent."""
    spans = []
    for key, text in (("utcStart", utc_start), ("utcEnd", utc_end)):
        try:
            spans.append(utc_seconds(text if isinstance(text, str) else ""))
        except MalformedValue as problem:
            raise InvalidEvent([(key, str(problem))]) from problem
    start, end = spans
    if start >= end:
        raise InvalidEvent([("utcEnd", "An event ends after it starts.")])
    name = event.get("timeZone") or UTC_NAME
    made = {**event, "timeZone": name}
    try:
        made["start"] = local_text(zone_of(made).local(start))
    except MalformedValue as problem:
        raise InvalidEvent([("utcStart", str(problem))]) from problem
    made["duration"] = duration_text(Duration(0, end - start))
    return made


def reduced(
    event: Json,
    *,
    before: int | None = None,
    after: int | None = None,
    keeps: Callable[[str], bool] | None = None,
    floating: Zone = UTC,
) -> Json:
    """An event with some of its overrides and participants only (draft-ietf-jmap-calendars 5.7).

    :param before: UTC seconds; overrides of instances at that time and later are left out.
    :param after: UTC seconds; overrides of earlier instances are left out.
    :param keeps: whether a calendar address is one of the reader's; participants who are neither that nor owners are
        left out.
    """
    made = dict(event)
    overrides = event.get("recurrenceOverrides")
    if overrides and (before is not None or after is not None):
        zone = zone_of(event, floating)
        kept = {}
        for key, patch in overrides.items():
            at = zone.utc(local_seconds(key))
            if (before is None or at < before) and (after is None or at >= after):
                kept[key] = patch
        made["recurrenceOverrides"] = kept
    participants = event.get("participants")
    if keeps is not None and participants:
        made["participants"] = {key: each for key, each in participants.items() if _is_kept(each, event, keeps)}
        overrides = made.get("recurrenceOverrides")
        if overrides:
            made["recurrenceOverrides"] = {
                key: _of_people(patch, made["participants"], event, keeps) for key, patch in overrides.items()
            }
    return made


def _is_kept(given: Any, event: Json, keeps: Callable[[str], bool]) -> bool:
    if not isinstance(given, dict):
        return False
    address = given.get("calendarAddress") or ""
    is_owner = "owner" in (given.get("roles") or {}) or (
        bool(address) and same_address(address, event.get("organizerCalendarAddress") or "")
    )
    return is_owner or (bool(address) and keeps(address))


def _of_people(patch: Json, kept: Json, event: Json, keeps: Callable[[str], bool]) -> Json:
    made = {}
    for pointer, value in patch.items():
        path = segments(pointer)
        if path[0] == "participants" and len(path) > 1 and path[1] not in kept:
            if len(path) > 2 or not isinstance(value, dict) or not _is_kept(value, event, keeps):
                continue
        elif path == ["participants"] and isinstance(value, dict):
            value = {key: each for key, each in value.items() if _is_kept(each, event, keeps)}
        made[pointer] = value
    return made
