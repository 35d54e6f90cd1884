"""Where an event is: LOCATION, GEO, VLOCATION (RFC 9073 7.2) and CONFERENCE (RFC 7986 5.11) as places.

LOCATION is the main location. One that is derived of a VLOCATION (``DERIVED=TRUE``, RFC 9073 5.3) is none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import escaped, text_list, unescaped
from stalwart.codec.jscalendar.reading import (
    Aspect,
    Ids,
    Reading,
    Writing,
    id_of_text,
    identified,
    with_value,
    write_items,
)
from stalwart.codec.jscalendar.texts import text_value
from stalwart.codec.jscalendar.values import ID, Json, derived_id

MAIN: Final = "1"
"""The Id of what LOCATION says, unless it has one."""

_GEO = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*;\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*\Z", re.ASCII)
_GEO_URI = re.compile(r"geo:([+-]?\d{1,3}(?:\.\d{1,15})?),([+-]?\d{1,3}(?:\.\d{1,15})?)\Z", re.ASCII)
_STALE: Final = ("X-APPLE-STRUCTURED-LOCATION", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR")
"""What tells more of the location that LOCATION names, and would be of another one when that has changed."""


def _coordinates(item: Property | None) -> str | None:
    found = None if item is None else _GEO.match(item.value)
    return None if found is None else f"geo:{found[1].removeprefix('+')},{found[2].removeprefix('+')}"  # RFC 5870 3.3


def _main_id(item: Property | None) -> str:
    given = None if item is None else item.parameter("JSID")
    return given if given is not None and ID.match(given) is not None else MAIN


def _read(reading: Reading) -> None:
    text, geo = reading.one("LOCATION"), reading.one("GEO")
    parts = reading.parts.pop("VLOCATION", ())
    if text is None and geo is None and not parts:
        return
    found: Json = {}
    is_derived = text is not None and bool(parts) and (text.parameter("DERIVED") or "").upper() == "TRUE"
    main: Json = {"@type": "Location"}
    if text is not None and not is_derived and (text.value.strip() or text.parameter("JSID")):
        main["name"] = unescaped(text.value)
        reading.made["mainLocationId"] = _main_id(text)
    coordinates = _coordinates(geo)
    if coordinates is not None:
        main["coordinates"] = coordinates
    elif geo is not None:
        reading.unread.append(geo)
    if len(main) > 1:
        found[_main_id(text)] = main
    for key, part in _identified(parts, found):
        found[key] = _location(part)
    if found:
        reading.made["locations"] = found


def _identified(parts: Sequence[Component], used: Json) -> list[tuple[str, Component]]:
    ids = Ids(used)
    found = []
    for part in parts:
        given = part.value("JSID") or part.value("UID") or ""
        found.append((ids.unused(given if ID.match(given) else derived_id(*part.lines())), part))
    return found


def _location(part: Component) -> Json:
    made: Json = {"@type": "Location"}
    name, kinds = part.value("NAME"), part.value("LOCATION-TYPE")
    if name is not None:
        made["name"] = unescaped(name)
    if kinds:
        made["locationTypes"] = {each.strip().lower(): True for each in text_list(kinds) if each.strip()}
    coordinates = _coordinates(part.first("GEO"))
    if coordinates is not None:
        made["coordinates"] = coordinates
    return made


def _write(writing: Writing) -> None:
    component, new, old = writing.component, writing.new.get("locations") or {}, writing.old.get("locations") or {}
    main_id = writing.new.get("mainLocationId")
    text = component.first("LOCATION")
    if main_id == writing.old.get("mainLocationId") and _is_part(component, text, main_id):
        main_id = None  # it stays the VLOCATION that it is
    elif main_id not in new and len(new) == 1 and "name" not in next(iter(new.values())):
        main_id = next(iter(new))
    main = new.get(main_id) if isinstance(main_id, str) else None
    old_main = old.get(writing.old.get("mainLocationId"), {}) if writing.old.get("mainLocationId") else {}
    if (main or {}).get("name") != old_main.get("name"):
        component.remove(*_STALE)
    _write_main(component, text, main, main_id)
    others = {key: each for key, each in new.items() if each is not main and isinstance(each, dict)}
    _write_parts(component, old, others)
    if main is None and others:
        name = next((each["name"] for each in others.values() if each.get("name")), None)
        if name is not None:
            with_value(component, "LOCATION", text_value(name), ("ALTREP", "LANGUAGE", "JSID"))
            derived = component.first("LOCATION")
            if derived is not None:
                component.exchange(derived, derived.with_parameter("DERIVED", "TRUE"))


def _is_part(component: Component, text: Property | None, key: object) -> bool:
    """Whether the location of an Id is a VLOCATION."""
    if text is not None and _main_id(text) == key and (text.parameter("DERIVED") or "").upper() != "TRUE":
        return False
    return any(name == key for name, _ in _identified(component.within("VLOCATION"), {}))


def _write_main(component: Component, text: Property | None, main: Json | None, main_id: str | None) -> None:
    name = (main or {}).get("name")
    if name is None:
        component.remove("LOCATION")
    else:
        made = text or Property.made("LOCATION", "")
        if text is None or unescaped(text.value) != name:
            made = made.without_parameters("ALTREP", "LANGUAGE", "DERIVED").with_value(text_value(name))
        is_told = bool(name.strip()) or made.parameter("JSID") is not None  # else it would be no location
        if _main_id(made) != main_id or not is_told:
            made = made.without_parameters("JSID")
            is_usual = main_id == MAIN and bool(name.strip())
            made = made.with_parameter("JSID", main_id) if main_id and not is_usual else made
        if text is None:
            component.append(made)
        elif made is not text:
            component.exchange(text, made)
    coordinates = (main or {}).get("coordinates")
    if _coordinates(component.first("GEO")) != coordinates:
        found = _GEO_URI.match(coordinates or "")
        with_value(component, "GEO", f"{found.group(1)};{found.group(2)}" if found else None)


def _write_parts(component: Component, old: Json, new: Json) -> None:
    """Others than the main one are VLOCATIONs."""
    present = _identified(component.within("VLOCATION"), {})
    gone = {id(part) for key, part in present if key not in new}
    if gone:
        component.components = [part for part in component.components if id(part) not in gone]
    for key, part in present:
        if key in new and old.get(key) != new[key]:
            _fill(part, new[key])
    known = {key for key, _ in present}
    for key, given in new.items():
        if key in known:
            continue
        part = Component("VLOCATION", [Property.made("UID", key)])
        _fill(part, given)
        component.components.append(part)


def _fill(part: Component, given: Json) -> None:
    name, kinds, said = given.get("name"), given.get("locationTypes") or {}, _location(part)
    if name != said.get("name"):
        with_value(part, "NAME", None if name is None else text_value(name))
    if kinds != said.get("locationTypes", {}):
        with_value(part, "LOCATION-TYPE", ",".join(map(escaped, kinds)) if kinds else None)
    if given.get("coordinates") == said.get("coordinates"):
        return
    found = _GEO_URI.match(given.get("coordinates") or "")
    with_value(part, "GEO", f"{found.group(1)};{found.group(2)}" if found else None)


def _read_virtual(reading: Reading) -> None:
    items = reading.take("CONFERENCE")
    if not items:
        return
    found: Json = {}
    for key, item in identified(items, id_of_text):
        made: Json = {"@type": "VirtualLocation", "uri": item.value.strip()}
        name, features = item.parameter("LABEL"), item.parameters.get("FEATURE", ())
        if name is not None:
            made["name"] = name
        if any(features):
            made["features"] = {each.strip().lower(): True for each in features if each.strip()}
        found[key] = made
    reading.made["virtualLocations"] = found


def _conference(key: str, given: Json, over: Property | None) -> Property | None:
    uri = given.get("uri")
    if not uri:
        return None
    made = Property.made("CONFERENCE", uri, {"VALUE": "URI"}) if over is None else over.with_value(uri)
    name, features = given.get("name"), [each.upper() for each in given.get("features") or ()]
    made = made.without_parameters("LABEL") if name is None else made.with_parameter("LABEL", name)
    return made.with_parameter("FEATURE", features) if features else made.without_parameters("FEATURE")


def _write_virtual(writing: Writing) -> None:
    old, new = writing.old.get("virtualLocations") or {}, writing.new.get("virtualLocations") or {}
    present = identified(writing.component.all("CONFERENCE"), id_of_text)
    write_items(writing.component, present, old, new, _conference, id_of_text)


PLACES: Final = Aspect(("locations", "mainLocationId"), _read, _write)
VIRTUAL: Final = Aspect(("virtualLocations",), _read_virtual, _write_virtual)
