"""Objects as clients write them, in the form that is kept: what RFC 8984 spelt otherwise, and values of one meaning.

``recurrenceRules`` of one rule become ``recurrenceRule``, ``replyTo`` the organizer's address, ``sendTo`` that of a
participant; nulls, empty maps and defaults that iCalendar has no word for are left out; inner objects get a type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stalwart.codec.icalendar.recurring import Budget, occurrences
from stalwart.codec.icalendar.rules import rule
from stalwart.codec.icalendar.values import DAY, MalformedValue, Moment
from stalwart.codec.jscalendar.checking import InvalidEvent
from stalwart.codec.jscalendar.patches import MAX_DEPTH, MalformedPatch, escaped, patched, segments
from stalwart.codec.jscalendar.rules import rule_problem, rule_text
from stalwart.codec.jscalendar.values import Json, duration, duration_text, local_seconds, local_text
from stalwart.codec.jscalendar.zone_names import canonical

VERSION: Final = "2.0"
_MOST_EXCLUDED: Final = 3000
_ROLES: Final = ("chair", "required", "optional", "informational")


def translated(event: Json) -> Json:
    """An Event or a Task in the form that is kept; the same for what is in that form. Raises InvalidEvent.

    It may be any JSON object: what is not understood is left to ``checking``.
    """
    _bounded(event)
    made: Json = {}
    for key, value in event.items():
        if value is not None and key not in _REPLACED:
            changed = _member(key, value)
            if changed is not None:
                made[key] = changed
    made["version"] = VERSION
    _rules(event, made)
    reply = _imip(event.get("replyTo"))
    if reply is not None:
        made.setdefault("organizerCalendarAddress", reply)
    _zone_of_end(event, made)
    _complete(made)
    overrides = event.get("recurrenceOverrides")
    if isinstance(overrides, dict) and overrides:
        given = {key: _patch(patch, made) if isinstance(patch, dict) else patch for key, patch in overrides.items()}
        made["recurrenceOverrides"] = {**made.get("recurrenceOverrides", {}), **given}
    return made


_REPLACED: Final = frozenset(
    {"recurrenceRules", "excludedRecurrenceRules", "replyTo", "recurrenceOverrides", "version"}
)


def _bounded(event: Any) -> None:
    left = [(event, 0)]
    while left:
        value, depth = left.pop()
        if depth > MAX_DEPTH:
            raise InvalidEvent([("", "This is too deep.")])
        if isinstance(value, dict):
            left += [(each, depth + 1) for each in value.values()]
        elif isinstance(value, list):
            left += [(each, depth + 1) for each in value]


def _imip(methods: Any) -> str | None:
    """The address in ``replyTo`` or ``sendTo`` (RFC 8984 4.4.4)."""
    if not isinstance(methods, dict):
        return None
    found = methods.get("imip") or next(iter(methods.values()), None)
    return found if isinstance(found, str) else None


def _rules(event: Json, made: Json) -> None:
    rules = event.get("recurrenceRules")
    if rules is not None:
        if not isinstance(rules, list) or len(rules) > 1:
            raise InvalidEvent([("recurrenceRules", "An event has one recurrence rule.")])
        if rules and "recurrenceRule" not in made:
            made["recurrenceRule"] = _rule(rules[0])
    excluding = event.get("excludedRecurrenceRules")
    if excluding:
        budget = Budget()
        made["recurrenceOverrides"] = {
            key: {"excluded": True} for each in _list(excluding) for key in _excluded(each, made, budget)
        }


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > 10:
        raise InvalidEvent([("excludedRecurrenceRules", "This is a list of ten rules at most.")])
    return value


def _excluded(given: Any, event: Json, budget: Budget) -> list[str]:
    """The instances that a rule takes away; it has to end."""
    where = "excludedRecurrenceRules"
    if rule_problem(given) is not None or not ("count" in given or "until" in given):
        raise InvalidEvent([(where, "Only rules with an end can take instances away.")])
    try:
        start = local_seconds(event.get("start") or "")
        until = local_seconds(given["until"]) if "until" in given else None
        read = rule(rule_text(given, lambda local: Moment(local)))
        found = occurrences(
            read, start, until=until, limit=_MOST_EXCLUDED, horizon=start + 136 * 366 * DAY, budget=budget,
            has_start=False,
        )  # fmt: skip
        return [local_text(each) for each in found]
    except MalformedValue as problem:
        raise InvalidEvent([(where, str(problem))]) from problem


def _zone_of_end(event: Json, made: Json) -> None:
    """RFC 8984 4.7.1 had the zone of the end with a location."""
    places = made.get("locations")
    if not isinstance(places, dict):
        return
    for key, place in list(places.items()):
        if isinstance(place, dict) and place.get("relativeTo") == "end" and isinstance(place.get("timeZone"), str):
            zone = canonical(place["timeZone"])
            if zone is not None and made.get("timeZone") is not None:
                rest = {name: each for name, each in place.items() if name not in ("relativeTo", "timeZone")}
                made["locations"] = {**made["locations"], key: rest}
                if zone != made["timeZone"]:
                    made.setdefault("endTimeZone", zone)
                if not rest.keys() - {"@type"}:
                    made["locations"].pop(key)
    if not made["locations"]:
        del made["locations"]


def _complete(made: Json) -> None:
    """What iCalendar would say anyway: the location if there is one only, a day as the length of days."""
    main = main_location(made.pop("mainLocationId", None), made.get("locations"))
    if main is not None:
        made["mainLocationId"] = main
    start = made.get("start")
    if (
        made.get("showWithoutTime") is True
        and made.get("@type") == "Event"
        and made.get("timeZone") is None
        and isinstance(start, str)
        and start.endswith("T00:00:00")
        and made.get("duration", "PT0S") == "PT0S"
    ):
        made["duration"] = "P1D"


def main_location(main: Any, places: Any) -> str | None:
    """The Id of the main location: one that is there, else the only one that there is; None if there is none."""
    if not isinstance(places, dict):
        return None
    if isinstance(main, str) and main in places:
        return main
    named = [key for key, place in places.items() if isinstance(place, dict) and isinstance(place.get("name"), str)]
    return named[0] if len(places) == 1 and named else None


def _member(key: str, value: Any) -> Any:
    """A member of an event; None if it is as good as absent."""
    if key == "recurrenceRule":
        return _rule(value)
    if isinstance(value, dict):
        kind = _KINDS.get(key)
        if kind is not None:
            value = {name: _entry(kind, each) for name, each in value.items()}
        return value or None
    change = _VALUES.get(key)
    return change(value) if change is not None else value


def _entry(kind: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    made = {key: each for key, each in value.items() if each is not None}
    made.setdefault("@type", kind)
    if made["@type"] != kind:
        return made
    if kind == "Participant":
        return _participant(made)
    if kind == "Alert":
        made.setdefault("action", "display")
        trigger = made.get("trigger")
        if isinstance(trigger, dict):
            made["trigger"] = _trigger(trigger)
    if kind == "Relation":
        made.setdefault("relation", {})
    for key in ("links", "relatedTo", "display", "features", "locationTypes"):
        if key in made:
            inner = _member(key, made[key])
            if inner is None:
                del made[key]
            else:
                made[key] = inner
    return made


def _trigger(given: Json) -> Json:
    made = {"@type": "OffsetTrigger", **given}
    if made["@type"] == "OffsetTrigger" and isinstance(made.get("offset"), str):
        made["offset"] = _duration(made["offset"])
    return made


def _participant(made: Json) -> Json:
    address = _imip(made.pop("sendTo", None))
    if address is not None:
        made.setdefault("calendarAddress", address)
    roles = made.get("roles")
    if isinstance(roles, dict) and "attendee" in roles:
        roles = {role: True for role in roles if role != "attendee"}
        if not any(role in roles for role in _ROLES):
            roles["required"] = True
        made["roles"] = roles
    for key in ("roles", "delegatedTo", "delegatedFrom", "memberOf", "links", "scheduleStatus"):
        if key in made and not made[key]:
            del made[key]
    if isinstance(made.get("links"), dict):
        made["links"] = _member("links", made["links"])
    return made


def _rule(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    made = {"@type": "RecurrenceRule", **{key: each for key, each in given.items() if each is not None}}
    if made.get("rscale") == "gregorian":
        del made["rscale"]
    if made.get("skip") == "omit":
        del made["skip"]
    days = made.get("byDay")
    if isinstance(days, list):
        made["byDay"] = [{"@type": "NDay", **each} if isinstance(each, dict) else each for each in days]
    return made


def _duration(value: Any) -> Any:
    try:
        return duration_text(duration(value)) if isinstance(value, str) else value
    except MalformedValue:
        return value


def _zone(value: Any) -> Any:
    return (canonical(value) or value) if isinstance(value, str) else value


_KINDS: Final = {
    "participants": "Participant",
    "locations": "Location",
    "virtualLocations": "VirtualLocation",
    "links": "Link",
    "alerts": "Alert",
    "relatedTo": "Relation",
}
_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    "duration": _duration,
    "estimatedDuration": _duration,
    "timeZone": _zone,
    "endTimeZone": _zone,
    "recurrenceIdTimeZone": _zone,
    "showWithoutTime": lambda value: None if value is False else value,
    "descriptionContentType": lambda value: None if value == "text/plain" else value,
}


def _patch(patch: Json, event: Json) -> Json:
    """A PatchObject with its values in the form that is kept."""
    made: Json = {}
    for pointer, value in patch.items():
        path = segments(pointer)
        if pointer == "excluded" and value is False:
            continue
        if path[0] in _REPLACED and path[0] != "recurrenceOverrides":
            continue
        if value is None:
            made[pointer] = None
        elif len(path) == 1:
            made[pointer] = _member(pointer, value)
        elif len(path) == 2 and path[0] in _KINDS:
            made[f"{escaped(path[0])}/{escaped(path[1])}"] = _entry(_KINDS[path[0]], value)
        elif path[-1] == "offset":
            made[pointer] = _duration(value)
        else:
            made[pointer] = value
    if "mainLocationId" not in made and any(pointer.startswith("locations") for pointer in made):
        _putmain_location(made, event)
    return made


def _putmain_location(patch: Json, event: Json) -> None:
    """An instance elsewhere has another main location."""
    inherited: Json = {key: event[key] for key in ("locations", "mainLocationId") if key in event}
    changes = {pointer: value for pointer, value in patch.items() if pointer.startswith("locations")}
    try:
        places = patched(inherited, changes).get("locations")
    except MalformedPatch:
        return
    main = main_location(inherited.get("mainLocationId"), places)
    if main != inherited.get("mainLocationId"):
        patch["mainLocationId"] = main
