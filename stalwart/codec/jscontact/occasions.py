"""Birth, death and wedding with their days and places, as anniversaries of a Card (RFC 9555 2.5.1)."""

from __future__ import annotations

import re
from typing import Final

from attrs import define, field

from stalwart.codec.content_lines import unescaped
from stalwart.codec.jscontact.gathering import PROP_ID, Ids
from stalwart.codec.jscontact.jcard import with_rest
from stalwart.codec.jscontact.naming import Line, chosen
from stalwart.codec.jscontact.values import day_of, is_scale, moment_of, uri_of
from stalwart.codec.jscontact.vocabulary import ANNIVERSARIES, Value

_MIDNIGHT: Final = re.compile(r"(?<=\d)T00(?::?00){1,2}\Z", re.ASCII)
"""Behind a day of which a program knows no time (phones of vCard 2.1)."""


@define
class Occasions:
    """Anniversaries by id, their lines, their places in other languages, and lines that are none."""

    anniversaries: dict[str, Value] = field(factory=dict)
    lines: dict[str, list[int]] = field(factory=dict)
    patches: dict[str, Value] = field(factory=dict)
    extras: list[int] = field(factory=list)


def anniversaries_of(lines: list[Line], language: str | None) -> Occasions:
    """What these lines tell."""
    found = Occasions()
    if not lines:
        return found
    ids = Ids(line.given.get(PROP_ID, ("",))[0] for line in lines if not line.item.name.endswith("PLACE"))
    for kind, (day, place) in ANNIVERSARIES.items():
        days = [line for line in lines if line.item.name == day and line.item.value.strip()]
        places = [line for line in lines if line.item.name == place and line.item.value.strip()]
        name = None
        for line in days:
            value = _occasion(line) if name is None else None
            if value is None:
                found.extras.append(line.index)
                continue
            name = ids.take(line.given.pop(PROP_ID, ("",))[0], kind)
            if line.item.group is not None:
                line.given["group"] = (line.item.group,)
            with_rest(value, line.given)
            found.anniversaries[name] = {"kind": kind, **value}
            found.lines[name] = [line.index]
        if name is None:
            found.extras += [line.index for line in places]
        elif places:
            _place(found, name, places, language)
    return found


def _occasion(line: Line) -> Value | None:
    if line.item.parameters.get("VALUE", ("",))[0].strip().lower() == "text":
        return None
    text = unescaped(line.item.value)
    day = day_of(_MIDNIGHT.sub("", text.strip()))
    if day is not None:
        scale = line.given.get("CALSCALE", ("",))[0].strip().lower()
        if is_scale(scale):
            day["calendarScale"] = scale
            del line.given["CALSCALE"]
        return {"date": day}
    moment = moment_of(text)
    return None if moment is None else {"date": {"@type": "Timestamp", "utc": moment}}


def _place(found: Occasions, name: str, places: list[Line], language: str | None) -> None:
    base = chosen(places, language)
    value = _where(base)
    if value is None:
        found.extras += [line.index for line in places]
        return
    found.anniversaries[name]["place"] = value
    found.lines[name].append(base.index)
    for line in places:
        if line is base:
            continue
        tag, other, at = line.language, _where(line), f"anniversaries/{name}/place/full"
        if (
            tag is None
            or other is None
            or "full" not in other
            or "full" not in value
            or at in found.patches.get(tag, ())
        ):
            found.extras.append(line.index)
        else:
            found.patches.setdefault(tag, {})[at] = other["full"]
            found.lines[name].append(line.index)


def _where(line: Line) -> Value | None:
    if line.item.parameters.get("VALUE", ("",))[0].strip().lower() != "uri":
        return {"full": unescaped(line.item.value)}
    uri = uri_of(line.item.value)
    return {"coordinates": uri} if uri is not None and uri[:4].lower() == "geo:" else None
