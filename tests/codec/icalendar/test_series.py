"""Series say what the list of their spans would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.instances import instances
from stalwart.codec.icalendar.series import TAG, Series, packed_series
from stalwart.codec.icalendar.spans import count, last_start, next_start, overlaps, packed, periods

_STEPS = st.sampled_from(((10,), (7, 3), (1, 1, 8), (0, 10), (2, 2, 2, 2, 2, 4, 6)))
_CHANGES = st.lists(st.tuples(st.integers(0, 70), st.sampled_from((1, -1, 10, 20))), max_size=3)


@st.composite
def _spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    """An even series with some changes in its steps, and in how long some last."""
    steps, begin, long = draw(_STEPS), draw(st.integers(-100, 100)), draw(st.integers(0, 25))
    changes, others = dict(draw(_CHANGES)), draw(st.sets(st.integers(0, 70), max_size=2))
    spans = []
    for number in range(draw(st.integers(8, 80))):
        spans.append((begin, begin + long + 5 * (number in others)))
        begin += max(0, steps[number % len(steps)] + changes.get(number, 0))
    return sorted(spans)


def _expanded(*lines: str) -> list[tuple[int, int]]:
    text = "\r\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:u", *lines, "END:VEVENT", "END:VCALENDAR", ""))
    return sorted((each.start, each.end) for each in instances(read_calendar(text.encode()), limit=3000))


class SeriesTests(SynchronousTestCase):
    @settings(max_examples=150)
    @given(_spans(), st.integers(-120, 1000), st.integers(0, 60))
    def test_a_series_says_what_a_list_would(self, spans: list[tuple[int, int]], start: int, length: int) -> None:
        end, table = start + length, packed(spans)
        met = [each for each in spans if each[0] < end and (each[1] > start or each[0] == each[1] == start)]
        self.assertEqual(list(periods(table, start, end)), met)
        self.assertEqual(overlaps(table, start, end), bool(met))
        self.assertEqual(list(periods(table)), spans)
        self.assertEqual((count(table), last_start(table)), (len(spans), spans[-1][0]))
        self.assertEqual(next_start(table, start), min((each for each, _ in spans if each > start), default=None))

    def test_what_recurs_takes_few_octets(self) -> None:
        at = "DTSTART;TZID=Europe/Berlin:20260105T100000"
        cases = (
            (900, at, "DURATION:PT1H", "RRULE:FREQ=WEEKLY"),
            (300, at, "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            (1500, at, "DURATION:PT1H", "RRULE:FREQ=MONTHLY"),
            (100, "DTSTART;VALUE=DATE:20260105", "RRULE:FREQ=YEARLY"),
            (60, "DTSTART:20260105T100000Z", "RRULE:FREQ=DAILY;COUNT=500", "EXDATE:20260205T100000Z"),
        )
        for most, *lines in cases:
            spans = _expanded(*lines)
            table = packed(spans)
            self.assertEqual((table[0], list(periods(table))), (TAG, spans), lines)
            self.assertLess(len(table), most, lines)

    def test_what_has_no_order_is_no_series(self) -> None:
        self.assertIsNone(packed_series([number * number for number in range(100)], [1] * 100))
        self.assertIsNone(packed_series([0, 10, 20], [1] * 3))
        self.assertIsNone(packed_series([5] * 100, [1] * 100))
        self.assertIsNone(packed_series(list(range(0, 700_000, 10)), [1] * 70_000))

    def test_numbers_count_what_starts_before(self) -> None:
        table = packed_series([*range(0, 100, 10), *range(105, 200, 10)], [3] * 20)
        assert table is not None
        series = Series(table)
        self.assertEqual(
            [series.before(moment) for moment in (-1, 0, 1, 100, 105, 106, 999)], [0, 0, 1, 10, 10, 11, 20]
        )
