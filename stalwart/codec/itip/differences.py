"""What of a component has changed so that people have to know (RFC 6638 3.2.1, RFC 5546 2.1.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Final

from stalwart.codec.icalendar.comparing import meaning
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.participants import Participant, attendees

RESCHEDULING: Final = frozenset(
    {"DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE", "STATUS", "LOCATION"}
)
"""What raises SEQUENCE."""

SIGNIFICANT: Final = RESCHEDULING | {"SUMMARY", "DESCRIPTION", "PRIORITY", "PERCENT-COMPLETE", "COMPLETED", "ATTACH"}
"""What people are told of; their list (ATTENDEE) is, too."""

_SETS: Final = frozenset({"RDATE", "EXDATE"})


def changed_names(
    old: Component, zones: Zones, new: Component, new_zones: Zones, *, has_people: bool = True
) -> set[str]:
    """The names of significant properties that do not say the same; with ATTENDEE among them."""
    before, after = _written(old), _written(new)
    changed = {
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name) and _said(old, name, zones) != _said(new, name, new_zones)
    }
    if has_people and says_of_people(old) != says_of_people(new):
        changed.add("ATTENDEE")
    return changed


def has_other_people(old: Component, new: Component) -> bool:
    """Whether somebody was invited, or is not any more."""
    return attendees(old).keys() != attendees(new).keys()


def dates(component: Component, name: str, zones: Zones) -> frozenset[Hashable]:
    """All that RDATE or EXDATE of a component say."""
    found: set[Hashable] = set()
    for item in component.properties:
        if item.name == name:
            said = meaning(item, zones)
            found.update(said if isinstance(said, frozenset) else (said,))
    return frozenset(found)


def _written(component: Component) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in component.properties:
        if item.name in SIGNIFICANT:
            found.setdefault(item.name, []).append(item.raw)
    return found


def _said(component: Component, name: str, zones: Zones) -> Hashable:
    if name in _SETS:
        return dates(component, name, zones)
    return frozenset(Counter(meaning(item, zones) for item in component.all(name)).items())


def says_of_people(component: Component) -> dict[str, Hashable]:
    """What a component says of its attendees, by address."""
    return {address: says_of(each) for address, each in attendees(component).items()}


def says_of(each: Participant) -> Hashable:
    """What is said of one attendee."""
    return each.participation, each.delegated_to, each.delegated_from, each.role, each.type, each.sent_by
