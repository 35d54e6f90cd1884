"""The name of a Card: FN and N, how they are pronounced, and what they are in other languages (RFC 9555 2.5.2, 2.5.5,
2.3.15).
"""

from __future__ import annotations

from typing import Any, Final

from attrs import define, field

from stalwart.codec.content_lines import unescaped
from stalwart.codec.jscontact.components import Position, components_of, name_values, sorting_of
from stalwart.codec.jscontact.jcard import Parameters, with_rest
from stalwart.codec.jscontact.values import is_tag
from stalwart.codec.jscontact.vocabulary import NAME_KINDS, PHONETIC_SYSTEMS, Value
from stalwart.codec.vcard.lines import CardProperty

_PHONETIC: Final = ("PHONETIC", "SCRIPT")


@define
class Line:
    """A content line: where it stands, and those of its parameters that nobody has understood yet."""

    index: int
    item: CardProperty
    given: Parameters
    language: str | None = None

    @classmethod
    def of(cls, index: int, item: CardProperty) -> Line:
        given = dict(item.parameters)
        given.pop("VALUE", None)
        said = given.get("LANGUAGE", ("",))[0].strip()
        return cls(index, item, given, said if said and is_tag(said) else None)


@define
class NameReading:
    """The name; what patches make of it in other languages; the lines it was read from, and those it was not."""

    name: Value | None = None
    patches: dict[str, Value] = field(factory=dict)
    used: list[int] = field(factory=list)
    extras: list[int] = field(factory=list)


def chosen(lines: list[Line], language: str | None) -> Line:
    """Of lines that say the same in several languages, the one for those who have not asked for any (RFC 9555
    2.3.11).
    """
    for line in lines:
        if line.language is None:
            return line
    for line in lines:
        if language is not None and (line.language or "").lower() == language.lower():
            return line
    return lines[0]


def forget_language(given: Parameters, line_language: str | None, language: str | None) -> None:
    """The language of the whole card need not be told again."""
    if line_language is not None and language is not None and line_language.lower() == language.lower():
        del given["LANGUAGE"]


def name_of(full: list[Line], structured: list[Line], language: str | None) -> NameReading:
    """The name that FN and N tell."""
    reading = NameReading()
    found: Value = {}
    alternates: dict[str, Value] = {}
    shown = _full(full, language, found, alternates, reading)
    _components(structured, language, found, alternates, reading)
    if shown is not None and "components" not in found:
        with_rest(found, shown.given)
    if "full" in found or "components" in found:
        reading.name = found
        reading.patches = {tag: patches for tag, patches in alternates.items() if patches}
    else:
        reading.extras += [line.index for line in (*full, *structured) if line.language in alternates]
    return reading


def _full(
    lines: list[Line], language: str | None, found: Value, alternates: dict[str, Value], reading: NameReading
) -> Line | None:
    known = []
    for line in lines:
        text = line.item.value
        derived = line.given.get("DERIVED", ("",))[0].strip().lower() == "true"
        if derived or not text or text.isspace():
            reading.used.append(line.index)
        else:
            known.append(line)
    if not known:
        return None
    known.sort(key=lambda line: len(line.given))
    base = chosen(known, language)
    found["full"] = unescaped(base.item.value)
    reading.used.append(base.index)
    forget_language(base.given, base.language, language)
    for line in sorted(known, key=lambda line: line.index):
        if line is base:
            continue
        tag = line.language
        if tag is None or "name/full" in alternates.get(tag, ()) or _is_same(tag, base.language or language):
            reading.extras.append(line.index)
            continue
        alternates.setdefault(tag, {})["name/full"] = unescaped(line.item.value)
        reading.used.append(line.index)
    base.given.pop("ALTID", None) if len(known) > 1 else None
    return base


def _is_same(tag: str, other: str | None) -> bool:
    return other is not None and tag.lower() == other.lower()


def _components(
    lines: list[Line], language: str | None, found: Value, alternates: dict[str, Value], reading: NameReading
) -> None:
    plain = [line for line in lines if not any(name in line.given for name in _PHONETIC)]
    spoken = [line for line in lines if any(name in line.given for name in _PHONETIC)]
    if not plain:
        reading.extras += [line.index for line in spoken]
        return
    base = chosen(plain, language)
    name, places = _read(base)
    reading.used.append(base.index)
    own = base.language or language
    forget_language(base.given, base.language, language)
    if not name.get("components"):
        reading.extras += [line.index for line in lines if line is not base]
        return
    if len(lines) > 1:
        base.given.pop("ALTID", None)
    others: dict[str, tuple[Value, list[Position]]] = {}
    for line in plain:
        if line is base:
            continue
        tag = line.language
        made = _read(line)
        if tag is None or tag in others or _is_same(tag, own) or not made[0].get("components"):
            reading.extras.append(line.index)
            continue
        others[tag] = made
        reading.used.append(line.index)
    for tag, (other, _) in others.items():
        patches = alternates.setdefault(tag, {})
        patches["name/components"] = other["components"]
        for key in ("isOrdered", "defaultSeparator", "sortAs"):
            if other.get(key) != name.get(key):
                patches[f"name/{key}"] = other.get(key)
    for line in spoken:
        tag = line.language
        is_own = tag is None or _is_same(tag, own)
        target, where = (name, places) if is_own or tag not in others else others[tag]
        patches = {} if is_own or tag is None else alternates.setdefault(tag, {})
        if not pronounced(line, name_values(line.item.value), target, where, patches, "name", tag in others, is_own):
            reading.extras.append(line.index)
            continue
        reading.used.append(line.index)
    with_rest(name, base.given)
    found.update(name)


def _read(line: Line) -> tuple[Value, list[Position]]:
    order = line.given.pop("JSCOMPS", None)
    found, places = components_of(name_values(line.item.value), NAME_KINDS, order[0] if order else None)
    sorting = line.given.get("SORT-AS")
    if sorting is not None and "components" in found:
        sort_as = sorting_of(sorting, found["components"])
        if sort_as is not None:
            found["sortAs"] = sort_as
            del line.given["SORT-AS"]
    return found, places


def pronounced(
    line: Line,
    values: dict[Position, str],
    target: Value,
    places: list[Position],
    patches: Value,
    at: str,
    is_whole: bool,
    is_own: bool,
) -> bool:
    """Say how components are pronounced: where they are, if they are the card's own or another language has its own,
    else as patches. Whether that could be done.
    """
    system = line.given.get("PHONETIC", ("",))[0].strip().lower()
    script = line.given.get("SCRIPT", ("",))[0].strip()
    said: Value = {}
    if system in PHONETIC_SYSTEMS:
        said["phoneticSystem"] = system
    elif system not in ("", "script"):
        return False
    if script:
        said["phoneticScript"] = script
    where = {place: number for number, place in enumerate(places)}
    holder: Any = target if is_own else patches
    prefix = "" if is_own else f"{at}/"
    if not said or not values or not set(values) <= set(where) or f"{prefix}phoneticSystem" in holder:
        return False
    if f"{prefix}phoneticScript" in holder or len(script) != 4 * bool(script) or not (script or "A").isalpha():
        return False
    for place, text in values.items():
        number = where[place]
        if is_own or is_whole:
            target["components"][number]["phonetic"] = text
        else:
            patches[f"{at}/components/{number}/phonetic"] = text
    for key, value in said.items():
        holder[f"{prefix}{key}"] = value
    return True
