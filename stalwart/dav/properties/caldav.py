"""What clients of calendars ask about: data, limits, where invitations go (RFC 4791 5.2, RFC 6638 9,
spec/dav.md 6.2).
"""

from __future__ import annotations

from stalwart.codec.dav.multistatus import attribute_element, element, href_element, text_element
from stalwart.codec.dav.names import name
from stalwart.codec.dav.paths import href
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.declaring import On, prop, row_prop
from stalwart.dav.shown import Shown
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.traits import SCHEDULE_TAG
from stalwart.store.collection_rows import Member

_DATA = element(
    name("A:supported-calendar-data"),
    attribute_element(name("A:calendar-data-type"), content_type="text/calendar", version="2.0"),
    attribute_element(name("A:calendar-data-type"), content_type="text/calendar", version="1.0"),
)
_COLLATIONS = ("i;ascii-casemap", "i;unicode-casemap")
_COLLATION_SET = element(
    name("A:supported-collation-set"), *(text_element(name("A:supported-collation"), each) for each in _COLLATIONS)
)
_EARLIEST = text_element(name("A:min-date-time"), "0001-01-01T00:00:00Z")
_LATEST = text_element(name("A:max-date-time"), "9999-12-31T23:59:59Z")


@prop("A:supported-calendar-data", on=On.CALENDAR, alike=On.CALENDAR, lasting=On.CALENDAR, spec="RFC 4791 5.2.4")
def supported_calendar_data(shown: Shown) -> bytes | None:
    """iCalendar."""
    return _DATA


@prop("A:max-resource-size", on=On.CALENDAR, alike=On.CALENDAR, spec="RFC 4791 5.2.5")
def max_resource_size(shown: Shown) -> bytes | None:
    """Octets of one event or task."""
    return _number("A:max-resource-size", _limits(shown).max_i_calendar_size)


@prop("A:min-date-time", on=On.CALENDAR, alike=On.CALENDAR, lasting=On.CALENDAR, spec="RFC 4791 5.2.6")
def min_date_time(shown: Shown) -> bytes | None:
    """The earliest moment."""
    return _EARLIEST


@prop("A:max-date-time", on=On.CALENDAR, alike=On.CALENDAR, lasting=On.CALENDAR, spec="RFC 4791 5.2.7")
def max_date_time(shown: Shown) -> bytes | None:
    """The latest moment."""
    return _LATEST


@prop("A:max-instances", on=On.CALENDAR, alike=On.CALENDAR, spec="RFC 4791 5.2.8")
def max_instances(shown: Shown) -> bytes | None:
    """To how many occurrences one event is expanded."""
    return _number("A:max-instances", _limits(shown).max_recurrence_expansions)


@prop("A:max-attendees-per-instance", on=On.CALENDAR, alike=On.CALENDAR, spec="RFC 4791 5.2.9")
def max_attendees(shown: Shown) -> bytes | None:
    """How many people an event has at most."""
    return _number("A:max-attendees-per-instance", _limits(shown).max_attendees)


@prop("A:supported-collation-set", on=On.CALENDAR, alike=On.CALENDAR, lasting=On.CALENDAR, spec="RFC 4791 7.5.1")
def supported_collations(shown: Shown) -> bytes | None:
    """How texts are compared."""
    return _COLLATION_SET


@row_prop("A:schedule-tag", on=On.EVENT, data_on=On.EVENT, spec="RFC 6638 9.3")
def schedule_tag(member: Member) -> bytes | None:
    """Which state of its scheduling an event is in."""
    tag = (member.data or {}).get(SCHEDULE_TAG)
    return None if tag is None else text_element(name("A:schedule-tag"), f'"{tag}"')


@prop("A:schedule-default-calendar-URL", on=On.INBOX, spec="RFC 6638 9.2")
def default_calendar(shown: Shown) -> bytes | None:
    """Where invitations go."""
    if shown.home is None:
        return None
    homes = shown.asking.tools.homes
    chosen = homes.default(shown.tx, CALENDARS, shown.home.account_id)
    called = chosen.segment if chosen is not None else homes.first_name(CALENDARS)
    if called is None:
        return None
    return href_element(name("A:schedule-default-calendar-URL"), href("cal", shown.home.address, called))


def _limits(shown: Shown) -> Calendar:
    return shown.asking.tools.settings.of(Calendar)


def _number(called: str, value: int) -> bytes:
    return text_element(name(called), str(value))
