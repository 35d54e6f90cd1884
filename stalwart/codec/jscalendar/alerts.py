"""VALARM as alerts (RFC 8984 4.5.2, RFC 5545 3.6.6, RFC 9074): triggers, actions, acknowledgement and snoozing."""

from __future__ import annotations

from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import (
    MalformedValue,
    duration_text,
    moment,
    moment_of,
    time_text,
    unescaped,
)
from stalwart.codec.icalendar.values import duration as ical_duration
from stalwart.codec.jscalendar.reading import Aspect, Ids, Reading, Writing, with_value
from stalwart.codec.jscalendar.texts import text_value
from stalwart.codec.jscalendar.values import (
    ID,
    Json,
    derived_id,
    duration,
    utc_seconds,
    utc_text,
)
from stalwart.codec.jscalendar.values import duration_text as js_duration_text
from stalwart.codec.jscalendar.zone_names import ZoneNames

ACTIONS: Final = {"DISPLAY": "display", "EMAIL": "email", "AUDIO": "display"}
_WRITTEN: Final = {"display": "DISPLAY", "email": "EMAIL"}


def _trigger(item: Property | None, names: ZoneNames) -> Json | None:
    if item is None:
        return None
    try:
        if item.value.strip()[:1].isdigit():
            given = moment(item.value, item.parameter("TZID"))
            return {"@type": "AbsoluteTrigger", "when": utc_text(names.zones.utc(given))}
        text = js_duration_text(ical_duration(item.value))
        duration(text)
    except MalformedValue:
        return None
    made: Json = {"@type": "OffsetTrigger", "offset": text}
    related = item.parameter("RELATED")
    if related is not None:
        made["relativeTo"] = "end" if related.upper() == "END" else "start"
    return made


def _alert(part: Component, names: ZoneNames) -> Json | None:
    trigger = _trigger(part.first("TRIGGER"), names)
    if trigger is None:
        return None
    action = ACTIONS.get((part.value("ACTION") or "DISPLAY").strip().upper())
    if action is None:
        return None
    made: Json = {"@type": "Alert", "trigger": trigger, "action": action}
    acknowledged = part.first("ACKNOWLEDGED")
    if acknowledged is not None:
        try:
            made["acknowledged"] = utc_text(names.zones.utc(moment_of(acknowledged)))
        except MalformedValue:
            return None
    related: Json = {}
    for item in part.all("RELATED-TO"):
        relation = related.setdefault(unescaped(item.value), {"@type": "Relation", "relation": {}})
        kind = item.parameter("RELTYPE")
        if kind:
            relation["relation"][kind.lower()] = True
    if related:
        made["relatedTo"] = related
    return made


def _derived(part: Component) -> str:
    given = part.value("UID")
    if given is not None and ID.match(given) is not None:
        return given
    return derived_id(*(f"{item.name}:{item.line}" for item in part.properties if item.name in ("TRIGGER", "ACTION")))


def _identified(parts: list[Component]) -> list[tuple[str, Component]]:
    ids = Ids()
    found = []
    for part in parts:
        given = part.value("JSID")
        key = given if given is not None and ID.match(given) is not None else _derived(part)
        found.append((ids.unused(key), part))
    return found


def _read(reading: Reading) -> None:
    parts = reading.parts.pop("VALARM", None)
    if parts is None:
        return
    found: Json = {}
    for key, part in _identified(parts):
        made = _alert(part, reading.zones)
        if made is None:
            reading.unread_parts.append(part)
        else:
            found[key] = made
    _drop_unrelated(found)
    if found:
        reading.made["alerts"] = found


def _drop_unrelated(alerts: Json) -> None:
    """Relations to alarms that are gone say nothing; their lines stay (RFC 9074 7.1)."""
    for made in alerts.values():
        if "relatedTo" in made:
            related = {key: each for key, each in made.pop("relatedTo").items() if key in alerts}
            if related:
                made["relatedTo"] = related


def _write(writing: Writing) -> None:
    component, names = writing.component, writing.zones
    old, new = writing.old.get("alerts") or {}, writing.new.get("alerts") or {}
    taken: set[str] = set()
    gone: set[int] = set()
    for key, part in _identified(component.within("VALARM")):
        if _alert(part, names) is None:
            continue
        given = new.get(key)
        if given is None:
            gone.add(id(part))
        else:
            if given != old.get(key):
                _fill(part, given, names, old.get(key) or {})
            _name(part, key)
            taken.add(key)
    if gone:
        component.components = [each for each in component.components if id(each) not in gone]
    for key, given in new.items():
        if key not in taken:
            part = Component("VALARM")
            _fill(part, given, names, {})
            _complete(part, given.get("action"), writing.new)
            if _derived(part) != key:
                part.append(Property.made("UID", key))  # which RELATED-TO of other alarms names (RFC 9074 4, 7)
            component.components.append(part)


def _name(part: Component, key: str) -> None:
    given = part.value("JSID")
    if (given if given is not None else _derived(part)) != key:
        with_value(part, "JSID", None if _derived(part) == key else key)


def _fill(part: Component, given: Json, names: ZoneNames, old: Json) -> None:
    action = given.get("action")
    if not part.properties or ACTIONS.get((part.value("ACTION") or "DISPLAY").strip().upper()) != action:
        with_value(part, "ACTION", _WRITTEN.get(action or ""))
    item, trigger = part.first("TRIGGER"), given.get("trigger") or {}
    if _trigger(item, names) != trigger:
        made = _trigger_property(trigger)
        if item is None:
            part.append(made)
        else:
            part.exchange(item, made)
    text = given.get("acknowledged")
    if text is None:
        part.remove("ACKNOWLEDGED")
    else:
        value = time_text(utc_seconds(text), is_utc=True)
        if part.value("ACKNOWLEDGED") != value:
            with_value(part, "ACKNOWLEDGED", value, ("TZID", "VALUE"))
    if old.get("relatedTo") != given.get("relatedTo"):
        part.remove("RELATED-TO")
        for key, related in (given.get("relatedTo") or {}).items():
            for kind in related.get("relation") or {"": True}:
                part.append(Property.made("RELATED-TO", text_value(key), {"RELTYPE": kind.upper()} if kind else None))


def _trigger_property(given: Json) -> Property:
    if given.get("@type") == "AbsoluteTrigger":
        return Property.made("TRIGGER", time_text(utc_seconds(given["when"]), is_utc=True), {"VALUE": "DATE-TIME"})
    if given.get("@type", "OffsetTrigger") != "OffsetTrigger":
        return Property.made("TRIGGER", "PT0S")
    related = given.get("relativeTo")
    return Property.made(
        "TRIGGER",
        duration_text(duration(given["offset"])),
        {"RELATED": related.upper()} if related is not None else None,
    )


def _complete(part: Component, action: str | None, event: Json) -> None:
    """What RFC 5545 3.6.6 wants of each kind of alarm."""
    title = text_value(event.get("title") or "Reminder")
    part.append(Property.made("DESCRIPTION", title))
    if action is None:
        part.append(Property.made("ACTION", "DISPLAY"))
    if action == "email":
        part.append(Property.made("SUMMARY", title))
        for each in (event.get("participants") or {}).values():
            address = each.get("calendarAddress", "")
            if address[:7].lower() == "mailto:" and "owner" in (each.get("roles") or {}):
                part.append(Property.made("ATTENDEE", address))


ALERTS: Final = Aspect(("alerts",), _read, _write)
