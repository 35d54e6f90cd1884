"""What CalendarEvent/query looks for (draft-ietf-jmap-calendars 5.11), and how results are sorted.

Texts are sought in the index that CalDAV's queries use, where there is no word about instances that have another text;
where single instances are listed, each is looked at itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.values import MalformedValue, unescaped
from stalwart.codec.jscalendar.values import local_seconds
from stalwart.codec.search_terms import fold
from stalwart.jmap.standard.filters import Condition, Filter, Test
from stalwart.jmap.standard.scalars import Id, PropertyType, String, Unfit
from stalwart.jmap.standard.sorting import Sort

_MOST_TEXT: Final = 1000


@frozen
class LocalDateTime(PropertyType):
    """A time on the clock of the argument ``timeZone``; UTCDate, which older clients write, is taken as such."""

    def read(self, value: Any) -> Any:
        try:
            return local_seconds(value.removesuffix("Z") if isinstance(value, str) else "")
        except MalformedValue:
            raise Unfit("must be a date such as 2014-10-30T06:12:00") from None


def _text() -> Condition:
    return Condition(String(most=_MOST_TEXT), searches=True)


CONDITIONS: Final = {
    "inCalendar": Condition(Id()),
    "after": Condition(LocalDateTime()),
    "before": Condition(LocalDateTime()),
    "text": _text(),
    "title": _text(),
    "description": _text(),
    "location": _text(),
    "owner": _text(),
    "attendee": _text(),
    "uid": Condition(String(most=1024)),
}
SORTS: Final = {name: Sort() for name in ("start", "uid", "recurrenceId", "created", "updated")}
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("summary",),
    "description": ("description",),
    "location": ("location",),
    "text": ("summary", "description", "location"),
}
"""What of the index each condition looks at."""
PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {
    "owner": ("ORGANIZER",),
    "attendee": ("ATTENDEE",),
    "text": ("ORGANIZER", "ATTENDEE"),
}
"""The lines in which each condition looks for names and addresses."""
_NAMES: Final = {"summary": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}


def needed(filter: Filter) -> Iterable[Test]:
    """The conditions that must hold."""
    if isinstance(filter, Test):
        yield filter
    elif filter.operator == "AND":
        for part in filter.parts:
            yield from needed(part)


def bare(filter: Filter) -> tuple[Test, ...] | None:
    """The conditions of a filter without operators, None if there are any."""
    if isinstance(filter, Test):
        return (filter,)
    if filter.operator == "AND" and all(isinstance(part, Test) for part in filter.parts):
        return tuple(part for part in filter.parts if isinstance(part, Test))
    return None


def has_person(component: Component, names: Iterable[str], wanted: str) -> bool:
    """Whether who organizes, or takes part, has a folded text in his name or address."""
    for name in names:
        for item in component.all(name):
            if wanted in fold(item.value.removeprefix("mailto:")) or wanted in fold(item.parameter("CN") or ""):
                return True
    return False


def _has_text(component: Component, names: Iterable[str], wanted: str) -> bool:
    return any(wanted in fold(unescaped(item.value)) for name in names for item in component.all(_NAMES[name]))


def told_by(component: Component, test: Test) -> bool:
    """Whether a condition about texts holds for one component."""
    wanted = fold(test.value)
    return _has_text(component, TEXTS.get(test.name, ()), wanted) or has_person(
        component, PEOPLE.get(test.name, ()), wanted
    )


def is_about_text(test: Test) -> bool:
    """Whether a condition looks into texts or people."""
    return test.name in TEXTS or test.name in PEOPLE


Predicate = Callable[[int], bool]


def combined(filter: Filter, of: Callable[[Test], Predicate]) -> Predicate:
    """The filter as a function of numbers."""
    if isinstance(filter, Test):
        return of(filter)
    parts = [combined(part, of) for part in filter.parts]
    if filter.operator == "AND":
        return lambda id: all(part(id) for part in parts)
    if filter.operator == "OR":
        return lambda id: any(part(id) for part in parts)
    return lambda id: not any(part(id) for part in parts)
