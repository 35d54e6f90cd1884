"""Questions for free and busy times of people: a VFREEBUSY that asks, and the one that answers (RFC 6638 5, RFC 5546
3.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from stalwart.codec.caldav.free_busy import Busy, free_busy
from stalwart.codec.icalendar.components import Component, read_calendars
from stalwart.codec.icalendar.lines import MalformedCalendar, Property, has_controls, without_controls
from stalwart.codec.icalendar.values import MalformedValue, calendar_address, moment_of
from stalwart.codec.icalendar.zones import Zones
from stalwart.codec.itip.participants import without_scheduling

MOST_ATTENDEES: Final = 200


@frozen
class FreeBusyRequest:
    """Who asks when whom. ``attendees`` are (address, property); an address is None where nobody can be meant."""

    start: int
    end: int
    uid: Property
    organizer: str
    organizer_item: Property
    attendees: tuple[tuple[str | None, Property], ...]

    def answer(self, attendee: Property, times: Iterable[tuple[Busy, int, int]], now: int) -> Component:
        """The reply of somebody who is busy at ``times``."""
        people = without_scheduling(self.organizer_item), without_scheduling(attendee)
        return free_busy((self.start, self.end), times, now, method="REPLY", properties=(*people, self.uid))


def read_request(octets: bytes, most: int) -> FreeBusyRequest:
    """The question. Raises MalformedCalendar where it is none."""
    if has_controls(octets):
        octets = without_controls(octets)
    calendars = read_calendars(octets, max_octets=most, is_lenient=True)
    components = [each for calendar in calendars for each in calendar.components if each.name != "VTIMEZONE"]
    if len(calendars) != 1 or len(components) != 1 or components[0].name != "VFREEBUSY":
        raise MalformedCalendar("There has to be exactly one VFREEBUSY.")
    (asked,), zones = components, Zones(calendars[0])
    method = calendars[0].value("METHOD")
    if method is not None and method.strip().upper() != "REQUEST":
        raise MalformedCalendar("METHOD of a question is REQUEST.")
    organizer, uid = asked.first("ORGANIZER"), asked.first("UID")
    address = calendar_address(organizer.value) if organizer is not None else None
    if organizer is None or address is None:
        raise MalformedCalendar("There has to be an ORGANIZER with an e-mail address.")
    attendees = asked.all("ATTENDEE")
    if not attendees or len(attendees) > MOST_ATTENDEES:
        raise MalformedCalendar(f"There have to be attendees, {MOST_ATTENDEES} at most.")
    start, end = _instant(asked, "DTSTART", zones), _instant(asked, "DTEND", zones)
    if end <= start:
        raise MalformedCalendar("DTEND has to be after DTSTART.")
    people = tuple((calendar_address(each.value), each) for each in attendees)
    return FreeBusyRequest(start, end, uid or Property.made("UID", ""), address, organizer, people)


def _instant(component: Component, name: str, zones: Zones) -> int:
    item = component.first(name)
    if item is None:
        raise MalformedCalendar(f"There has to be a {name}.")
    try:
        return zones.utc(moment_of(item))
    except MalformedValue as error:
        raise MalformedCalendar(f"{name} cannot be read.") from error
