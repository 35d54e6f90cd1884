"""Series of this process and of several: counting, summing, moving to shared memory and back, bounds."""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence, Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import series as module
from stalwart.telemetry.measures import (
    CACHE_LOOKUPS,
    DNS_LOOKUP_DURATION,
    HTTP_REQUEST_DURATION,
    HTTP_REQUESTS,
    LIVE_STREAMS,
)
from stalwart.telemetry.series import SeriesBook


class FakeShelf:
    """Room for ``room`` numbers; somebody else has counted one hit already."""

    def __init__(self, room: int = 1000) -> None:
        self.cells = [0.0] * room
        self.used = 0
        self.places: list[tuple[str, tuple[str, ...], int, int]] = []

    def claim(
        self, name: str, labels: tuple[str, ...], size: int, kind: str
    ) -> tuple[MutableSequence[float], int] | None:
        if self.used + size > len(self.cells):
            return None
        self.places.append((name, labels, self.used, size))
        self.used += size
        return self.cells, self.used - size

    def read(self) -> Iterator[tuple[str, tuple[str, ...], Sequence[float]]]:
        yield CACHE_LOOKUPS.name, ("dns", "hit"), [1.0]
        yield "not_declared", (), [5.0]
        yield CACHE_LOOKUPS.name, ("other version",), [1.0]
        for name, labels, place, size in self.places:
            yield name, labels, self.cells[place : place + size]


class SeriesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.book = SeriesBook()

    def test_counters_and_gauges(self) -> None:
        hits = self.book.series(CACHE_LOOKUPS, "dns", "hit")
        hits.add()
        hits.add(2)
        streams = self.book.series(LIVE_STREAMS, "tracing")
        streams.add(5)
        streams.add(-1)
        self.book.series(LIVE_STREAMS, "delivery").set(7)
        found = self.book.read([CACHE_LOOKUPS, LIVE_STREAMS])
        self.assertEqual(found[CACHE_LOOKUPS], {("dns", "hit"): [3.0]})
        self.assertEqual(found[LIVE_STREAMS], {("tracing",): [4.0], ("delivery",): [7.0]})

    def test_same_labels_are_the_same_series(self) -> None:
        self.assertIs(self.book.series(CACHE_LOOKUPS, "dns", "hit"), self.book.series(CACHE_LOOKUPS, "dns", "hit"))
        self.assertRaises(ValueError, self.book.series, CACHE_LOOKUPS, "dns")

    @given(st.lists(st.floats(0, 100, allow_nan=False)))
    def test_each_value_is_in_the_first_bucket_that_holds_it(self, values: list[float]) -> None:
        book = SeriesBook()
        lookups = book.series(DNS_LOOKUP_DURATION)
        for value in values:
            lookups.observe(value)
        ((total, *counts),) = book.read([DNS_LOOKUP_DURATION])[DNS_LOOKUP_DURATION].values()
        self.assertAlmostEqual(total, sum(values))
        bounds = (*DNS_LOOKUP_DURATION.bounds, float("inf"))
        for position, bound in enumerate(bounds):
            least = bounds[position - 1] if position else -1.0
            self.assertEqual(counts[position], sum(least < value <= bound for value in values))

    def test_exemplars_are_the_last_of_each_bucket(self) -> None:
        series = self.book.series(HTTP_REQUEST_DURATION, "GET", "/")
        requests = self.book.series(HTTP_REQUESTS, "GET", "/", "200")
        for span, value in ((1, 0.001), (2, 0.002), (3, 99.0)):
            series.observe_in(span, value, 10.0 + span, requests)
        (found,) = self.book.exemplars(HTTP_REQUEST_DURATION).values()
        self.assertEqual((found[0], found[-1], set(found[1:-1])), ((2, 0.002, 12.0), (3, 99.0, 13.0), {None}))
        self.assertEqual(requests.numbers(1), [3])

    def test_what_was_counted_alone_counts_in_company_and_afterwards(self) -> None:
        hits = self.book.series(CACHE_LOOKUPS, "dns", "hit")
        hits.add(2)
        self.book.join(shelf := FakeShelf())
        hits.add(3)
        misses = self.book.series(CACHE_LOOKUPS, "dns", "miss")
        misses.add(9)
        found = self.book.read([CACHE_LOOKUPS])[CACHE_LOOKUPS]
        self.assertEqual(found, {("dns", "hit"): [6.0], ("dns", "miss"): [9.0]})
        self.assertEqual(shelf.cells[:2], [5.0, 9.0])
        self.book.join(None)
        hits.add()
        self.assertEqual(
            self.book.read([CACHE_LOOKUPS])[CACHE_LOOKUPS], {("dns", "hit"): [6.0], ("dns", "miss"): [9.0]}
        )
        self.assertEqual(shelf.cells[:2], [5.0, 9.0])

    def test_what_finds_no_room_is_counted_alone(self) -> None:
        self.book.join(FakeShelf(room=1))
        self.book.series(CACHE_LOOKUPS, "dns", "miss").add(4)
        self.book.series(CACHE_LOOKUPS, "credentials", "miss").add(5)
        found = self.book.read([CACHE_LOOKUPS])[CACHE_LOOKUPS]
        self.assertEqual((found["dns", "miss"], found["credentials", "miss"]), ([4.0], [5.0]))

    def test_number_of_series_is_bounded(self) -> None:
        self.patch(module, "MOST_SERIES", 10)
        for number in range(100):
            self.book.series(HTTP_REQUESTS, "GET", f"/{number}", "200").add()
        found = self.book.read([HTTP_REQUESTS])[HTTP_REQUESTS]
        self.assertEqual((len(found), found["other", "other", "other"]), (11, [90.0]))
