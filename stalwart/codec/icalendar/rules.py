"""Recurrence rules (RFC 5545 3.3.10): read, written in one form, and carried out on local seconds within a budget.

A rule knows no zone: it is carried out on the clock of its series, and a time that this clock skips is shifted when it
becomes an instant. What would count for ever, or find nothing for ever, ends with the budget. Rules of other calendars
(RFC 7529) and with parts that nobody knows are read and kept, and not carried out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from stalwart.codec.icalendar.values import MalformedValue, Moment, moment, moment_text

FREQUENCIES: Final = ("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_LONGEST: Final = 4096
_MOST_NUMBERS: Final = 400
_HIGHEST: Final = 2**31
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)\Z", re.ASCII)
_COUNTED = re.compile(r"\s*\+?0*[1-9]\d*\s*\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,10}\Z", re.ASCII)


@frozen
class Rule:
    """One RRULE or EXRULE."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: Moment | None = None
    seconds: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    """Ordinal (0 for all of them) and day of the week, from Monday as 0."""
    month_days: tuple[int, ...] = ()
    year_days: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0
    is_foreign: bool = False
    """Whether it needs what is not built: another calendar, leap months, SKIP, unknown parts."""

    def text(self) -> str:
        """In one form, whatever the order and case it was read in."""
        parts = [f"FREQ={self.frequency}"]
        if self.until is not None:
            parts.append(f"UNTIL={moment_text(self.until)}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        for name, numbers in (("BYSECOND", self.seconds), ("BYMINUTE", self.minutes), ("BYHOUR", self.hours)):
            parts += _listed(name, numbers)
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(f"{ordinal or ''}{WEEKDAYS[day]}" for ordinal, day in self.weekdays))
        parts += _listed("BYMONTHDAY", self.month_days)
        parts += _listed("BYYEARDAY", self.year_days)
        parts += _listed("BYWEEKNO", self.weeks)
        parts += _listed("BYMONTH", self.months)
        parts += _listed("BYSETPOS", self.positions)
        if self.week_start:
            parts.append(f"WKST={WEEKDAYS[self.week_start]}")
        return ";".join(parts)

    def without_end(self) -> Rule:
        """The same for ever."""
        return evolve(self, count=None, until=None)


def _listed(name: str, numbers: tuple[int, ...]) -> list[str]:
    return [f"{name}={','.join(map(str, numbers))}"] if numbers else []


def _numbers(lowest: int, highest: int, *, has_negative: bool = False) -> Callable[[str], tuple[int, ...]]:
    def read(text: str) -> tuple[int, ...]:
        found = set()
        for each in text.split(","):
            number = _number(each)
            if not (lowest <= (abs(number) if has_negative else number) <= highest):
                raise MalformedValue(f"A rule cannot have {number} there.")
            found.add(number)
            if len(found) > 2 * _MOST_NUMBERS:
                raise MalformedValue("A rule has too many numbers.")
        return tuple(sorted(found))

    return read


def _number(text: str) -> int:
    text = text.strip()
    if _NUMBER.match(text) is None or abs(int(text)) > _HIGHEST:
        raise MalformedValue(f"This is no number of a rule: {text[:20]!r}.")
    return int(text)


def _positive(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise MalformedValue("COUNT and INTERVAL of a rule are 1 at least.")
    return number


def _weekdays(text: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for each in text.upper().split(","):
        match = _WEEKDAY.match(each.strip())
        ordinal = int(match.group(1) or 0) if match else 0
        if match is None or abs(ordinal) > 53 or (match.group(1) and not ordinal):
            raise MalformedValue(f"This is no day of a week: {each[:20]!r}.")
        found.add((ordinal, WEEKDAYS.index(match.group(2))))
    return tuple(sorted(found, key=lambda item: (item[1], item[0])))


def _week_start(text: str) -> int:
    if text.strip().upper() not in WEEKDAYS:
        raise MalformedValue(f"This is no day of a week: {text[:20]!r}.")
    return WEEKDAYS.index(text.strip().upper())


def _frequency(text: str) -> str:
    name = text.strip().upper()
    if name not in FREQUENCIES:
        raise MalformedValue(f"This is no frequency: {text[:20]!r}.")
    return name


_PARTS: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "FREQ": ("frequency", _frequency),
    "INTERVAL": ("interval", _positive),
    "COUNT": ("count", _positive),
    "UNTIL": ("until", moment),
    "BYSECOND": ("seconds", _numbers(0, 60)),
    "BYMINUTE": ("minutes", _numbers(0, 59)),
    "BYHOUR": ("hours", _numbers(0, 23)),
    "BYDAY": ("weekdays", _weekdays),
    "BYMONTHDAY": ("month_days", _numbers(1, 31, has_negative=True)),
    "BYYEARDAY": ("year_days", _numbers(1, 366, has_negative=True)),
    "BYWEEKNO": ("weeks", _numbers(1, 53, has_negative=True)),
    "BYMONTH": ("months", _numbers(1, 12)),
    "BYSETPOS": ("positions", _numbers(1, 366, has_negative=True)),
    "WKST": ("week_start", _week_start),
}
_LEAP_MONTH = re.compile(r"\s*\d{1,2}L\s*\Z", re.ASCII | re.IGNORECASE)


def can_be_no_rule(text: str) -> bool:
    """Whether a rule says what no program can carry out: no FREQ, or one that nobody knows, COUNT or INTERVAL below 1.
    Whatever else is wrong with it, others may make something of it.
    """
    found = {name.strip().upper(): value for name, _, value in (part.partition("=") for part in text.split(";"))}
    if found.get("FREQ", "").strip().upper() not in FREQUENCIES:
        return True
    return any(name in found and _COUNTED.match(found[name]) is None for name in ("COUNT", "INTERVAL"))


def rule(text: str) -> Rule:
    """Read a rule. Raises MalformedValue."""
    if len(text) > _LONGEST:
        raise MalformedValue(f"A rule can have {_LONGEST} characters at most.")
    found: dict[str, object] = {}
    is_foreign = False
    for part in text.strip().rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip().upper()
        if not equals or not value:
            raise MalformedValue(f"A part of a rule has no value: {part[:40]!r}.")
        if (name == "RSCALE" and value.strip().upper() == "GREGORIAN") or (name, value.strip().upper()) == (
            "SKIP",
            "OMIT",
        ):
            continue
        if name not in _PARTS or (name == "BYMONTH" and any(map(_LEAP_MONTH.match, value.split(",")))):
            # RFC 7529 4: RSCALE, SKIP and leap months.
            is_foreign = True
            continue
        key, read = _PARTS[name]
        if key in found:
            raise MalformedValue(f"A rule has {name} twice.")
        found[key] = read(value)
    if "frequency" not in found:
        raise MalformedValue("A rule has no FREQ.")
    return Rule(**found, is_foreign=is_foreign)  # type: ignore[arg-type]
