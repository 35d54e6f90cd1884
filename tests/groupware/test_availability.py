"""When somebody is busy, of all calendars that count for it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.free_busy import Busy
from stalwart.groupware.availability import ATTENDING, NONE, merged

_TIMES = st.lists(
    st.tuples(st.sampled_from(list(Busy)), st.integers(-5, 25), st.integers(0, 8)).map(
        lambda each: (each[0], each[1], each[1] + each[2])
    ),
    max_size=12,
)


def at(times: list[tuple[Busy, int, int]], second: int) -> Busy | None:
    """What counts in one second, worked out the long way."""
    here = {busy for busy, first, last in times if first <= second < last}
    return next((each for each in (Busy.BUSY, Busy.UNAVAILABLE, Busy.TENTATIVE) if each in here), None)


class MergedTests(SynchronousTestCase):
    def test_some(self) -> None:
        times = [(Busy.TENTATIVE, 0, 10), (Busy.BUSY, 4, 6), (Busy.BUSY, 6, 7), (Busy.FREE, 0, 20)]
        self.assertEqual(merged(times, (2, 9)), [(Busy.TENTATIVE, 2, 4), (Busy.BUSY, 4, 7), (Busy.TENTATIVE, 7, 9)])
        self.assertEqual(merged([], (0, 9)), [])

    @given(_TIMES)
    def test_any(self, times: list[tuple[Busy, int, int]]) -> None:
        found = merged(times, (0, 20))
        for second in range(-6, 40):
            self.assertEqual(at(found, second), at(times, second) if 0 <= second < 20 else None)
        for before, after in pairwise(found):
            self.assertTrue(before[2] < after[1] or (before[2] == after[1] and before[0] is not after[0]))

    def test_words(self) -> None:
        self.assertEqual((ATTENDING, NONE), ("attending", "none"))
