"""A vCard as a JSContact Card (RFC 9555 2), and which lines each part of the Card was read from.

Cards of older versions are brought to vCard 4.0 first. What JSContact has no words for is kept as vCardProps and
vCardParams. Lines without a value mean nothing, and stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from attrs import define, field

from stalwart.codec.content_lines import text_list, unescaped
from stalwart.codec.jscontact import gathering
from stalwart.codec.jscontact.entries import objects_of
from stalwart.codec.jscontact.gathering import Found
from stalwart.codec.jscontact.jcard import entry_of, with_rest
from stalwart.codec.jscontact.naming import Line, name_of
from stalwart.codec.jscontact.occasions import anniversaries_of
from stalwart.codec.jscontact.unknown import apply_patches, patch_of
from stalwart.codec.jscontact.values import is_tag, is_uid, moment_of, uri_of
from stalwart.codec.jscontact.vocabulary import CARD_KINDS, ENTRIES, GENDERS, RELATIONS, Key, Value
from stalwart.codec.vcard import from_version_21
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.conversion import converted
from stalwart.codec.vcard.lines import CardProperty
from stalwart.codec.vcard.version_3_to_4 import upgraded
from stalwart.codec.vcard.version_pairs import LABEL, RENAMED

VERSION: Final = "1.0"
"""Of JSContact."""
_OCCASIONS: Final = frozenset(("BDAY", "BIRTHPLACE", "DEATHDATE", "DEATHPLACE", "ANNIVERSARY"))


@define
class Unit:
    """Parts of a Card, and the lines that say them."""

    keys: list[Key]
    lines: list[int]


@define
class Reading:
    """A Card, and where it came from."""

    properties: list[CardProperty]
    """Of the vCard, in version 4.0."""
    card: Value
    units: list[Unit]
    extras: list[tuple[int, list[Any]]]
    """Lines that are vCardProps."""
    patches: list[tuple[int, Key, Any]]
    """Lines that are parts of a Card as they are (JSPROP)."""


def card_of(vcard: Card | str | bytes) -> Value:
    """The JSContact Card that a vCard is.

    :raises MalformedCard: text that is no vCard, or not exactly one.
    """
    if isinstance(vcard, str):
        vcard = vcard.encode("utf-8", "replace")
    return reading_of(read_card(vcard) if isinstance(vcard, bytes) else vcard).card


def reading_of(vcard: Card) -> Reading:
    """The Card that a vCard is, and what each of its lines is in it."""
    return _Reader(vcard).read()


@define
class _Reader:
    vcard: Card
    card: Value = field(factory=dict)
    patches: dict[str, Value] = field(factory=dict)
    """Localizations."""
    found: list[Found] = field(factory=list)
    units: dict[int, Unit] = field(factory=dict)
    """By the first of their lines."""
    lone: dict[Key, Unit] = field(factory=dict)
    """By what they say."""
    extras: list[int] = field(factory=list)
    groups: dict[str, list[int]] = field(factory=dict)
    geography: list[Line] = field(factory=list)
    occasions: list[Line] = field(factory=list)
    full: list[Line] = field(factory=list)
    structured: list[Line] = field(factory=list)
    unknown: list[int] = field(factory=list)
    labels: list[int] = field(factory=list)

    def read(self) -> Reading:
        properties = converted(self.vcard, "4.0").properties
        self.card = {"@type": "Card", "version": VERSION}
        items = [_mended(item) if "ENCODING" in item.raw.upper() else item for item in properties]
        self._language(items)
        for index, item in enumerate(items):
            if item.group:
                self.groups.setdefault(item.group.lower(), []).append(index)
            name = RENAMED.get(item.name, item.name)
            entry = ENTRIES.get(name)
            if entry is not None:
                self._entry(index, item, name)
            else:
                _TAKEN.get(name, _Reader._extra)(self, index, item)
        if "members" in self.card and self.card.get("kind") != "group":
            self._no_members()
        self._name()
        self._entries(items)
        self._occasions()
        if self.patches:
            self.card["localizations"] = self.patches
        if "uid" not in self.card:
            self.card["uid"] = _uid(properties)
        applied = self._unknown(items)
        extras = [(index, entry_of(items[index])) for index in sorted(self.extras)]
        if extras:
            self.card["vCardProps"] = [entry for _, entry in extras]
        return Reading(properties, self.card, [*self.units.values(), *self.lone.values()], extras, applied)

    def _extra(self, index: int, item: CardProperty) -> None:
        self.extras.append(index)

    def _nothing(self, index: int, item: CardProperty) -> None:
        """VERSION: all that is read is 4.0."""

    def _owns(self, key: Key, *lines: int) -> None:
        unit = self.lone.get(key)
        if unit is None:
            self.lone[key] = Unit([key], list(lines))
        else:
            unit.lines += lines

    def _entry(self, index: int, item: CardProperty, name: str) -> None:
        given = dict(item.parameters)
        objects = objects_of(item, ENTRIES[name], given)
        if objects is None:
            self.extras.append(index)
            return
        given.pop("VALUE", None)
        for value in objects:
            self.found.append(Found.of(index, item, ENTRIES[name], value, given))

    def _language(self, items: list[CardProperty]) -> None:
        """RFC 9555 2.7.4, else 2.3.11: what the name is in is what all is in."""
        said = None
        for item in items:
            if item.name == "LANGUAGE" and is_tag(item.value.strip()):
                self.card["language"] = item.value.strip()
                return
            if said is None and item.name in ("N", "FN") and "LANGUAGE" in item.parameters:
                said = item
        if said is None or any(
            item.name == said.name and "LANGUAGE" not in item.parameters and item.value.strip(" ;") for item in items
        ):
            return
        tag = said.parameters["LANGUAGE"][0].strip()
        if is_tag(tag):
            primary, hyphen, rest = tag.partition("-")
            self.card["language"] = primary.lower() + hyphen + rest

    def _uid(self, index: int, item: CardProperty) -> None:
        uid = unescaped(item.value).strip()
        self._scalar(index, "uid", uid if is_uid(uid) else None)

    def _scalar(self, index: int, member: str, value: str | None) -> None:
        if value is None or self.card.get(member, value) != value:
            self.extras.append(index)
            return
        self.card[member] = value
        self._owns((member,), index)

    def _tag(self, index: int, item: CardProperty) -> None:
        tag = item.value.strip()
        self._scalar(index, "language", tag if is_tag(tag) else None)

    def _kind(self, index: int, item: CardProperty) -> None:
        kind = unescaped(item.value).strip().lower()
        self._scalar(index, "kind", kind if kind in CARD_KINDS else None)

    def _shown_as(self, index: int, item: CardProperty) -> None:
        """X-ABShowAs, as Apple tells companies from people."""
        is_company = item.value.strip().upper() == "COMPANY"
        self._scalar(index, "kind", "org" if is_company and "kind" not in self.card else None)

    def _product(self, index: int, item: CardProperty) -> None:
        self._scalar(index, "prodId", unescaped(item.value) or None)

    def _created(self, index: int, item: CardProperty) -> None:
        self._scalar(index, "created", moment_of(item.value, without_zone=True))

    def _updated(self, index: int, item: CardProperty) -> None:
        self._scalar(index, "updated", moment_of(item.value, without_zone=True))

    def _gender(self, index: int, item: CardProperty) -> None:
        """GRAMGENDER, which may be told in several languages (RFC 9554 3.2)."""
        gender = unescaped(item.value).strip().lower()
        line = Line.of(index, item)
        key = ("speakToAs", "grammaticalGender")
        spoken = self.card.setdefault("speakToAs", {})
        tag = line.language
        own = self.card.get("language", "")
        if gender in GENDERS and key[1] not in spoken and (tag is None or tag.lower() == own.lower()):
            spoken[key[1]] = gender
        elif gender in GENDERS and key[1] in spoken and tag and "/".join(key) not in self.patches.get(tag, ()):
            self.patches.setdefault(tag, {})["/".join(key)] = gender
        else:
            self.extras.append(index)
            if not spoken:
                del self.card["speakToAs"]
            return
        self._owns(key, index)

    def _keywords(self, index: int, item: CardProperty) -> None:
        words = [word for word in text_list(item.value) if word.strip()]
        if words:
            self.card.setdefault("keywords", {}).update(dict.fromkeys(words, True))
            self._owns(("keywords",), index)

    def _member(self, index: int, item: CardProperty) -> None:
        uid = (uri_of(item.value) or unescaped(item.value)).strip()
        if uid:
            self.card.setdefault("members", {})[uid] = True
            self._owns(("members", uid), index)

    def _no_members(self) -> None:
        """Only groups have members (RFC 9553 2.1.6)."""
        for uid in self.card.pop("members"):
            self.extras += self.lone.pop(("members", uid)).lines

    def _related(self, index: int, item: CardProperty) -> None:
        """RFC 9555 2.9.5."""
        given = dict(item.parameters)
        is_text = given.pop("VALUE", ("",))[0].strip().lower() == "text"
        who = unescaped(item.value) if is_text else uri_of(item.value) or unescaped(item.value)
        if not who.strip():
            return
        relations: dict[str, bool] = {}
        rest = []
        for each in (part.strip() for said in given.pop("TYPE", ()) for part in said.split(",")):
            if each.lower() in RELATIONS:
                relations[each.lower()] = True
            elif each:
                rest.append(each)
        if rest:
            given["TYPE"] = tuple(rest)
        related = self.card.setdefault("relatedTo", {})
        if who in related:
            related[who]["relation"].update(relations)
        else:
            related[who] = {"relation": relations}
            with_rest(related[who], given)
        self._owns(("relatedTo", who), index)

    def _full_name(self, index: int, item: CardProperty) -> None:
        self.full.append(Line.of(index, item))

    def _structured_name(self, index: int, item: CardProperty) -> None:
        self.structured.append(Line.of(index, item))

    def _place(self, index: int, item: CardProperty) -> None:
        self.geography.append(Line.of(index, item))

    def _occasion(self, index: int, item: CardProperty) -> None:
        self.occasions.append(Line.of(index, item))

    def _patch(self, index: int, item: CardProperty) -> None:
        self.unknown.append(index)

    def _label(self, index: int, item: CardProperty) -> None:
        self.labels.append(index)

    def _name(self) -> None:
        reading = name_of(self.full, self.structured, self.card.get("language"))
        if reading.name is not None:
            self.card["name"] = reading.name
        for tag, patches in reading.patches.items():
            self.patches.setdefault(tag, {}).update(patches)
        if reading.used:
            self._owns(("name",), *sorted(reading.used))
        self.extras += reading.extras

    def _entries(self, items: list[CardProperty]) -> None:
        gathered = gathering.gathered(self.found, self.geography, self.groups, items, self.card.get("language"))
        for found, key, patches in gathered.entries:
            place = self.card
            for part in key[:-1]:
                place = place.setdefault(part, {})
            place[key[-1]] = found.value
            for tag, values in patches.items():
                self.patches.setdefault(tag, {}).update({f"{'/'.join(key)}/{name}": v for name, v in values.items()})
            unit = self.units.setdefault(found.index, Unit([], []))
            unit.keys.append(key)
            unit.lines = sorted({*unit.lines, *found.lines})
        self.extras += gathered.extras
        self.extras += [line for line in self.labels if line not in gathered.labels]

    def _occasions(self) -> None:
        read = anniversaries_of(self.occasions, self.card.get("language"))
        if read.anniversaries:
            self.card["anniversaries"] = read.anniversaries
        for name, lines in read.lines.items():
            self._owns(("anniversaries", name), *lines)
        for tag, patches in read.patches.items():
            self.patches.setdefault(tag, {}).update(patches)
        self.extras += read.extras

    def _unknown(self, items: list[CardProperty]) -> list[tuple[int, Key, Any]]:
        """JSPROP (RFC 9555 3.2.1), when all else has been read."""
        read = [(index, patch_of(items[index])) for index in self.unknown]
        patches = [(index, *each) for index, each in read if each is not None]
        self.extras += [index for index, each in read if each is None]
        if not patches:
            return []
        self.card, applied = apply_patches(self.card, patches)
        done = {index for index, _, _ in applied}
        self.extras += [index for index, _, _ in patches if index not in done]
        return applied


def _mended(item: CardProperty) -> CardProperty:
    """Encodings that vCard 4.0 has not, which some programs write all the same."""
    if item.encoding == "QUOTED-PRINTABLE":
        item = from_version_21.translated(Card([item])).properties[0]
    return upgraded(Card([item])).properties[0] if item.encoding == "BASE64" else item


def _uid(properties: list[CardProperty]) -> str:
    """The same for the same card (RFC 9555 2.1.1)."""
    made = sha256("\n".join([each.line for each in properties]).encode()).hexdigest()
    return f"urn:uuid:{made[:8]}-{made[8:12]}-8{made[13:16]}-8{made[17:20]}-{made[20:32]}"


_TAKEN: Final[Mapping[str, Callable[[_Reader, int, CardProperty], None]]] = {
    "VERSION": _Reader._nothing,
    "UID": _Reader._uid,
    "KIND": _Reader._kind,
    "X-ABSHOWAS": _Reader._shown_as,
    "PRODID": _Reader._product,
    "CREATED": _Reader._created,
    "REV": _Reader._updated,
    "LANGUAGE": _Reader._tag,
    "GRAMGENDER": _Reader._gender,
    "CATEGORIES": _Reader._keywords,
    "MEMBER": _Reader._member,
    "RELATED": _Reader._related,
    "FN": _Reader._full_name,
    "N": _Reader._structured_name,
    "GEO": _Reader._place,
    "TZ": _Reader._place,
    "JSPROP": _Reader._patch,
    LABEL: _Reader._label,
    **dict.fromkeys(_OCCASIONS, _Reader._occasion),
}
