"""Parts of a Card as the lines of a vCard that say them (RFC 9555 3.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.content_lines import escaped
from stalwart.codec.jscontact.components import Placed, sorting_text
from stalwart.codec.jscontact.jcard import Parameters, parameters_from
from stalwart.codec.jscontact.values import day_text, is_uri, moment_text
from stalwart.codec.jscontact.vocabulary import (
    ADDRESS_KINDS,
    ANNIVERSARIES,
    CONTEXT_TYPES,
    ENTRIES,
    FEATURE_TYPES,
    FORGOTTEN,
    NAME_KINDS,
    SKILLS,
    WRITTEN,
    Entry,
    Key,
    Value,
)
from stalwart.codec.vcard.lines import CardProperty

Lines = Iterator[CardProperty]

_PHONETIC: Final = re.compile(r"components/(\d{1,6})/phonetic\Z", re.ASCII)
_SPOKEN: Final = ("phoneticSystem", "phoneticScript")
_GUESSED: Final = ("title", "given", "given2", "surname", "surname2", "generation", "credential")
_LINGUAL: Final = frozenset(
    ("ADR", "NICKNAME", "ORG", "TITLE", "ROLE", "NOTE", "PRONOUNS", "EXPERTISE", "HOBBY", "INTEREST")
)
"""What has a LANGUAGE."""
_ANY: Final = frozenset((("titles",), ("links",)))
"""Where a kind that nobody here knows is written as if none were told."""


@frozen
class Context:
    """What a part needs to know of the card around it."""

    group: str | None = None
    altid: str | None = None
    local: Mapping[str, Value] = {}
    """Patches for other languages, by what is behind the key."""


def lines_of(key: Key, value: Any, context: Context) -> list[CardProperty]:
    """The lines that say a part of a Card; none, where vCard cannot say it."""
    if len(key) == 1:
        return list(_SINGLE[key[0]](value, context))
    draft = _BY_KEY.get(key[0])
    if draft is not None:
        return list(draft(key, value, context))
    return list(_entry(key, value, context))


def _of(
    name: str, value: str, parameters: Mapping[str, tuple[str, ...]] | None = None, group: str | None = None
) -> CardProperty:
    return CardProperty.of(name, value, parameters, group)


def entry_for(member: Key, value: Value) -> Entry | None:
    """The property that an entry of a map becomes."""
    known = WRITTEN[member]
    if member == ("onlineServices",):
        return _SERVICES.get(value.get("vCardName", "socialprofile"), _SERVICES["socialprofile"])
    entry = known.get(value.get("kind"))
    if entry is None and member in _ANY:
        entry = next(iter(known.values()))
    return entry


_SERVICES: Final = {name.lower(): ENTRIES[name] for name in ("IMPP", "SOCIALPROFILE", "X-SOCIALPROFILE")}


def _entry(key: Key, value: Value, context: Context) -> Lines:
    entry = entry_for(key[:-1], value)
    if entry is None:
        return
    if entry.property != "ADR" and not context.local:
        line = _line(entry, key[-1], value, None, None, context.group)
        if line is not None:
            yield line
            yield from _label(entry, value, context)
        return
    told = context.local.items() if entry.property in _LINGUAL else ()
    others = {tag: patches for tag, patches in told if _is_whole(patches)}
    spoken = {tag: patches for tag, patches in context.local.items() if _is_spoken(patches)}
    pronounced = entry.property == "ADR" and any("phonetic" in each for each in value.get("components", ()))
    altid = context.altid if others or pronounced or (spoken and entry.property == "ADR") else None
    line = _line(entry, key[-1], value, altid, None, context.group)
    if line is None:
        return
    yield line
    if entry.property == "ADR":
        if pronounced:
            yield from _address_spoken(value, [each.get("phonetic") for each in value["components"]], altid, None)
        for tag, patches in spoken.items():
            yield from _address_spoken(_system(value, patches), _said(patches, value), altid, tag)
    for tag, patches in others.items():
        other = {name: said for name, said in {**value, **patches}.items() if said is not None}
        made = _line(entry, None, other, altid, tag, None)
        if made is not None:
            yield made
        if entry.property == "ADR" and any("phonetic" in each for each in other.get("components", ())):
            yield from _address_spoken(other, [each.get("phonetic") for each in other["components"]], altid, tag)
    yield from _label(entry, value, context)


def _label(entry: Entry, value: Value, context: Context) -> Lines:
    if entry.label and value.get("label") and context.group is not None:
        yield _of("X-ABLabel", escaped(value["label"]), None, context.group)


def _is_whole(patches: Value) -> bool:
    """Whether these set members of an entry, which the line of another language says."""
    return all(name and "/" not in name and (said is not None or name in FORGOTTEN) for name, said in patches.items())


def _is_spoken(patches: Value) -> bool:
    return any(_PHONETIC.match(name) for name in patches) and all(
        name in _SPOKEN or _PHONETIC.match(name) for name in patches
    )


def _system(value: Value, patches: Value) -> Value:
    """The same, pronounced as the patches say."""
    return value | {name: said for name, said in patches.items() if name in _SPOKEN}


def _said(patches: Value, value: Value) -> list[str | None]:
    found: list[str | None] = [None] * len(value.get("components", ()))
    for name, text in patches.items():
        numbered = _PHONETIC.match(name)
        if numbered is not None and int(numbered[1]) < len(found):
            found[int(numbered[1])] = text
    return found


def _line(
    entry: Entry, name: str | None, value: Value, altid: str | None, tag: str | None, group: str | None
) -> CardProperty | None:
    parameters: Parameters = {}
    kept = value.get("vCardParams") or {}
    types = [CONTEXT_TYPES[each] for each in value.get("contexts", ()) if each in entry.contexts.values()]
    types += [FEATURE_TYPES[each] for each in value.get("features", ()) if each in FEATURE_TYPES]
    rest = parameters_from(kept, ("prop-id",))
    text = _VALUES[entry.property](value, parameters, types) if entry.property in _VALUES else _plain(value, entry)
    if text is None:
        return None
    if entry.property == "TEL" and is_uri(text):
        parameters["VALUE"] = ("uri",)
    if tag is not None:
        parameters["LANGUAGE"] = (tag,)
    if altid is not None:
        parameters["ALTID"] = (altid,)
    types += rest.pop("TYPE", ())
    if types:
        parameters["TYPE"] = tuple(types)
    if entry.pref and "pref" in value:
        parameters["PREF"] = (str(value["pref"]),)
    if entry.media and "mediaType" in value:
        parameters["MEDIATYPE"] = (value["mediaType"],)
    if entry.order and "listAs" in value:
        parameters["INDEX"] = (str(value["listAs"]),)
    for each, said in rest.items():
        parameters.setdefault(each, said)
    if name is not None:
        parameters["PROP-ID"] = (name,)
    return _of(entry.property, text, parameters, group)


def _plain(value: Value, entry: Entry) -> str | None:
    text = value.get(entry.value)
    if not isinstance(text, str) or not text:
        return None
    if entry.is_uri or (entry.property == "TEL" and is_uri(text)):
        return text
    return escaped(text)


def _organization(value: Value, parameters: Parameters, types: list[str]) -> str | None:
    units = value.get("units", [])
    orders = [value.get("sortAs", ""), *(unit.get("sortAs", "") for unit in units)]
    while orders and not orders[-1]:
        orders.pop()
    if orders:
        parameters["SORT-AS"] = (",".join(escaped(each) for each in orders),)
    return ";".join(escaped(each) for each in (value.get("name", ""), *(unit["name"] for unit in units)))


def _note(value: Value, parameters: Parameters, types: list[str]) -> str | None:
    author = value.get("author", {})
    if author.get("name"):
        parameters["AUTHOR-NAME"] = (author["name"],)
    if author.get("uri"):
        parameters["AUTHOR"] = (author["uri"],)
    if "created" in value:
        parameters["CREATED"] = (moment_text(value["created"]),)
    return escaped(value["note"])


def _personal(value: Value, parameters: Parameters, types: list[str]) -> str | None:
    level = value.get("level")
    if level is not None:
        parameters["LEVEL"] = (SKILLS.get(level, level) if value["kind"] == "expertise" else level,)
    return escaped(value["value"])


def _service(value: Value, parameters: Parameters, types: list[str]) -> str | None:
    if "service" in value:
        parameters["SERVICE-TYPE"] = (value["service"],)
    if "uri" not in value:
        parameters["VALUE"] = ("text",)
        return escaped(value.get("user", ""))
    if "user" in value:
        parameters["USERNAME"] = (value["user"],)
    return str(value["uri"])


def _apple_service(value: Value, parameters: Parameters, types: list[str]) -> str | None:
    if "service" in value:
        types.insert(0, value["service"])
    if "uri" not in value:
        parameters["VALUE"] = ("text",)
        return escaped(value.get("user", ""))
    if "user" in value:
        parameters["X-USER"] = (value["user"],)
    return str(value["uri"])


def _address(value: Value, parameters: Parameters, types: list[str]) -> str | None:
    """RFC 9555 2.6.1, with all components of RFC 9554."""
    components = value.get("components", [])
    placed = Placed(components, ADDRESS_KINDS)
    if value.get("isOrdered"):
        parameters["JSCOMPS"] = (placed.order(components, value.get("defaultSeparator")),)
    if value.get("full"):
        parameters["LABEL"] = (value["full"].replace("\\", "\\\\"),)
    for name, member in (("GEO", "coordinates"), ("TZ", "timeZone"), ("CC", "countryCode")):
        if member in value:
            parameters[name] = (value[member],)
    return placed.text()


_VALUES: Final[Mapping[str, Callable[[Value, Parameters, list[str]], str | None]]] = {
    "ADR": _address,
    "ORG": _organization,
    "NOTE": _note,
    "EXPERTISE": _personal,
    "HOBBY": _personal,
    "INTEREST": _personal,
    "IMPP": _service,
    "SOCIALPROFILE": _service,
    "X-SOCIALPROFILE": _apple_service,
}


def _address_spoken(value: Value, said: list[str | None], altid: str | None, tag: str | None) -> Lines:
    text = Placed(value["components"], ADDRESS_KINDS).phonetic(said)
    yield _of("ADR", text, _pronunciation(value, altid, tag))


def _pronunciation(value: Value, altid: str | None, tag: str | None) -> Parameters:
    """RFC 9554 4.6, 4.8."""
    parameters: Parameters = {}
    if altid is not None:
        parameters["ALTID"] = (altid,)
    parameters["PHONETIC"] = (value.get("phoneticSystem", "script"),)
    if "phoneticScript" in value:
        parameters["SCRIPT"] = (value["phoneticScript"],)
    if tag is not None:
        parameters["LANGUAGE"] = (tag,)
    return parameters


def full_name(name: Value) -> str:
    """A name in full, made of its components (RFC 9555 3.1)."""
    components = name.get("components", [])
    if not name.get("isOrdered"):
        ordered = sorted(
            (each for each in components if each["kind"] in _GUESSED), key=lambda each: _GUESSED.index(each["kind"])
        )
        return " ".join(each["value"] for each in ordered if each["value"])
    text, between = "", ""
    for each in components:
        if each["kind"] == "separator":
            between = each["value"]
        else:
            text += (between if text else "") + each["value"]
            between = name.get("defaultSeparator", " ")
    return text


def _name(value: Value, context: Context) -> Lines:
    fulls = {tag: patches["full"] for tag, patches in context.local.items() if _is_named(patches) and "full" in patches}
    others = {tag: patches for tag, patches in context.local.items() if _is_named(patches) and "components" in patches}
    rest = {tag: {k: v for k, v in patches.items() if k != "full"} for tag, patches in context.local.items()}
    spoken = {tag: patches for tag, patches in rest.items() if _is_spoken(patches) and _is_named(patches)}
    components = value.get("components", [])
    pronounced = any("phonetic" in each for each in components)
    kept = parameters_from(value.get("vCardParams"), ("prop-id", "altid") if others or spoken or pronounced else ())
    named: Parameters = {"ALTID": (context.altid,)} if fulls and context.altid else {}
    if value.get("full"):
        yield _of("FN", escaped(value["full"]), {**({} if components else kept), **named})
    else:
        yield _of("FN", escaped(full_name(value)), {**named, "DERIVED": ("true",)} if components else named)
    for tag, text in fulls.items():
        yield _of("FN", escaped(text), {"LANGUAGE": (tag,), **named})
    if not components:
        return
    altid = context.altid if others or spoken or pronounced else None
    yield _structured(value, altid, None, kept)
    if pronounced:
        yield _spoken_name(value, [each.get("phonetic") for each in components], altid, None)
    for tag, patches in spoken.items():
        yield _spoken_name(_system(value, patches), _said(patches, value), altid, tag)
    for tag, patches in others.items():
        other = {name: said for name, said in {**value, **patches}.items() if said is not None}
        yield _structured(other, altid, tag, {})
        if any("phonetic" in each for each in other["components"]):
            yield _spoken_name(other, [each.get("phonetic") for each in other["components"]], altid, tag)


def _is_named(patches: Value) -> bool:
    known = ("full", "components", "isOrdered", "defaultSeparator", "sortAs", *_SPOKEN)
    return all(name in known or _PHONETIC.match(name) for name in patches) and (
        "components" not in patches or not any(_PHONETIC.match(name) for name in patches)
    )


def _structured(value: Value, altid: str | None, tag: str | None, kept: Parameters) -> CardProperty:
    placed = Placed(value["components"], NAME_KINDS)
    parameters: Parameters = {}
    if tag is not None:
        parameters["LANGUAGE"] = (tag,)
    if altid is not None:
        parameters["ALTID"] = (altid,)
    if value.get("sortAs"):
        parameters["SORT-AS"] = (sorting_text(value["sortAs"]),)
    if value.get("isOrdered"):
        parameters["JSCOMPS"] = (placed.order(value["components"], value.get("defaultSeparator")),)
    return _of("N", placed.text(), {**kept, **parameters})


def _spoken_name(value: Value, said: list[str | None], altid: str | None, tag: str | None) -> CardProperty:
    text = Placed(value["components"], NAME_KINDS).phonetic(said)
    return _of("N", text, _pronunciation(value, altid, tag))


def _gender(key: Key, value: Any, context: Context) -> Lines:
    if key[1] != "grammaticalGender":
        yield from _entry(key, value, context)
        return
    yield _of("GRAMGENDER", escaped(value))
    for tag, patches in context.local.items():
        if isinstance(patches.get(""), str):
            yield _of("GRAMGENDER", escaped(patches[""]), {"LANGUAGE": (tag,)})


def _anniversary(key: Key, value: Value, context: Context) -> Lines:
    """RFC 9555 2.5.1."""
    if value["kind"] not in ANNIVERSARIES:
        return
    day, place = ANNIVERSARIES[value["kind"]]
    date = value["date"]
    parameters: Parameters = parameters_from(value.get("vCardParams"), ("prop-id", "calscale"))
    if date.get("@type") == "Timestamp":
        text = moment_text(date["utc"])
    else:
        text = day_text(date)
        if "calendarScale" in date:
            parameters["CALSCALE"] = (date["calendarScale"],)
    yield _of(day, text, {**parameters, "PROP-ID": (key[1],)}, context.group)
    where = value.get("place", {})
    if place is None:
        return
    if where.get("full"):
        named: Parameters = {"ALTID": (context.altid,)} if context.local and context.altid else {}
        yield _of(place, escaped(where["full"]), named)
        for tag, patches in context.local.items():
            if isinstance(patches.get("place/full"), str):
                yield _of(place, escaped(patches["place/full"]), {"LANGUAGE": (tag,), **named})
    elif "coordinates" in where:
        yield _of(place, where["coordinates"], {"VALUE": ("uri",)})


def _related(key: Key, value: Value, context: Context) -> Lines:
    """RFC 9555 2.9.5."""
    parameters = parameters_from(value.get("vCardParams"))
    types = (*(each for each in value["relation"] if ":" not in each), *parameters.pop("TYPE", ()))
    if types:
        parameters = {"TYPE": types, **parameters}
    if is_uri(key[1]):
        yield _of("RELATED", key[1], parameters)
    else:
        yield _of("RELATED", escaped(key[1]), {"VALUE": ("text",), **parameters})


def _member(key: Key, value: Any, context: Context) -> Lines:
    yield _of("MEMBER", key[1] if is_uri(key[1]) else escaped(key[1]))


def _keywords(value: Value, context: Context) -> Lines:
    yield _of("CATEGORIES", ",".join(map(escaped, value)))


def _text(name: str) -> Callable[[Any, Context], Lines]:
    def draft(value: Any, context: Context) -> Lines:
        yield _of(name, value if is_uri(value) and name == "UID" else escaped(value))

    return draft


def _moment(name: str) -> Callable[[Any, Context], Lines]:
    def draft(value: Any, context: Context) -> Lines:
        yield _of(name, moment_text(value))

    return draft


_SINGLE: Final[Mapping[str, Callable[[Any, Context], Lines]]] = {
    "uid": _text("UID"),
    "kind": _text("KIND"),
    "prodId": _text("PRODID"),
    "language": _text("LANGUAGE"),
    "created": _moment("CREATED"),
    "updated": _moment("REV"),
    "name": _name,
    "keywords": _keywords,
}
SINGLE: Final = tuple(_SINGLE)
"""Members that are one part each."""
_BY_KEY: Final[Mapping[str, Callable[[Key, Any, Context], Lines]]] = {
    "speakToAs": _gender,
    "anniversaries": _anniversary,
    "relatedTo": _related,
    "members": _member,
}
