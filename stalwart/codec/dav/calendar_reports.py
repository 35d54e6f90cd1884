"""Bodies of calendar-query, calendar-multiget and free-busy-query as values (RFC 4791 7.8 to 7.10, RFC 7809 5.2).

A filter that is missing or makes no sense fails the precondition ``A:valid-filter``, an unknown collation
``A:supported-collation``, one with too many conditions ``A:supported-filter``.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from stalwart.codec.caldav.conditions import CompFilter, ParamFilter, PropFilter, Test, TimeRange
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.errors import UnmetCondition
from stalwart.codec.dav.names import Name, name
from stalwart.codec.dav.property_request import PropertyRequest, property_request
from stalwart.codec.dav.text_match import ASCII_CASEMAP, COLLATIONS, MATCH_TYPES, TextMatch

_TIME_RANGE, _ABSENT = name("A:time-range"), name("A:is-not-defined")
_COMP_FILTER, _PROP_FILTER = name("A:comp-filter"), name("A:prop-filter")
_PARAM_FILTER, _TEXT_MATCH = name("A:param-filter"), name("A:text-match")
_VALID, _COLLATION = name("A:valid-filter"), name("A:supported-collation")
_SUPPORTED = name("A:supported-filter")
_HREF = name("D:href")
MOST_TESTS: Final = 100
"""Elements in a filter; each may look through all that is in an object."""


@frozen
class CalendarQuery:
    """The objects of a calendar that ``filter`` means; ``timezone`` is a calendar with one VTIMEZONE, as text."""

    request: PropertyRequest | None
    filter: CompFilter
    timezone: str | None = None
    timezone_id: str | None = None
    limit: int | None = None


@frozen
class CalendarMultiget:
    """The objects at ``hrefs``, which are as they were written."""

    request: PropertyRequest | None
    hrefs: tuple[str, ...]


@frozen
class FreeBusyQuery:
    """When a calendar is busy; None, where the request leaves out within which time."""

    time_range: TimeRange | None


def hrefs(root: Element) -> tuple[str, ...]:
    """What a multiget names, in order, twice what it names twice."""
    return tuple(element.text.strip() for element in root.all(_HREF))


def calendar_query(root: Element) -> CalendarQuery:
    """The query that ``root`` is.

    :raises UnmetCondition: its filter is none, or compares in a way that is not known.
    """
    holder = root.first(name("A:filter"))
    outermost = None if holder is None else holder.first(_COMP_FILTER)
    if outermost is None:
        raise UnmetCondition(_VALID, "The query has no filter with a component.")
    check_size(outermost, _SUPPORTED)
    condition = _comp_filter(outermost)
    if condition.name != "VCALENDAR":
        raise UnmetCondition(_VALID, "The outermost component of a filter is VCALENDAR.")
    return CalendarQuery(
        property_request(root),
        condition,
        timezone=_text(root, "A:timezone"),
        timezone_id=_text(root, "A:timezone-id"),
        limit=result_limit(root, "A:limit", "A:nresults") or result_limit(root, "D:limit", "D:nresults"),
    )


def calendar_multiget(root: Element) -> CalendarMultiget:
    """The request that ``root`` is."""
    return CalendarMultiget(property_request(root), hrefs(root))


def free_busy_query(root: Element) -> FreeBusyQuery:
    """The request that ``root`` is.

    :raises UnmetCondition: its time range is none.
    """
    return FreeBusyQuery(_time_range(root))


def result_limit(root: Element, outer: str, inner: str) -> int | None:
    """How many results are wanted at most; None where nothing sensible is said of it."""
    limit = root.first(name(outer))
    count = None if limit is None else limit.first(name(inner))
    text = "" if count is None else count.text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else None


def text_match(element: Element, collation: str, unknown: Name) -> TextMatch:
    """A ``text-match``; ``collation`` is the one of those that name none.

    :raises UnmetCondition: of the condition ``unknown``, if the collation or the kind of match is not known.
    """
    wanted = element.attribute("collation") or "default"
    if wanted == "default":
        wanted = collation
    if wanted not in COLLATIONS:
        raise UnmetCondition(unknown, f"The collation {wanted[:100]} is not known.")
    written = element.attribute("match-type") or "contains"
    kind = next((known for known in MATCH_TYPES if known == written), None)
    if kind is None:
        raise UnmetCondition(Name(unknown.namespace, "supported-filter"), "The match-type is not known.")
    return TextMatch(element.text, wanted, kind, element.attribute("negate-condition") == "yes")


def check_size(filter: Element, unknown: Name) -> None:
    """Whether a filter is one that can be asked of many objects.

    :raises UnmetCondition: of the condition ``unknown``, if it has more than ``MOST_TESTS`` elements.
    """
    waiting, count = [filter], 0
    while waiting:
        children = waiting.pop().children
        count += len(children)
        if count > MOST_TESTS:
            raise UnmetCondition(unknown, f"A filter has at most {MOST_TESTS} elements.")
        waiting += children


def _comp_filter(element: Element) -> CompFilter:
    return CompFilter(
        _name(element),
        absent=element.first(_ABSENT) is not None,
        time_range=_time_range(element),
        props=tuple(map(_prop_filter, element.all(_PROP_FILTER))),
        comps=tuple(map(_comp_filter, element.all(_COMP_FILTER))),
        test=_test(element),
    )


def _prop_filter(element: Element) -> PropFilter:
    return PropFilter(
        _name(element),
        absent=element.first(_ABSENT) is not None,
        time_range=_time_range(element),
        text_match=_match(element),
        params=tuple(
            ParamFilter(_name(param), param.first(_ABSENT) is not None, _match(param))
            for param in element.all(_PARAM_FILTER)
        ),
        test=_test(element),
    )


def _match(element: Element) -> TextMatch | None:
    found = element.first(_TEXT_MATCH)
    return None if found is None else text_match(found, ASCII_CASEMAP, _COLLATION)


def _test(element: Element) -> Test:
    return "anyof" if element.attribute("test") == "anyof" else "allof"


def _name(element: Element) -> str:
    called = element.attribute("name")
    if not called:
        raise UnmetCondition(_VALID, f"{element.name} has no name.")
    return called.upper()


def _time_range(element: Element) -> TimeRange | None:
    found = element.first(_TIME_RANGE)
    if found is None:
        return None
    sides: list[int | None] = []
    for side in ("start", "end"):
        written = found.attribute(side)
        try:
            sides.append(None if written is None else moment(written))
        except ValueError as error:
            raise UnmetCondition(_VALID, f"{side} of {found.name}: {error}") from None
    start, end = sides
    if start is None and end is None:
        raise UnmetCondition(_VALID, "A time range needs a start or an end.")
    if start is not None and end is not None and end < start:
        end = None  # clients that write it so mean all that is to come
    return TimeRange(start, end)


def _text(root: Element, wanted: str) -> str | None:
    found = root.first(name(wanted))
    return (found.text.strip() or None) if found is not None else None
