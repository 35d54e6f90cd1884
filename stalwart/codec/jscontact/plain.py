"""The plainest form of a Card: without what goes without saying (RFC 9553 1.3.4), with what is always said.

Two Cards mean the same if their plain forms are the same; a Card that is read from a vCard is in this form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stalwart.codec.jscontact.components import in_order
from stalwart.codec.jscontact.pointers import copied, parts_of, pointer_of
from stalwart.codec.jscontact.schema import OBJECTS, Many, Object, Set
from stalwart.codec.jscontact.vocabulary import ADDRESS_KINDS, NAME_KINDS, Value

_KEPT: Final = frozenset(("Card", "Timestamp"))
"""What always says its type."""


def plain(card: Value) -> Value:
    """The plain form of a Card that has passed its check."""
    made = _object(card, OBJECTS["Card"])
    entries = [[_entry(part) for part in _heads(each)] + each[3:] for each in made.pop("vCardProps", ())]
    localizations = {
        tag: {pointer_of(parts_of(pointer) or (pointer,)): value for pointer, value in patches.items()}
        for tag, patches in made.pop("localizations", {}).items()
        if patches
    }
    made = {"@type": "Card", "version": "1.0", **{name: value for name, value in made.items() if name[0] != "@"}}
    made["version"] = "1.0"
    if localizations:
        made["localizations"] = localizations
    if entries:
        made["vCardProps"] = entries
    return made


def _heads(entry: list[Any]) -> list[Any]:
    return entry[:3]


def _entry(part: Any) -> Any:
    return part.lower() if isinstance(part, str) else parameters(part)


def parameters(given: Value) -> Value:
    """vCardParams: names in lower case, one value without a list."""
    return {
        name.lower(): value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in given.items()
    }


def _object(value: Value, form: Object) -> Value:
    made: Value = {}
    for name, each in value.items():
        member = form.members.get(name)
        if member is None:
            if name == "vCardParams":
                if each:
                    made[name] = parameters(copied(each))
            elif each is not None and (name != "@type" or form.name in _KEPT):
                made[name] = copied(each)
            continue
        if not each and isinstance(member.form, Many | Set):
            continue
        if isinstance(member.form, Many):
            inner = OBJECTS[member.form.type]
            made[name] = (
                [_object(one, inner) for one in each]
                if isinstance(each, list)
                else {key: _object(one, inner) for key, one in each.items()}
            )
        elif isinstance(member.form, str):
            first, *others = member.form.split("|")
            made[name] = _object(each, OBJECTS[each["@type"] if each.get("@type") in others else first])
        else:
            made[name] = copied(each)
    change = _CHANGES.get(form.name)
    if change is not None:
        change(made)
    return made


def _name(value: Value) -> None:
    _ordered(value, NAME_KINDS)


def _address(value: Value) -> None:
    _ordered(value, ADDRESS_KINDS)


def _ordered(value: Value, kinds: tuple[str, ...]) -> None:
    if not value.get("isOrdered"):
        value.pop("isOrdered", None)
        if "components" in value:
            value["components"] = in_order(value["components"], kinds)


def _title(value: Value) -> None:
    value.setdefault("kind", "title")


def _relation(value: Value) -> None:
    value.setdefault("relation", {})


def _service(value: Value) -> None:
    """RFC 9555 2.7.5."""
    if "vCardName" in value:
        value["vCardName"] = value["vCardName"].lower()
        if value["vCardName"] == "socialprofile":
            del value["vCardName"]


_CHANGES: Final[Mapping[str, Callable[[Value], None]]] = {
    "Name": _name,
    "Address": _address,
    "Title": _title,
    "Relation": _relation,
    "OnlineService": _service,
}
