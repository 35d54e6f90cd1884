"""What of a calendar object is for everybody's eyes: of a private one when it is, of a secret one nothing, and of one
whose organizer hides who takes part only he and oneself (RFC 5545 3.8.1.3, draft-ietf-jmap-calendars 5.1, 5.3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import KINDS
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import calendar_address

SECRET: Final = "secret"
PRIVATE: Final = "private"
HIDDEN: Final = "hidden"
"""Who takes part is not told."""

_STRICTEST: Final = (SECRET, PRIVATE, HIDDEN)
_MENTIONED: Final = re.compile(rb"CLASS|privacy|hideAttendees", re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_OF_CALENDAR: Final = frozenset({"VERSION", "PRODID", "CALSCALE"})
_OF_PRIVATE: Final = frozenset(
    (
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE"),
        *("RECURRENCE-ID", "SEQUENCE", "CREATED", "LAST-MODIFIED", "CLASS", "STATUS", "TRANSP", "SHOW-WITHOUT-TIME"),
    )
)
_OF_PEOPLE: Final = frozenset({"ATTENDEE", "REQUEST-STATUS"})
_POINTER: Final = "JSPTR"
_HIDES: Final = "hideAttendees"

IsMe = Callable[[str], bool]
"""Whether an address, without ``mailto:``, is one of who looks."""


def may_be_guarded(octets: bytes) -> bool:
    """Whether ``guarded`` can find anything in an object; it is quick, and says yes too often."""
    return _MENTIONED.search(_FOLD.sub(b"", octets)) is not None


def guarded(calendar: Component) -> str | None:
    """``SECRET``, ``PRIVATE`` or ``HIDDEN``, the strictest of what the components say; None if all is for everybody.

    What nobody knows is private (RFC 5545 3.8.1.3).
    """
    found = {each for part in _parts(calendar) for each in _said(part)}
    return next((each for each in _STRICTEST if each in found), None)


def _parts(calendar: Component) -> Iterator[Component]:
    return (part for part in calendar.components if part.name in KINDS)


def _said(part: Component) -> Iterator[str]:
    for item in part.properties:
        if item.name == "CLASS":
            text = item.value.strip().upper()
            if text and text != "PUBLIC":
                yield SECRET if text == "CONFIDENTIAL" else PRIVATE
        elif item.name == "JSPROP":
            pointer, text = item.parameter(_POINTER), item.value.strip()
            if pointer == "privacy" and text != '"public"':
                yield SECRET if text == '"secret"' else PRIVATE
            elif _is_flag(item) and text == "true":
                yield HIDDEN


def for_others(calendar: Component, how: str, is_me: IsMe) -> Component | None:
    """The object as somebody sees it who is none of its owners; None if he does not."""
    if how == SECRET:
        return None
    made = Component(calendar.name, list(calendar.properties))
    if how == PRIVATE:
        made.properties = [item for item in calendar.properties if item.name in _OF_CALENDAR]
    for part in calendar.components:
        if part.name not in KINDS:
            if how != PRIVATE or part.name == "VTIMEZONE":
                made.components.append(part)
        elif how == PRIVATE:
            kept = [item for item in part.properties if item.name in _OF_PRIVATE]
            made.components.append(Component(part.name, kept))
        else:
            made.components.append(without_people(part, is_me))
    return made


def hides_people(calendar: Component) -> bool:
    """Whether an organizer hides who takes part."""
    return any(_is_flag(item) and item.value.strip() == "true" for part in _parts(calendar) for item in part.properties)


def without_people(part: Component, is_me: IsMe) -> Component:
    """A component as somebody sees it to whom the people in it are hidden."""
    if _is_owner(part, is_me):
        return part
    gone = {id(item) for item in _people_hidden(part, is_me)}
    kept = [item for item in part.properties if id(item) not in gone]
    return Component(part.name, kept, [each for each in part.components if each.name != "PARTICIPANT"])


def _is_owner(part: Component, is_me: IsMe) -> bool:
    organizer = _address(part.first("ORGANIZER"))
    return organizer is not None and is_me(organizer)


def _people_hidden(part: Component, is_me: IsMe) -> Iterator[Property]:
    """The lines that tell of people other than the organizer and oneself."""
    organizer = _address(part.first("ORGANIZER"))
    for item in part.properties:
        if item.name == "ATTENDEE":
            address = _address(item)
            if address is None or not (address == organizer or is_me(address)):
                yield item
        elif item.name in _OF_PEOPLE or (item.name == "JSPROP" and _is_of_people(item)):
            yield item


def _is_of_people(item: Property) -> bool:
    return (item.parameter(_POINTER) or "").partition("/")[0] == "participants"


def _address(item: Property | None) -> str | None:
    return None if item is None else calendar_address(item.value)


def with_hidden(given: Component, before: Component, is_me: IsMe) -> Component:
    """An object that somebody writes who has not seen all people in it, with those whom he has not seen, its organizer,
    and the word that they are hidden.
    """
    there = {_instance(part): part for part in _parts(before)}
    made = Component(given.name, list(given.properties))
    for part in given.components:
        former = (there.get(_instance(part)) or there.get(None)) if part.name in KINDS else None
        if former is None or _is_owner(former, is_me):
            made.components.append(part)
            continue
        known = {_address(item) for item in part.properties if item.name == "ATTENDEE"}
        hidden = _people_hidden(former, is_me)
        more = [item for item in hidden if item.name != "ATTENDEE" or _address(item) not in known]
        if not any(_is_flag(item) for item in part.properties):
            more += [item for item in former.properties if _is_flag(item)]
        kept = part.properties
        if _address(part.first("ORGANIZER")) != _address(former.first("ORGANIZER")):
            kept = [item for item in kept if item.name != "ORGANIZER"]
            more += former.all("ORGANIZER")
        people = [each for each in former.components if each.name == "PARTICIPANT"]
        made.components.append(Component(part.name, [*kept, *more], [*part.components, *people]))
    return made


def _is_flag(item: Property) -> bool:
    return item.name == "JSPROP" and item.parameter(_POINTER) == _HIDES


def _instance(part: Component) -> str | None:
    return part.value("RECURRENCE-ID")
