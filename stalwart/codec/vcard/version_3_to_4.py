"""vCard 3.0 as vCard 4.0 (RFC 6350 10.1, 10.2), with what clients write in 3.0 under names of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from stalwart.codec.content_lines import unescaped
from stalwart.codec.vcard.card import Card
from stalwart.codec.vcard.lines import CardProperty
from stalwart.codec.vcard.version_pairs import (
    ANNIVERSARY_LABEL,
    DATE,
    DATES,
    INLINE,
    KEYS,
    LABEL,
    MOMENTS,
    OMITTED,
    RELATED_NAMES,
    RELATIVES,
    RENAMED,
    label_text,
    short_date,
)

Parameters = dict[str, tuple[str, ...]]
_Change = Callable[[str, Parameters], str]
_GEO: Final = re.compile(r"\s*([+-]?[0-9.]+)\s*\\?[;,]\s*([+-]?[0-9.]+)\s*\Z", re.ASCII)
_OFFSET: Final = re.compile(r"([+-]\d\d):?(\d\d)\Z", re.ASCII)
_SUBTYPE: Final = re.compile(r"[A-Za-z0-9.+-]+\Z", re.ASCII)
_GENDERS: Final[Mapping[str, str]] = {"male": "M", "female": "F", "other": "O", "none": "N", "unknown": "U"}
_TYPES: Final[Mapping[str, str]] = {label.lower(): name for name, label in RELATIVES.items()}


def upgraded(card: Card) -> Card:
    """The properties as vCard 4.0 has them; VERSION stays as it is."""
    properties = list(_labelled(card.properties))
    properties = list(_addressed(properties))
    return Card(map(_property, _sorted(properties)))


def _labelled(properties: list[CardProperty]) -> Iterator[CardProperty]:
    """Related names and anniversaries, which a label in their group tells."""
    sizes = Counter(each.group.lower() for each in properties if each.group)
    labels = {each.group.lower(): each for each in properties if each.group and each.name == LABEL}
    consumed: set[int] = set()
    translated: dict[int, CardProperty] = {}
    for item in properties:
        group = (item.group or "").lower()
        label = labels.get(group)
        if item.name not in (RELATED_NAMES, DATE) or (label is None and item.name == DATE):
            continue
        parameters: Parameters = dict(item.parameters)
        said = label_text(label.text) if label is not None else ""
        # with anything else in the group its label has to stay
        alone = sizes[group] == 2
        if item.name == DATE:
            if said.lower() != ANNIVERSARY_LABEL.lower() or not alone:
                continue
            name = "ANNIVERSARY"
        else:
            name, kind = "RELATED", _TYPES.get(said.lower())
            parameters["VALUE"] = ("text",)
            if kind is None or not alone:
                translated[id(item)] = CardProperty.of(name, item.value, parameters, item.group)
                continue
            parameters["TYPE"] = (*parameters.get("TYPE", ()), kind)
        if label is not None:
            consumed.add(id(label))
        translated[id(item)] = CardProperty.of(name, item.value, parameters)
    for item in properties:
        if id(item) not in consumed:
            yield translated.get(id(item), item)


def _addressed(properties: list[CardProperty]) -> Iterator[CardProperty]:
    """LABEL, what is to be written on a letter, belongs to the address with the same types (RFC 6350 6.3.1)."""
    free = [each for each in properties if each.name == "ADR" and "LABEL" not in each.parameters]
    texts: dict[int, str] = {}
    consumed: set[int] = set()
    for item in properties:
        if item.name != "LABEL":
            continue
        types = set(item.types)
        address = next((each for each in free if id(each) not in texts and set(each.types) == types), None)
        if address is not None and (item.group or "").lower() == (address.group or "").lower():
            texts[id(address)] = item.text
            consumed.add(id(item))
    for item in properties:
        text = texts.get(id(item))
        if text is not None:
            yield CardProperty.of(item.name, item.value, {**item.parameters, "LABEL": text}, item.group)
        elif id(item) not in consumed:
            yield item


def _sorted(properties: list[CardProperty]) -> Iterator[CardProperty]:
    """SORT-STRING is a parameter of the name (RFC 6350 5.9)."""
    strings = [each for each in properties if each.name == "SORT-STRING"]
    name = next((each for each in properties if each.name == "N"), None)
    if len(strings) != 1 or name is None or "SORT-AS" in name.parameters:
        yield from properties
        return
    for item in properties:
        if item is name:
            yield CardProperty.of(item.name, item.value, {**item.parameters, "SORT-AS": strings[0].text}, item.group)
        elif item is not strings[0]:
            yield item


def _property(item: CardProperty) -> CardProperty:
    name = RENAMED.get(item.name, item.name)
    parameters: Parameters = dict(item.parameters)
    parameters.pop("CHARSET", None)
    _prefer(parameters)
    value = item.value
    if parameters.get("VALUE", ("",))[0].lower() in ("date", "date-time") and name in DATES | MOMENTS:
        del parameters["VALUE"]
    if item.encoding == "BASE64":
        value = _inlined(name, item, parameters)
    else:
        change = _CHANGES.get(name)
        value = change(value, parameters) if change is not None else value
    if name == item.name and value == item.value and parameters == item.parameters:
        return item
    return CardProperty.of(name, value, parameters, item.group)


def _prefer(parameters: Parameters) -> None:
    types = parameters.get("TYPE")
    if types is None:
        return
    kept = tuple(each for each in types if each.strip().lower() != "pref")
    if len(kept) < len(types):
        parameters.setdefault("PREF", ("1",))
        del parameters["TYPE"]
        if kept:
            parameters["TYPE"] = kept


def _inlined(name: str, item: CardProperty, parameters: Parameters) -> str:
    """The octets as a URI (RFC 2397); the first type was that of a file (RFC 2426 3.1.4)."""
    parameters.pop("ENCODING", None)
    parameters.pop("VALUE", None)
    types = parameters.pop("TYPE", ())
    first = types[0].strip() if types else ""
    if types[1:]:
        parameters["TYPE"] = types[1:]
    media = parameters.pop("MEDIATYPE", None)
    if media is None:
        half = INLINE.get(name)
        subtype = KEYS.get(first.upper(), first.lower())
        if "/" in first:
            media = (first.lower(),)
        elif half is not None and _SUBTYPE.match(subtype):
            media = (f"{half}/{subtype}",)
        else:
            media = ("application/octet-stream",)
            if first:
                parameters["TYPE"] = types
    return f"data:{media[0]};base64,{''.join(item.value.split())}"


def _date(value: str, parameters: Parameters) -> str:
    if parameters.get("VALUE", ("",))[0].lower() == "text":
        return value
    omitted = parameters.get(OMITTED)
    written = short_date(value, omitted[0] if omitted else None)
    if written.startswith("--"):
        parameters.pop(OMITTED, None)
    return written


def _moment(value: str, parameters: Parameters) -> str:
    return short_date(value, None)


def _geo(value: str, parameters: Parameters) -> str:
    found = _GEO.match(value)
    return f"geo:{found[1].removeprefix('+')},{found[2].removeprefix('+')}" if found is not None else value


def _zone(value: str, parameters: Parameters) -> str:
    found = _OFFSET.match(value.strip())
    if found is None or parameters.get("VALUE", ("",))[0].lower() == "text":
        return value
    parameters["VALUE"] = ("utc-offset",)
    return found[1] + found[2]


def _gender(value: str, parameters: Parameters) -> str:
    return _GENDERS.get(unescaped(value).strip().lower(), value)


_CHANGES: Final[Mapping[str, _Change]] = {
    **dict.fromkeys(DATES, _date),
    **dict.fromkeys(MOMENTS, _moment),
    "GEO": _geo,
    "TZ": _zone,
    "GENDER": _gender,
}
