"""What a calendar-query asks for, as values: the tree of its filter (RFC 4791 9.7) and which part of the data to give
(RFC 4791 9.6).

Names are in upper case, moments are seconds since 1970 in UTC. What these mean for an object is said elsewhere.
"""

from __future__ import annotations

from attrs import frozen

from stalwart.codec.dav.text_match import ParamFilter as ParamFilter
from stalwart.codec.dav.text_match import Test as Test
from stalwart.codec.dav.text_match import TextMatch as TextMatch


@frozen
class TimeRange:
    """From ``start`` until before ``end``; None on a side that is open."""

    start: int | None = None
    end: int | None = None


@frozen
class PropFilter:
    """A property: there (nothing else is given), not there (``absent``), or there and as told."""

    name: str
    absent: bool = False
    time_range: TimeRange | None = None
    text_match: TextMatch | None = None
    params: tuple[ParamFilter, ...] = ()
    test: Test = "allof"


@frozen
class CompFilter:
    """A component: there (nothing else is given), not there (``absent``), or one of this name of which all is true.

    With ``test`` "anyof" one of what is told of its properties and components is enough.
    """

    name: str
    absent: bool = False
    time_range: TimeRange | None = None
    props: tuple[PropFilter, ...] = ()
    comps: tuple[CompFilter, ...] = ()
    test: Test = "allof"


@frozen
class PropSelection:
    """A property to be given, without its value if ``novalue``."""

    name: str
    novalue: bool = False


@frozen
class CompSelection:
    """A component to be given; one that selects nothing is given whole (``whole``)."""

    name: str
    all_props: bool = False
    props: tuple[PropSelection, ...] = ()
    all_comps: bool = False
    comps: tuple[CompSelection, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is selected of it, so that everything is wanted."""
        return not (self.all_props or self.props or self.all_comps or self.comps)


@frozen
class CalendarData:
    """A ``calendar-data`` of a request: the component VCALENDAR with what is wanted of it, and what recurrences become.

    ``expand`` and the limits have both sides; the ranges are not empty. The type and version asked for are those of
    the request, None where it is silent.
    """

    comp: CompSelection | None = None
    expand: TimeRange | None = None
    limit_recurrence_set: TimeRange | None = None
    limit_freebusy_set: TimeRange | None = None
    content_type: str | None = None
    version: str | None = None
