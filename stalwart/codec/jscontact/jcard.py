"""Properties and parameters of vCard that JSContact has no words for: vCardProps, as jCard writes them (RFC 7095 3.3),
and vCardParams (RFC 9555 2.15).
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from stalwart.codec.content_lines import escaped, parted, unescaped
from stalwart.codec.jscontact.vocabulary import Value
from stalwart.codec.vcard.lines import CardProperty

Parameters = dict[str, tuple[str, ...]]

TOKEN: Final = re.compile(r"[A-Za-z0-9-]{1,255}\Z", re.ASCII)
GROUP: Final = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)
_TEXT: Final = frozenset(("FN", "NICKNAME", "CATEGORIES", "NOTE", "TITLE", "ROLE", "PRODID", "KIND", "TZ", "XML"))
_STRUCTURED: Final = frozenset(("N", "ADR", "ORG", "GENDER", "CLIENTPIDMAP"))
_LISTED: Final = frozenset(("NICKNAME", "CATEGORIES"))
_URIS: Final = frozenset(
    [
        "SOURCE",
        "PHOTO",
        "IMPP",
        "GEO",
        "LOGO",
        "MEMBER",
        "RELATED",
        "SOUND",
        "UID",
        "URL",
        "KEY",
        "FBURL",
        "CALADRURI",
        "CALURI",
        "CONTACT-URI",
        "ORG-DIRECTORY",
        "SOCIALPROFILE",
    ]
)
_OTHERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("BDAY", "ANNIVERSARY", "DEATHDATE"), "date-and-or-time"),
    **dict.fromkeys(("REV", "CREATED"), "timestamp"),
    **dict.fromkeys(("LANG", "LANGUAGE"), "language-tag"),
    **dict.fromkeys(("EMAIL", "TEL", "BIRTHPLACE", "DEATHPLACE", "GRAMGENDER", "PRONOUNS", "JSPROP"), "text"),
    **dict.fromkeys(("EXPERTISE", "HOBBY", "INTEREST"), "text"),
}
_UNWRITTEN: Final = frozenset(("group", "value", "encoding", "charset"))


def default_type(name: str) -> str:
    """What the value of a property is where no VALUE says it; ``unknown`` for properties that nobody here knows."""
    if name in _TEXT or name in _STRUCTURED:
        return "text"
    return "uri" if name in _URIS else _OTHERS.get(name, "unknown")


def parameters_of(given: Mapping[str, Sequence[str]]) -> dict[str, str | list[str]]:
    """Parameters as jCard writes them."""
    return {
        name.lower(): values[0] if len(values) == 1 else list(values)
        for name, values in given.items()
        if values and TOKEN.match(name)
    }


def parameters_from(given: Any, leave_out: Container[str] = ()) -> Parameters:
    """Those of vCardParams that can be written, by name in upper case."""
    found: Parameters = {}
    for name, values in (given or {}).items():
        if name.lower() in _UNWRITTEN or name.lower() in leave_out or not TOKEN.match(name):
            continue
        found[name.upper()] = (values,) if isinstance(values, str) else tuple(values)
    return found


def group_of(given: Any) -> str | None:
    """The group that vCardParams ask for."""
    group = (given or {}).get("group")
    return group if isinstance(group, str) and GROUP.match(group) else None


def entry_of(item: CardProperty) -> list[Any]:
    """A property as jCard writes it. What is not known to be text stays as it is written (RFC 7095 5.1)."""
    given = dict(item.parameters)
    said = given.pop("VALUE", None)
    type = said[0].strip().lower() if said else default_type(item.name)
    parameters = parameters_of(given)
    if item.group is not None:
        parameters["group"] = item.group
    written = item.value
    values: list[Any]
    if type != "text":
        values = [written]
    elif item.name in _STRUCTURED and ";" in written:
        values = [[unescaped(part) for part in parted(written, ";")]]
    elif item.name in _LISTED:
        values = [unescaped(part) for part in parted(written, ",")]
    else:
        values = [unescaped(written)]
    return [item.name.lower(), parameters, type, *values]


def property_from(entry: Sequence[Any]) -> CardProperty | None:
    """The property that an entry is; None if it can be none."""
    name, given, type, *values = entry
    if not TOKEN.match(name):
        return None
    upper = name.upper()
    parameters = parameters_from(given)
    if type != default_type(upper) and type != "unknown":
        parameters = {"VALUE": (type,), **parameters}
    if not all(isinstance(each, str | list) for each in values):
        return None
    pieces = [_written(each, type) for each in values]
    return CardProperty.of(upper, ",".join(pieces), parameters, group_of(given))


def _written(value: Any, type: str) -> str:
    if isinstance(value, list):
        return ";".join(_written(each, "text") for each in value)
    return escaped(str(value)) if type == "text" else str(value)


def with_rest(found: Value, given: Mapping[str, Sequence[str]]) -> None:
    """What is left of the parameters is kept with the object."""
    rest = parameters_of(given)
    if rest:
        found["vCardParams"] = rest
