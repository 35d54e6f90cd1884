"""The time zones of one calendar object: which clock each TZID means (RFC 5545 3.2.19, 3.6.5).

A name of the IANA database counts more than the VTIMEZONE that comes with it, which is often shortened or outdated; so
does a name that contains one (``/freeassociation.sourceforge.net/Europe/Berlin``), X-LIC-LOCATION, and a name that
Windows has. Only then the object's own VTIMEZONE is made a table, within a budget. Without one, a name that says an
offset or what Windows shows people counts (``zone_descriptions``); one that says nothing is taken for floating time.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from attrs import evolve

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import Property
from stalwart.codec.icalendar.recurring import Budget, occurrences
from stalwart.codec.icalendar.rules import WEEKDAYS, Rule, rule
from stalwart.codec.icalendar.timezones import UTC, Transition, YearlyDay, YearlyRule, Zone, iana_zone
from stalwart.codec.icalendar.values import (
    DAY,
    MalformedValue,
    Moment,
    Period,
    moment,
    moments_of,
    time_text,
    utc_offset,
    utc_offset_text,
)
from stalwart.codec.icalendar.windows_zones import WINDOWS_ZONES
from stalwart.codec.icalendar.zone_descriptions import described_zone

_MOST_TRANSITIONS: Final = 2000
_MOST_OBSERVANCES: Final = 200
_HORIZON: Final = 7258118400
"""2200-01-01: until then a VTIMEZONE is made a table."""
_LONG_AGO: Final = -631152000
"""1950-01-01: from then on yearly rules of a VTIMEZONE are carried out (Outlook begins them in 1601)."""
_AHEAD: Final = 20 * 366 * DAY

_STEPS: Final = 20_000
_MOST_COMPILED: Final = 256
_UNKNOWN: Final = Zone("")
_compiled: dict[bytes, Zone | None] = {}


class Zones:
    """TZID to zone, for one object."""

    __slots__ = ("_budget", "_calendar", "_components", "_found", "floating")

    def __init__(self, calendar: Component, floating: Zone = UTC, budget: Budget | None = None) -> None:
        self.floating = floating
        """The zone of times that name none, and of days."""
        self._calendar = calendar
        self._components: dict[str | None, Component] | None = None
        self._found: dict[str, Zone] = {}
        self._budget = budget if budget is not None else Budget(_STEPS)

    def zone(self, tzid: str) -> Zone:
        """The zone of a TZID."""
        zone = self._found.get(tzid)
        if zone is None:
            zone = named_zone(tzid) or self._own(tzid) or described_zone(tzid) or self.floating
            self._found[tzid] = zone
        return zone

    def of(self, given: Moment) -> Zone:
        """The zone on whose clock a moment is."""
        if given.is_utc:
            return UTC
        return self.floating if given.tzid is None else self.zone(given.tzid)

    def utc(self, given: Moment) -> int:
        """The instant of a moment; a day begins at its midnight."""
        return given.local if given.is_utc else self.of(given).utc(given.local)

    def is_known(self, tzid: str) -> bool:
        """Whether a TZID names a zone at all."""
        return (named_zone(tzid) or self._own(tzid) or described_zone(tzid)) is not None

    def _own(self, tzid: str) -> Zone | None:
        if self._components is None:
            found = [each for each in self._calendar.components if each.name == "VTIMEZONE"]
            self._components = {each.value("TZID"): each for each in reversed(found)}
        component = self._components.get(tzid)
        if component is None:
            return None
        location = component.value("X-LIC-LOCATION")
        return (named_zone(location) if location else None) or compiled(component, self._budget)


def named_zone(tzid: str) -> Zone | None:
    """The zone that a TZID names by itself, without its VTIMEZONE."""
    tzid = tzid.strip()
    zone = iana_zone(tzid)
    if zone is not None:
        return zone
    windows = WINDOWS_ZONES.get(tzid.lower())
    if windows is not None:
        return iana_zone(windows)
    if "/" in tzid[:255]:
        parts = tzid[:255].split("/")
        for count in (3, 2, 1):
            if len(parts) > count:
                zone = iana_zone("/".join(parts[-count:]))
                if zone is not None:
                    return zone
    return None


def compiled(component: Component, budget: Budget | None = None) -> Zone | None:
    """A VTIMEZONE as a table; None if nothing in it can be read. The same text is made a table once."""
    budget = budget if budget is not None else Budget(_STEPS)
    lines = component.lines()
    if not budget.spend(len(lines)):
        return None
    digest = blake2b("\n".join(lines).encode("utf-8", "replace"), digest_size=16).digest()
    known = _compiled.get(digest, _UNKNOWN)
    if known is not _UNKNOWN:
        return known
    transitions: set[Transition] = set()
    for each in component.components[:_MOST_OBSERVANCES]:
        if each.name in ("STANDARD", "DAYLIGHT") and len(transitions) < _MOST_TRANSITIONS:
            try:
                transitions.update(_observance(each, budget))
            except MalformedValue:
                continue
    if budget.is_spent:
        return None
    zone = Zone(component.value("TZID") or "", sorted(transitions)[-_MOST_TRANSITIONS:]) if transitions else None
    if len(_compiled) >= _MOST_COMPILED:
        _compiled.clear()
    _compiled[digest] = zone
    return zone


def _observance(component: Component, budget: Budget) -> list[Transition]:
    """When a STANDARD or DAYLIGHT begins (RFC 5545 3.6.5): its times are on the clock before."""
    start = moment(component.value("DTSTART") or "").local
    before = utc_offset(component.value("TZOFFSETFROM") or "")
    after = utc_offset(component.value("TZOFFSETTO") or "")
    onsets = {start}
    for item in component.all("RDATE"):
        for each in moments_of(item)[:_MOST_TRANSITIONS]:
            given = each.start if isinstance(each, Period) else each
            onsets.add(given.local + before if given.is_utc else given.local)
    for item in component.all("RRULE"):
        onsets.update(_recurring(rule(item.value), start, before, budget))
    name, is_dst = component.value("TZNAME") or "", component.name == "DAYLIGHT"
    return [Transition(each - before, before, after, name, is_dst) for each in onsets]


def _recurring(given: Rule, start: int, before: int, budget: Budget) -> list[int]:
    until = given.until
    end = None if until is None else until.local + (before if until.is_utc else 0)
    is_plain = given.frequency == "YEARLY" and given.interval == 1 and given.count is None and not given.positions
    if is_plain and given.months and (given.weekdays or given.month_days) and start < _LONG_AGO:
        start, given = _LONG_AGO + start % DAY, evolve(given, until=None)
        return occurrences(given, start, until=end, horizon=_HORIZON, budget=budget, has_start=False)
    return occurrences(given, start, until=end, horizon=_HORIZON, limit=_MOST_TRANSITIONS, budget=budget)


# Writing


def zone_component(tzid: str, start: int, end: int | None = None) -> Component | None:
    """A VTIMEZONE of an IANA zone for instants from ``start`` to ``end``, or for ever after; None if there is none."""
    zone = iana_zone(tzid)
    if zone is None:
        return None
    last_written = zone.transitions[-1].at if zone.transitions else -(2**62)
    rule_ = zone.rule
    goes_on = end is None and rule_ is not None and _is_writable(rule_)
    until = max(start, last_written) + _AHEAD if end is None else end
    changes = zone.changes(start, until)
    component = Component("VTIMEZONE", [Property.made("TZID", tzid)])
    if not changes:
        offset = zone.offset(start)
        fixed = Transition(0, offset, offset, zone.transitions[-1].name if zone.transitions else "")
        component.components.append(_written(fixed, [fixed]))
        return component
    by_rule = [each for each in changes if goes_on and each.at > last_written]
    explicit = changes[: len(changes) - len(by_rule)]
    groups: dict[tuple[int, int, str, bool], list[Transition]] = {}
    for each in explicit:
        groups.setdefault(each[1:], []).append(each)
    component.components += [_written(group[0], group) for group in groups.values()]
    if rule_ is not None and by_rule:
        begun = by_rule[:2] if explicit else _both_kinds(rule_, by_rule)
        for each in begun:
            component.components.append(_written(each, [each], _yearly_text(rule_.start if each.is_dst else rule_.end)))
    return component


def _both_kinds(given: YearlyRule, changes: list[Transition]) -> list[Transition]:
    """The first change of each kind."""
    first = changes[0]
    return [first, next(each for each in changes if each.is_dst != first.is_dst)]


def _is_writable(given: YearlyRule) -> bool:
    """Whether RRULE can say when it changes: by days of the week, at a time of that day."""
    return all(each.month and 0 <= each.time < DAY for each in (given.start, given.end))


def _yearly_text(day: YearlyDay) -> str:
    ordinal = -1 if day.week == 5 else day.week
    return f"FREQ=YEARLY;BYMONTH={day.month};BYDAY={ordinal}{WEEKDAYS[(day.weekday - 1) % 7]}"


def _written(first: Transition, group: list[Transition], rule_: str | None = None) -> Component:
    add: Callable[[str, str], Property] = Property.made
    items = [
        add("DTSTART", time_text(first.at + first.before)),
        add("TZOFFSETFROM", utc_offset_text(first.before)),
        add("TZOFFSETTO", utc_offset_text(first.after)),
    ]
    if first.name:
        items.append(add("TZNAME", first.name))
    if rule_ is not None:
        items.append(add("RRULE", rule_))
    items += [add("RDATE", time_text(each.at + each.before)) for each in group[1:]]
    return Component("DAYLIGHT" if first.is_dst else "STANDARD", items)
