"""The components of names and addresses, N and ADR, their order and how they are sorted (RFC 9554 2, RFC 9555 2.5.5,
2.6.1, 3.3.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from stalwart.codec.content_lines import escaped, parted, unescaped
from stalwart.codec.jscontact.vocabulary import (
    ADDRESS_KINDS,
    CLASSIC,
    EXTENDED,
    EXTENDED_PARTS,
    NAME_COPIES,
    NAME_KINDS,
    STREET,
    STREET_PARTS,
    Value,
)

Position = tuple[int, int]
_SEPARATOR: Final = "s,"
_MOST: Final = 200
"""Values of one property."""


def _values(written: str, most: int) -> list[list[str]]:
    """The values of each component."""
    components = parted(written, ";")[:most]
    return [[unescaped(each) for each in parted(part, ",")] if part else [] for part in components]


def name_values(written: str) -> dict[Position, str]:
    """The values of N by where they stand, without those that are only a copy of a newer component."""
    components = _values(written, len(NAME_KINDS))
    for newer, older in NAME_COPIES.items():
        if len(components) > newer and components[newer]:
            copies = set(components[newer])
            components[older] = ["" if each in copies else each for each in components[older]]
    return _placed(components)


def address_values(written: str) -> dict[Position, str]:
    """The same of ADR. Street and extended address do not count where their parts are told by themselves."""
    components = _values(written, len(ADDRESS_KINDS))
    if any(components[CLASSIC:]):
        for older, parts in ((EXTENDED, EXTENDED_PARTS), (STREET, STREET_PARTS)):
            if any(len(components) > part and any(components[part]) for part in parts):
                components[older] = []
    return _placed(components)


def _placed(components: list[list[str]]) -> dict[Position, str]:
    found = {
        (component, at): value
        for component, values in enumerate(components)
        for at, value in enumerate(values)
        if value
    }
    return dict(list(found.items())[:_MOST]) if len(found) > _MOST else found


def components_of(
    values: Mapping[Position, str], kinds: Sequence[str], order: str | None
) -> tuple[Value, list[Position]]:
    """What a name or an address has of components, and where each stood, ``(-1, 0)`` for separators."""
    arranged = _arranged(values, order) if order is not None else None
    if arranged is None:
        places = sorted(values, key=lambda at: (_rank(at[0], kinds), at))
        found: Value = {"components": [{"kind": kinds[at[0]], "value": values[at]} for at in places]} if places else {}
        return found, places
    separator, entries = arranged
    components: list[Value] = []
    places = []
    for entry in entries:
        if isinstance(entry, str):
            components.append({"kind": "separator", "value": entry})
            places.append((-1, 0))
        else:
            components.append({"kind": kinds[entry[0]], "value": values[entry]})
            places.append(entry)
    found = {"components": components, "isOrdered": True}
    if separator is not None:
        found["defaultSeparator"] = separator
    return found, places


def _arranged(values: Mapping[Position, str], order: str) -> tuple[str | None, list[Position | str]] | None:
    """JSCOMPS: the usual separator, and positions and separators in their order; None if it is not valid."""
    first, *rest = parted(order, ";")
    if first and not first.startswith(_SEPARATOR):
        return None
    entries: list[Position | str] = []
    for each in rest:
        if each.startswith(_SEPARATOR):
            if not entries or isinstance(entries[-1], str):
                return None
            entries.append(unescaped(each[len(_SEPARATOR) :]))
            continue
        numbers = each.split(",")
        if len(numbers) > 2 or not all(one.isascii() and one.isdigit() and len(one) < 5 for one in numbers):
            return None
        place = (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0)
        if place not in values:
            return None
        entries.append(place)
    positions = [each for each in entries if not isinstance(each, str)]
    if len(positions) != len(values) or len(set(positions)) != len(positions) or not positions:
        return None
    if isinstance(entries[-1], str):
        return None
    return unescaped(first[len(_SEPARATOR) :]) if first else None, entries


def sorting_of(said: Sequence[str], components: Sequence[Value]) -> dict[str, str] | None:
    """SORT-AS of a name by kind; None where it names what the name has not."""
    known = {each["kind"] for each in components}
    parts = [unescaped(each) for each in parted(",".join(said), ",")]
    if len(parts) > len(NAME_KINDS):
        return None
    found = {kind: part for kind, part in zip(NAME_KINDS, parts, strict=False) if part}
    return found if found and set(found) <= known else None


def sorting_text(sorting: Mapping[str, str]) -> str:
    """``sortAs`` of a name as SORT-AS."""
    parts = [escaped(sorting.get(kind, "")) for kind in NAME_KINDS]
    while parts and not parts[-1]:
        parts.pop()
    return ",".join(parts)


class Placed:
    """Components of a name or an address where vCard has them, as they will be written."""

    def __init__(self, components: Sequence[Value], kinds: Sequence[str]) -> None:
        self._kinds = kinds
        self._is_name = kinds is NAME_KINDS
        self.values: list[list[str]] = [[] for _ in kinds]
        self.places: list[Position | None] = []
        """Of each component; None for separators and what has no place."""
        where = {kind: at for at, kind in enumerate(kinds)}  # the newer of two wins
        for each in components:
            at = where.get(each["kind"])
            if at is None or not each["value"]:
                self.places.append(None)
                continue
            self.places.append((at, len(self.values[at])))
            self.values[at].append(each["value"])
        self._complete(components)

    def _complete(self, components: Sequence[Value]) -> None:
        """RFC 9554 2.1, 2.2: what is new stands also where programs look for it that do not know it."""
        if not self._is_name:
            self.values[STREET] = self._joined(components, STREET_PARTS, " ")
            self.values[EXTENDED] = self._joined(components, EXTENDED_PARTS, ", ")
            return
        self.values[0] = self.values[0] + self.values[5]
        generations = self.values[6]
        if generations:
            self.values[4] = generations + self.values[4]
            self.places = [
                (4, place[1] + len(generations)) if place is not None and place[0] == 4 else place
                for place in self.places
            ]

    def _joined(self, components: Sequence[Value], parts: Sequence[int], usual: str) -> list[str]:
        """Components as one text, with the separators that stand between them."""
        kinds = {self._kinds[part] for part in parts}
        text, separator = "", usual
        for each in components:
            if each["kind"] == "separator":
                separator = each["value"]
                continue
            if each["kind"] in kinds and each["value"]:
                text += (separator if text else "") + each["value"]
            separator = usual
        return [text] if text else []

    def text(self) -> str:
        """The value of the property."""
        return _text(self.values)

    def phonetic(self, said: Sequence[Any]) -> str:
        """The value of the property that says how these are pronounced."""
        values: list[list[str]] = [[] for _ in self._kinds]
        for place, phonetic in zip(self.places, said, strict=False):
            if place is not None and phonetic is not None:
                row = values[place[0]]
                row.extend([""] * (place[1] + 1 - len(row)))
                row[place[1]] = phonetic
        return _text(values)

    def order(self, components: Sequence[Value], separator: str | None) -> str:
        """JSCOMPS."""
        return ";".join(("" if separator is None else f"{_SEPARATOR}{escaped(separator)}", *self._entries(components)))

    def _entries(self, components: Sequence[Value]) -> Iterator[str]:
        for each, place in zip(components, self.places, strict=True):
            if place is not None:
                yield f"{place[0]},{place[1]}" if place[1] else str(place[0])
            elif each["kind"] == "separator":
                yield f"{_SEPARATOR}{escaped(each['value'])}"


def _text(values: Sequence[Sequence[str]]) -> str:
    return ";".join(",".join(escaped(each) for each in row) for row in values)


def in_order(components: Sequence[Value], kinds: Sequence[str]) -> list[Value]:
    """Components that follow no particular order, in that of vCard (RFC 9555 2.5.5, 2.6.1)."""
    where = {kind: at for at, kind in enumerate(kinds)}
    return sorted(components, key=lambda each: _rank(where.get(each["kind"], len(kinds)), kinds))


def _rank(component: int, kinds: Sequence[str]) -> tuple[int, int]:
    """Parts of the street are where the street is."""
    if kinds is ADDRESS_KINDS:
        if component in STREET_PARTS:
            return STREET, component
        if component in EXTENDED_PARTS:
            return EXTENDED, component
    return component, 0
