"""One component while it is read or written: its properties by name, what is made of them, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.jscalendar.values import ID, Json, derived_id
from stalwart.codec.jscalendar.zone_names import ZoneNames

_NONE: Final[Sequence[Property]] = ()


class Reading:
    """A component that is read."""

    __slots__ = ("component", "is_task", "items", "made", "parts", "unread", "unread_parts", "zones")

    def __init__(self, component: Component, zones: ZoneNames) -> None:
        self.component = component
        self.zones = zones
        self.is_task = component.name == "VTODO"
        self.made: Json = {}
        """The object."""
        self.items: dict[str, list[Property]] = {}
        """The properties that nobody has taken yet, by name."""
        for item in component.properties:
            same = self.items.get(item.name)
            if same is None:
                self.items[item.name] = [item]
            else:
                same.append(item)
        self.parts: dict[str, list[Component]] = {}
        """The components in it that nobody has taken yet, by name."""
        for part in component.components:
            self.parts.setdefault(part.name, []).append(part)
        self.unread: list[Property] = []
        """Properties that were taken, and not understood."""
        self.unread_parts: list[Component] = []

    def take(self, name: str) -> Sequence[Property]:
        """All properties of a name."""
        return self.items.pop(name, _NONE)

    def one(self, name: str) -> Property | None:
        """The first property of a name; the others mean nothing here."""
        items = self.items.pop(name, None)
        if items is None:
            return None
        if len(items) > 1:
            self.unread += items[1:]
        return items[0]

    def leftovers(self) -> list[Property]:
        """The properties of which nothing was made, as they stand in the component."""
        if not self.items and not self.unread:
            return []
        left = {id(item) for items in self.items.values() for item in items} | {id(item) for item in self.unread}
        return [item for item in self.component.properties if id(item) in left]

    def left_parts(self) -> list[Component]:
        """The components of which nothing was made."""
        left = {id(part) for parts in self.parts.values() for part in parts} | {id(part) for part in self.unread_parts}
        return [part for part in self.component.components if id(part) in left]


class Writing(NamedTuple):
    """A component that is changed from what one object says to what another says."""

    component: Component
    old: Json
    new: Json
    zones: ZoneNames

    @property
    def is_task(self) -> bool:
        """Whether it is a task."""
        return self.component.name == "VTODO"


class Aspect(NamedTuple):
    """Members of the object that are read and written together."""

    keys: tuple[str, ...]
    read: Callable[[Reading], None]
    write: Callable[[Writing], None]


class Ids:
    """Ids that are given one after the other, each once."""

    __slots__ = ("_counts", "_used")

    def __init__(self, used: Iterable[str] = ()) -> None:
        self._used = set(used)
        self._counts: dict[str, int] = {}

    def unused(self, key: str) -> str:
        """The Id itself; with a number behind it, if it is used."""
        made = key
        while made in self._used:
            count = self._counts[key] = self._counts.get(key, 1) + 1
            made = f"{key[:240]}-{count}"
        self._used.add(made)
        return made


def identified(items: Sequence[Property], derived: Callable[[Property], str]) -> list[tuple[str, Property]]:
    """Properties with the Ids that they go by: JSID, else one that is derived of what they say."""
    ids = Ids()
    found = []
    for item in items:
        given = item.parameter("JSID")
        key = given if given is not None and ID.match(given) is not None else derived(item)
        found.append((ids.unused(key), item))
    return found


def exchange_all(component: Component, exchanged: Mapping[int, Property | None]) -> None:
    """Put others in the place of properties, which are told by ``id``, or nothing."""
    if exchanged:
        items = (exchanged.get(id(item), item) for item in component.properties)
        component.properties = [item for item in items if item is not None]


def write_items(
    component: Component,
    present: Sequence[tuple[str, Property]],
    old: Json,
    new: Json,
    made: Callable[[str, Json, Property | None], Property | None],
    derived: Callable[[Property], str],
) -> None:
    """Change the properties that stand for the entries of a map: those whose entry is another one, and no other.

    ``made`` writes an entry, over the property that stood for it; None where no property can.
    """
    taken: set[str] = set()
    exchanged: dict[int, Property | None] = {}
    for key, item in present:
        entry = new.get(key)
        if not isinstance(entry, dict):
            exchanged[id(item)] = None
        elif entry != old.get(key):
            written = made(key, entry, item)
            exchanged[id(item)] = None if written is None else named(written, key, derived)
        taken.add(key)
    exchange_all(component, exchanged)
    for key, entry in new.items():
        if key not in taken and isinstance(entry, dict):
            written = made(key, entry, None)
            if written is not None:
                component.append(named(written, key, derived))


def named(item: Property, key: str, derived: Callable[[Property], str]) -> Property:
    """A property that goes by an Id."""
    bare = item.without_parameters("JSID")
    return bare if derived(bare) == key else item.with_parameter("JSID", key)


def id_of_text(item: Property) -> str:
    """An Id derived of a value."""
    return derived_id(item.value.strip())


def with_value(component: Component, name: str, value: str | None, without: Sequence[str] = ()) -> None:
    """Give the first property of a name another value, without parameters that told of the old one; None removes it."""
    present = component.first(name)
    if value is None:
        component.remove(name)
    elif present is None:
        component.append(Property.made(name, value))
    else:
        component.exchange(present, present.without_parameters(*without).with_value(value))
