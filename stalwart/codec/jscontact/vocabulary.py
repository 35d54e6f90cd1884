"""Which words of vCard are which of JSContact (RFC 9555 2, RFC 9554): properties that become entries of a map, types,
components of names and addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

Value = dict[str, Any]
"""A JSON object."""
Key = tuple[str, ...]
"""Where something is in a Card."""

OF_SERVER: Final = frozenset(("id", "addressBookIds"))
"""What a server says of cards, and no vCard does (RFC 9610 3)."""
NO_MEMBERS: Final = frozenset(("myRights", "shareWith", "vCard"))
"""What no Card has: the first two are of things on servers, the third would be taken for the card itself."""
BLOB_ID: Final = "blobId"

NAME_KINDS: Final = ("surname", "given", "given2", "title", "credential", "surname2", "generation")
"""RFC 9555 2.5.5: the components of N, in their order."""
NAME_COPIES: Final[Mapping[int, int]] = {5: 0, 6: 4}
"""RFC 9554 2.2: what is also written where it was before there was a component for it."""

ADDRESS_KINDS: Final = (
    "postOfficeBox",
    "apartment",
    "name",
    "locality",
    "region",
    "postcode",
    "country",
    "room",
    "apartment",
    "floor",
    "number",
    "name",
    "building",
    "block",
    "subdistrict",
    "district",
    "landmark",
    "direction",
)
"""RFC 9554 2.1: the components of ADR, in their order; the first seven are those of RFC 6350 6.3.1."""
EXTENDED: Final = 1
STREET: Final = 2
CLASSIC: Final = 7
EXTENDED_PARTS: Final = (7, 8, 9, 12)
"""What is put together in the extended address, for programs that know seven components."""
STREET_PARTS: Final = (10, 11, 13, 14, 15, 16, 17)
"""What is put together in the street address."""

_CONTEXTS: Final[Mapping[str, str]] = {"home": "private", "work": "work"}
ADDRESS_CONTEXTS: Final[Mapping[str, str]] = {**_CONTEXTS, "billing": "billing", "delivery": "delivery"}
_FEATURES: Final[Mapping[str, str]] = {
    "cell": "mobile",
    "mobile": "mobile",
    "fax": "fax",
    "main-number": "main-number",
    "pager": "pager",
    "text": "text",
    "textphone": "textphone",
    "video": "video",
    "voice": "voice",
}
FEATURE_TYPES: Final[Mapping[str, str]] = {feature: type for type, feature in _FEATURES.items() if type != "mobile"}
"""RFC 9555 2.7.6: a phone that is ``mobile`` is a ``cell``."""
CONTEXT_TYPES: Final[Mapping[str, str]] = {context: type for type, context in ADDRESS_CONTEXTS.items()}
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

RELATIONS: Final = frozenset(
    [
        "acquaintance",
        "agent",
        "child",
        "co-resident",
        "co-worker",
        "colleague",
        "contact",
        "crush",
        "date",
        "emergency",
        "friend",
        "kin",
        "me",
        "met",
        "muse",
        "neighbor",
        "parent",
        "sibling",
        "spouse",
        "sweetheart",
    ]
)
CARD_KINDS: Final = frozenset(("individual", "group", "org", "location", "device", "application"))
GENDERS: Final = frozenset(("animate", "common", "feminine", "inanimate", "masculine", "neuter"))
PHONETIC_SYSTEMS: Final = frozenset(("ipa", "jyut", "piny"))
LEVELS: Final = frozenset(("high", "medium", "low"))
EXPERTISE_LEVELS: Final[Mapping[str, str]] = {"beginner": "low", "average": "medium", "expert": "high"}
"""RFC 9555 2.3.13."""
SKILLS: Final[Mapping[str, str]] = {level: said for said, level in EXPERTISE_LEVELS.items()}


@frozen
class Entry:
    """A property of vCard that becomes an entry of a map: which one, and which of its parameters mean something."""

    property: str
    member: Key
    value: str
    """The member of the entry that the value becomes."""
    kind: str | None = None
    is_uri: bool = False
    contexts: Mapping[str, str] = _CONTEXTS
    features: Mapping[str, str] = _NOTHING
    pref: bool = True
    media: bool = False
    label: bool = False
    order: bool = False
    """Whether INDEX says where it is listed."""


def _resource(name: str, member: str, kind: str | None = None, order: bool = False) -> Entry:
    return Entry(name, (member,), "uri", kind=kind, is_uri=True, media=True, label=True, order=order)


def _personal(name: str, kind: str) -> Entry:
    return Entry(name, ("personalInfo",), "value", kind=kind, contexts=_NOTHING, pref=False, label=True, order=True)


_ENTRIES: Final = (
    Entry("EMAIL", ("emails",), "address", label=True),
    Entry("TEL", ("phones",), "number", features=_FEATURES, label=True),
    Entry("ADR", ("addresses",), "", contexts=ADDRESS_CONTEXTS),
    Entry("IMPP", ("onlineServices",), "", is_uri=True, label=True),
    Entry("SOCIALPROFILE", ("onlineServices",), "", is_uri=True, label=True),
    Entry("X-SOCIALPROFILE", ("onlineServices",), "", is_uri=True, label=True),
    Entry("NICKNAME", ("nicknames",), "name"),
    Entry("ORG", ("organizations",), "", pref=False),
    Entry("TITLE", ("titles",), "name", kind="title", contexts=_NOTHING, pref=False),
    Entry("ROLE", ("titles",), "name", kind="role", contexts=_NOTHING, pref=False),
    Entry("NOTE", ("notes",), "note", contexts=_NOTHING, pref=False),
    Entry("PRONOUNS", ("speakToAs", "pronouns"), "pronouns"),
    Entry("LANG", ("preferredLanguages",), "language"),
    _resource("URL", "links"),
    _resource("CONTACT-URI", "links", "contact"),
    _resource("PHOTO", "media", "photo"),
    _resource("LOGO", "media", "logo"),
    _resource("SOUND", "media", "sound"),
    _resource("KEY", "cryptoKeys"),
    _resource("SOURCE", "directories", "entry", order=True),
    _resource("ORG-DIRECTORY", "directories", "directory", order=True),
    _resource("CALURI", "calendars", "calendar"),
    _resource("FBURL", "calendars", "freeBusy"),
    Entry("CALADRURI", ("schedulingAddresses",), "uri", is_uri=True, label=True),
    _personal("EXPERTISE", "expertise"),
    _personal("HOBBY", "hobby"),
    _personal("INTEREST", "interest"),
)
ENTRIES: Final[Mapping[str, Entry]] = {each.property: each for each in _ENTRIES}
"""By the name of the property."""


def _by_member() -> dict[Key, dict[str | None, Entry]]:
    found: dict[Key, dict[str | None, Entry]] = {}
    for each in _ENTRIES:
        found.setdefault(each.member, {}).setdefault(each.kind, each)
    return found


WRITTEN: Final[Mapping[Key, Mapping[str | None, Entry]]] = _by_member()
"""By the map, and the kind of the entry, the property that it becomes."""
MAPS: Final = tuple(dict.fromkeys(each.member for each in _ENTRIES))

ANNIVERSARIES: Final[Mapping[str, tuple[str, str | None]]] = {
    "birth": ("BDAY", "BIRTHPLACE"),
    "death": ("DEATHDATE", "DEATHPLACE"),
    "wedding": ("ANNIVERSARY", None),
}
"""RFC 9555 2.5.1: by kind, the properties for day and place."""

FORGOTTEN: Final = ("isOrdered", "defaultSeparator", "sortAs", "units")
"""What another language has not if its line does not tell it; all else is as in the first one."""
