"""vCard 4.0 as vCard 3.0, the only version that Apple's clients read, with their names for what 3.0 lacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from stalwart.codec.content_lines import escaped, unescaped
from stalwart.codec.vcard.card import Card
from stalwart.codec.vcard.lines import CardProperty
from stalwart.codec.vcard.version_pairs import (
    DATES,
    INLINE,
    KEYS,
    MOMENTS,
    OMITTED,
    RELATED_NAMES,
    RELATIVES,
    RENAMED,
    apple_label,
    long_date,
)

Parameters = dict[str, tuple[str, ...]]
_Change = Callable[[str, Parameters], str]
_NAMES: Final[Mapping[str, str]] = {new: old for old, new in RENAMED.items()}
_KEY_TYPES: Final[Mapping[str, str]] = {subtype: type for type, subtype in KEYS.items()}
_DATA: Final = re.compile(
    r"data:([A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+)?((?:;[^;,]*)*?);base64\\?,", re.ASCII | re.I
)
_GEO: Final = re.compile(r"geo:([+-]?[0-9.]+),([+-]?[0-9.]+)\Z", re.ASCII | re.IGNORECASE)
_OFFSET: Final = re.compile(r"([+-]\d\d)(\d\d)?\Z", re.ASCII)
_ITEM: Final = re.compile(r"item(\d{1,9})\Z", re.IGNORECASE | re.ASCII)


def downgraded(card: Card) -> Card:
    """The properties as vCard 3.0 has them; VERSION stays as it is."""
    return Card(_properties(card.properties))


def _properties(properties: list[CardProperty]) -> Iterator[CardProperty]:
    taken = max((int(found[1]) for each in properties if each.group and (found := _ITEM.match(each.group))), default=0)
    best = _preferences(properties)
    for item in properties:
        parameters: Parameters = dict(item.parameters)
        if "TYPE" in parameters:
            parameters["TYPE"] = tuple(_types(parameters["TYPE"]))
        if parameters.get("PREF", ("",))[0].strip() in ("1", best.get(item.name)):
            del parameters["PREF"]
            parameters["TYPE"] = (*parameters.get("TYPE", ()), "PREF")
        if item.name == "RELATED" and _is_text(parameters):
            taken += 1
            yield from _related(item, parameters, f"item{taken}")
            continue
        label = parameters.pop("LABEL", None) if item.name == "ADR" else None
        sort = parameters.pop("SORT-AS", None) if item.name == "N" else None
        yield _property(item, parameters)
        if label is not None:
            types = {"TYPE": parameters["TYPE"]} if "TYPE" in parameters else {}
            # In a parameter, \n is a line break, too (RFC 6350 6.3.1).
            yield CardProperty.of("LABEL", escaped(unescaped(",".join(label))), types, item.group)
        if sort is not None:
            yield CardProperty.of("SORT-STRING", escaped(",".join(sort)))


def _types(values: tuple[str, ...]) -> Iterator[str]:
    """TYPE: in 4.0 several may stand between quotes (RFC 6350 5.6), which make one of them in 3.0 (RFC 2426 4)."""
    for value in values:
        yield from (each for each in value.split(",") if each) if "," in value else (value,)


def _preferences(properties: list[CardProperty]) -> dict[str, str]:
    """The lowest PREF of each property: 3.0 knows one that is liked best (RFC 6350 5.3)."""
    best: dict[str, str] = {}
    for item in properties:
        said = (item.parameter("PREF") or "").strip()
        if said.isascii() and said.isdigit() and len(said) < 4 and int(said) < int(best.get(item.name, "101")):
            best[item.name] = said
    return best


def _is_text(parameters: Parameters) -> bool:
    return parameters.get("VALUE", ("",))[0].strip().lower() == "text"


def _related(item: CardProperty, parameters: Parameters, group: str) -> Iterator[CardProperty]:
    """A name, and next to it who that is. A label that is there stays the label."""
    del parameters["VALUE"]
    types = parameters.get("TYPE", ())
    kind = next((each for each in types if each.strip().lower() in RELATIVES), None)
    if item.group is not None or kind is None:
        yield CardProperty.of(RELATED_NAMES, item.value, parameters, item.group)
        return
    others = tuple(each for each in types if each != kind)
    del parameters["TYPE"]
    if others:
        parameters["TYPE"] = others
    yield CardProperty.of(RELATED_NAMES, item.value, parameters, group)
    yield CardProperty.of("X-ABLabel", apple_label(RELATIVES[kind.strip().lower()]), None, group)


def _property(item: CardProperty, parameters: Parameters) -> CardProperty:
    name = _NAMES.get(item.name, item.name)
    value = item.value
    found = _DATA.match(value) if item.name in INLINE else None
    if found is not None:
        value = _octets(item.name, found, value, parameters)
    else:
        change = _CHANGES.get(item.name)
        value = change(value, parameters) if change is not None else value
        if item.name in INLINE and "VALUE" not in parameters and ":" in value:
            parameters["VALUE"] = ("uri",)
    if name == item.name and value == item.value and parameters == item.parameters:
        return item
    return CardProperty.of(name, value, parameters, item.group)


def _octets(name: str, found: re.Match[str], value: str, parameters: Parameters) -> str:
    """The octets of a URI (RFC 2397) as they stand in 3.0."""
    media = (found[1] or "").lower()
    half, _, subtype = media.partition("/")
    parameters.pop("VALUE", None)
    if media:
        said = subtype if half == INLINE[name] else media
        parameters["TYPE"] = (_KEY_TYPES.get(said, said.upper()), *parameters.pop("TYPE", ()))
    parameters["ENCODING"] = ("b",)
    return "".join(value[found.end() :].split())


def _date(value: str, parameters: Parameters) -> str:
    if _is_text(parameters):
        return value
    written, omitted = long_date(value)
    if omitted is not None:
        parameters[OMITTED] = (omitted,)
    return written


def _moment(value: str, parameters: Parameters) -> str:
    return long_date(value)[0]


def _geo(value: str, parameters: Parameters) -> str:
    found = _GEO.match(value)
    return f"{found[1]};{found[2]}" if found is not None else value


def _zone(value: str, parameters: Parameters) -> str:
    found = _OFFSET.match(value.strip())
    if found is None or _is_text(parameters):
        return value
    parameters.pop("VALUE", None)
    return f"{found[1]}:{found[2] or '00'}"


def _telephone(value: str, parameters: Parameters) -> str:
    if parameters.get("VALUE", ("",))[0].lower() != "uri" or value[:4].lower() != "tel:":
        return value
    del parameters["VALUE"]
    return escaped(unquote(value[4:]))


_CHANGES: Final[Mapping[str, _Change]] = {
    **dict.fromkeys(DATES, _date),
    **dict.fromkeys(MOMENTS, _moment),
    "GEO": _geo,
    "TZ": _zone,
    "TEL": _telephone,
}
