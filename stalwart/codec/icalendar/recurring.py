"""Carrying out a recurrence rule (RFC 5545 3.3.10) on local seconds: sorted, each once, within a budget of steps.

Each frequency makes the days of one period after the other, cut down by the rule's parts; days and times of day make
the candidates of the period, of which BYSETPOS picks. Frequencies below a day do so for each hour, minute or second,
and walk over the days on which nothing can happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

from attrs import define

from stalwart.codec.icalendar.rules import Rule
from stalwart.codec.icalendar.values import DAY, EPOCH, LAST

LAST_DAY: Final = date.max.toordinal()
_STEPS: Final = 100_000
_NO_END: Final = 1 << 62

_UNITS: Final = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
_STEPS_OF: Final = {"WEEKLY": 7 * DAY, "DAILY": DAY, **_UNITS}

DayFilter = Callable[[int], bool]


@define
class Budget:
    """How many steps may be taken: about a microsecond each. One budget is shared by all rules of an object."""

    steps: int = _STEPS
    is_spent: bool = False

    def spend(self, steps: int = 1) -> bool:
        """Take steps; False when there are no more."""
        self.steps -= steps
        if self.steps < 0:
            self.is_spent = True
        return not self.is_spent


def occurrences(
    rule: Rule,
    start: int,
    *,
    is_date: bool = False,
    until: int | None = None,
    horizon: int = LAST,
    limit: int = 3000,
    since: int | None = None,
    budget: Budget | None = None,
    has_start: bool = True,
) -> list[int]:
    """The local seconds at which a series recurs that begins at ``start``, which counts as its first (RFC 5545 3.8.5).

    ``until`` is the rule's own end as local seconds, inclusive. ``has_start`` is for rules that add to a series: an
    EXRULE does not take its start away unless it falls on it. Nothing earlier than ``since`` or later than ``horizon``,
    and ``limit`` at most.
    """
    if rule.is_foreign:
        return [start] if has_start else []
    budget = budget if budget is not None else Budget()
    last = min(horizon, LAST, until if until is not None else LAST)
    last = max(last, start) if has_start else last
    left = rule.count if rule.count is not None else _NO_END
    since = since if since is not None else start
    step = _step(rule, start, is_date)
    if step is not None:
        # Such a series is not walked through.
        first = start + max(0, -(-(since - start) // step)) * step
        even = range(first, min(last, start + (left - 1) * step) + 1, step)[: max(0, limit)]
        budget.spend(len(even) >> 3)
        return list(even)
    found: list[int] = [start] if has_start and start >= since and limit > 0 else []
    left -= has_start
    if last < start or len(found) >= limit:
        return found
    for candidates in _periods(rule, start, is_date, last, budget):
        for each in candidates:
            if each <= start and (has_start or each < start):
                continue
            if each > last or left <= 0:
                return found
            left -= 1
            if each < since:
                continue
            found.append(each)
            if len(found) >= limit:
                return found
        if not budget.spend(1 + len(candidates)):
            return found
    return found


def _step(rule: Rule, start: int, is_date: bool) -> int | None:
    """The seconds between two occurrences, if that is all that the rule says."""
    parts = (rule.seconds, rule.minutes, rule.hours, rule.month_days, rule.year_days, rule.weeks, rule.months)
    if any(parts) or rule.positions or rule.frequency not in _STEPS_OF or (is_date and rule.frequency in _UNITS):
        return None
    if rule.weekdays and (rule.frequency, rule.weekdays) != ("WEEKLY", ((0, (start // DAY + EPOCH - 1) % 7),)):
        return None
    return _STEPS_OF[rule.frequency] * rule.interval


def _periods(rule: Rule, start: int, is_date: bool, last: int, budget: Budget) -> Iterator[Sequence[int]]:
    """The candidates of one period after the other, each sorted."""
    if rule.frequency in _UNITS:
        if is_date:
            return
        yield from _within_days(rule, start, last, budget)
        return
    times = [0] if is_date else _times(rule, start % DAY)
    if not times:
        return
    origin = EPOCH * DAY
    for days in _DAYS[rule.frequency](rule, EPOCH + start // DAY, EPOCH + last // DAY):
        if rule.positions:
            # There may be millions of candidates, so they are not written down.
            size = len(times)
            at = picked(range(len(days) * size), rule.positions)
            yield [days[each // size] * DAY - origin + times[each % size] for each in at]
        elif len(times) == 1:
            shift = times[0] - origin
            yield [day * DAY + shift for day in days]
        else:
            yield ()
            for day in days:
                shift = day * DAY - origin
                yield [shift + time for time in times]


def picked(candidates: Sequence[int], positions: Sequence[int]) -> list[int]:
    """Those at the positions that BYSETPOS names, sorted."""
    size = len(candidates)
    indices = {each - 1 if each > 0 else size + each for each in positions}
    return [candidates[index] for index in sorted(indices) if 0 <= index < size]


def _times(rule: Rule, start: int) -> list[int]:
    """The seconds of a day at which something happens."""
    hours = rule.hours or (start // 3600,)
    minutes = rule.minutes or (start // 60 % 60,)
    seconds = _seconds(rule) or (start % 60,)
    return [hour * 3600 + minute * 60 + second for hour in hours for minute in minutes for second in seconds]


def _seconds(rule: Rule) -> tuple[int, ...]:
    """BYSECOND without leap seconds, which are taken for the second before (RFC 5545 3.3.12)."""
    return tuple(sorted({min(each, 59) for each in rule.seconds}))


# Days


def _daily(rule: Rule, start: int, last: int) -> Iterator[Sequence[int]]:
    days = range(start, last + 1, rule.interval)
    is_day = _day_filter(rule, weekday_ordinals=False)
    if is_day is None:
        for each in days:
            yield (each,)
    else:
        for each in days:
            yield (each,) if is_day(each) else ()


def _weekly(rule: Rule, start: int, last: int) -> Iterator[Sequence[int]]:
    week_start = rule.week_start
    weekdays = {day for _, day in rule.weekdays} or {(start - 1) % 7}
    offsets = sorted((day - week_start) % 7 for day in weekdays)
    is_day = _day_filter(rule, weekdays=False)
    first = start - (start - 1 - week_start) % 7
    for week in range(first, last + 1, 7 * rule.interval):
        days = [week + offset for offset in offsets if week + offset <= LAST_DAY]
        yield days if is_day is None else [day for day in days if is_day(day)]


def _monthly(rule: Rule, start: int, last: int) -> Iterator[Sequence[int]]:
    begun = date.fromordinal(start)
    month_days = rule.month_days
    if not (month_days or rule.weekdays or rule.year_days or rule.weeks):
        month_days = (begun.day,)
    is_day = _rare_filter(rule)
    months = range(begun.year * 12 + begun.month - 1, 10_000 * 12, rule.interval)
    for each in months:
        year, month = each // 12, each % 12 + 1
        if rule.months and month not in rule.months:
            yield ()
            continue
        first, after = _month(year, month)
        if first > last:
            return
        days = _month_days(first, after, month_days) if month_days else list(range(first, after))
        if rule.weekdays:
            allowed = _weekday_days(rule, first, after)
            days = [day for day in days if day in allowed]
        yield days if is_day is None else [day for day in days if is_day(day)]


def _yearly(rule: Rule, start: int, last: int) -> Iterator[Sequence[int]]:
    begun = date.fromordinal(start)
    month_days, weekdays = rule.month_days, rule.weekdays
    months: Sequence[int] = rule.months
    if not (month_days or weekdays or rule.year_days or rule.weeks):
        month_days, months = (begun.day,), months or (begun.month,)
    elif rule.weeks and not (month_days or weekdays or rule.year_days):
        weekdays = ((0, begun.weekday()),)
    for year in range(begun.year, 10_000, rule.interval):
        first = date(year, 1, 1).toordinal()
        if first > last:
            return
        after = date(year, 12, 31).toordinal() + 1
        if rule.year_days:
            days = _month_days(first, after, rule.year_days)
        elif rule.weeks:
            days = _week_days(first, after, rule.weeks, rule.week_start)
        elif months:
            days = [day for month in months for day in _days_of(*_month(year, month), month_days)]
        elif month_days:
            days = [day for month in range(1, 13) for day in _days_of(*_month(year, month), month_days)]
        else:
            days = sorted(_weekdays_between(weekdays, first, after))
            yield days
            continue
        yield _cut_down(rule, days, (first, after), weekdays)


def _cut_down(rule: Rule, days: list[int], year: tuple[int, int], weekdays: Sequence[tuple[int, int]]) -> Sequence[int]:
    """The days of a year that the parts leave which did not make them."""
    first, after = year
    if weekdays:
        if rule.months and not rule.weeks:
            number = date.fromordinal(first).year
            allowed = set().union(*(_weekdays_between(weekdays, *_month(number, month)) for month in rule.months))
        elif rule.weeks:
            plain = {day for _, day in weekdays}
            allowed = {day for day in days if (day - 1) % 7 in plain}
        else:
            allowed = _weekdays_between(weekdays, first, after)
        days = [day for day in days if day in allowed]
    if rule.year_days or rule.weeks:
        if rule.months:
            days = [day for day in days if date.fromordinal(day).month in rule.months]
        if rule.month_days:
            days = [day for day in days if _is_month_day(day, rule.month_days)]
        if rule.year_days and rule.weeks:
            allowed = set(_week_days(first, after, rule.weeks, rule.week_start))
            days = [day for day in days if day in allowed]
    return days


def _days_of(first: int, after: int, month_days: Sequence[int]) -> list[int]:
    return _month_days(first, after, month_days) if month_days else list(range(first, after))


def _month(year: int, month: int) -> tuple[int, int]:
    """The first day of a month, and the one after its last."""
    first = date(year, month, 1).toordinal()
    if month == 12:
        return first, first + 31
    return first, date(year, month + 1, 1).toordinal()


def _month_days(first: int, after: int, numbers: Sequence[int]) -> list[int]:
    """Days of a month or a year by numbers from its start and from its end; those that are not there are left out."""
    days = {first + each - 1 if each > 0 else after + each for each in numbers}
    return sorted(day for day in days if first <= day < after)


def _weekday_days(rule: Rule, first: int, after: int) -> set[int]:
    return _weekdays_between(rule.weekdays, first, after)


def _weekdays_between(weekdays: Sequence[tuple[int, int]], first: int, after: int) -> set[int]:
    """Days by BYDAY in a month or a year; ordinals count in it (RFC 5545 3.3.10)."""
    found: set[int] = set()
    for ordinal, weekday in weekdays:
        begin = first + (weekday - (first - 1)) % 7
        if not ordinal:
            found.update(range(begin, after, 7))
            continue
        if ordinal > 0:
            day = begin + 7 * (ordinal - 1)
        else:
            end = after - 1
            day = end - (end - 1 - weekday) % 7 + 7 * (ordinal + 1)
        if first <= day < after:
            found.add(day)
    return found


def week_of(day: int, week_start: int) -> tuple[int, int]:
    """The number of the week that a day is in, from the start and from the end of its year (RFC 5545 3.3.10).

    A week belongs to the year that has four of its days at least.
    """
    monday = day - (day - 1 - week_start) % 7
    year = date.fromordinal(min(max(monday + 3, 1), LAST_DAY)).year
    first = _first_week(year, week_start)
    after = _first_week(year + 1, week_start)
    number = (monday - first) // 7 + 1
    return number, number - 1 - (after - first) // 7


def _first_week(year: int, week_start: int) -> int:
    """The day on which week 1 of a year begins: the week with its fourth of January."""
    fourth = date(year, 1, 4).toordinal() if year < 10_000 else LAST_DAY + 4
    return fourth - (fourth - 1 - week_start) % 7


def _week_days(first: int, after: int, weeks: Sequence[int], week_start: int) -> list[int]:
    """The days of a calendar year that are in the weeks."""
    days: list[int] = []
    begin = first - (first - 1 - week_start) % 7
    for week in range(begin, after, 7):
        number, from_end = week_of(week, week_start)
        if number in weeks or from_end in weeks:
            days += [day for day in range(week, week + 7) if first <= day < after]
    return days


def _is_month_day(day: int, numbers: Sequence[int]) -> bool:
    given = date.fromordinal(day)
    if given.day in numbers:
        return True
    _, after = _month(given.year, given.month)
    return day - after in numbers


def _rare_filter(rule: Rule) -> DayFilter | None:
    """BYYEARDAY and BYWEEKNO where they make no days."""
    tests: list[DayFilter] = []
    if rule.year_days:
        numbers = rule.year_days

        def is_year_day(day: int) -> bool:
            year = date.fromordinal(day).year
            first = date(year, 1, 1).toordinal()
            return day - first + 1 in numbers or day - 1 - date(year, 12, 31).toordinal() in numbers

        tests.append(is_year_day)
    if rule.weeks:
        weeks, week_start = rule.weeks, rule.week_start

        def is_week(day: int) -> bool:
            number, from_end = week_of(day, week_start)
            return number in weeks or from_end in weeks

        tests.append(is_week)
    return _all(tests)


def _day_filter(rule: Rule, *, weekdays: bool = True, weekday_ordinals: bool = False) -> DayFilter | None:
    """Whether a day is one of the rule's, where its frequency does not make days of these parts."""
    tests: list[DayFilter] = []
    if weekdays and rule.weekdays:
        plain = {day for _, day in rule.weekdays}
        tests.append(lambda day: (day - 1) % 7 in plain)
    if rule.months:
        months = frozenset(rule.months)
        tests.append(lambda day: date.fromordinal(day).month in months)
    if rule.month_days:
        numbers = frozenset(rule.month_days)
        tests.append(lambda day: _is_month_day(day, tuple(numbers)))
    rare = _rare_filter(rule)
    return _all([*tests, rare] if rare is not None else tests)


def _all(tests: list[DayFilter]) -> DayFilter | None:
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda day: all(test(day) for test in tests)


_DAYS: Final[dict[str, Callable[[Rule, int, int], Iterator[Sequence[int]]]]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}


# Within days


def _within_days(rule: Rule, start: int, last: int, budget: Budget) -> Iterator[Sequence[int]]:
    """Hours, minutes or seconds of the days that the rule allows."""
    step = rule.interval * _UNITS[rule.frequency]
    # Where the period begins that the start is in: from there on they are counted.
    origin = start - start % _UNITS[rule.frequency]
    is_day = _day_filter(rule)
    for day in range(start // DAY, last // DAY + 1):
        if is_day is not None and not is_day(EPOCH + day):
            if not budget.spend():
                return
            continue
        for begin, end in _windows(rule, day * DAY):
            first = max(begin, start - start % _UNITS[rule.frequency])
            aligned = origin + -(-(first - origin) // step) * step
            if aligned >= end:
                if not budget.spend():
                    return
                continue
            yield from _units(rule, range(aligned, end, step), start)


def _windows(rule: Rule, day: int) -> Iterator[tuple[int, int]]:
    """The parts of a day that BYHOUR and, below the hour, BYMINUTE leave."""
    if not rule.hours and (not rule.minutes or rule.frequency == "HOURLY"):
        yield day, day + DAY
        return
    for hour in rule.hours or range(24):
        begin = day + hour * 3600
        if not rule.minutes or rule.frequency == "HOURLY":
            yield begin, begin + 3600
        else:
            for minute in rule.minutes:
                yield begin + minute * 60, begin + minute * 60 + 60


def _units(rule: Rule, units: range, start: int) -> Iterator[Sequence[int]]:
    seconds = _seconds(rule)
    if rule.frequency == "SECONDLY":
        for each in units:
            candidates: Sequence[int] = (each,) if not seconds or each % 60 in seconds else ()
            yield picked(candidates, rule.positions) if rule.positions else candidates
        return
    seconds = seconds or (start % 60,)
    if rule.frequency == "MINUTELY":
        shifts = list(seconds)
    else:
        shifts = [minute * 60 + second for minute in rule.minutes or (start // 60 % 60,) for second in seconds]
    if rule.positions:
        shifts = picked(shifts, rule.positions)
    for each in units:
        yield [each + shift for shift in shifts]
