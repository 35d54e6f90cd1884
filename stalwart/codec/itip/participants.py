"""Who takes part: ORGANIZER and ATTENDEE with the parameters that scheduling looks at (RFC 5545 3.2, RFC 6638 7)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from attrs import frozen

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.values import calendar_address

ANSWERED: Final = "X-SCHEDULE-ANSWERED"
"""SEQUENCE and DTSTAMP of the last answer of an attendee (RFC 5546 2.1.5), in the copy of the organizer."""

SCHEDULING_PARAMETERS: Final = ("SCHEDULE-AGENT", "SCHEDULE-FORCE-SEND", "SCHEDULE-STATUS", ANSWERED)
"""Between a client and its server; nobody else sees them (RFC 6638 7)."""

NEEDS_ACTION: Final = "NEEDS-ACTION"
DECLINED: Final = "DECLINED"
PENDING: Final = "1.1"
"""SCHEDULE-STATUS of what is on its way."""

NOBODY: Final = "3.7"
"""SCHEDULE-STATUS where there is no such calendar user (RFC 6638 3.2.9)."""

_MOST_DELEGATES: Final = 20
_MOST_LETTERS: Final = 40
_ORDER: Final = re.compile(r"([0-9]{1,9})-([0-9]{8}T[0-9]{6}Z)", re.ASCII)


@frozen
class Participant:
    """An ATTENDEE or the ORGANIZER."""

    address: str
    item: Property
    participation: str
    """PARTSTAT in upper case; NEEDS-ACTION if there is none."""
    has_participation: bool
    refuses_mail: bool
    """RSVP=FALSE is written."""
    is_ours: bool
    """Whether servers send to it: SCHEDULE-AGENT is SERVER, or not written."""
    force: str
    """SCHEDULE-FORCE-SEND in upper case: REQUEST or REPLY."""
    delegated_to: tuple[str, ...]
    delegated_from: tuple[str, ...]
    role: str
    type: str
    sent_by: str | None


def participant(item: Property) -> Participant | None:
    """What an ATTENDEE or ORGANIZER says; None if nobody can be written to there."""
    address = calendar_address(item.value)
    if address is None:
        return None
    given = item.parameters
    answer = _token(given, "PARTSTAT")
    sent_by = given.get("SENT-BY")
    return Participant(
        address=address,
        item=item,
        participation=answer or NEEDS_ACTION,
        has_participation=bool(answer),
        refuses_mail=_token(given, "RSVP") == "FALSE",
        is_ours=_is_ours(given),
        force=_token(given, "SCHEDULE-FORCE-SEND"),
        delegated_to=_addresses(given, "DELEGATED-TO"),
        delegated_from=_addresses(given, "DELEGATED-FROM"),
        role=_token(given, "ROLE") or "REQ-PARTICIPANT",
        type=_token(given, "CUTYPE") or "INDIVIDUAL",
        sent_by=calendar_address(sent_by[0]) if sent_by else None,
    )


def attendees(component: Component) -> dict[str, Participant]:
    """The attendees of a component by address; of one who is written twice, the first."""
    found: dict[str, Participant] = {}
    for item in component.properties:
        if item.name == "ATTENDEE":
            each = participant(item)
            if each is not None:
                found.setdefault(each.address, each)
    return found


def organizer(component: Component) -> Participant | None:
    """The organizer of a component."""
    item = component.first("ORGANIZER")
    return participant(item) if item is not None else None


def unreachable(component: Component) -> set[str]:
    """What stands where attendees of a component should have an address that somebody can be written to."""
    items = (item for item in component.properties if item.name == "ATTENDEE")
    return {each.value for each in items if calendar_address(each.value) is None and _is_ours(each.parameters)}


def last_answer(item: Property) -> tuple[int, str] | None:
    """When an attendee has answered: the revision, and the moment in UTC as it is written. None if nobody knows."""
    found = _ORDER.fullmatch(item.parameter(ANSWERED) or "")
    return (int(found[1]), found[2]) if found is not None else None


def with_last_answer(item: Property, sequence: int, moment: str) -> Property:
    """An attendee who has answered then."""
    return item.with_parameter(ANSWERED, f"{sequence}-{moment}")


def one_of(people: Mapping[str, Participant], addresses: Collection[str]) -> Participant | None:
    """The first of some people who has one of the addresses, which are few."""
    found = [people[address] for address in addresses if address in people]
    if len(found) < 2:
        return found[0] if found else None
    return next(each for address, each in people.items() if address in addresses)


def without_scheduling(item: Property) -> Property:
    """An ATTENDEE or ORGANIZER as others see it."""
    return item.without_parameters(*SCHEDULING_PARAMETERS) if "SCHEDULE" in item.line.upper() else item


def kept_people(
    calendar: Component, statuses: Mapping[str, str | None], organizer_status: str | None = None
) -> Component | None:
    """An object with people as they are stored: without SCHEDULE-FORCE-SEND, and with the server's own SCHEDULE-STATUS,
    by address of the attendees (by what stands there, if that is none), whatever a client has written there. None if
    nothing is different.
    """
    kept = calendar.copy()
    is_changed = False
    for source, part in zip(calendar.components, kept.components, strict=True):
        for index, item in enumerate(source.properties):
            if item.name in ("ATTENDEE", "ORGANIZER"):
                is_attendee = item.name == "ATTENDEE"
                status = statuses.get(calendar_address(item.value) or item.value) if is_attendee else organizer_status
                changed = _kept(item, status)
                if changed is not item:
                    part.properties[index] = changed
                    is_changed = True
    return kept if is_changed else None


def _kept(item: Property, status: str | None) -> Property:
    item = item.without_parameters("SCHEDULE-FORCE-SEND")
    if status is None:
        return item.without_parameters("SCHEDULE-STATUS")
    return item if item.parameter("SCHEDULE-STATUS") == status else item.with_parameter("SCHEDULE-STATUS", status)


def with_status(calendar: Component, statuses: Mapping[str, str]) -> Component:
    """An object that says of people, by address, how delivery to them went (RFC 6638 7.3): with ORGANIZER for the
    organizer, with ATTENDEE for the others.
    """
    changed = calendar.copy()
    for component in changed.components:
        head = organizer(component)
        for index, item in enumerate(component.properties):
            if item.name in ("ATTENDEE", "ORGANIZER"):
                address = calendar_address(item.value) or ""
                is_organizer = head is not None and address == head.address
                if address in statuses and is_organizer is (item.name == "ORGANIZER"):
                    component.properties[index] = item.with_parameter("SCHEDULE-STATUS", statuses[address])
    return changed


def delegate_property(address: str, delegator: str) -> Property:
    """An ATTENDEE whom another one has sent instead, and who has not answered."""
    parameters = {"DELEGATED-FROM": f"mailto:{delegator}", "PARTSTAT": NEEDS_ACTION, "RSVP": "TRUE"}
    return Property.made("ATTENDEE", f"mailto:{address}", parameters)


def _is_ours(given: Mapping[str, tuple[str, ...]]) -> bool:
    return _token(given, "SCHEDULE-AGENT") in ("", "SERVER")


def _token(given: Mapping[str, tuple[str, ...]], name: str) -> str:
    found = given.get(name)
    return found[0].strip().upper()[:_MOST_LETTERS] if found else ""


def _addresses(given: Mapping[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    found: Iterable[str] = given.get(name, ())[:_MOST_DELEGATES] if name in given else ()
    return tuple(each for each in map(calendar_address, found) if each is not None)
