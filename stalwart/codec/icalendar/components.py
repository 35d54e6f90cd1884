"""Components of iCalendar (RFC 5545 3.6): a tree of properties, written as it was read where untouched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from stalwart.codec.icalendar.lines import (
    KNOWN_NAMES,
    MAX_OCTETS,
    MalformedCalendar,
    Property,
    content_lines,
    property_name,
)

MAX_DEPTH: Final = 8
"""Components within components; RFC 5545, RFC 7953 and RFC 9073 need four."""

_LAST: Final = 1 << 30


class Component:
    """``BEGIN:NAME`` to ``END:NAME``. Its lists may be edited; its properties do not change, they are replaced."""

    __slots__ = ("_begin", "_end", "_position", "components", "name", "properties")

    def __init__(self, name: str, properties: Iterable[Property] = (), components: Iterable[Component] = ()) -> None:
        self.name = name
        """In upper case."""
        self.properties: list[Property] = list(properties)
        self.components: list[Component] = list(components)
        self._begin = self._end = ""
        self._position = _LAST

    def __repr__(self) -> str:
        return f"<Component {self.name}: {len(self.properties)} properties, {len(self.components)} components>"

    def first(self, name: str) -> Property | None:
        """The first property of a name (in upper case)."""
        for each in self.properties:
            if each.name == name:
                return each
        return None

    def all(self, name: str) -> list[Property]:
        """All properties of a name."""
        return [each for each in self.properties if each.name == name]

    def value(self, name: str) -> str | None:
        """The value of the first property of a name, as it is written."""
        for each in self.properties:
            if each.name == name:
                return each.value
        return None

    def has(self, name: str) -> bool:
        """Whether there is a property of the name."""
        return any(each.name == name for each in self.properties)

    def within(self, name: str) -> list[Component]:
        """The components of a name directly in it."""
        return [each for each in self.components if each.name == name]

    def walk(self) -> Iterator[Component]:
        """It and everything in it, as it is written."""
        yield self
        for each in self.components:
            yield from each.walk()

    def copy(self) -> Component:
        """A copy that can be edited: lists and components are new, properties shared."""
        copy = Component(self.name, self.properties, [each.copy() for each in self.components])
        copy._begin, copy._end, copy._position = self._begin, self._end, self._position
        return copy

    def put(self, *properties: Property) -> None:
        """Put properties of one name in the place of all that have it; at the end if there is none."""
        if not properties:
            return
        name = properties[0].name
        at = next((index for index, each in enumerate(self.properties) if each.name == name), len(self.properties))
        kept = [each for each in self.properties if each.name != name]
        self.properties = [*kept[:at], *properties, *kept[at:]]

    def append(self, item: Property) -> None:
        """Put a property behind the others, before the components that stand behind all of them."""
        count = len(self.properties)
        for each in self.components:
            if each._position == count:
                each._position += 1
        self.properties.append(item)

    def set(self, name: str, value: str) -> None:
        """Put one property with a value as it is written, without parameters."""
        self.put(Property.made(name, value))

    def remove(self, *names: str) -> bool:
        """Remove all properties of these names; whether there were any."""
        kept = [each for each in self.properties if each.name not in names]
        removed = len(kept) != len(self.properties)
        self.properties = kept
        return removed

    def exchange(self, old: Property, new: Property | None) -> None:
        """Put another property in the place of one that is in here (this very one), or nothing."""
        for index, each in enumerate(self.properties):
            if each is old:
                self.properties[index : index + 1] = [new] if new is not None else []
                return

    def lines(self) -> list[str]:
        """Its content lines, folded with LF."""
        lines: list[str] = []
        self._write(lines)
        return lines

    def _write(self, lines: list[str]) -> None:
        lines.append(self._begin or f"BEGIN:{self.name}")
        properties = self.properties
        written = 0
        for each in self.components:
            if written < each._position and written < len(properties):
                lines += [item.raw for item in properties[written : each._position]]
                written = min(each._position, len(properties))
            each._write(lines)
        lines += [item.raw for item in properties[written:]]
        lines.append(self._end or f"END:{self.name}")

    def text(self) -> str:
        """As it is written: what was read and not touched as it came, with CRLF."""
        return "\n".join([*self.lines(), ""]).replace("\n", "\r\n")

    def octets(self) -> bytes:
        """``text`` in UTF-8."""
        return self.text().encode("utf-8", "replace")


def read_calendar(octets: bytes, *, max_octets: int = MAX_OCTETS) -> Component:
    """The one VCALENDAR of a calendar object. Raises MalformedCalendar."""
    calendars = read_calendars(octets, max_octets=max_octets)
    if len(calendars) != 1:
        raise MalformedCalendar("There has to be exactly one VCALENDAR.")
    return calendars[0]


def read_calendars(octets: bytes, *, max_octets: int = MAX_OCTETS, is_lenient: bool = False) -> list[Component]:
    """All VCALENDARs of a stream (RFC 5545 3.4). A lenient reader leaves out lines that are none.

    Raises MalformedCalendar.
    """
    calendars = read_components(content_lines(octets, max_octets=max_octets), is_lenient=is_lenient)
    for each in calendars:
        if each.name != "VCALENDAR":
            raise MalformedCalendar(f"The outermost component has to be VCALENDAR, not {each.name[:40]}.")
    return calendars


def read_components(lines: Sequence[str], *, is_lenient: bool = False) -> list[Component]:
    """The components that content lines make. Raises MalformedCalendar."""
    found: list[Component] = []
    open_: list[Component] = []
    current: Component | None = None
    names = KNOWN_NAMES
    for line in lines:
        head, colon, _ = line.partition(":")
        name = (colon and names.get(head)) or property_name(line)
        if name is None:
            if is_lenient:
                continue
            raise MalformedCalendar(f"This is no content line: {line[:60]!r}.")
        if name == "BEGIN":
            component = _begun(line, current)
            if len(open_) >= MAX_DEPTH:
                raise MalformedCalendar(f"Components can be {MAX_DEPTH} levels deep at most.")
            (found if current is None else current.components).append(component)
            open_.append(component)
            current = component
        elif current is None:
            if not is_lenient:
                raise MalformedCalendar(f"This line is outside of any component: {line[:60]!r}.")
        elif name == "END":
            _ended(line, open_.pop())
            current = open_[-1] if open_ else None
        else:
            current.properties.append(Property(name, line))
    if current is not None:
        raise MalformedCalendar(f"END:{current.name[:40]} is missing.")
    return found


def end_property(component: Component) -> str:
    """The name of the property that says when a component ends: a task has a date that it is due at (RFC 5545 3.6)."""
    return "DUE" if component.name == "VTODO" else "DTEND"


def _begun(line: str, parent: Component | None) -> Component:
    name = Property("BEGIN", line).value.strip().upper()
    if not name or len(name) > 255:
        raise MalformedCalendar("A component has no name.")
    component = Component(name)
    if line != f"BEGIN:{name}":
        component._begin = line
    if parent is not None:
        component._position = len(parent.properties)
    return component


def _ended(line: str, component: Component) -> None:
    name = Property("END", line).value.strip().upper()
    if name != component.name:
        raise MalformedCalendar(f"END:{name[:40]} does not end BEGIN:{component.name[:40]}.")
    if line != f"END:{name}":
        component._end = line
