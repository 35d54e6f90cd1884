"""The filter of a calendar-query as a predicate (RFC 4791 9.7): made once, asked of object after object.

What a filter says of the kind of an object and of a time range is known without reading the object, from its span
table; ``Filter.hint`` is that part, and ``is_hint_all`` whether there is no other. What remains is asked of the parsed
object: one and the same component has to be in the time range and to have what is told of properties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import evolve, field, frozen

from stalwart.codec.caldav.conditions import CompFilter, ParamFilter, PropFilter, Test, TimeRange
from stalwart.codec.icalendar.alarms import alarms
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.instances import KINDS, LIMIT, Expansion, instances
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.spans import BEGINNING, END, overlaps
from stalwart.codec.icalendar.time_ranges import span_table
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.values import MalformedValue, Period, moments_of, unescaped
from stalwart.codec.icalendar.zones import Zones


@frozen
class Hint:
    """What of a filter can be known without the object: its kind is one of ``kinds``, and it meets the time from
    ``start`` to ``end``.
    """

    kinds: frozenset[str] = frozenset(KINDS)
    start: int = BEGINNING
    end: int = END

    @property
    def has_range(self) -> bool:
        """Whether the time counts."""
        return self.start > BEGINNING or self.end < END


class Times:
    """The times of one object, reckoned when somebody asks for them. ``is_met`` says that the one component of the
    object is known to be in the time range of the hint.
    """

    __slots__ = ("_alarms", "_calendar", "_expansion", "_limit", "_since", "_tables", "_zone", "is_met")

    def __init__(
        self, calendar: Component, zone: Zone = UTC, *, limit: int = LIMIT, since: int = BEGINNING, is_met: bool = False
    ) -> None:
        self._calendar = calendar
        self._zone = zone
        self._limit = limit
        self._since = since
        self._expansion: Expansion | None = None
        self._tables: dict[int, bytes] = {}
        self._alarms: dict[int, list[int]] | None = None
        self.is_met = is_met and sum(each.name in KINDS for each in calendar.components) == 1

    @property
    def expansion(self) -> Expansion:
        """The instances, from those on that can meet the query."""
        if self._expansion is None:
            since = self._since if self._since > BEGINNING else None
            self._expansion = instances(self._calendar, zone_for_floating=self._zone, limit=self._limit, since=since)
        return self._expansion

    @property
    def zones(self) -> Zones:
        """The zones of the object."""
        return self.expansion.zones if self._expansion is not None else Zones(self._calendar, self._zone)

    def meets(self, component: Component, start: int, end: int) -> bool:
        """Whether an instance that a component describes, or an alarm, is in a time range."""
        if component.name == "VALARM":
            return any(start <= at < end for at in self._alarm_times(component))
        table = self._tables.get(id(component))
        if table is None:
            whole = self.expansion
            own = [each for each in whole.instances if each.component is component]
            undated = [each for each in whole.undated if each is component]
            table = span_table(evolve(whole, instances=own, undated=undated)).packed
            self._tables[id(component)] = table
        return overlaps(table, start, end)

    def _alarm_times(self, component: Component) -> Iterable[int]:
        if self._alarms is None:
            self._alarms = {}
            # Alarms of what is over can still be to come, and the other way round.
            whole = instances(self._calendar, zone_for_floating=self._zone, limit=self._limit)
            for each in alarms(whole):
                self._alarms.setdefault(id(each.alarm), []).append(each.at)
        return self._alarms.get(id(component), ())


_OfComponent = Callable[[Component, Times], bool]
_OfProperty = Callable[[Property, Times], bool]


@frozen
class Filter:
    """A compiled filter. ``is_hint_all`` says that objects which meet the hint need not be read."""

    hint: Hint
    is_hint_all: bool
    needs_times: bool
    _test: _OfComponent = field(alias="test")

    def matches(self, calendar: Component, zone: Zone = UTC, *, limit: int = LIMIT, is_in_range: bool = False) -> bool:
        """Whether an object is meant. ``zone`` is the one of floating times; ``is_in_range`` says that its span table
        meets the hint.
        """
        times = Times(calendar, zone, limit=limit, since=self.hint.start, is_met=is_in_range)
        return self._test(calendar, times)


def compiled(asked: CompFilter) -> Filter:
    """The predicate of a filter, whose outermost component is VCALENDAR."""
    hint, is_all = _hint(asked)
    return Filter(hint, is_all, _has_range(asked), _calendar(asked))


def _has_range(asked: CompFilter) -> bool:
    return asked.time_range is not None or any(map(_has_range, asked.comps))


def _hint(asked: CompFilter) -> tuple[Hint, bool]:
    """What of a filter the index answers, and whether that is all of it."""
    if asked.absent:
        return Hint(), False
    is_all = not asked.props
    if asked.test == "anyof" and len(asked.comps) + len(asked.props) > 1:
        return Hint(), False
    kinds, start, end = frozenset(KINDS), BEGINNING, END
    if asked.time_range is not None:
        start, end = _sides(asked.time_range)
    for each in asked.comps:
        if each.name not in KINDS:
            is_all = False
        elif each.absent:
            kinds -= {each.name}
        else:
            kinds &= {each.name}
            if each.time_range is not None:
                first, last = _sides(each.time_range)
                is_all = is_all and (start, end) == (BEGINNING, END)
                start, end = max(start, first), min(end, last)
            is_all = is_all and not each.props and not each.comps
    return Hint(kinds, start, end), is_all


def _sides(given: TimeRange) -> tuple[int, int]:
    return BEGINNING if given.start is None else given.start, END if given.end is None else given.end


# Components


def _calendar(asked: CompFilter) -> _OfComponent:
    if asked.absent:
        return lambda calendar, times: False
    inner = _inside(asked)
    if asked.time_range is None:
        return inner
    start, end = _sides(asked.time_range)

    def test(calendar: Component, times: Times) -> bool:
        of_kind = [each for each in calendar.components if each.name in KINDS]
        return any(times.meets(each, start, end) for each in of_kind) and inner(calendar, times)

    return test


def _component(asked: CompFilter) -> _OfComponent:
    """What is asked of one component of the name."""
    inner = _inside(asked)
    if asked.time_range is None:
        return inner
    start, end = _sides(asked.time_range)
    is_kind = asked.name in KINDS

    def test(component: Component, times: Times) -> bool:
        # Properties are looked at first, because that costs less than the instances.
        return inner(component, times) and ((is_kind and times.is_met) or times.meets(component, start, end))

    return test


def _inside(asked: CompFilter) -> _OfComponent:
    """What is asked of the properties of a component, and of the components in it."""
    tests = [_some_property(each) for each in asked.props] + [_some_component(each) for each in asked.comps]
    return _joined(tests, asked.test)


def _joined(tests: list[_OfComponent], how: Test) -> _OfComponent:
    if not tests:
        return lambda component, times: True
    if len(tests) == 1:
        return tests[0]
    if how == "anyof":
        return lambda component, times: any(test(component, times) for test in tests)
    return lambda component, times: all(test(component, times) for test in tests)


def _some_component(asked: CompFilter) -> _OfComponent:
    name = asked.name
    if asked.absent:
        return lambda parent, times: all(each.name != name for each in parent.components)
    test = _component(asked)
    return lambda parent, times: any(each.name == name and test(each, times) for each in parent.components)


# Properties


def _some_property(asked: PropFilter) -> _OfComponent:
    name = asked.name
    if asked.absent:
        return lambda component, times: not component.has(name)
    tests: list[_OfProperty] = [_param(each) for each in asked.params]
    if asked.text_match is not None:
        says = asked.text_match.predicate()
        tests.append(lambda item, times: says(unescaped(item.value)))
    if asked.time_range is not None:
        tests.append(_dated(asked.time_range))
    if not tests:
        return lambda component, times: component.has(name)
    if asked.test == "anyof":
        return lambda component, times: any(
            item.name == name and any(test(item, times) for test in tests) for item in component.properties
        )
    return lambda component, times: any(
        item.name == name and all(test(item, times) for test in tests) for item in component.properties
    )


def _dated(given: TimeRange) -> _OfProperty:
    """Whether a date of the property is in a time range (RFC 4791 9.9)."""
    start, end = _sides(given)

    def test(item: Property, times: Times) -> bool:
        try:
            found = moments_of(item)
        except MalformedValue:
            return False
        zones = times.zones
        return any(start <= zones.utc(each.start if isinstance(each, Period) else each) < end for each in found)

    return test


def _param(asked: ParamFilter) -> _OfProperty:
    name = asked.name
    if asked.absent:
        return lambda item, times: name not in item.parameters
    if asked.text_match is None:
        return lambda item, times: name in item.parameters
    says = asked.text_match.predicate()
    return lambda item, times: any(map(says, item.parameters.get(name, ())))
