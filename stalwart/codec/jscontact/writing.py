"""A Card as vCard 4.0 (RFC 9555 3): from nothing, or as a change of the vCard that it was.

Of a vCard that was there, the lines stay as they are whose part of the Card is the same. What is written is read again;
what is not as it was asked for then, because vCard has no words for it, is added as it is (JSPROP).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

from attrs import define, field

from stalwart.codec.jscontact.checking import InvalidContact, check
from stalwart.codec.jscontact.drafting import SINGLE, Context, lines_of
from stalwart.codec.jscontact.jcard import group_of, property_from
from stalwart.codec.jscontact.plain import plain
from stalwart.codec.jscontact.pointers import MISSING, difference, found_at, parts_of, same
from stalwart.codec.jscontact.reading import Reading, Unit, reading_of
from stalwart.codec.jscontact.unknown import property_of
from stalwart.codec.jscontact.vocabulary import MAPS, Key, Value
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.conversion import converted
from stalwart.codec.vcard.lines import MAX_OCTETS, CardProperty, MalformedCard
from stalwart.errors import TooLarge

_FORBIDDEN: Final = frozenset(("begin", "end", "version", "jsprop"))
_MAPS: Final = (*MAPS, ("anniversaries",), ("members",), ("relatedTo",))
_VERSION: Final = CardProperty("VERSION", "VERSION:4.0")


def vcard_of(card: Any, previous: Card | None = None) -> str:
    """The vCard 4.0 that a Card is, with CRLF; ``previous`` is what it was before.

    :raises InvalidContact: it is no Card, has no ``uid``, or has what no vCard can hold.
    :raises TooLarge: the vCard would have more than ``MAX_OCTETS``.
    """
    problems = check(card)
    if problems:
        raise InvalidContact(problems)
    wanted = plain(card)
    old = Reading([_VERSION], {}, [], [], []) if previous is None else reading_of(previous)
    if previous is not None and same(plain(old.card) if old.patches else old.card, wanted):
        return converted(previous, "4.0").text()
    for lines in _attempts(wanted, old):
        text = _completed(lines, wanted)
        if text is not None:
            return text
    raise InvalidContact([("", "cannot be written as a vCard")])


def _attempts(wanted: Value, old: Reading) -> Iterator[list[CardProperty]]:
    """The lines of the card; then with less and less of what may have been misunderstood."""
    yield _Draft(wanted, old).lines()
    less = {name: value for name, value in wanted.items() if name not in ("vCardProps", "localizations")}
    fresh = Reading([_VERSION], {}, [], [], [])
    yield _Draft(less, fresh).lines()
    yield _Draft({"uid": wanted["uid"]}, fresh).lines()


def _completed(lines: list[CardProperty], wanted: Value) -> str | None:
    """The text that says what is wanted, if that can be reached with additions."""
    text = Card(lines).text()
    found = _read(text)
    added = [property_of(parts, value) for parts, value in difference(found, wanted)]
    if not added:
        return text
    text = Card([*lines, *added]).text()
    return text if same(_read(text), wanted) else None


def _read(text: str) -> Value:
    octets = text.encode()
    if len(octets) > MAX_OCTETS:
        raise TooLarge(f"A card can have {MAX_OCTETS} octets at most.")
    try:
        found = reading_of(read_card(octets))
    except MalformedCard as problem:
        raise TooLarge(problem.detail) from problem
    return plain(found.card) if found.patches else found.card


def _parts(card: Value) -> Iterator[Key]:
    """The parts that a card has."""
    for name in SINGLE:
        if name in card:
            yield (name,)
    if "grammaticalGender" in card.get("speakToAs", ()):
        yield ("speakToAs", "grammaticalGender")
    for member in _MAPS:
        there = found_at(card, member)
        if there is not MISSING:
            for name in there:
                yield (*member, name)


def _localized(card: Value, keys: set[Key]) -> dict[Key, dict[str, Value]]:
    """Patches for other languages, by the part that they are for."""
    found: dict[Key, dict[str, Value]] = {}
    for tag, patches in card.get("localizations", {}).items():
        for pointer, value in patches.items():
            parts = parts_of(pointer) or ()
            key = next((parts[:size] for size in (1, 2, 3) if parts[:size] in keys), None)
            if key is not None:
                found.setdefault(key, {}).setdefault(tag, {})["/".join(parts[len(key) :])] = value
    return found


@define
class _Side:
    """A card, as it was or as it will be."""

    card: Value
    keys: list[Key]
    local: dict[Key, dict[str, Value]]
    linked: dict[str, list[str]]
    """Titles of each organization."""
    firsts: dict[str, str] = field(factory=dict)
    """The anniversary of each kind that has a line."""

    @classmethod
    def of(cls, card: Value) -> _Side:
        keys = list(_parts(card))
        linked: dict[str, list[str]] = {}
        organizations = card.get("organizations", {})
        for name, title in card.get("titles", {}).items():
            place = title.get("organizationId")
            if place in organizations:
                linked.setdefault(place, []).append(name)
        return cls(card, keys, _localized(card, set(keys)), linked)


@define
class _Draft:
    wanted: Value
    old: Reading
    before: _Side = field(init=False)
    after: _Side = field(init=False)
    slots: list[list[CardProperty]] = field(init=False)
    """What stands in the place of each line that was there."""
    added: list[CardProperty] = field(factory=list)
    _names: dict[str, str] = field(factory=dict)
    """Groups, by what is in them."""
    _altids: dict[Key, str] = field(factory=dict)
    _taken: set[str] = field(factory=set)
    _alternatives: set[str] = field(factory=set)
    _units: dict[Key, Unit] = field(factory=dict)
    _groups: Iterator[int] = field(factory=lambda: count(1))
    _numbers: Iterator[int] = field(factory=lambda: count(1))

    def lines(self) -> list[CardProperty]:
        """All lines."""
        properties = self.old.properties
        self.slots = [[item] for item in properties]
        self.before, self.after = _Side.of(self.old.card), _Side.of(self.wanted)
        self._note_names()
        had, wanted = set(self.before.keys), set(self.after.keys)
        done: set[Key] = set()
        for unit in self.old.units:
            done.update(unit.keys)
            if all(key in wanted and self._is_same(key) for key in unit.keys):
                self._keep(unit)
            elif not had.intersection(unit.keys) and not wanted.intersection(unit.keys):
                continue  # a name that says nothing
            else:
                self._replace(unit, [key for key in unit.keys if key in wanted])
        for key in self.after.keys:
            if key not in done and not (key == ("language",) and self._is_same(key) and self._is_same(("name",))):
                self.added += self._drafted(key, self.after)  # else the name tells the language, as it did
        self._others()
        self._patches()
        lines = [item for slot in self.slots for item in slot] + self.added
        if sum(item.name == "UID" for item in lines) > 1:
            lines = [item for item in lines if item.name != "UID" or item.value.strip()]
        if not any(item.name == "FN" for item in lines):
            lines.append(CardProperty("FN", "FN:"))
        return lines

    def _note_names(self) -> None:
        """Groups and ALTIDs that there are, so that new ones are others."""
        for item in self.old.properties:
            if item.group:
                self._taken.add(item.group.lower())
            if "ALTID" in item.raw.upper():
                self._alternatives.add(item.parameter("ALTID") or "")
        for unit in self.old.units:
            for key in unit.keys:
                self._units[key] = unit
        for member in _MAPS:
            there = found_at(self.wanted, member)
            for value in () if there is MISSING else there.values():
                given = value.get("vCardParams") if isinstance(value, dict) else None
                if given:
                    self._taken.add((group_of(given) or "").lower())
                    self._alternatives.update(each for each in (given.get("altid"),) if isinstance(each, str))
        for entry in self.wanted.get("vCardProps", ()):
            self._taken.add((group_of(entry[1]) or "").lower())

    def _is_same(self, key: Key) -> bool:
        return same(found_at(self.old.card, key), found_at(self.wanted, key)) and same(
            self.before.local.get(key, {}), self.after.local.get(key, {})
        )

    def _keep(self, unit: Unit) -> None:
        """A group tells the organization of a title, which may have changed."""
        key = unit.keys[0]
        if key[0] not in ("organizations", "titles"):
            return
        line = unit.lines[0]
        item = self.old.properties[line]
        group = self._group(key, self.after)
        if (group or "").lower() != (item.group or "").lower():
            rest = item.raw.partition(".")[2] if item.group else item.raw
            self.slots[line] = [CardProperty(item.name, f"{group}.{rest}" if group else rest, group)]

    def _replace(self, unit: Unit, keys: Sequence[Key]) -> None:
        """Lines of parts that have changed; those that say the same as before stay."""
        new = [item for key in keys for item in self._drafted(key, self.after)]
        was = [item for key in unit.keys for item in self._drafted(key, self.before)]
        places: dict[str, list[int]] = {}
        for line in unit.lines:
            self.slots[line] = []
            places.setdefault(self.old.properties[line].name, []).append(line)
        drafted: dict[str, list[str]] = {}
        for item in was:
            drafted.setdefault(item.name, []).append(item.line)
        at: dict[str, list[int]] = {}
        for name, said in drafted.items():
            if len(said) == len(places.get(name, ())):
                for text, line in zip(reversed(said), reversed(places[name]), strict=True):
                    at.setdefault(text, []).append(line)
        rest = []
        for item in new:
            if at.get(item.line):
                line = at[item.line].pop()
                self.slots[line] = [self.old.properties[line]]
            else:
                rest.append(item)
        for name, lines in places.items():
            places[name] = [line for line in reversed(lines) if not self.slots[line]]
        for item in rest:
            free = places.get(item.name)
            line = free.pop() if free else unit.lines[-1] if unit.lines else -1
            if line < 0:
                self.added.append(item)
            else:
                self.slots[line].append(item)

    def _drafted(self, key: Key, side: _Side) -> list[CardProperty]:
        value = found_at(side.card, key)
        if value is MISSING or (key[0] == "anniversaries" and not self._is_first(key, value, side)):
            return []
        local = side.local.get(key, {})
        return lines_of(key, value, Context(self._group(key, side), self._altid(key, value, local), local))

    def _is_first(self, key: Key, value: Value, side: _Side) -> bool:
        """Nobody is born twice (RFC 6350 6.2.5): there is one line for each kind."""
        if not side.firsts:
            there = side.card["anniversaries"].items()
            for is_new in (False, True):
                for name, each in there:
                    if (("anniversaries", name) not in self._units) is is_new:
                        side.firsts.setdefault(each["kind"], name)
        return side.firsts[value["kind"]] == key[1]

    def _group(self, key: Key, side: _Side) -> str | None:
        """The group that the lines of an entry are in: the one that was asked for, else one if there is a need."""
        value = found_at(side.card, key)
        if not isinstance(value, dict) or len(key) < 2:
            return None
        if key[0] == "titles" and value.get("organizationId") in side.linked:
            return self._group(("organizations", value["organizationId"]), side)
        asked = group_of(value.get("vCardParams"))
        if asked is not None:
            return asked
        if not value.get("label") and not (key[0] == "organizations" and key[1] in side.linked):
            return None
        name = "/".join(key)
        if name not in self._names:
            unit = self._units.get(key)
            had = self.old.properties[unit.lines[0]].group if unit is not None and unit.lines else None
            self._names[name] = had or self._new_group()
        return self._names[name]

    def _new_group(self) -> str:
        return next(name for number in self._groups if (name := f"item{number}") not in self._taken)

    def _altid(self, key: Key, value: Any, local: dict[str, Value]) -> str | None:
        if not local and (key[0] not in ("name", "addresses") or not {"phoneticSystem", "phoneticScript"} & set(value)):
            return None
        if key not in self._altids:
            unit = self._units.get(key)
            had = (self.old.properties[line].parameter("ALTID") for line in (unit.lines if unit is not None else ()))
            self._altids[key] = next((each for each in had if each), None) or self._new_altid()
        return self._altids[key]

    def _new_altid(self) -> str:
        return next(name for number in self._numbers if (name := str(number)) not in self._alternatives)

    def _others(self) -> None:
        """vCardProps."""
        wanted = self.wanted.get("vCardProps", [])
        had = self.old.extras
        if len(wanted) == len(had):
            for (line, entry), new in zip(had, wanted, strict=True):
                if not same(entry, new):
                    self.slots[line] = list(_others_from([new]))
            return
        kept: set[int] = set()
        at = 0
        rest: list[Any] = []
        for new in wanted:
            while at < len(had) and not rest and not same(had[at][1], new):
                at += 1
            if at < len(had) and not rest:
                kept.add(had[at][0])
                at += 1
            else:
                rest.append(new)
        if rest and any(same(entry, new) for _, entry in had[-1:] for new in rest):
            kept, rest = set(), wanted  # they stand in another order now
        for line, _ in had:
            if line not in kept:
                self.slots[line] = []
        self.added += _others_from(rest)

    def _patches(self) -> None:
        """JSPROP that is as true as it was."""
        for line, parts, value in self.old.patches:
            there = found_at(self.wanted, parts)
            if not same(None if there is MISSING else there, value):
                self.slots[line] = []


def _others_from(entries: Sequence[Any]) -> Iterator[CardProperty]:
    for entry in entries:
        made = None if entry[0] in _FORBIDDEN else property_from(entry)
        if made is not None:
            yield made
