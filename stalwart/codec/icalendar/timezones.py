"""Time zones as tables of transitions: those of the IANA database (RFC 9636), and any that can be written as a table.

The database is the system's, or that of the package ``tzdata`` where the system has none (as in zoneinfo). A zone says
in a microsecond what its clock shows, and which instant a time on its clock is: a time that the clock skips counts on
from before (02:30 becomes 03:30), of a time that it shows twice the first is meant (RFC 5545 3.3.5, 3.3.10).
"""

from __future__ import annotations

import re
import zoneinfo
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from struct import unpack_from
from typing import Final, NamedTuple

from attrs import frozen

from stalwart.codec.icalendar.values import DAY, EPOCH

_AHEAD: Final = 40
"""Years of transitions that are written down beyond the one that is asked for."""
_LAST_YEAR: Final = 9990

_POSIX = re.compile(
    r"(?P<std><[^>]+>|[A-Za-z]+)(?P<off>[+-]?\d+(?::\d+){0,2})"
    r"(?:(?P<dst><[^>]+>|[A-Za-z]+)(?P<dstoff>[+-]?\d+(?::\d+){0,2})?(?:,(?P<start>[^,]+),(?P<end>[^,]+))?)?\Z"
)
_MONTHLY = re.compile(r"M(\d{1,2})\.(\d)\.(\d)\Z")


class Transition(NamedTuple):
    """A change of a zone's clock."""

    at: int
    """UTC seconds."""
    before: int
    after: int
    """Offsets from UTC."""
    name: str = ""
    """What the time is called from then on."""
    is_dst: bool = False


@frozen
class YearlyDay:
    """The day and time of a yearly change: ``Mm.w.d/time``, ``Jn/time`` or ``n/time`` of POSIX (RFC 9636 3.3.1)."""

    month: int
    week: int
    weekday: int
    """From Sunday as 0. With ``month`` 0, ``week`` is the day of the year, and 1 here: February 29 is not counted."""
    time: int

    def local(self, year: int) -> int:
        """Local seconds of the change in a year."""
        if not self.month:
            day = date(year, 1, 1).toordinal() + self.week
            if self.weekday:
                is_leap = date(year, 12, 31).toordinal() - date(year, 1, 1).toordinal() == 365
                day += -1 + (1 if is_leap and self.week >= 60 else 0)
            return (day - EPOCH) * DAY + self.time
        first = date(year, self.month, 1).toordinal()
        after = date(year + self.month // 12, self.month % 12 + 1, 1).toordinal()
        day = first + (self.weekday - first) % 7 + 7 * (self.week - 1)
        while day >= after:
            day -= 7
        return (day - EPOCH) * DAY + self.time


@frozen
class YearlyRule:
    """How a zone goes on after its last transition."""

    standard: int
    daylight: int
    standard_name: str
    daylight_name: str
    start: YearlyDay
    end: YearlyDay

    def transitions(self, year: int) -> list[Transition]:
        """The two changes of a year, in order."""
        start = Transition(
            self.start.local(year) - self.standard, self.standard, self.daylight, self.daylight_name, True
        )
        end = Transition(self.end.local(year) - self.daylight, self.daylight, self.standard, self.standard_name, False)
        return sorted((start, end))


class Zone:
    """A clock. ``name`` is its IANA name, or the TZID of a VTIMEZONE that has none."""

    __slots__ = ("_table", "name", "rule", "transitions")

    def __init__(
        self, name: str, transitions: Sequence[Transition] = (), offset: int = 0, rule: YearlyRule | None = None
    ) -> None:
        self.name = name
        self.transitions = tuple(transitions)
        """Those that are written down; ``rule`` makes the later ones."""
        self.rule = rule
        self._table = _table(self.transitions, offset, None)

    def __repr__(self) -> str:
        return f"Zone({self.name!r})"

    def offset(self, utc: int) -> int:
        """Seconds that the clock is ahead of UTC at an instant."""
        table = self._table if self.rule is None or utc < self._table.end else self._longer(utc)
        return table.offsets[bisect_right(table.times, utc)]

    def local(self, utc: int) -> int:
        """What the clock shows at an instant."""
        return utc + self.offset(utc)

    def utc(self, local: int) -> int:
        """The instant at which the clock shows a time."""
        table = self._table if self.rule is None or local + DAY < self._table.end else self._longer(local + DAY)
        return local - table.offsets[bisect_right(table.walls, local)]

    def utc_all(self, local: Sequence[int]) -> list[int]:
        """The same of many times, sorted ones fastest."""
        if not local:
            return []
        latest = max(local) + DAY
        table = self._table if self.rule is None or latest < self._table.end else self._longer(latest)
        walls, offsets = table.walls, table.offsets
        if not walls:
            offset = offsets[0]
            return [each - offset for each in local]
        found = []
        low, high, offset = 1, 0, 0
        for each in local:
            if not low <= each < high:
                at = bisect_right(walls, each)
                low = walls[at - 1] if at else -(2**62)
                high = walls[at] if at < len(walls) else 2**62
                offset = offsets[at]
            found.append(each - offset)
        return found

    def changes(self, start: int, end: int) -> list[Transition]:
        """The transitions within instants; and the last one before them, if there is one."""
        every = list(self.transitions)
        if self.rule is not None:
            last = every[-1].at if every else -(2**62)
            first = max(_year(start) - 1, _year(last) if every else 1900)
            for year in range(first, min(_year(end), _LAST_YEAR) + 1):
                every += [each for each in self.rule.transitions(year) if each.at > last]
        before = [each for each in every if each.at <= start]
        return before[-1:] + [each for each in every if start < each.at < end]

    def _longer(self, utc: int) -> _Table:
        """A table that reaches beyond an instant."""
        table = self._table
        year = min(_year(utc) + _AHEAD, _LAST_YEAR)
        if self.rule is not None and year < _LAST_YEAR + 1 and table.year < _LAST_YEAR:
            last = self.transitions[-1].at if self.transitions else -(2**62)
            every = list(self.transitions)
            for each in range(_year(last) if self.transitions else 1900, year + 1):
                every += [change for change in self.rule.transitions(each) if change.at > last]
            self._table = table = _table(every, self._table.offsets[0], year)
        return table


@frozen
class _Table:
    times: array[int]
    walls: array[int]
    """Of each transition the time on the clock from which on the offset after it counts."""
    offsets: array[int]
    end: int
    year: int


def _table(transitions: Sequence[Transition], offset: int, year: int | None) -> _Table:
    first = transitions[0].before if transitions else offset
    times = array("q", [each.at for each in transitions])
    walls = array("q", [each.at + max(each.before, each.after) for each in transitions])
    offsets = array("q", [first, *(each.after for each in transitions)])
    if year is None:
        return _Table(times, walls, offsets, times[-1] - DAY if times else -(2**62), 0)
    end = (date(year, 12, 1).toordinal() - EPOCH) * DAY
    return _Table(times, walls, offsets, end if year < _LAST_YEAR else 2**62, year)


def _year(utc: int) -> int:
    return date.fromordinal(min(max(EPOCH + utc // DAY, 1), date.max.toordinal())).year


UTC: Final = Zone("UTC")


def iana_zone(name: str) -> Zone | None:
    """The zone of an IANA name, written in any case; None if there is none."""
    known = iana_names().get(name.lower())
    return _load(known) if known is not None else None


@cache
def iana_names() -> dict[str, str]:
    """All names of the database, by themselves in lower case."""
    return {name.lower(): name for name in sorted({*zoneinfo.available_timezones(), "UTC"})}


@lru_cache(1024)
def _load(name: str) -> Zone | None:
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    octets = _database(name)
    return _read(name, octets) if octets is not None and octets[:4] == b"TZif" else None


def _database(name: str) -> bytes | None:
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    package, _, leaf = f"tzdata/zoneinfo/{name}".rpartition("/")
    try:
        return resources.files(package.replace("/", ".")).joinpath(leaf).read_bytes()
    except (ModuleNotFoundError, OSError, ValueError):
        return None


def _read(name: str, octets: bytes) -> Zone:
    """A file in the second version of its format or later (RFC 9636 3)."""
    at, size = 0, 4
    if octets[4:5] >= b"2":
        utc, standard, leaps, times, types, letters = unpack_from(">6I", octets, 20)
        at, size = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc, 8
    utc, standard, leaps, times, types, letters = unpack_from(">6I", octets, at + 20)
    at += 44
    moments = unpack_from(f">{times}{'q' if size == 8 else 'i'}", octets, at)
    kinds = octets[at + times * size : at + times * (size + 1)]
    at += times * (size + 1)
    details = [unpack_from(">iBB", octets, at + index * 6) for index in range(types)]
    text = octets[at + types * 6 : at + types * 6 + letters]
    names = [text[detail[2] : text.index(b"\0", detail[2])].decode("ascii", "replace") for detail in details]
    end = at + types * 6 + letters + leaps * (size + 4) + standard + utc
    offset = details[0][0]
    transitions = []
    before = offset
    for moment, kind in zip(moments, kinds, strict=True):
        transitions.append(Transition(moment, before, details[kind][0], names[kind], bool(details[kind][1])))
        before = details[kind][0]
    footer = octets[end:].strip(b"\n").decode("ascii", "replace") if size == 8 else ""
    rule = _posix(footer)
    # Some files write down what the rule says anyway.
    while rule is not None and len(transitions) > 1 and _goes_on(rule, *transitions[-2:]):
        transitions.pop()
    return Zone(name, transitions, offset, rule)


def _goes_on(rule: YearlyRule, one: Transition, other: Transition) -> bool:
    """Whether a rule makes one transition right after the other."""
    is_next = other.at - one.at < 366 * DAY
    return is_next and all(each in rule.transitions(_year(each.at)) for each in (one, other))


def _posix(text: str) -> YearlyRule | None:
    """The rule of a footer; None where the clock does not change any more."""
    found = _POSIX.match(text)
    if found is None or not found["start"]:
        return None
    standard = -_seconds(found["off"])
    daylight = -_seconds(found["dstoff"]) if found["dstoff"] else standard + 3600
    start, end = _yearly_day(found["start"]), _yearly_day(found["end"])
    if start is None or end is None:
        return None
    return YearlyRule(standard, daylight, found["std"].strip("<>"), found["dst"].strip("<>"), start, end)


def _seconds(text: str) -> int:
    hours, minutes, seconds = ([*text.lstrip("+-").split(":"), "0", "0"])[:3]
    total = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return -total if text.startswith("-") else total


def _yearly_day(text: str) -> YearlyDay | None:
    day, _, time = text.partition("/")
    seconds = _seconds(time) if time else 7200
    monthly = _MONTHLY.match(day)
    if monthly is not None:
        return YearlyDay(int(monthly[1]), int(monthly[2]), int(monthly[3]), seconds)
    number = day.lstrip("J")
    return YearlyDay(0, int(number), int(day.startswith("J")), seconds) if number.isdigit() else None
