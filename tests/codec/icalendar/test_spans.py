"""Tables of spans say what a list would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.spans import (
    BEGINNING,
    END,
    SpanTable,
    count,
    last_start,
    next_start,
    overlaps,
    packed,
    periods,
)

_NARROW = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda each: (each[0], each[0] + each[1])), max_size=12
)
_EVEN = st.lists(st.integers(0, 60).map(lambda each: (each, each + 5)), max_size=12)
_WIDE = st.lists(st.sampled_from(((BEGINNING, END), (BEGINNING, 3), (7, END), (5, 5), (1, 9))), max_size=4)


class SpanTests(SynchronousTestCase):
    @settings(max_examples=300)
    @given(st.one_of(_NARROW, _EVEN, _WIDE), st.integers(-2, 75), st.integers(-2, 75))
    def test_a_table_says_what_a_list_would(self, spans: list[tuple[int, int]], start: int, end: int) -> None:
        table = packed(spans)
        met = [each for each in sorted(spans) if each[0] < end and (each[1] > start or each[0] == each[1] == start)]
        self.assertEqual(list(periods(table, start, end)), met)
        self.assertEqual(overlaps(table, start, end), bool(met))
        self.assertEqual(count(table), len(spans))
        self.assertEqual(last_start(table), max((each for each, _ in spans), default=None))
        self.assertEqual(next_start(table, start), min((each for each, _ in spans if each > start), default=None))

    def test_an_instant_is_met_where_a_range_begins_and_not_where_it_ends(self) -> None:
        for table in (packed([(5, 5)]), packed([(5, 5), (9, 9)]), packed([(5, 5), (9, 12)])):
            self.assertTrue(overlaps(table, 5, 6))
            self.assertFalse(overlaps(table, 4, 5))
            self.assertFalse(overlaps(table, 6, 7))

    def test_sizes(self) -> None:
        self.assertEqual(packed([]), b"")
        self.assertEqual(len(packed([(0, 1)])), 17)
        self.assertEqual(len(packed([(index * 86_400, index * 86_400 + 60) for index in range(3000)])), 43)
        self.assertEqual(len(packed([(index * index, index * index + 60) for index in range(3000)])), 12_016)

    def test_an_end_before_its_start_is_an_instant(self) -> None:
        self.assertEqual(list(periods(packed([(5, 1)]))), [(5, 5)])
        self.assertEqual(list(periods(packed([(5, 1), (8, 9)]))), [(5, 5), (8, 9)])

    def test_a_table_can_be_read_from_a_blob(self) -> None:
        table = SpanTable("VEVENT", 0, 9, packed([(0, 3), (6, 9)]), False)
        self.assertTrue(overlaps(bytes(bytearray(table.packed)), 6, 7))
