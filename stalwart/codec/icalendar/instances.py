"""What a calendar object means on the time line: its instances, in order (RFC 5545 3.8.5, RFC 4791 9.9).

A series is carried out on the clock of its DTSTART, which counts as its first instance; RDATE adds, EXDATE and EXRULE
take away, components with RECURRENCE-ID replace whatever their SEQUENCE, and stay by themselves where the series does
not come by. All of it is bounded: by a number of instances, by years, and by a budget of steps. What cannot be read is
left out and named in ``problems``; a reader of calendars must not fail because of one value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from attrs import Factory, define

from stalwart.codec.icalendar.components import Component, end_property
from stalwart.codec.icalendar.recurring import Budget, occurrences
from stalwart.codec.icalendar.rules import Rule, rule
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.values import DAY, MalformedValue, Moment, Period, duration, moment_of, moments_of
from stalwart.codec.icalendar.zones import Zones

KINDS: Final = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
"""Components that calendar objects are of (RFC 5545 3.6, RFC 7953)."""

LIMIT: Final = 3000
YEARS: Final = 136
"""How long after its first instance a series is carried out."""

_MOST_PROBLEMS: Final = 20
_YEAR: Final = 31_557_600


class Instance(NamedTuple):
    """One occurrence."""

    start: int
    end: int
    """UTC seconds; days begin at midnight in the zone of floating times."""
    start_local: int
    """The start on its own clock, as DTSTART is written."""
    is_date: bool
    recurrence_id: int | None
    """UTC seconds at which the series has it; None if there is no series, nor RECURRENCE-ID."""
    recurrence_local: int | None
    """The same on the clock of the series."""
    component: Component
    """What describes it: the first component, or the one that replaces."""
    is_override: bool
    is_floating: bool


@define
class Expansion:
    """All instances of an object, sorted by start."""

    kind: str
    instances: list[Instance]
    zones: Zones
    is_recurring: bool = False
    is_truncated: bool = False
    """Whether there are more than the limits let through."""
    undated: list[Component] = Factory(list)
    """Components without a time of their own: tasks without DTSTART and DUE, journals without DTSTART."""
    problems: list[str] = Factory(list)

    def __iter__(self) -> Iterator[Instance]:
        return iter(self.instances)

    def __len__(self) -> int:
        return len(self.instances)


class _Shape(NamedTuple):
    """When a component begins, and how long it lasts."""

    start: Moment
    zone: Zone
    days: int
    seconds: int

    def end(self, local: int, utc: int) -> int:
        """The end of the instance with that start: nominal days, then exact seconds (RFC 5545 3.3.6)."""
        return (self.zone.utc(local + self.days * DAY) if self.days else utc) + self.seconds


def kind_of(calendar: Component) -> str | None:
    """The kind of a calendar object: that of its first component that is of one."""
    return next((each.name for each in calendar.components if each.name in KINDS), None)


def instances(
    calendar: Component,
    *,
    zone_for_floating: Zone = UTC,
    limit: int = LIMIT,
    years: int = YEARS,
    since: int | None = None,
    budget: Budget | None = None,
) -> Expansion:
    """The instances of a calendar object, which has components of one UID and kind.

    With ``since`` (UTC seconds) those of the rules that end before are left out, and do not count for the limit: so the
    later part of a series is found that has more than ``limit``.
    """
    kind = kind_of(calendar) or ""
    return instances_of(
        [each for each in calendar.components if each.name == kind],
        Zones(calendar, zone_for_floating),
        limit=limit,
        years=years,
        since=since,
        budget=budget,
    )


def instances_of(
    components: Sequence[Component],
    zones: Zones,
    *,
    limit: int = LIMIT,
    years: int = YEARS,
    since: int | None = None,
    budget: Budget | None = None,
) -> Expansion:
    """The instances of components that belong together: one for a series, and those that replace some of it."""
    making = _Making(zones, budget if budget is not None else Budget(), limit, years, since)
    expansion = Expansion(components[0].name if components else "", [], zones)
    masters = [each for each in components if not each.has("RECURRENCE-ID")]
    overrides = [each for each in components if each.has("RECURRENCE-ID")] if len(masters) < len(components) else []
    for index, master in enumerate(masters):
        making.series(expansion, master, overrides if not index else [])
        if len(expansion.instances) > limit:
            break
    if not masters:
        making.alone(expansion, _Overrides(overrides, making, None), set())
    expansion.instances.sort(key=itemgetter(0))
    if len(expansion.instances) > limit:
        del expansion.instances[limit:]
        expansion.is_truncated = True
    expansion.is_truncated = expansion.is_truncated or making.budget.is_spent
    expansion.problems = making.problems
    return expansion


def sequence_of(component: Component) -> int:
    """SEQUENCE (RFC 5545 3.8.7.4); 0 if there is none, or nothing that could be one."""
    text = (component.value("SEQUENCE") or "").strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0


class _Making:
    """What is shared while an object is expanded."""

    __slots__ = ("budget", "limit", "problems", "since", "years", "zones")

    def __init__(self, zones: Zones, budget: Budget, limit: int, years: int, since: int | None) -> None:
        self.zones = zones
        self.budget = budget
        self.limit = limit
        self.years = years
        self.since = since
        self.problems: list[str] = []

    def problem(self, problem: MalformedValue) -> None:
        """Note what cannot be read."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(str(problem))

    def shape(self, component: Component, fallback: Moment | None = None) -> _Shape | None:
        """When a component is; None if it does not say."""
        start = end = lasts = None
        end_name = end_property(component)
        for each in component.properties:
            name = each.name
            if name in ("DTSTART", "DURATION", end_name):
                try:
                    if name == "DTSTART":
                        start = moment_of(each)
                    elif name == "DURATION":
                        lasts = duration(each.value)
                    else:
                        end = moment_of(each)
                except MalformedValue as problem:
                    self.problem(problem)
        if start is None:
            start = fallback
        if start is None:
            if end is None or component.name != "VTODO":
                return None
            return _Shape(end, self.zones.of(end), 0, 0)
        zone = self.zones.of(start)
        if end is not None:
            return self._until(start, zone, end)
        if lasts is not None and lasts.length > 0:
            return _Shape(start, zone, lasts.days, lasts.seconds)
        if start.is_date and (lasts is None or component.name == "VEVENT") and component.name != "VTODO":
            # RFC 5545 3.6.1: a day without an end lasts that day.
            return _Shape(start, zone, 1, 0)
        return _Shape(start, zone, 0, 0)

    def _until(self, start: Moment, zone: Zone, end: Moment) -> _Shape:
        if start.is_date:
            days = end.local // DAY - start.local // DAY
            return _Shape(start, zone, max(days, 1), 0)
        end_utc = self.zones.utc(end) if end.is_utc or end.tzid is not None else zone.utc(end.local)
        return _Shape(start, zone, 0, max(0, end_utc - zone.utc(start.local)))

    def series(self, expansion: Expansion, master: Component, overrides: Sequence[Component]) -> None:
        """The instances of a component without RECURRENCE-ID, and of those that replace some."""
        shape = self.shape(master)
        if shape is None:
            expansion.undated.append(master)
            if overrides:
                self.alone(expansion, _Overrides(overrides, self, None), set())
            return
        start, zone = shape.start, shape.zone
        if not any(each.name in ("RRULE", "RDATE") for each in master.properties):
            utc = zone.utc(start.local)
            end = shape.end(start.local, utc)
            expansion.instances.append(
                Instance(utc, end, start.local, start.is_date, None, None, master, False, start.is_floating)
            )
            if overrides:
                self.alone(expansion, _Overrides(overrides, self, shape), set())
            return
        expansion.is_recurring = True
        local, lasting = self._recurrence_set(expansion, master, shape)
        self._instances(expansion, master, shape, local, lasting, _Overrides(overrides, self, shape))

    def _instances(
        self,
        expansion: Expansion,
        master: Component,
        shape: _Shape,
        local: list[int],
        lasting: dict[int, tuple[int, int]],
        overrides: _Overrides,
    ) -> None:
        is_date, is_floating, zone, seconds = shape.start.is_date, shape.start.is_floating, shape.zone, shape.seconds
        starts = zone.utc_all(local)
        ends = zone.utc_all([each + shape.days * DAY for each in local]) if shape.days else starts
        found = expansion.instances
        used: set[int] = set()
        if not lasting and overrides.is_empty:
            found += [
                Instance(utc, end + seconds, at, is_date, utc, at, master, False, is_floating)
                for at, utc, end in zip(local, starts, ends, strict=True)
            ]
            return
        for at, utc, end in zip(local, starts, ends, strict=True):
            replaced = overrides.instance(at, utc, used)
            if replaced is not None:
                found.append(replaced)
                continue
            until = end + seconds
            if at in lasting:
                days, exact = lasting[at]
                until = (zone.utc(at + days * DAY) if days else utc) + exact
            found.append(Instance(utc, until, at, is_date, utc, at, master, False, is_floating))
        self.alone(expansion, overrides, used)

    def alone(self, expansion: Expansion, overrides: _Overrides, used: set[int]) -> None:
        """Overrides whose instance the series does not have, by themselves."""
        for key, override in overrides.every():
            if key not in used:
                expansion.instances.append(override.by_itself())
                if len(expansion.instances) > 2 * self.limit:
                    return

    def _recurrence_set(
        self, expansion: Expansion, master: Component, shape: _Shape
    ) -> tuple[list[int], dict[int, tuple[int, int]]]:
        """The starts of a series on its clock, sorted, and how long those last that say so themselves."""
        start = shape.start
        first = self._first(shape)
        found = {start.local} if first is None or start.local >= first else set()
        rules = list(self._rules(master, "RRULE"))
        limit = self.limit + 1 + sum(len(item.raw) // 8 for item in master.all("EXDATE"))
        for each in rules:
            found.update(self._occurrences(each, shape, min(limit, 4 * self.limit)))
        lasting = self._additions(master, shape, found)
        if any(each.name in ("EXDATE", "EXRULE") for each in master.properties):
            found -= self._exceptions(master, shape, found)
        local = sorted(found)
        if len(local) > self.limit:
            del local[self.limit :]
            expansion.is_truncated = True
        return local, lasting

    def _occurrences(self, each: Rule, shape: _Shape, limit: int, *, has_start: bool = True) -> list[int]:
        start = shape.start
        return occurrences(
            each,
            start.local,
            is_date=start.is_date,
            until=self._until_of(each, shape),
            horizon=start.local + self.years * _YEAR,
            limit=limit,
            since=self._first(shape),
            budget=self.budget,
            has_start=has_start,
        )

    def _first(self, shape: _Shape) -> int | None:
        """From when on instances can reach into what is asked for, on the clock of the series."""
        if self.since is None:
            return None
        return shape.zone.local(self.since) - (shape.days + 1) * DAY - shape.seconds

    def _until_of(self, each: Rule, shape: _Shape) -> int | None:
        """UNTIL on the clock of the series, inclusive."""
        until = each.until
        if until is None:
            return None
        if until.is_date:
            return until.local + DAY - 1
        if shape.start.is_date:
            return (self.zones.floating.local(until.local) if until.is_utc else until.local) // DAY * DAY
        return shape.zone.local(until.local) if until.is_utc else until.local

    def _rules(self, master: Component, name: str) -> Iterator[Rule]:
        for item in master.all(name)[:20]:
            try:
                yield rule(item.value)
            except MalformedValue as problem:
                self.problem(problem)

    def _additions(self, master: Component, shape: _Shape, found: set[int]) -> dict[int, tuple[int, int]]:
        lasting: dict[int, tuple[int, int]] = {}
        for given in self._moments(master, "RDATE"):
            moment = given.start if isinstance(given, Period) else given
            local = self.on_clock(moment, shape)
            found.add(local)
            if isinstance(given, Period):
                if isinstance(given.end, Moment):
                    lasting[local] = 0, max(0, self.zones.utc(given.end) - self.zones.utc(given.start))
                else:
                    lasting[local] = max(0, given.end.days), max(0, given.end.seconds)
        return lasting

    def _exceptions(self, master: Component, shape: _Shape, found: set[int]) -> set[int]:
        taken: set[int] = set()
        days: set[int] = set()
        for given in self._moments(master, "EXDATE"):
            moment = given.start if isinstance(given, Period) else given
            if moment.is_date and not shape.start.is_date:
                days.add(moment.local // DAY)
            else:
                taken.add(self.on_clock(moment, shape))
        if days:
            taken.update(each for each in found if each // DAY in days)
        for each in self._rules(master, "EXRULE"):
            taken.update(self._occurrences(each, shape, 4 * self.limit, has_start=False))
        return taken

    def on_clock(self, given: Moment, shape: _Shape) -> int:
        """A moment on the clock of a series; of a day, the time at which the series is."""
        start = shape.start
        if start.is_date:
            return given.local // DAY * DAY
        if given.is_date:
            return given.local + start.local % DAY
        if (given.tzid is None and not given.is_utc) or (given.is_utc, given.tzid) == (start.is_utc, start.tzid):
            # Without a zone of its own it is meant in that of the series.
            return given.local
        return shape.zone.local(self.zones.utc(given))

    def _moments(self, master: Component, name: str) -> Iterator[Moment | Period]:
        for item in master.properties:
            if item.name == name:
                try:
                    yield from moments_of(item)
                except MalformedValue as problem:
                    self.problem(problem)


class _Override(NamedTuple):
    """A component with RECURRENCE-ID."""

    component: Component
    shape: _Shape
    key: int
    local: int
    """Which instance it is, in UTC and on the clock of the series."""

    def by_itself(self) -> Instance:
        """Its own instance."""
        start, zone = self.shape.start, self.shape.zone
        utc = zone.utc(start.local)
        end = self.shape.end(start.local, utc)
        return Instance(
            utc, end, start.local, start.is_date, self.key, self.local, self.component, True, start.is_floating
        )

    def shifted(self, local: int, key: int) -> Instance:
        """A later instance of RANGE=THISANDFUTURE, as far from its own time as this one (RFC 5545 3.8.4.4)."""
        start, zone = self.shape.start, self.shape.zone
        moved = start.local + zone.local(key) - zone.local(self.key)
        utc = zone.utc(moved)
        end = self.shape.end(moved, utc)
        return Instance(utc, end, moved, start.is_date, key, local, self.component, True, start.is_floating)


class _Overrides:
    """The components that replace instances of a series."""

    __slots__ = ("_by_day", "_by_key", "_future", "_making", "is_empty")

    def __init__(self, components: Iterable[Component], making: _Making, series: _Shape | None) -> None:
        self._making = making
        self._by_key: dict[int, _Override] = {}
        self._by_day: dict[int, int] = {}
        self._future: list[_Override] = []
        for component in components:
            self._add(component, series)
        self._future.sort(key=lambda override: override.key)
        self.is_empty = not self._by_key

    def _add(self, component: Component, series: _Shape | None) -> None:
        making = self._making
        item = component.first("RECURRENCE-ID")
        if item is None:
            return
        try:
            given = moment_of(item)
        except MalformedValue as problem:
            making.problem(problem)
            return
        fallback = given
        if series is not None:
            local = making.on_clock(given, series)
            key = series.zone.utc(local)
            if given.is_date and not series.start.is_date:
                self._by_day[local // DAY] = key
                fallback = series.start._replace(local=local)
        else:
            local, key = given.local, making.zones.utc(given)
        shape = making.shape(component, fallback)
        if shape is None:
            return
        known = self._by_key.get(key)
        if known is not None and sequence_of(component) < sequence_of(known.component):
            return
        override = _Override(component, shape, key, local)
        self._by_key[key] = override
        if ";" in item.raw and (item.parameter("RANGE") or "").upper() == "THISANDFUTURE":
            self._future.append(override)

    def every(self) -> Iterable[tuple[int, _Override]]:
        """All of them, by the UTC seconds of their instance."""
        return self._by_key.items()

    def instance(self, local: int, utc: int, used: set[int]) -> Instance | None:
        """What replaces the instance of the series at a time, if anything does."""
        override = self._by_key.get(utc)
        if override is None and self._by_day:
            override = self._by_key.get(self._by_day.get(local // DAY, -1))
        if override is not None:
            used.add(override.key)
            return override.by_itself()._replace(recurrence_id=utc, recurrence_local=local)
        for future in reversed(self._future):
            if future.key <= utc:
                return future.shifted(local, utc)
        return None
