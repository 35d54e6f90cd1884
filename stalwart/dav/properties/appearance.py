"""How calendars and address books look to who asks: descriptions, time zones, colours, order (RFC 4791 5.2, RFC 7809 5,
RFC 6352 6.2, spec/dav.md 6.2); and what a calendar takes.
"""

from __future__ import annotations

import re
from typing import Final

from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.fragments import supported_components
from stalwart.codec.dav.multistatus import data_element, element, empty, text_element
from stalwart.codec.dav.names import APPLE, Name, name
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.instances import KINDS
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.timezones import iana_zone
from stalwart.dav.changing import CANNOT_CHANGE, Change, Unsettable
from stalwart.dav.declaring import On, prop, setter
from stalwart.dav.shown import Shown
from stalwart.groupware.traits import AVAILABILITY, COLOR, COMPONENTS, DESCRIPTION, ORDER, TIME_ZONE, TIME_ZONE_TEXT

_COLOR: Final = f"{{{APPLE}}}calendar-color"
_ORDER: Final = f"{{{APPLE}}}calendar-order"
_HEX: Final = re.compile(r"#([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?", re.ASCII)
_SHORT_HEX: Final = re.compile(r"#([0-9A-Fa-f])([0-9A-Fa-f])([0-9A-Fa-f])", re.ASCII)
_MOST_ORDER: Final = (1 << 31) - 1
_LONGEST_ZONE: Final = 64 * 1024
_ALL_COMPONENTS: Final = (
    *("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VALARM", "STANDARD", "DAYLIGHT", "VAVAILABILITY"),
    *("AVAILABLE", "PARTICIPANT", "VLOCATION", "VRESOURCE"),
)


def _described(shown: Shown, called: Name) -> bytes | None:
    text = shown.personal.get(DESCRIPTION)
    return text_element(called, text) if text else None


@prop("A:calendar-description", on=On.CALENDAR, needs_data=True, spec="RFC 4791 5.2.1")
def calendar_description(shown: Shown) -> bytes | None:
    """What the calendar is for."""
    return _described(shown, name("A:calendar-description"))


@prop("B:addressbook-description", on=On.BOOK, needs_data=True, spec="RFC 6352 6.2.1")
def book_description(shown: Shown) -> bytes | None:
    """What the address book is for."""
    return _described(shown, name("B:addressbook-description"))


def _set_description(change: Change, element: Element | None) -> None:
    text = None if element is None else change.bounded(element.text)
    if text != "":
        change.put(DESCRIPTION, text)


set_calendar_description = setter("A:calendar-description", on=On.CALENDAR)(_set_description)
set_book_description = setter("B:addressbook-description", on=On.BOOK)(_set_description)


@prop("A:calendar-timezone", on=On.CALENDAR, needs_data=True, spec="RFC 4791 5.2.2")
def calendar_timezone(shown: Shown) -> bytes | None:
    """The zone of times that name none, where somebody has described it himself."""
    text = shown.personal.get(TIME_ZONE_TEXT)
    return data_element(name("A:calendar-timezone"), text.encode()) if text else None


@setter("A:calendar-timezone", on=On.CALENDAR)
def set_calendar_timezone(change: Change, element: Element | None) -> None:
    """An iCalendar with one VTIMEZONE and nothing else; the name of a zone gives way."""
    text = None if element is None else element.text.strip()
    if text == "":
        return
    if text is not None:
        _check_timezone(text)
    change.put(TIME_ZONE_TEXT, text)
    change.put(TIME_ZONE, None)


def _check_timezone(text: str) -> None:
    wrong = Unsettable(412, "A:valid-calendar-data", "Invalid calendar timezone")
    try:
        calendar = read_calendar(text.encode(errors="replace"), max_octets=_LONGEST_ZONE)
    except MalformedCalendar:
        raise wrong from None
    if [component.name for component in calendar.components] != ["VTIMEZONE"]:
        raise wrong


@prop("A:calendar-timezone-id", on=On.CALENDAR, needs_data=True, spec="RFC 7809 5.2")
def calendar_timezone_id(shown: Shown) -> bytes | None:
    """The zone of times that name none, by its name."""
    called = shown.personal.get(TIME_ZONE)
    return text_element(name("A:calendar-timezone-id"), called) if called else None


@setter("A:calendar-timezone-id", on=On.CALENDAR)
def set_calendar_timezone_id(change: Change, element: Element | None) -> None:
    """A name of the database of IANA; a zone that was described gives way."""
    called = None if element is None else change.bounded(element.text.strip())
    if called == "":
        return
    if called is not None and iana_zone(called) is None:
        raise Unsettable(412, "A:valid-timezone", "Invalid timezone ID")
    change.put(TIME_ZONE, called)
    change.put(TIME_ZONE_TEXT, None)


@prop(_COLOR, on=On.CALENDAR, needs_data=True, spec="dav 4.3")
def calendar_color(shown: Shown) -> bytes | None:
    """The colour that who asks sees the calendar in, as it was written: khal reads nothing but ``#RRGGBB``."""
    color = shown.personal.get(COLOR)
    return text_element(name(_COLOR), color) if isinstance(color, str) else None


@setter(_COLOR, on=On.CALENDAR)
def set_calendar_color(change: Change, element: Element | None) -> None:
    """``#RRGGBB``; ``AA`` behind it is left out, names of colours are kept as they are."""
    color = None if element is None else change.bounded(element.text.strip())
    if color == "":
        return
    if color is not None:
        full = _SHORT_HEX.sub(r"#\1\1\2\2\3\3", color) if _SHORT_HEX.fullmatch(color) else color
        match = _HEX.fullmatch(full)
        color = f"#{match[1]}" if match else full
    change.put(COLOR, color, privately=True)


@prop(_ORDER, on=On.CALENDAR, needs_data=True, spec="dav 4.3")
def calendar_order(shown: Shown) -> bytes | None:
    """Where who asks sees the calendar among others."""
    order = shown.personal.get(ORDER)
    return text_element(name(_ORDER), str(order)) if isinstance(order, int) else None


@setter(_ORDER, on=On.CALENDAR)
def set_calendar_order(change: Change, element: Element | None) -> None:
    """A number from 0 on."""
    text = None if element is None else element.text.strip()
    if text == "":
        return
    if text is not None and not (text.isascii() and text.isdigit() and len(text) < 11):
        raise Unsettable(409, description="It is no number")
    change.put(ORDER, None if text is None else min(int(text), _MOST_ORDER), privately=True)


@prop("A:schedule-calendar-transp", on=On.CALENDAR, needs_data=True, spec="RFC 6638 9.1")
def schedule_transparency(shown: Shown) -> bytes | None:
    """Whether what is in the calendar makes its owner busy."""
    kind = "A:transparent" if shown.data.get(AVAILABILITY) == "none" else "A:opaque"
    return element(name("A:schedule-calendar-transp"), empty(name(kind)))


@setter("A:schedule-calendar-transp", on=On.CALENDAR)
def set_schedule_transparency(change: Change, element: Element | None) -> None:
    """``A:opaque``, which it is if nothing is said, or ``A:transparent``."""
    if element is None or element.first(name("A:opaque")) is not None:
        change.put(AVAILABILITY, None)
    elif element.first(name("A:transparent")) is not None:
        change.put(AVAILABILITY, "none")


@prop("A:supported-calendar-component-set", on=On.CALENDAR, needs_data=True, spec="RFC 4791 5.2.3")
def supported_component_set(shown: Shown) -> bytes | None:
    """What the calendar takes: what was said when it was made, or anything."""
    said = shown.data.get(COMPONENTS)
    return supported_components(tuple(said) if said else _ALL_COMPONENTS)


@setter("A:supported-calendar-component-set", on=On.CALENDAR)
def set_supported_components(change: Change, element: Element | None) -> None:
    """Said when the calendar is made, and never again."""
    if not change.is_new or element is None:
        raise Unsettable(412, "A:supported-calendar-component", CANNOT_CHANGE)
    said = [(comp.attribute("name") or "").strip().upper() for comp in element.all(name("A:comp"))]
    if not said or any(component not in _ALL_COMPONENTS for component in said) or not set(said) & set(KINDS):
        raise Unsettable(412, "A:supported-calendar-component", "Invalid set of components")
    change.put(COMPONENTS, list(dict.fromkeys(said)))


_RESOURCE_TYPES: Final = {
    On.CALENDAR: {name("D:collection"), name("A:calendar")},
    On.BOOK: {name("D:collection"), name("B:addressbook")},
    On.FOLDER: {name("D:collection")},
}


@setter("D:resourcetype", on=On.KEPT)
def set_resource_type(change: Change, element: Element | None) -> None:
    """What a collection is made as can only be what its home has (RFC 5689 3.3)."""
    said = {child.name for child in element.children} if element is not None else set()
    if not change.is_new or not said or not said <= _RESOURCE_TYPES.get(change.on, set()):
        raise Unsettable(403, "D:valid-resourcetype")
