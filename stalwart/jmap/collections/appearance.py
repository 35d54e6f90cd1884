"""How people see a calendar or an address book: properties of JMAP over the data that DAV shows too (spec/dav.md 10).

What the owner says is the object's, and what others begin with; what somebody else says is for himself alone
(``Transaction.preferences``). In the account of a group its members speak for the owner, but for what is a matter of
taste.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import define, frozen

from stalwart.codec.caldav.described_zones import described_zone
from stalwart.codec.icalendar.timezones import iana_zone
from stalwart.groupware.homes import DISPLAY_NAME
from stalwart.groupware.traits import (
    ALERTS_WITH_TIME,
    ALERTS_WITHOUT_TIME,
    AVAILABILITY,
    COLOR,
    DESCRIPTION,
    ORDER,
    SUBSCRIBED,
    TIME_ZONE,
    TIME_ZONE_TEXT,
    VISIBLE,
)


@frozen
class Onlooker:
    """Somebody who looks at a collection: ``is_owner`` is its account, ``belongs`` says that he belongs to that."""

    is_owner: bool
    belongs: bool


@define
class Appearance:
    """A collection as one person sees it: ``data`` of the object, ``own`` of his."""

    data: dict[str, Any]
    own: dict[str, Any]
    onlooker: Onlooker

    def get(self, member: str, default: Any = None) -> Any:
        """What he sees of a member."""
        found = self.own[member] if member in self.own else self.data.get(member)
        return default if found is None else found

    def put(self, member: str, value: Any, *, privately: bool = False) -> None:
        """Have him see something else, null to have it gone; what is said ``privately`` is for others only if the owner
        says it.
        """
        speaks = self.onlooker.is_owner if privately else self.onlooker.belongs
        if speaks:
            self.own.pop(member, None)
            self.data.pop(member, None)
            if value is not None:
                self.data[member] = value
        elif value is not None or self.data.get(member) is not None:
            self.own[member] = value
        else:
            self.own.pop(member, None)


@frozen
class Trait:
    """A property: ``read`` says what somebody sees, ``write`` has him see something else."""

    read: Callable[[Appearance], Any]
    write: Callable[[Appearance, Any], None]


def _member(name: str, default: Any = None, *, privately: bool = False) -> Trait:
    """A property that is a member of the data."""
    return Trait(lambda seen: seen.get(name, default), lambda seen, value: seen.put(name, value, privately=privately))


def _subscribed(seen: Appearance) -> bool:
    """What others have shared is to be asked for (RFC 9610 2); the rest is there unless somebody has said no."""
    if SUBSCRIBED in seen.own:
        return bool(seen.own[SUBSCRIBED])
    return seen.onlooker.belongs and bool(seen.data.get(SUBSCRIBED, True))


def _subscribe(seen: Appearance, value: bool) -> None:
    (seen.data if seen.onlooker.is_owner else seen.own)[SUBSCRIBED] = value


def _availability(seen: Appearance) -> str:
    """Whether it makes the onlooker busy: only what is his own does if nothing is said."""
    if seen.onlooker.is_owner:
        return str(seen.data.get(AVAILABILITY) or "all")
    return str(seen.own.get(AVAILABILITY) or "none")


def _make_available(seen: Appearance, value: str) -> None:
    if not seen.onlooker.is_owner:
        seen.own[AVAILABILITY] = value
    elif value == "all":
        seen.data.pop(AVAILABILITY, None)
    else:
        seen.data[AVAILABILITY] = value


def _time_zone(seen: Appearance) -> str | None:
    """Also of a zone that was described, if the database of IANA has it."""
    called, text = seen.get(TIME_ZONE), seen.get(TIME_ZONE_TEXT)
    if isinstance(called, str):
        return called
    zone = described_zone(text) if isinstance(text, str) else None
    return zone.name if zone is not None and iana_zone(zone.name) is not None else None


def _set_time_zone(seen: Appearance, value: str | None) -> None:
    seen.put(TIME_ZONE, value)
    seen.put(TIME_ZONE_TEXT, None)


TRAITS: Final[Mapping[str, Trait]] = {
    "name": _member(DISPLAY_NAME, ""),
    "description": _member(DESCRIPTION),
    "color": _member(COLOR, privately=True),
    "sortOrder": _member(ORDER, 0, privately=True),
    "isSubscribed": Trait(_subscribed, _subscribe),
    "isVisible": _member(VISIBLE, True, privately=True),
    "includeInAvailability": Trait(_availability, _make_available),
    "timeZone": Trait(_time_zone, _set_time_zone),
    "defaultAlertsWithTime": _member(ALERTS_WITH_TIME, privately=True),
    "defaultAlertsWithoutTime": _member(ALERTS_WITHOUT_TIME, privately=True),
}
"""The properties of both types that are a matter of who looks, by their names."""
