"""When something happens, as a few bytes: made once when an object is written, asked whenever somebody wants a time.

A table answers in microseconds what RFC 4791 9.9 asks, without reading the object or expanding its recurrences. A span
is half open; one whose end is its start is an instant: a range holds it that starts with it, not one that ends with it.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import frozen

from stalwart.codec.icalendar.series import TAG as _TAG_SERIES
from stalwart.codec.icalendar.series import Series, packed_series

BEGINNING: Final = -(2**62)
END: Final = 2**62
"""Moments before and after all others: spans that are open on a side."""

_SINGLE = struct.Struct("<Bqq")
_UNIFORM = struct.Struct("<BxxxIq")
"""Form, seconds that all of them last, start of the first; then a 32 bit number for each: seconds from the first."""
_VARIED = struct.Struct("<BxxxIq")
"""Form, seconds of the longest, start of the first; then those numbers, then as many: seconds that each lasts."""
_WIDE = struct.Struct("<Bxxxxxxxq")
"""Form, seconds of the longest; then the starts in 64 bits, then the ends."""

_TAG_SINGLE, _TAG_UNIFORM, _TAG_VARIED, _TAG_WIDE = 1, 2, 3, 4
_FIT: Final = 1 << 32


@frozen
class SpanTable:
    """All spans of a calendar object."""

    kind: str
    """The component: VEVENT, VTODO, VJOURNAL, VFREEBUSY, VAVAILABILITY."""
    first: int
    """The start of the first span; BEGINNING if it is open, or if there is none."""
    last: int
    """The end of the last one; END if it is open. Where there is none: BEGINNING, so that no range meets it."""
    packed: bytes
    """For ``overlaps`` and ``periods``."""
    is_floating: bool
    """Whether all starts are floating: made with UTC for their zone, it can be asked with local seconds of any zone."""
    is_mixed: bool = False
    """Whether some are floating and some are not: then it holds for one zone only."""
    is_truncated: bool = False
    """Whether the object goes on after the last span that is known; ``last`` is END then."""


def packed(spans: Iterable[tuple[int, int]]) -> bytes:
    """Spans (start, end), in any order, as bytes. An end before its start is an instant."""
    pairs = sorted(spans)
    if not pairs:
        return b""
    if len(pairs) == 1:
        start, end = pairs[0]
        return _SINGLE.pack(_TAG_SINGLE, start, max(start, end))
    first, last = pairs[0][0], pairs[-1][0]
    lasting = [max(0, end - start) for start, end in pairs]
    longest = max(lasting)
    if last - first >= _FIT or longest >= _FIT:
        wide = array("q", [start for start, _ in pairs])
        wide.extend([max(start, end) for start, end in pairs])
        return _WIDE.pack(_TAG_WIDE, min(longest, 2**63 - 1)) + _octets(wide)
    series = packed_series([start for start, _ in pairs], lasting)
    if series is not None:
        return series
    offsets = array("I", [start - first for start, _ in pairs])
    if min(lasting) == longest:
        return _UNIFORM.pack(_TAG_UNIFORM, longest, first) + _octets(offsets)
    offsets.extend(lasting)
    return _VARIED.pack(_TAG_VARIED, longest, first) + _octets(offsets)


def _octets(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _numbers(table: bytes, header: int, code: str) -> Sequence[int]:
    if sys.byteorder == "little":
        return memoryview(table)[header:].cast(code)  # type: ignore[call-overload,no-any-return]
    numbers: array[int] = array(code, table[header:])
    numbers.byteswap()
    return numbers


def _candidates(table: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans that can meet a range, in order: not those that start too late, or so early that none lasts as long."""
    tag = table[0]
    if tag == _TAG_SINGLE:
        _, first, last = _SINGLE.unpack_from(table)
        yield first, last
        return
    if tag == _TAG_WIDE:
        _, longest = _WIDE.unpack_from(table)
        both = _numbers(table, _WIDE.size, "q")
        count = len(both) // 2
        at = bisect_left(both, start - longest, 0, count)
        for index in range(at, bisect_left(both, end, at, count)):
            yield both[index], both[count + index]
        return
    if tag == _TAG_SERIES:
        series = Series(table)
        yield from series.spans(series.before(start - series.longest), series.before(end))
        return
    _, longest, first = _UNIFORM.unpack_from(table)
    offsets = _numbers(table, _UNIFORM.size, "I")
    count = len(offsets) if tag == _TAG_UNIFORM else len(offsets) // 2
    at = bisect_left(offsets, start - longest - first, 0, count)
    to = bisect_left(offsets, end - first, at, count)
    if tag == _TAG_UNIFORM:
        for index in range(at, to):
            yield first + offsets[index], first + offsets[index] + longest
        return
    for index in range(at, to):
        yield first + offsets[index], first + offsets[index] + offsets[count + index]


def overlaps(table: bytes, start: int, end: int) -> bool:
    """Whether one of the spans meets a range of UTC seconds (RFC 4791 9.9)."""
    if table and table[0] == _TAG_UNIFORM:
        _, longest, first = _UNIFORM.unpack_from(table)
        offsets = _numbers(table, _UNIFORM.size, "I")
        at = bisect_left(offsets, end - first)
        # All last as long, so that the last one that starts early enough is the last to end.
        return at > 0 and first + offsets[at - 1] + max(longest, 1) > start
    if table and table[0] == _TAG_SERIES:
        known = Series(table).meets(start, end)
        if known is not None:
            return known
    return any(True for _ in periods(table, start, end))


def periods(table: bytes, start: int = BEGINNING, end: int = END) -> Iterator[tuple[int, int]]:
    """The spans that meet a range, sorted by their starts."""
    if not table:
        return
    for first, last in _candidates(table, start, end):
        if first < end and (last > start or first == last == start):
            yield first, last


def next_start(table: bytes, after: int) -> int | None:
    """The first start later than a moment."""
    if not table:
        return None
    if table[0] == _TAG_SINGLE:
        first: int = _SINGLE.unpack_from(table)[1]
        return first if first > after else None
    if table[0] == _TAG_SERIES:
        series = Series(table)
        number = series.before(after + 1)
        return series.start(number) if number < series.count else None
    if table[0] == _TAG_WIDE:
        numbers, origin = _numbers(table, _WIDE.size, "q"), 0
    else:
        numbers, origin = _numbers(table, _UNIFORM.size, "I"), _UNIFORM.unpack_from(table)[2]
    count = len(numbers) if table[0] == _TAG_UNIFORM else len(numbers) // 2
    at = bisect_right(numbers, after - origin, 0, count)
    return origin + numbers[at] if at < count else None


def last_start(table: bytes) -> int | None:
    """The start of the last span."""
    if not table:
        return None
    if table[0] == _TAG_SINGLE:
        first: int = _SINGLE.unpack_from(table)[1]
        return first
    if table[0] == _TAG_SERIES:
        return Series(table).start(count(table) - 1)
    if table[0] == _TAG_WIDE:
        return _numbers(table, _WIDE.size, "q")[count(table) - 1]
    last: int = _numbers(table, _UNIFORM.size, "I")[count(table) - 1]
    return int(_UNIFORM.unpack_from(table)[2]) + last


def count(table: bytes) -> int:
    """How many spans there are."""
    if not table:
        return 0
    if table[0] == _TAG_SINGLE:
        return 1
    if table[0] == _TAG_SERIES:
        return Series(table).count
    if table[0] == _TAG_UNIFORM:
        return (len(table) - _UNIFORM.size) // 4
    return (len(table) - _WIDE.size) // 16 if table[0] == _TAG_WIDE else (len(table) - _VARIED.size) // 8
