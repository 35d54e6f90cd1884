"""The types of RFC 9553 as data: which members an object has, and what these are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from stalwart.codec.jscontact.vocabulary import (
    ADDRESS_KINDS,
    CARD_KINDS,
    GENDERS,
    LEVELS,
    NAME_KINDS,
    PHONETIC_SYSTEMS,
    RELATIONS,
)


@frozen
class Text:
    """Text: of an enumeration, or as a test of that name says."""

    test: str | None = None
    enum: str | None = None


@frozen
class Form:
    """A whole number within bounds, or true or false."""

    least: int = 0
    most: int = 2**53 - 1
    is_boolean: bool = False


@frozen
class Many:
    """A map of objects, or a list of them."""

    type: str
    is_list: bool = False
    has_ids: bool = True
    filled: bool = False


@frozen
class Set:
    """An object whose keys count; its values are true, unless ``values`` says what they are."""

    enum: str | None = None
    values: Text | None = None


@frozen
class Member:
    """A member of an object; a name of a type stands for an object of it."""

    form: Text | Form | Many | Set | str
    mandatory: bool = False


@frozen
class Object:
    """A type."""

    name: str
    members: Mapping[str, Member]
    one_of: tuple[str, ...] = ()


ENUMS: Final[Mapping[str, frozenset[str]]] = {
    "contexts": frozenset(("private", "work")),
    "addressContexts": frozenset(("private", "work", "billing", "delivery")),
    "features": frozenset(("mobile", "voice", "text", "video", "main-number", "textphone", "fax", "pager")),
    "cardKind": CARD_KINDS,
    "relation": RELATIONS,
    "nameKind": frozenset((*NAME_KINDS, "separator")),
    "addressKind": frozenset((*ADDRESS_KINDS, "separator")),
    "gender": GENDERS,
    "titleKind": frozenset(("title", "role")),
    "calendarKind": frozenset(("calendar", "freeBusy")),
    "directoryKind": frozenset(("directory", "entry")),
    "linkKind": frozenset(("contact",)),
    "mediaKind": frozenset(("photo", "sound", "logo")),
    "anniversaryKind": frozenset(("birth", "death", "wedding")),
    "personalKind": frozenset(("expertise", "hobby", "interest")),
    "level": LEVELS,
    "phoneticSystem": PHONETIC_SYSTEMS,
}

_TEXT: Final = Member(Text())
_NEEDED: Final = Member(Text(), mandatory=True)
_URI: Final = Member(Text("uri"))
_MOMENT: Final = Member(Text("moment"))
_PREF: Final = Member(Form(1, 100))
_POSITION: Final = Member(Form(1))
_CONTEXTS: Final = Member(Set("contexts"))
_BOOLEAN: Final = Member(Form(is_boolean=True))
_SPOKEN: Final = {
    "phoneticScript": Member(Text("script")),
    "phoneticSystem": Member(Text(enum="phoneticSystem")),
}


def _enum(name: str, mandatory: bool = False) -> Member:
    return Member(Text(enum=name), mandatory)


def _entries(type: str) -> Member:
    return Member(Many(type))


def _list(type: str, filled: bool = False) -> Member:
    return Member(Many(type, is_list=True, filled=filled))


def _resource(name: str, kind: str | None = None, mandatory: bool = True, **others: Member) -> Object:
    """RFC 9553 1.4.4."""
    return Object(
        name,
        {
            "kind": _TEXT if kind is None else _enum(kind, mandatory),
            "uri": Member(Text("uri"), mandatory=True),
            "mediaType": Member(Text("plain")),
            "contexts": _CONTEXTS,
            "pref": _PREF,
            "label": _TEXT,
            **others,
        },
    )


_CARD: Final = Object(
    "Card",
    {
        "version": Member(Text("version")),
        "created": _MOMENT,
        "kind": _enum("cardKind"),
        "language": Member(Text("tag")),
        "members": Member(Set()),
        "prodId": Member(Text("filled")),
        "relatedTo": Member(Many("Relation", has_ids=False)),
        "uid": Member(Text("uid"), mandatory=True),
        "updated": _MOMENT,
        "name": Member("Name"),
        "nicknames": _entries("Nickname"),
        "organizations": _entries("Organization"),
        "speakToAs": Member("SpeakToAs"),
        "titles": _entries("Title"),
        "emails": _entries("EmailAddress"),
        "onlineServices": _entries("OnlineService"),
        "phones": _entries("Phone"),
        "preferredLanguages": _entries("LanguagePref"),
        "calendars": _entries("Calendar"),
        "schedulingAddresses": _entries("SchedulingAddress"),
        "addresses": _entries("Address"),
        "cryptoKeys": _entries("CryptoKey"),
        "directories": _entries("Directory"),
        "links": _entries("Link"),
        "media": _entries("Media"),
        "anniversaries": _entries("Anniversary"),
        "keywords": Member(Set()),
        "notes": _entries("Note"),
        "personalInfo": _entries("PersonalInfo"),
    },
)

_OBJECTS: Final = (
    _CARD,
    Object("Relation", {"relation": Member(Set("relation"))}),
    Object(
        "Name",
        {
            "components": _list("NameComponent"),
            "isOrdered": _BOOLEAN,
            "defaultSeparator": _TEXT,
            "full": _TEXT,
            "sortAs": Member(Set("nameKind", Text())),
            **_SPOKEN,
        },
        one_of=("components", "full"),
    ),
    Object("NameComponent", {"value": _NEEDED, "kind": _enum("nameKind", True), "phonetic": _TEXT}),
    Object("Nickname", {"name": _NEEDED, "contexts": _CONTEXTS, "pref": _PREF}),
    Object(
        "Organization",
        {"name": _TEXT, "units": _list("OrgUnit", filled=True), "sortAs": _TEXT, "contexts": _CONTEXTS},
        one_of=("name", "units"),
    ),
    Object("OrgUnit", {"name": _NEEDED, "sortAs": _TEXT}),
    Object(
        "SpeakToAs",
        {"grammaticalGender": _enum("gender"), "pronouns": _entries("Pronouns")},
        one_of=("grammaticalGender", "pronouns"),
    ),
    Object("Pronouns", {"pronouns": _NEEDED, "contexts": _CONTEXTS, "pref": _PREF}),
    Object("Title", {"name": _NEEDED, "kind": _enum("titleKind"), "organizationId": Member(Text("id"))}),
    Object(
        "EmailAddress",
        {"address": Member(Text("plain"), True), "contexts": _CONTEXTS, "pref": _PREF, "label": _TEXT},
    ),
    Object(
        "OnlineService",
        {"service": _TEXT, "uri": _URI, "user": _TEXT, "contexts": _CONTEXTS, "pref": _PREF, "label": _TEXT},
        one_of=("uri", "user"),
    ),
    Object(
        "Phone",
        {
            "number": _NEEDED,
            "features": Member(Set("features")),
            "contexts": _CONTEXTS,
            "pref": _PREF,
            "label": _TEXT,
        },
    ),
    Object("LanguagePref", {"language": Member(Text("tag"), True), "contexts": _CONTEXTS, "pref": _PREF}),
    _resource("Calendar", "calendarKind"),
    Object(
        "SchedulingAddress",
        {"uri": Member(Text("uri"), True), "contexts": _CONTEXTS, "pref": _PREF, "label": _TEXT},
    ),
    Object(
        "Address",
        {
            "components": _list("AddressComponent"),
            "isOrdered": _BOOLEAN,
            "countryCode": Member(Text("country")),
            "coordinates": Member(Text("geo")),
            "timeZone": Member(Text("zone")),
            "contexts": Member(Set("addressContexts")),
            "full": _TEXT,
            "defaultSeparator": _TEXT,
            "pref": _PREF,
            **_SPOKEN,
        },
        one_of=("components", "coordinates", "countryCode", "full", "timeZone"),
    ),
    Object("AddressComponent", {"value": _NEEDED, "kind": _enum("addressKind", True), "phonetic": _TEXT}),
    _resource("CryptoKey"),
    _resource("Directory", "directoryKind", listAs=_POSITION),
    _resource("Link", "linkKind", mandatory=False),
    _resource("Media", "mediaKind"),
    Object(
        "Anniversary",
        {
            "kind": _enum("anniversaryKind", True),
            "date": Member("PartialDate|Timestamp", True),
            "place": Member("Address"),
        },
    ),
    Object(
        "PartialDate",
        {
            "year": Member(Form(0, 9999)),
            "month": Member(Form(1, 12)),
            "day": Member(Form(1, 31)),
            "calendarScale": Member(Text("scale")),
        },
    ),
    Object("Timestamp", {"utc": Member(Text("moment"), True)}),
    Object("Note", {"note": _NEEDED, "created": _MOMENT, "author": Member("Author")}),
    Object("Author", {"name": _TEXT, "uri": _URI}),
    Object(
        "PersonalInfo",
        {
            "kind": _enum("personalKind", True),
            "value": _NEEDED,
            "level": _enum("level"),
            "listAs": _POSITION,
            "label": _TEXT,
        },
    ),
)
OBJECTS: Final[Mapping[str, Object]] = {each.name: each for each in _OBJECTS}
"""Types by their names."""
TYPES: Final = tuple(OBJECTS)
