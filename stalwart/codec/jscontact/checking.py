"""Whether a Card is one (RFC 9553 1.7, 2; RFC 9555 2.15): what is wrong, and where.

What RFC 9553 does not define may be there under a name with a vendor's domain, or under one that could be registered
(1.7.4); values of enumerations may be a vendor's. ``version`` and ``@type`` may be left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from typing import Any, Final

from stalwart.codec.jscontact.pointers import (
    DEEPEST,
    MISSING,
    copied,
    found_at,
    may_patch,
    overlapping,
    parts_of,
    patch,
    pointer_of,
    without_blobs,
)
from stalwart.codec.jscontact.schema import ENUMS, OBJECTS, TYPES, Form, Many, Member, Object, Set, Text
from stalwart.codec.jscontact.values import is_day, is_moment, is_plain, is_scale, is_tag, is_uid, is_uri, is_zone
from stalwart.codec.jscontact.vocabulary import BLOB_ID, NO_MEMBERS, OF_SERVER, Key, Value
from stalwart.codec.later_pattern import compiled_later
from stalwart.errors import Invalid

MOST_PROBLEMS: Final = 20
"""What is told at most; nothing more is looked for then."""
MOST_VALUES: Final = 300_000
"""Values of a Card, all levels together."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9@]{1,255}\Z", re.ASCII)
# RFC 9553 1.8.1; its ``/`` and ``~`` are for pointers only, and RFC 9555 3.2.1 has an example with one
_VENDOR: Final = compiled_later(
    r"[A-Za-z0-9\x80-\U0010ffff](?:[A-Za-z0-9.\x80-\U0010ffff-]*[A-Za-z0-9\x80-\U0010ffff])?"
    r":[\t !\x23-\x7e\x80-\U0010ffff]+\Z"
)
_PARAMETER: Final = re.compile(r"[A-Za-z0-9-]{1,255}\Z", re.ASCII)
_NOT_LOCALIZED: Final = OF_SERVER | {"localizations", "", "@type", "uid", "version"}
_LONE: Final = re.compile("[\ud800-\udfff]")

Problem = tuple[str, str]
"""A JSON Pointer without its first solidus, and what is wrong there."""


class InvalidContact(Invalid):
    """What was given is no Card. ``problems`` say where and why; ``properties`` are their pointers."""

    def __init__(self, problems: list[Problem]) -> None:
        told = "; ".join(f"{pointer or 'the card'}: {text}" for pointer, text in problems[:5])
        super().__init__(f"This is no JSContact Card: {told}", tuple(dict.fromkeys(each for each, _ in problems)))
        self.problems = problems


class _Full(Exception):
    """Enough has been found."""


def check(card: Any) -> list[Problem]:
    """What is wrong with a Card; nothing, if it is one."""
    checker = _Checker()
    try:
        if not isinstance(card, dict):
            return [("", "has to be an object")]
        for name, value in card.items():
            checker.json(name, 1, "")
            checker.json(value, 1, name)
        if not checker.problems:
            checker.object(card, OBJECTS["Card"], ())
        if not checker.problems:
            checker.localizations(card)
    except _Full:
        pass
    return checker.problems


class _Checker:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._values = 0

    def add(self, at: Key, text: str) -> None:
        """A problem."""
        self.problems.append((pointer_of(at), text))
        if len(self.problems) >= MOST_PROBLEMS:
            raise _Full

    def json(self, value: Any, depth: int, name: Any) -> None:
        """That it is JSON at all, of a size that can be written. ``name`` is the member of the Card that it is in."""
        self._values += 1
        if self._values > MOST_VALUES or depth > DEEPEST:
            self.problems = [("", f"has more than {MOST_VALUES} values, or more than {DEEPEST} levels")]
            raise _Full
        kind = type(value)
        if kind is str:
            if not value.isascii() and _LONE.search(value):
                self.add((name,) if name else (), "is no text in Unicode")
        elif kind is dict:
            for key, each in value.items():
                if type(key) is not str or (not key.isascii() and _LONE.search(key)):
                    self.add((name,), "has a name that is no text in Unicode")
                else:
                    self.json(each, depth + 1, name)
        elif kind is list:
            for each in value:
                self.json(each, depth + 1, name)
        elif kind is float:
            if not math.isfinite(value):
                self.add((name,), "is no number")
        elif kind is int:
            if abs(value) >= 2**63:
                self.add((name,), "is too large a number")
        elif kind is not bool and value is not None:
            self.add((name,) if name else (), "is no JSON")

    def object(self, value: Any, form: Object, at: Key) -> None:
        """An object of a type."""
        if not isinstance(value, dict):
            self.add(at, f"has to be a {form.name} object")
            return
        if value.get("@type", form.name) != form.name:
            self.add((*at, "@type"), f"has to be {form.name}")
        for name, each in value.items():
            member = form.members.get(name)
            if member is not None:
                self.member(each, member, (*at, name))
            elif name != "@type":
                self._other(name, each, at)
        for name, member in form.members.items():
            if member.mandatory and name not in value:
                self.add((*at, name), "has to be there")
        if form.one_of and not any(name in value for name in form.one_of):
            self.add(at, f"has to have one of {', '.join(form.one_of)}")
        rule = _RULES.get(form.name)
        if rule is not None:
            rule(self, value, at)

    def _other(self, name: str, value: Any, at: Key) -> None:
        """A member that no type has (RFC 9553 1.7.1 to 1.7.4, 1.8.1; RFC 9555 2.15)."""
        if name == "vCardParams":
            self._parameters(value, (*at, name))
        elif name == "vCardName":
            if not isinstance(value, str) or not _PARAMETER.match(value):
                self.add((*at, name), "has to be the name of a property")
        elif ":" in name:
            if not _VENDOR.match(name):
                self.add((*at, name), "is no name that a vendor can use")
        elif (
            name == "extra"
            or (len(at) == 0 and name in NO_MEMBERS)
            or not _NAME.match(name)
            or (name.lower() in _KNOWN and name not in _REGISTERED)
        ):
            self.add((*at, name), "is no name of a property")

    def member(self, value: Any, member: Member, at: Key) -> None:
        """The value of a member that is known."""
        form = member.form
        if isinstance(form, Text):
            self._text(value, form, at)
        elif isinstance(form, str):
            self.object(value, self._type(value, form, at), at)
        elif isinstance(form, Many):
            self._many(value, form, at)
        elif isinstance(form, Set):
            self._set(value, form, at)
        else:
            self._plain(value, form, at)

    def _type(self, value: Any, names: str, at: Key) -> Object:
        """The type of an object that can be one of two."""
        first, *others = names.split("|")
        said = value.get("@type") if isinstance(value, dict) else None
        return OBJECTS[said if said in others else first]

    def _plain(self, value: Any, form: Form, at: Key) -> None:
        if form.is_boolean:
            if not isinstance(value, bool):
                self.add(at, "has to be true or false")
        elif isinstance(value, bool) or not isinstance(value, int) or not form.least <= value <= form.most:
            self.add(at, f"has to be a number from {form.least} to {form.most}")

    def _text(self, value: Any, form: Text, at: Key) -> None:
        if not isinstance(value, str):
            self.add(at, "has to be text")
        elif form.enum is not None:
            self._enumerated(value, form.enum, at)
        elif form.test is not None:
            says, test = _TESTS[form.test]
            if not test(value):
                self.add(at, f"has to be {says}")

    def _enumerated(self, value: str, enum: str, at: Key) -> None:
        known = ENUMS[enum]
        if value not in known and not _VENDOR.match(value):
            self.add(at, f"has to be one of {', '.join(sorted(known))}, or a vendor's value")

    def _many(self, value: Any, form: Many, at: Key) -> None:
        """A map or a list of objects."""
        if form.is_list:
            if not isinstance(value, list) or (form.filled and not value):
                self.add(at, "has to be a list with something in it" if form.filled else "has to be a list")
                return
            for number, each in enumerate(value):
                self.object(each, OBJECTS[form.type], (*at, str(number)))
        elif not isinstance(value, dict):
            self.add(at, "has to be an object")
        else:
            for key, each in value.items():
                if form.has_ids and not _ID.match(key):
                    self.add((*at, key), "is no Id: up to 255 letters, digits, hyphens, low lines")
                elif not key:
                    self.add((*at, key), "is no key")
                self.object(each, OBJECTS[form.type], (*at, key))

    def _set(self, value: Any, form: Set, at: Key) -> None:
        if not isinstance(value, dict):
            self.add(at, "has to be an object")
            return
        for key, each in value.items():
            if form.values is not None:
                self._text(each, form.values, (*at, key))
            elif each is not True:
                self.add((*at, key), "has to be true")
            if form.enum is not None:
                self._enumerated(key, form.enum, (*at, key))
            elif not key:
                self.add((*at, key), "is no key")

    def _parameters(self, value: Any, at: Key) -> None:
        if not isinstance(value, dict):
            self.add(at, "has to be an object")
            return
        for name, each in value.items():
            values = each if isinstance(each, list) else [each]
            if not _PARAMETER.match(name):
                self.add((*at, name), "is no name of a parameter")
            elif not values or not all(isinstance(one, str) for one in values):
                self.add((*at, name), "has to be text, or a list of texts")

    def properties(self, value: Any, at: Key) -> None:
        """vCardProps."""
        if not isinstance(value, list):
            self.add(at, "has to be a list")
            return
        for number, entry in enumerate(value):
            place = (*at, str(number))
            if not isinstance(entry, list) or len(entry) < 4:
                self.add(place, "has to be a list of name, parameters, type and value")
            elif not isinstance(entry[0], str) or not _PARAMETER.match(entry[0]):
                self.add((*place, "0"), "is no name of a property")
            elif not isinstance(entry[2], str) or not _PARAMETER.match(entry[2]):
                self.add((*place, "2"), "is no type of a value")
            else:
                self._parameters(entry[1], (*place, "1"))

    def localizations(self, card: Value) -> None:
        """That each of them can be applied, and makes a Card (RFC 9553 2.7.1)."""
        for tag, patches in card.get("localizations", {}).items():
            at = ("localizations", tag)
            if not is_tag(tag):
                self.add(at, "is no language tag")
            if not isinstance(patches, dict):
                self.add(at, "has to be an object")
                continue
            found = self._patches(card, patches, at)
            if found:
                self._localized(card, found, at)

    def _patches(self, card: Value, patches: Value, at: Key) -> dict[Key, Any]:
        found: dict[Key, Any] = {}
        for pointer, value in patches.items():
            parts = parts_of(pointer)
            if parts is None or parts[0] in _NOT_LOCALIZED or parts in found:
                self.add((*at, pointer), "is no pointer to what can be localized")
            elif parts[0] == "media" and (BLOB_ID in parts or without_blobs(value) != value):
                self.add((*at, pointer), "names a blob, which only the card itself can")
            elif not may_patch(card, parts, value):
                self.add((*at, pointer), "points to nothing that is there")
            else:
                found[parts] = value
        for parts in overlapping(found):
            self.add((*at, pointer_of(parts)), "is within what another patch sets")
            return {}
        return found

    def _localized(self, card: Value, patches: Mapping[Key, Any], at: Key) -> None:
        touched = {parts[0] for parts in patches}
        made = {name: copied(value) if name in touched else value for name, value in card.items()}
        for parts, value in patches.items():
            if found_at(made, parts[:-1]) is not MISSING:
                patch(made, parts, value)
        inner = _Checker()
        inner._values = self._values
        try:
            for name in touched:
                if name in made and name in OBJECTS["Card"].members:
                    inner.json(made[name], 1, name)
                    inner.member(made[name], OBJECTS["Card"].members[name], (name,))
        except _Full:
            pass
        self._values = inner._values
        for pointer, text in inner.problems:
            self.add(at, f"{pointer} {text}")


def _components(checker: _Checker, value: Value, at: Key) -> None:
    """RFC 9553 2.2.1.1, 2.5.1.1."""
    components = value.get("components")
    ordered = value.get("isOrdered", False)
    if not isinstance(components, list) or not all(isinstance(each, dict) for each in components):
        if "defaultSeparator" in value or "sortAs" in value:
            checker.add((*at, "components"), "has to be there")
        return
    kinds = [each.get("kind") for each in components]
    if all(kind == "separator" for kind in kinds):
        checker.add((*at, "components"), "has to have something in it")
    if not ordered and ("separator" in kinds or "defaultSeparator" in value):
        checker.add((*at, "isOrdered"), "has to be true where there are separators")
    if any(one == other == "separator" for one, other in pairwise(kinds)):
        checker.add((*at, "components"), "has two separators next to each other")
    if any("phonetic" in each for each in components) and not {"phoneticSystem", "phoneticScript"} & set(value):
        checker.add((*at, "phoneticSystem"), "has to be there, or phoneticScript")
    if isinstance(value.get("sortAs"), dict):
        for kind in value["sortAs"]:
            if kind not in kinds:
                checker.add((*at, "sortAs", kind), "is no kind of a component that is there")


def _date(checker: _Checker, value: Value, at: Key) -> None:
    if all(isinstance(value.get(name, 1), int) for name in ("year", "month", "day")) and not is_day(value):
        checker.add(at, "is no date: a year, a month of one, a day of a month")


def _author(checker: _Checker, value: Value, at: Key) -> None:
    if not set(value) - {"@type"}:
        checker.add(at, "has to say something")


def _card(checker: _Checker, value: Value, at: Key) -> None:
    if "members" in value and value.get("kind") != "group":
        checker.add(("kind",), "has to be group where there are members")
    if "vCardProps" in value:
        checker.properties(value["vCardProps"], ("vCardProps",))
    if not isinstance(value.get("localizations", {}), dict):
        checker.add(("localizations",), "has to be an object")


_RULES: Final[Mapping[str, Callable[[_Checker, Value, Key], None]]] = {
    "Card": _card,
    "Name": _components,
    "Address": _components,
    "PartialDate": _date,
    "Author": _author,
}


_TESTS: Final[Mapping[str, tuple[str, Callable[[str], bool]]]] = {
    "filled": ("text", bool),
    "plain": ("text on one line", is_plain),
    "uid": ("text on one line, without blanks around it", is_uid),
    "uri": ("a URI", is_uri),
    "geo": ("a geo: URI", lambda text: is_uri(text) and text[:4].lower() == "geo:"),
    "tag": ("a language tag", is_tag),
    "zone": ("the name of a time zone", is_zone),
    "moment": ("a UTCDateTime", is_moment),
    "id": ("an Id", lambda text: _ID.match(text) is not None),
    "country": ("a country's two letters", lambda text: len(text) == 2 and text.isascii() and text.isalpha()),
    "script": ("the four letters of a script", lambda text: len(text) == 4 and text.isascii() and text.isalpha()),
    "scale": ("a calendar system", lambda text: is_scale(text) or _VENDOR.match(text) is not None),
    "version": ("a version of JSContact: 1.0 or 2.0", lambda text: text in ("1.0", "2.0")),
}

_REGISTERED: Final[Collection[str]] = frozenset(
    {name for each in OBJECTS.values() for name in each.members} | {"vCardProps", "localizations"}
)
_KNOWN: Final[Collection[str]] = frozenset(
    {name.lower() for name in (*_REGISTERED, "vCardName", "vCardParams", "@type")} | {name.lower() for name in TYPES}
)
