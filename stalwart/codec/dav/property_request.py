"""Which properties a request asks for: ``prop``, ``allprop`` with ``include``, ``propname`` (RFC 4918 14)."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from stalwart.codec.caldav.conditions import CalendarData
from stalwart.codec.dav.data_requests import address_data, calendar_data
from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import Name, name
from stalwart.codec.vcard.conditions import AddressData

_PROP, _ALLPROP, _PROPNAME, _INCLUDE = name("D:prop"), name("D:allprop"), name("D:propname"), name("D:include")
MOST_NAMES = 256
MOST_LETTERS = 32 * 1024
CALENDAR_DATA, ADDRESS_DATA = name("A:calendar-data"), name("B:address-data")


@frozen
class PropertyRequest:
    """The properties wanted, each once, in the order of the request.

    ``names`` are those of ``prop``, or what ``include`` adds to ``allprop``. The data wanted of objects are given apart
    where ``names`` has them.
    """

    kind: Literal["prop", "allprop", "propname"] = "allprop"
    names: tuple[Name, ...] = ()
    calendar_data: CalendarData | None = None
    address_data: AddressData | None = None


def property_request(parent: Element) -> PropertyRequest | None:
    """What stands in ``parent``; None if it names no properties in any way.

    :raises MalformedXml: the data of objects are asked for in a way that is none, or too many properties.
    """
    for child in parent.content:
        if isinstance(child, str):
            continue
        if child.name == _PROP:
            return _named("prop", child.children)
        if child.name == _ALLPROP:
            include = parent.first(_INCLUDE)
            return _named("allprop", [] if include is None else include.children)
        if child.name == _PROPNAME:
            return PropertyRequest("propname")
    return None


def _named(kind: Literal["prop", "allprop"], elements: list[Element]) -> PropertyRequest:
    first = {element.name: element for element in reversed(elements)}
    # What is not there is told of each resource of a list.
    if len(first) > MOST_NAMES or sum(len(part) for called in first for part in called) > MOST_LETTERS:
        raise MalformedXml("The body names too many properties.")
    return PropertyRequest(
        kind,
        tuple(dict.fromkeys(element.name for element in elements)),
        calendar_data(first[CALENDAR_DATA]) if CALENDAR_DATA in first else None,
        address_data(first[ADDRESS_DATA]) if ADDRESS_DATA in first else None,
    )
