"""What is kept beside a calendar object so that questions of time need not read it: a number and a span table.

The number holds the kind of the object, what its times make of its owner, and how far the table can be relied on. The
numbers are on disk: they never change their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from stalwart.codec.caldav.filter import Hint
from stalwart.codec.caldav.free_busy import Busy, busy_of
from stalwart.codec.icalendar.instances import Expansion
from stalwart.codec.icalendar.spans import BEGINNING, END, count, last_start, overlaps, periods
from stalwart.codec.icalendar.time_ranges import span_table
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.values import DAY

_KINDS: Final = {"VEVENT": 1, "VTODO": 2, "VJOURNAL": 3, "VFREEBUSY": 4, "VAVAILABILITY": 5}
_NAMES: Final = {number: name for name, number in _KINDS.items()}
_KIND, _FLOATING, _MIXED, _TRUNCATED, _BUSY_AT, _VARIED = 7, 8, 16, 32, 6, 256
SLACK: Final = DAY
"""How far a time zone can move times that float: rows are sought in a range that is as much wider."""


@frozen
class TimeIndex:
    """``first`` and ``last`` are the sides of all spans; ``table`` is None where there is one span between them."""

    code: int
    first: int
    last: int
    table: bytes | None


def time_index(expansion: Expansion) -> TimeIndex:
    """What is kept of an object that was expanded with UTC for its floating times."""
    spans = span_table(expansion)
    code = _KINDS[spans.kind]
    if spans.is_floating:
        code |= _FLOATING
    if spans.is_mixed:
        code |= _MIXED
    if spans.is_truncated:
        code |= _TRUNCATED
    if spans.kind == "VFREEBUSY":
        code |= _VARIED
    else:
        found = {
            busy_of(component) for component in {id(each.component): each.component for each in expansion}.values()
        }
        code |= _VARIED if len(found) > 1 else (found.pop() if found else Busy.FREE) << _BUSY_AT
    is_plain = count(spans.packed) == 1 and not spans.is_truncated and spans.first > BEGINNING and spans.last < END
    return TimeIndex(code, spans.first, spans.last, None if is_plain else spans.packed)


def kind_of(code: int) -> str:
    """VEVENT and the like."""
    return _NAMES.get(code & _KIND, "")


class TimeQuestion:
    """A question of time, asked of one index after the other. ``zone`` is the one of floating times."""

    __slots__ = ("_end", "_floating", "_has_range", "_kinds", "_start")

    def __init__(self, hint: Hint, zone: Zone = UTC) -> None:
        self._kinds = frozenset(_KINDS[kind] for kind in hint.kinds)
        self._start, self._end = hint.start, hint.end
        self._has_range = hint.has_range
        self._floating = _local(zone, hint.start), _local(zone, hint.end)

    @property
    def rows(self) -> tuple[int | None, int | None]:
        """Between which times rows have to be looked at; None on a side that is open."""
        start = self._start - SLACK if self._start > BEGINNING else None
        return start, self._end + SLACK if self._end < END else None

    def meets(self, code: int, first: int, last: int, table: bytes | None) -> bool | None:
        """Whether an object is of the kind and in the range; None if it has to be read to know that."""
        if code & _KIND not in self._kinds:
            return False
        if not self._has_range:
            return True
        if code & _MIXED:
            return None
        start, end = self._floating if code & _FLOATING else (self._start, self._end)
        if table is None:
            return first < end and (last > start or first == last == start)
        if overlaps(table, start, end):
            return True
        return None if code & _TRUNCATED and _reaches_beyond(table, end) else False

    def busy(self, code: int, first: int, last: int, table: bytes | None) -> Iterator[tuple[Busy, int, int]] | None:
        """The times in the range that an object makes busy; None if it has to be read to know that."""
        busy = Busy(code >> _BUSY_AT & 3)
        if busy is Busy.FREE and not code & _VARIED:
            return iter(())
        if code & (_MIXED | _VARIED | _FLOATING):
            return None
        if code & _TRUNCATED and _reaches_beyond(table, self._end):
            return None
        if table is None:
            is_met = first < self._end and last > self._start
            return iter(((busy, first, last),) if is_met else ())
        return ((busy, start, end) for start, end in periods(table, self._start, self._end))


def _reaches_beyond(table: bytes | None, end: int) -> bool:
    """Whether a range goes on after the last span that is known."""
    last = last_start(table or b"")
    return last is None or end > last


def _local(zone: Zone, utc: int) -> int:
    return utc if utc in (BEGINNING, END) else zone.local(utc)
