"""An independent reader of iCalendar and vCard: what a text says, as values to compare, however it is written.

It knows nothing of the server's own parser. A component is its name, its properties in an order of their own, and its
components; a property is group and name, parameters, value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import frozen

_LINE = re.compile(
    r'(?:(?P<group>[\w-]+)\.)?(?P<name>[\w-]+)(?P<rest>(?:;[\w-]+(?:=(?:"[^"]*"|[^";:,])*(?:,(?:"[^"]*"|[^";:,])*)*)?)*):(?P<value>.*)',
    re.S,
)
_PARAMETER = re.compile(r';([\w-]+)(?:=((?:"[^"]*"|[^";:])*))?')
STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED", "PRODID", "REV", "SEQUENCE"})
"""What says when something was written, and by which program: each writer has his own."""
Property = tuple[str, str, tuple[tuple[str, str], ...], str]


@frozen
class Component:
    """``properties`` and ``components`` are sorted."""

    name: str
    properties: tuple[Property, ...]
    components: tuple[Component, ...] = ()

    def all(self, name: str) -> list[Component]:
        """The components in it with a name."""
        return [each for each in self.components if each.name == name]

    def values(self, name: str) -> list[str]:
        """The values of a property."""
        return [value for _, found, _, value in self.properties if found == name]

    def without(self, *names: str) -> Component:
        """The same, without properties or components of these names at any depth."""
        return Component(
            self.name,
            tuple(each for each in self.properties if each[1] not in names),
            tuple(sorted((each.without(*names) for each in self.components if each.name not in names), key=repr)),
        )


def read(octets: bytes, ignored: Iterable[str] = STAMPS, parameters: Iterable[str] = ()) -> Component:
    """The component that a text is; raises AssertionError if it is none. Properties named ``ignored`` and these
    ``parameters`` are left out.
    """
    left, dropped = frozenset(ignored), frozenset(parameters)
    stack: list[tuple[str, list[Property], list[Component]]] = [("", [], [])]
    text = octets.decode()
    assert text.endswith("\r\n"), text[-40:]
    for line in re.sub("\r\n[ \t]", "", text).removesuffix("\r\n").split("\r\n"):
        found = _LINE.fullmatch(line)
        assert found is not None, line
        name = found["name"].upper()
        if name == "BEGIN":
            stack.append((found["value"].upper(), [], []))
        elif name == "END":
            began, properties, components = stack.pop()
            assert began == found["value"].upper(), line
            stack[-1][2].append(Component(began, tuple(sorted(properties)), tuple(sorted(components, key=repr))))
        elif name not in left:
            stack[-1][1].append(
                ((found["group"] or "").lower(), name, _parameters(found["rest"], dropped), found["value"])
            )
    ((_, loose, (component,)),) = stack
    assert not loose, loose
    return component


def said(octets: bytes, ignored: Iterable[str] = STAMPS) -> Component:
    """What an object of iCalendar says whoever has written it: an end instead of a duration, the parts of a rule in
    one order, of time zones of the IANA their names, without ids of JSCalendar.
    """
    return _canonical(read(octets, ignored, {"JSID"}))


def _canonical(component: Component) -> Component:
    properties = {each[1]: each for each in component.properties}
    if component.name == "VTIMEZONE" and "/" in component.values("TZID")[0]:
        return Component(component.name, tuple(each for each in component.properties if each[1] == "TZID"))
    found = []
    for group, name, parameters, value in component.properties:
        if name == "RRULE":
            value = ";".join(sorted(value.split(";")))
        elif name == "DURATION" and "DTSTART" in properties:
            _, _, parameters, start = properties["DTSTART"]
            name, value = "DTEND", _later(start, value)
        elif name == "CATEGORIES":
            value = ",".join(sorted(value.split(",")))
        found.append((group, name, parameters, value))
    return Component(
        component.name,
        tuple(sorted(found)),
        tuple(sorted((_canonical(each) for each in component.components), key=repr)),
    )


def _later(start: str, duration: str) -> str:
    hours, minutes = (int(found[1]) if (found := re.search(rf"(\d+){unit}", duration)) else 0 for unit in "HM")
    form = "%Y%m%dT%H%M%S"
    end = datetime.strptime(start.removesuffix("Z"), form) + timedelta(hours=hours, minutes=minutes)
    return end.strftime(form) + start[15:]


def _parameters(text: str, dropped: frozenset[str]) -> tuple[tuple[str, str], ...]:
    found = ((name.upper(), value.replace('"', "")) for name, value in _PARAMETER.findall(text))
    return tuple(sorted(each for each in found if each[0] not in dropped))


def said_of_card(octets: bytes, ignored: Iterable[str] = STAMPS) -> Component:
    """What a vCard says whoever has written it: without ids, empty components, marks of labels; types in one order."""
    found = read(octets, ignored, {"PROP-ID", "ALTID"})
    properties = [
        (group, name, tuple((each, _types(each, text)) for each, text in parameters), _card_value(name, value))
        for group, name, parameters, value in found.properties
    ]
    return Component(found.name, tuple(sorted(properties)))


def _types(name: str, value: str) -> str:
    return ",".join(sorted(value.lower().split(","))) if name == "TYPE" else value


def _card_value(name: str, value: str) -> str:
    if name in ("N", "ADR"):
        return ";".join(value.split(";")[:7]).rstrip(";")
    return value.removeprefix("_$!<").removesuffix(">!$_") if name == "X-ABLABEL" else value
