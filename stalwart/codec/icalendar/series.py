"""Spans that come again and again, in a few octets: the gaps repeat, and what moves them (a change to summer time, a
date that is left out) begins a new run.

The starts of a series are ``first + step * (n // period) + pattern[n % period] + shift``; each run has its shift, and
how long its spans last. A question takes a few microseconds however many spans there are.
"""

from __future__ import annotations

import struct
import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import sub
from typing import Final

TAG: Final = 5
"""The first octet of a table of this form."""
_HEADER: Final = struct.Struct("<BBHHHIIq")
"""Form, shapes, runs, spans, period, seconds of the longest, step, start of the first. Then: the pattern in 32 bits;
of each shape the shift and the seconds that its spans last; of the runs their starts in 32 bits from the first, the
numbers of their first spans in 16 bits, and their shapes in 8.
"""
_SHAPE: Final = struct.Struct("<iI")
_PERIODS: Final = (1, 2, 3, 4, 5, 6, 7, 48)
"""Steps, days of a week, years with a leap year, months with one."""
_FEWEST, _MOST, _MOST_SHAPES = 8, 0xFFFF, 0xFF
_SAMPLE: Final = 256
_RUN: Final = 7
_FARTHEST, _SHIFT = (1 << 32) - 1, (1 << 31) - 1


def packed_series(starts: Sequence[int], lasting: Sequence[int]) -> bytes | None:
    """A table of spans, by their sorted starts and how long they last; None where a plain list is not much larger."""
    count, first = len(starts), starts[0]
    if not _FEWEST <= count <= _MOST or starts[-1] - first > _FARTHEST or max(lasting) > _FARTHEST:
        return None
    for period in _PERIODS:
        if count < 3 * period:
            break
        ((step, often),) = Counter(map(sub, starts[period : period + _SAMPLE], starts)).most_common(1)
        if often * 4 >= min(count - period, _SAMPLE) * 3 and step > starts[period - 1] - first:
            table = _table(starts, lasting, period, step)
            if table is not None:
                return table
    return None


def _table(starts: Sequence[int], lasting: Sequence[int], period: int, step: int) -> bytes | None:
    count, first = len(starts), starts[0]
    pattern = [start - first for start in starts[:period]]
    even = [begin + each for begin in range(first, first + step * (count // period + 1), step) for each in pattern]
    shapes: dict[tuple[int, int], int] = {}
    at, begins, numbers, kinds = 0, [], [], []
    for shape, alike in groupby(zip(map(sub, starts, even), lasting, strict=False)):
        begins.append(starts[at] - first)
        numbers.append(at)
        kinds.append(shapes.setdefault(shape, len(shapes)))
        if len(begins) * _RUN > count or len(shapes) > _MOST_SHAPES or abs(shape[0]) > _SHIFT:
            return None
        at += sum(1 for _ in alike)
    runs = len(begins)
    return b"".join(
        (
            _HEADER.pack(TAG, len(shapes), runs, count, period, max(lasting), step, first),
            struct.pack(f"<{period}I", *pattern),
            *(_SHAPE.pack(*shape) for shape in shapes),
            struct.pack(f"<{runs}I{runs}H{runs}B", *begins, *numbers, *kinds),
        )
    )


class Series:
    """Reads a table."""

    __slots__ = ("_begins", "_first", "_pattern", "_period", "_runs", "_shapes", "_step", "_table", "count", "longest")

    def __init__(self, table: bytes) -> None:
        self._table = table
        self.count: int
        self._runs: int
        header = _HEADER.unpack_from(table)
        _, shapes, self._runs, self.count, self._period, self.longest, self._step, self._first = header
        self._shapes = at = _HEADER.size + 4 * self._period
        self._pattern = (0,) if self._period == 1 else struct.unpack_from(f"<{self._period}I", table, _HEADER.size)
        at += _SHAPE.size * shapes
        if sys.byteorder == "little":
            self._begins: Sequence[int] = memoryview(table)[at : at + 4 * self._runs].cast("I")
        else:
            self._begins = struct.unpack_from(f"<{self._runs}I", table, at)

    def before(self, moment: int) -> int:
        """How many spans start before a moment."""
        offset = moment - self._first
        run = bisect_left(self._begins, offset)
        return self._before(run, offset) if run else 0

    def start(self, number: int) -> int:
        """The start of one of the spans."""
        ((start, _),) = self.spans(number, number + 1)
        return start

    def spans(self, at: int, to: int) -> Iterator[tuple[int, int]]:
        """Some of the spans, by their numbers."""
        if at >= to:
            return
        run = bisect_right(range(self._runs), at, key=self._number) - 1
        while at < to:
            shift, lasts = self._shape(run)
            run += 1
            for number in range(at, min(to, self._number(run))):
                cycle, place = divmod(number, self._period)
                start = self._first + shift + cycle * self._step + self._pattern[place]
                yield start, start + lasts
            at = self._number(run)

    def meets(self, start: int, end: int) -> bool | None:
        """Whether one of the spans meets a range; None where their lengths differ and the last may not be the one."""
        offset = end - self._first
        run = bisect_left(self._begins, offset)
        if not run:
            return False
        cycle, place = divmod(self._before(run, offset) - 1, self._period)
        shift, lasts = self._shape(run - 1)
        begin = self._first + shift + cycle * self._step + self._pattern[place]
        if begin + max(lasts, 1) > start:
            return True
        return False if begin + max(self.longest, 1) <= start else None

    def _before(self, run: int, offset: int) -> int:
        """How many of the spans start before an offset, which the first of the run before ``run`` does."""
        begin = self._number(run - 1)
        shift, _ = self._shape(run - 1)
        cycle, rest = divmod(offset - shift, self._step)
        number: int = cycle * self._period + bisect_left(self._pattern, rest)
        end = self._number(run)
        return begin if number < begin else end if number > end else number

    def _shape(self, run: int) -> tuple[int, int]:
        table = self._table
        at = self._shapes + _SHAPE.size * table[len(table) - self._runs + run]
        return _SHAPE.unpack_from(table, at)

    def _number(self, run: int) -> int:
        """The number of the first span of a run."""
        if run == self._runs:
            return self.count
        at = len(self._table) - 3 * self._runs + 2 * run
        return self._table[at] | self._table[at + 1] << 8
