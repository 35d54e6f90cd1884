"""Whether an object is an Event or a Task that can be kept (RFC 8984 4, 5), and what is wrong with it if not.

Problems are pointers (RFC 6901, without a leading slash) and sentences. Octets, entries and overrides are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from stalwart.codec.icalendar.lines import MAX_OCTETS
from stalwart.codec.icalendar.values import DAY, LAST, MalformedValue
from stalwart.codec.jscalendar.members import EVENT, LANGUAGE, TASK, Judge, Problems
from stalwart.codec.jscalendar.patches import (
    MAX_DEPTH,
    MalformedPatch,
    copied,
    difference,
    escaped,
    patched,
    segments,
)
from stalwart.codec.jscalendar.values import FLAGS, OF_SERVER, Json, duration, local_seconds, local_text
from stalwart.codec.jscalendar.zone_names import canonical, zone_component
from stalwart.errors import Invalid

MAX_OVERRIDES: Final = 10_000
MAX_CHANGED: Final = 3000
"""Overrides that are more than a date or an exclusion."""
_MOST_VALUES: Final = 100_000
_MOST_LANGUAGES: Final = 100

FIXED: Final = frozenset(
    {
        "@type",
        "method",
        "organizerCalendarAddress",
        "privacy",
        "prodId",
        "recurrenceId",
        "recurrenceIdTimeZone",
        "recurrenceOverrides",
        "recurrenceRule",
        "relatedTo",
        "uid",
        "version",
        "timeZones",
        "iCalendar",
        *FLAGS,
    }
)
"""Members that are the same in all instances (RFC 8984 4.3.5)."""

_SURROGATES = re.compile(r"[\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LOCALIZATIONS: Final = "localizations"
_MAPS: Final = ("alerts", "categories", "keywords", "links", "locations", "participants", "virtualLocations")
_ZONES: Final = ("timeZone", "endTimeZone", "recurrenceIdTimeZone")
_MISSING: Final = object()


class InvalidEvent(Invalid):
    """An object that cannot be kept; ``problems`` are pairs of a pointer and a sentence."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        names = dict.fromkeys(pointer.partition("/")[0] for pointer, _ in problems if pointer)
        super().__init__("; ".join(f"{pointer or 'object'}: {text}" for pointer, text in problems[:5]), list(names))
        self.problems = problems


def check(event: Any, old: Json | None = None) -> list[tuple[str, str]]:
    """What is wrong with an Event or a Task in the new form (``older`` makes it of RFC 8984); none, if it is good.

    What was so in ``old`` already is not held against it: calendars come from programs of all kinds.
    """
    problems = Problems()
    if not isinstance(event, dict):
        problems.add("", "This is no object.")
        return problems.found
    before = old or {}
    _walk(problems, {key: value for key, value in event.items() if key not in before or value != before[key]})
    if problems.found:
        return problems.found
    _check_object(problems, event, before)
    if not problems.found:
        _check_overrides(problems, event, before.get("recurrenceOverrides") or {})
    if not problems.found and event.get(_LOCALIZATIONS) != before.get(_LOCALIZATIONS):
        _check_localizations(problems, event)
    if old is None:
        return problems.found
    return [each for each in problems.found if not _was_so(each[0], old, event)]


def _was_so(pointer: str, old: Json, new: Json) -> bool:
    """Whether a value is what it was; a null is another than nothing."""
    before: Any = old
    now: Any = new
    for part in segments(pointer):
        if not (isinstance(before, dict) and isinstance(now, dict)):
            return False
        before, now = before.get(part, _MISSING), now.get(part, _MISSING)
    return bool(before == now)


def _walk(problems: Problems, event: Json) -> None:
    """Bounds of any JSON, and characters that no text has (RFC 7493 2.1)."""
    left, octets, count = [("", event, 0)], 0, 0
    while left:
        where, value, depth = left.pop()
        count += 1
        if isinstance(value, str):
            octets += len(value)
            if not value.isascii() and _SURROGATES.search(value) is not None:
                problems.add(where, "This is no Unicode.")
                return
        elif isinstance(value, dict):
            for key, each in value.items():
                octets += len(key)
                if len(key) > 2048 or _NOT_IN_NAMES.search(key) is not None:
                    problems.add(where or key[:40], "This is no name of a member.")
                    return
                left.append((where or key, each, depth + 1))
        elif isinstance(value, list):
            left += [(where, each, depth + 1) for each in value]
        elif isinstance(value, float) and not -1e300 < value < 1e300:
            problems.add(where, "This is no number.")
        if depth > MAX_DEPTH or count > _MOST_VALUES or octets > 2 * MAX_OCTETS:
            problems.add(where, "This is too large, or too deep.")
            return


def _members(event: Json) -> dict[str, Judge]:
    return TASK if event.get("@type") == "Task" else EVENT


def _check_object(problems: Problems, event: Json, old: Json) -> None:
    if event.get("@type") not in ("Event", "Task"):
        problems.add("@type", "This is Event or Task.")
    known = _members(event)
    for key, value in event.items():
        judge = known.get(key)
        if judge is not None and value is not None and value != old.get(key):
            judge(problems, key, value)
    if event.get("uid") is None:
        problems.add("uid", "This has to be given.")
    if not problems.found:
        _check_zones(problems, event)
        _check_times(problems, event)
        _check_related(problems, event)


def _check_zones(problems: Problems, event: Json, zones: Any = None) -> None:
    custom = zones if zones is not None else event.get("timeZones") or {}
    if zones is None:
        if not isinstance(custom, dict) or len(custom) > 100:
            problems.add("timeZones", "This is an object of 100 time zones at most.")
            return
        for name, given in custom.items():
            try:
                zone_component(name, given)
            except MalformedValue as problem:
                problems.add(f"timeZones/{escaped(name)}", str(problem))
    for key in _ZONES:
        name = event.get(key)
        if name is not None and name not in custom and canonical(name) is None:
            problems.add(key, "There is no such time zone.")
    if event.get("endTimeZone") is not None and event.get("timeZone") is None:
        problems.add("endTimeZone", "An end has no time zone where the start has none.")


def _check_times(problems: Problems, event: Json) -> None:
    is_task = event["@type"] == "Task"
    start, due = event.get("start"), event.get("due")
    if start is None and not is_task:
        problems.add("start", "This has to be given.")
    recurs = event.get("recurrenceRule") is not None or bool(event.get("recurrenceOverrides"))
    if recurs and start is None and due is None:
        problems.add("start", "What recurs has a start.")
    if event.get("recurrenceId") is not None and recurs:
        problems.add("recurrenceId", "An instance does not recur itself.")
    elif event.get("recurrenceIdTimeZone") is not None and event.get("recurrenceId") is None:
        problems.add("recurrenceIdTimeZone", "This is for instances only.")
    if start is not None:
        local = local_seconds(start)
        if local + duration(event.get("duration") or "PT0S").length > LAST - 400 * DAY:
            problems.add("duration", "It ends after the year 9998.")
        if due is not None and local_seconds(due) < local:
            problems.add("due", "A task is not due before it starts.")


def _check_related(problems: Problems, event: Json) -> None:
    main = event.get("mainLocationId")
    if main is not None and main not in (event.get("locations") or {}):
        problems.add("mainLocationId", "There is no such location.")
    alerts = event.get("alerts") or {}
    for key, alert in alerts.items():
        for other in alert.get("relatedTo") or {}:
            if other not in alerts:
                problems.add(f"alerts/{key}/relatedTo/{escaped(other)}", "There is no such alert.")


def _check_overrides(problems: Problems, event: Json, old: Json) -> None:
    overrides = event.get("recurrenceOverrides")
    if overrides is None:
        return
    if not isinstance(overrides, dict) or len(overrides) > MAX_OVERRIDES:
        problems.add("recurrenceOverrides", f"This is an object of {MAX_OVERRIDES} overrides at most.")
        return
    changed = sum(bool(patch) and patch != {"excluded": True} for patch in overrides.values())
    if changed > MAX_CHANGED:
        problems.add("recurrenceOverrides", f"{MAX_CHANGED} instances can be changed at most.")
        return
    for key, patch in overrides.items():
        if problems.is_full:
            return
        where = f"recurrenceOverrides/{escaped(key)}"
        try:
            local_seconds(key)
        except MalformedValue as problem:
            problems.add(where, str(problem))
            continue
        if not isinstance(patch, dict):
            problems.add(where, "This is a PatchObject.")
        elif "excluded" in patch:
            if patch != {"excluded": True}:
                problems.add(where, "What is excluded is not changed as well.")
        elif patch and patch != old.get(key):
            _check_patch(problems, where, event, key, patch)


def _touched(patch: Json) -> dict[str, set[str] | None]:
    """The members that a patch touches, each with the entries; None where it is the whole member."""
    touched: dict[str, set[str] | None] = {}
    for pointer in patch:
        path = segments(pointer)
        entries = touched.setdefault(path[0], set())
        if len(path) == 1:
            touched[path[0]] = None
        elif entries is not None:
            entries.add(path[1])
    return touched


def _check_patch(problems: Problems, where: str, event: Json, key: str, patch: Json) -> None:
    for pointer in patch:
        path = segments(pointer)
        if path[0] in OF_SERVER:
            problems.add(f"{where}/{escaped(pointer)}", "This is what the server says.")
            return
        if path[0] in FIXED or (path[0] == "participants" and path[2:] == ["calendarAddress"]):
            problems.add(f"{where}/{escaped(pointer)}", "This is the same in all instances.")
            return
    try:
        instance = patched(shifted(event, key), patch)
    except MalformedPatch as problem:
        problems.add(f"{where}/{escaped(problem.pointer)}", str(problem))
        return
    except MalformedValue as problem:
        problems.add(where, str(problem))
        return
    inner = Problems()
    _check_touched(inner, instance, _touched(patch))
    if not inner.found:
        _check_zones(inner, instance, event.get("timeZones") or {})
        _check_times(inner, instance)
        _check_related(inner, instance)
    for pointer, text in inner.found:
        problems.add(f"{where}/{pointer}", text)


def _check_touched(problems: Problems, made: Json, touched: Mapping[str, set[str] | None]) -> None:
    """Members of what a patch has made, and of maps the entries that it touches."""
    known = _members(made)
    for name, entries in touched.items():
        judge, value = known.get(name), made.get(name)
        if judge is not None and value is not None:
            if entries is not None and isinstance(value, dict):
                value = {key: value[key] for key in entries if key in value} if name in _MAPS else value
            judge(problems, name, value)


def _check_localizations(problems: Problems, event: Json) -> None:
    """That each of them can be applied, and makes good members (RFC 8984 4.6.1)."""
    given = event.get(_LOCALIZATIONS)
    if given is None:
        return
    if not isinstance(given, dict) or len(given) > _MOST_LANGUAGES:
        problems.add(_LOCALIZATIONS, f"This is an object of {_MOST_LANGUAGES} languages at most.")
        return
    for tag, patch in given.items():
        where = f"{_LOCALIZATIONS}/{escaped(tag)}"
        if LANGUAGE.match(tag) is None or not isinstance(patch, dict):
            problems.add(where, "This is a language tag and a PatchObject.")
            continue
        touched = _touched(patch)
        fixed = touched.keys() & (FIXED | OF_SERVER | {_LOCALIZATIONS})
        if fixed:
            problems.add(f"{where}/{min(fixed)}", "This is the same in all languages.")
            continue
        try:
            made = patched(event, patch)
        except MalformedPatch as problem:
            problems.add(f"{where}/{escaped(problem.pointer)}", str(problem))
            continue
        inner = Problems()
        _check_touched(inner, made, touched)
        for pointer, text in inner.found:
            problems.add(f"{where}/{escaped(pointer)}", text)


def shifted(event: Json, key: str) -> Json:
    """The instance of a series at a time, before it is patched: what is said of the series is left out."""
    made = {
        name: value
        for name, value in event.items()
        if name not in ("recurrenceRule", "recurrenceOverrides", "iCalendar", "timeZones")
    }
    start, due = event.get("start"), event.get("due")
    if start is not None:
        made["start"] = key
        if due is not None:
            made["due"] = local_text(local_seconds(key) + local_seconds(due) - local_seconds(start))
    elif due is not None:
        made["due"] = key
    return made


def override_patch(base: Json, instance: Json) -> Json:
    """The patch that makes an instance of what ``shifted`` gives.

    Participants keep their addresses, so somebody else of the same Id is another participant.
    """
    patch = difference(base, instance, FIXED)
    for pointer in [each for each in patch if each.startswith("participants/") and each.endswith("/calendarAddress")]:
        path = segments(pointer)
        if len(path) == 3:
            whole = f"participants/{escaped(path[1])}"
            patch = {each: value for each, value in patch.items() if not each.startswith(f"{whole}/")}
            patch[whole] = copied(instance["participants"][path[1]])
    return patch
