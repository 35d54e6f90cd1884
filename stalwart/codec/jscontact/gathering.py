"""Lines of a vCard that belong together, as one entry of a Card: those of other languages (RFC 9555 2.3.11), labels
(2.11.11), places and time zones of addresses (2.8.3), titles in organizations (2.9.6); and the ids of entries (2.1.2).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final
from zlib import crc32

from attrs import define, field

from stalwart.codec.content_lines import unescaped
from stalwart.codec.jscontact.components import Position, address_values, components_of
from stalwart.codec.jscontact.jcard import GROUP, Parameters, with_rest
from stalwart.codec.jscontact.naming import Line, chosen, forget_language, pronounced
from stalwart.codec.jscontact.pointers import MISSING, same
from stalwart.codec.jscontact.values import is_zone, offset_zone, uri_of
from stalwart.codec.jscontact.vocabulary import ADDRESS_KINDS, ENTRIES, FORGOTTEN, Entry, Key, Value
from stalwart.codec.vcard.lines import CardProperty
from stalwart.codec.vcard.version_pairs import LABEL, label_text

PROP_ID: Final = "PROP-ID"
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}\Z", re.ASCII)


class Ids:
    """Ids for entries of one map: those that lines ask for, each once, before those that are made."""

    def __init__(self, asked: Iterable[str]) -> None:
        self._asked = {each for each in asked if _ID.match(each)}
        self._taken: set[str] = set()
        self._numbers: Counter[str] = Counter()

    def take(self, asked: str, made: str) -> str:
        """The id that was asked for, if it is one and free; else one that is made."""
        if asked in self._asked and asked not in self._taken:
            self._taken.add(asked)
            return asked
        found = made
        while found in self._taken or found in self._asked:
            self._numbers[made] += 1
            found = f"{made}-{self._numbers[made] + 1}"
        self._taken.add(found)
        return found


@define
class Found:
    """An entry that a line makes, before its neighbours are known."""

    index: int
    item: CardProperty
    entry: Entry
    value: Value
    given: Parameters
    language: str | None = None
    group: str | None = None
    """To be kept with the entry."""
    others: dict[str, Found] = field(factory=dict)
    """In other languages."""
    spoken: list[Found] = field(factory=list)
    lines: list[int] = field(factory=list)

    @classmethod
    def of(cls, index: int, item: CardProperty, entry: Entry, value: Value, given: Parameters) -> Found:
        found = cls(index, item, entry, value, given, lines=[index])
        if "LANGUAGE" in given:
            found.language = Line.of(index, item).language
        return found

    @property
    def seed(self) -> str:
        """What an id is made of: the value, so that it stays the same when other lines change."""
        text = str(self.value.get("name", "")) if self.entry.property == "NICKNAME" else self.item.value
        return f"{self.entry.property}-{crc32(text.encode()):08x}"


@define
class Gathered:
    """Entries with their places and their patches for other languages; and lines that are none."""

    entries: list[tuple[Found, Key, dict[str, Value]]] = field(factory=list)
    extras: list[int] = field(factory=list)
    labels: set[int] = field(factory=set)
    """Lines that were taken for labels."""


def gathered(
    found: list[Found],
    geography: list[Line],
    groups: dict[str, list[int]],
    items: list[CardProperty],
    language: str | None,
) -> Gathered:
    """All entries."""
    result = Gathered()
    kept = _without_others(found, language)
    _geography(kept, geography, groups, result)
    titles = _grouped(kept, groups, items, result) if groups else {}
    asked: dict[Key, list[str]] = {}
    for each in kept:
        if PROP_ID in each.given:
            asked.setdefault(each.entry.member, []).append(each.given[PROP_ID][0])
    ids: dict[Key, Ids] = {}
    names: dict[int, str] = {}
    for each in kept:
        member = each.entry.member
        if member not in ids:
            ids[member] = Ids(asked.get(member, ()))
        name = ids[member].take(each.given.get(PROP_ID, ("",))[0], each.seed)
        names[each.index] = name
        result.entries.append((each, (*member, name), _patches(each, language, result)))
    for each, _, _ in result.entries:
        _finish(each, language)
        if each.index in titles:
            each.value["organizationId"] = names[titles[each.index]]
    return result


_TOLD_ONCE: Final = frozenset(("TITLE", "ROLE", "ORG"))


def _without_others(found: list[Found], language: str | None) -> list[Found]:
    """Entries, with those that tell the same in other languages put to the first (RFC 6350 5.4)."""
    together: dict[tuple[str, str], list[Found]] = {}
    loose: dict[str, list[Found]] = {}
    for each in found:
        if "ALTID" in each.given:
            together.setdefault((each.item.name, each.given["ALTID"][0]), []).append(each)
        elif each.item.name in _TOLD_ONCE:
            loose.setdefault(each.item.name, []).append(each)
    together.update(((name, ""), same) for name, same in loose.items() if _is_one_thing(same, language))
    gone: set[int] = set()
    for members in together.values():
        if len({each.index for each in members}) != len(members) or len(members) == 1:
            continue
        plain = [each for each in members if not _is_spoken(each)]
        if not plain:
            continue
        lines = [Line(each.index, each.item, each.given, each.language) for each in plain]
        base = plain[lines.index(chosen(lines, language))]
        own = (base.language or language or "").lower()
        for each in members:
            tag = each.language
            if each is base:
                continue
            if _is_spoken(each):
                base.spoken.append(each)
            elif tag is not None and tag.lower() != own and tag not in base.others:
                base.others[tag] = each
            else:
                continue
            gone.add(id(each))
            base.lines.append(each.index)
        if base.others or base.spoken:
            base.given.pop("ALTID", None)
    return [each for each in found if id(each) not in gone] if gone else found


def _is_one_thing(same: list[Found], language: str | None) -> bool:
    """Whether lines without ALTID are one entry in several languages: one is in that of the card or in none, the others
    each in another one (RFC 9555 2.3.11, figures 3 and 4).
    """
    own = (language or "").lower()
    tags = [(each.language or own).lower() for each in same]
    return len(same) > 1 and tags.count(own) == 1 and len(set(tags)) == len(tags)


def _is_spoken(each: Found) -> bool:
    return each.entry.property == "ADR" and "PHONETIC" in each.given


def _geography(kept: list[Found], lines: list[Line], groups: dict[str, list[int]], result: Gathered) -> None:
    """GEO and TZ belong to the address of their group; without a group, to the one that has none either."""
    if not lines:
        return
    addresses: dict[str | None, list[Found]] = {}
    for each in kept:
        if each.entry.property == "ADR":
            addresses.setdefault(each.item.group and each.item.group.lower(), []).append(each)
    made: dict[str | None, Found] = {}
    for line in lines:
        told = _told(line)
        group = line.item.group and line.item.group.lower()
        if told is None:
            if line.item.value.strip():
                result.extras.append(line.index)
            continue
        there = addresses.get(group, [])
        target = there[0] if len(there) == 1 else made.get(group)
        if target is None:
            target = made[group] = Found.of(line.index, line.item, ENTRIES["ADR"], {}, line.given)
            kept.append(target)
        if told[0] in target.value:
            result.extras.append(line.index)
            continue
        target.value[told[0]] = told[1]
        if line.index not in target.lines:
            target.lines.append(line.index)


def _told(line: Line) -> tuple[str, str] | None:
    """RFC 9555 2.8.1, 2.8.2."""
    if line.item.name == "GEO":
        uri = uri_of(line.item.value)
        return None if uri is None or uri[:4].lower() != "geo:" else ("coordinates", uri)
    text = unescaped(line.item.value).strip()
    zone = text if is_zone(text) else offset_zone(text)
    return None if zone is None else ("timeZone", zone)


def _grouped(
    kept: list[Found], groups: dict[str, list[int]], items: list[CardProperty], result: Gathered
) -> dict[int, int]:
    """Labels, and the organizations of titles, by their lines. A group that says nothing else is not kept."""
    by_line: dict[int, list[Found]] = {}
    for each in kept:
        for line in each.lines:
            by_line.setdefault(line, []).append(each)
    titles: dict[int, int] = {}
    for lines in groups.values():
        here = {each.index: each for line in lines for each in by_line.get(line, ())}
        rest = set(lines) - {line for each in here.values() for line in each.lines}
        said = [line for line in lines if items[line].name == LABEL]
        labelled = [each for each in here.values() if each.entry.label]
        if len(said) == 1 and len(labelled) == 1 and len(by_line[labelled[0].index]) == 1:
            (each,) = labelled
            text = label_text(items[said[0]].text)
            if text:
                each.value["label"] = text
            each.lines.append(said[0])
            result.labels.add(said[0])
            rest.discard(said[0])
        organizations = [each for each in here.values() if each.entry.property == "ORG"]
        places = [each for each in here.values() if each.entry.member == ("titles",)]
        alone = len(here) == 1 and len(lines) > 1
        if len(organizations) == 1 and places:
            titles.update(dict.fromkeys((each.index for each in places), organizations[0].index))
            alone = len(here) == 1 + len(places)
        if rest or not alone:
            for each in here.values():
                each.group = each.item.group
    return titles


def _patches(each: Found, language: str | None, result: Gathered) -> dict[str, Value]:
    """What is different in other languages."""
    if not each.others and not each.spoken:
        return {}
    patches: dict[str, Value] = {}
    whole: dict[str, Value] = {}
    for other_tag, other in each.others.items():
        for name in ("ALTID", "LANGUAGE"):
            other.given.pop(name, None)
        whole[other_tag] = other.value
    own = each.language or language
    places: dict[int, list[Position]] = {}
    failed: set[int] = set()
    for line in each.spoken:
        tag = line.language
        is_own = tag is None or (own is not None and tag.lower() == own.lower())
        source = each if is_own or tag not in each.others else each.others[tag]
        if source.index not in places:
            order = source.item.parameters.get("JSCOMPS")
            values = address_values(source.item.value)
            places[source.index] = components_of(values, ADDRESS_KINDS, order[0] if order else None)[1]
        told: Value = {}
        done = pronounced(
            Line(line.index, line.item, line.given, tag),
            address_values(line.item.value),
            each.value if is_own else source.value,
            places[source.index],
            whole[tag] if tag in whole and not is_own else told,
            "",
            tag in whole,
            is_own,
        )
        if not done:
            failed.add(line.index)
        elif not is_own and tag not in whole and tag is not None:
            patches.setdefault(tag, {}).update({name.lstrip("/"): value for name, value in told.items()})
    if failed:
        each.lines = [line for line in each.lines if line not in failed]
        result.extras += sorted(failed)
    for other_tag, whole_value in whole.items():
        value = {name.lstrip("/"): said for name, said in whole_value.items()}
        changed: Value = {name: said for name, said in value.items() if not same(said, each.value.get(name, MISSING))}
        changed.update({name: None for name in FORGOTTEN if name in each.value and name not in value})
        if changed:
            patches[other_tag] = changed
    return patches


def _finish(each: Found, language: str | None) -> None:
    given = {name: values for name, values in each.given.items() if name != PROP_ID}
    forget_language(given, each.language, language)
    if each.group is not None and GROUP.match(each.group):
        given["group"] = (each.group,)
    with_rest(each.value, given)
