"""What has no member in JSCalendar, as jCal (RFC 7265) in the member ``iCalendar``, and back.

It is shown to whoever asks for it, and made lines again where an object comes without the lines that it was read from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from stalwart.codec.icalendar.components import MAX_DEPTH, Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import escaped
from stalwart.codec.jscalendar.values import Json

_NAME = re.compile(r"[A-Za-z0-9-]{1,255}\Z", re.ASCII)
_MOST: Final = 2000
_OF_SERIES: Final = frozenset({"RDATE", "EXDATE", "RECURRENCE-ID", "JSPROP", "UID", "DTSTART", "DUE"})
_TIMES: Final = frozenset({"date", "date-time", "time", "utc-offset", "period", "timestamp"})


def jcal_property(item: Property) -> list[Any]:
    """A property (RFC 7265 3.4); its value as it is written, with the type ``unknown`` where VALUE names none."""
    parameters: Json = {}
    kind = "unknown"
    for name, values in item.parameters.items():
        if name == "VALUE":
            kind = values[0].lower()
        else:
            parameters[name.lower()] = values[0] if len(values) == 1 else list(values)
    if kind != "unknown":
        # The value stays as it is written: only its type is known, not what is in it.
        parameters["value"] = kind.upper()
    return [item.name.lower(), parameters, "unknown", item.value]


def jcal_component(part: Component) -> list[Any]:
    """A component (RFC 7265 3.3)."""
    return [part.name.lower(), [*map(jcal_property, part.properties)], [*map(jcal_component, part.components)]]


def leftovers(name: str, items: Iterable[Property], parts: Iterable[Component]) -> Json | None:
    """The member ``iCalendar``; None if nothing is left."""
    properties, components = [*map(jcal_property, items)], [*map(jcal_component, parts)]
    if not properties and not components:
        return None
    made: Json = {"@type": "ICalComponent", "name": name.lower()}
    if properties:
        made["properties"] = properties
    if components:
        made["components"] = components
    return made


def property_of(given: Any) -> Property | None:
    """A property of jCal; None if it is none."""
    if not (isinstance(given, list) and 4 <= len(given) <= 1000 and all(isinstance(each, str) for each in given[:1])):
        return None
    name, parameters, kind, *values = given
    if _NAME.match(name) is None or not isinstance(parameters, dict) or not isinstance(kind, str):
        return None
    made: dict[str, str | list[str]] = {}
    for key, value in parameters.items():
        texts = value if isinstance(value, list) else [value]
        if _NAME.match(key) is None or not all(isinstance(each, str) for each in texts):
            return None
        made[key.upper()] = texts
    texts = [_value(kind, each) for each in values]
    if any(each is None for each in texts):
        return None
    if kind not in ("unknown", "text") and "VALUE" not in made and _NAME.match(kind) is not None:
        made["VALUE"] = kind.upper()
    return Property.made(name.upper(), ",".join(filter(None, texts)), made)


def _value(kind: str, value: Any) -> str | None:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        return None
    if kind == "text":
        return escaped(value)
    return value.replace("-", "").replace(":", "") if kind in _TIMES else value


def component_of(given: Any, depth: int = 2) -> Component | None:
    """A component of jCal; None if it is none."""
    if not (isinstance(given, list) and len(given) == 3 and isinstance(given[0], str)):
        return None
    name, properties, components = given
    if _NAME.match(name) is None or not isinstance(properties, list) or not isinstance(components, list):
        return None
    if depth >= MAX_DEPTH or len(properties) > _MOST or len(components) > _MOST:
        return None
    items = [property_of(each) for each in properties]
    parts = [component_of(each, depth + 1) for each in components]
    return Component(name.upper(), filter(None, items), filter(None, parts))


def add(component: Component, given: Any, known: Collection[str]) -> None:
    """Add what was left of a component; nothing of a name that has a meaning in JSCalendar."""
    if not isinstance(given, dict):
        return
    for each in _listed(given.get("properties")):
        item = property_of(each)
        if item is not None and item.name not in known and item.name not in ("BEGIN", "END"):
            component.append(item)
    for each in _listed(given.get("components")):
        part = component_of(each)
        if part is not None and part.name not in known:
            component.components.append(part)


def odd(given: Any, known: Collection[str]) -> list[Property | Component]:
    """What was left of names that have a meaning: values that nobody understood; 20 at most."""
    if not isinstance(given, dict):
        return []
    items = [property_of(each) for each in _listed(given.get("properties"))]
    parts = [component_of(each) for each in _listed(given.get("components"))]
    found: list[Property | Component] = [each for each in items if each is not None and each.name in known]
    found += [each for each in parts if each is not None and each.name in known]
    return [each for each in found if each.name not in _OF_SERIES][:20]


def _listed(value: Any) -> list[Any]:
    return value[:_MOST] if isinstance(value, list) else []
