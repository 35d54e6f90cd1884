"""``calendar-data`` and ``address-data`` in a request: which part of an object is to be given (RFC 4791 9.6,
RFC 6352 10.4).

Unknown elements are ignored; a range without both ends, or one that is none, is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from stalwart.codec.caldav.conditions import CalendarData, CompSelection, PropSelection, TimeRange
from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import name
from stalwart.codec.vcard.conditions import AddressData
from stalwart.codec.vcard.conditions import PropSelection as CardPropSelection

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_COMP, _PROP = name("A:comp"), name("A:prop")
_ALL_COMP, _ALL_PROP = name("A:allcomp"), name("A:allprop")
_CARD_PROP = name("B:prop")


def moment(text: str) -> int:
    """The seconds since 1970 of ``YYYYMMDDTHHMMSSZ``.

    :raises ValueError: it is not written so.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is no date with UTC time.")
    year, month, day, hour, minute, second = map(int, match.groups())
    return int(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp())


def calendar_data(element: Element) -> CalendarData:
    """What a ``calendar-data`` asks for.

    :raises MalformedXml: a range is none.
    """
    comp = element.first(_COMP)
    return CalendarData(
        comp=None if comp is None else _comp_selection(comp),
        expand=_closed_range(element, "A:expand"),
        limit_recurrence_set=_closed_range(element, "A:limit-recurrence-set"),
        limit_freebusy_set=_closed_range(element, "A:limit-freebusy-set"),
        content_type=element.attribute("content-type"),
        version=element.attribute("version"),
    )


def address_data(element: Element) -> AddressData:
    """What an ``address-data`` asks for."""
    props = [(_name(prop), prop.attribute("novalue") == "yes") for prop in element.all(_CARD_PROP)]
    return AddressData(
        props=tuple(CardPropSelection(called, novalue) for called, novalue in props),
        content_type=element.attribute("content-type"),
        version=element.attribute("version"),
    )


def _comp_selection(element: Element) -> CompSelection:
    return CompSelection(
        name=_name(element),
        all_props=element.first(_ALL_PROP) is not None,
        props=tuple(PropSelection(_name(prop), prop.attribute("novalue") == "yes") for prop in element.all(_PROP)),
        all_comps=element.first(_ALL_COMP) is not None,
        comps=tuple(map(_comp_selection, element.all(_COMP))),
    )


def _name(element: Element) -> str:
    called = element.attribute("name")
    if not called:
        raise MalformedXml(f"{element.name} has no name.")
    return called.upper()


def _closed_range(element: Element, called: str) -> TimeRange | None:
    found = element.first(name(called))
    if found is None:
        return None
    try:
        start, end = (moment(found.attribute(side) or "") for side in ("start", "end"))
    except ValueError as error:
        raise MalformedXml(f"{found.name}: {error}") from None
    if end <= start:
        raise MalformedXml(f"{found.name}: the end is not after the start.")
    return TimeRange(start, end)
