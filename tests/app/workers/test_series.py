"""What processes measure together: sums, processes that die and their successors, little room, death at any moment."""

from __future__ import annotations

from itertools import pairwise

from stalwart.app.workers import series as module
from stalwart.app.workers.figures import PARENT, SharedFigures
from stalwart.app.workers.memory import SERIES_BYTES, SharedMemory
from stalwart.app.workers.series import SharedSeries
from stalwart.telemetry.measures import CACHE_LOOKUPS, DNS_LOOKUP_DURATION, HTTP_REQUESTS, LIVE_STREAMS, Measure
from stalwart.telemetry.series import SeriesBook
from tests.app.workers.world import MemoryCase, killed_at

HITS = ("dns", "hit")


class SharedSeriesTests(MemoryCase):
    def book(self, process: int) -> SeriesBook:
        """Of a process that begins now."""
        book = SeriesBook()
        book.join(SharedFigures(self.memory, process).shelf)
        return book

    def read(self, book: SeriesBook, measure: Measure) -> dict[tuple[str, ...], list[float]]:
        return book.read([measure])[measure]

    def test_everybody_knows_the_sum(self) -> None:
        books = [self.book(process) for process in (PARENT, 1, 3)]
        for number, book in enumerate(books):
            book.series(CACHE_LOOKUPS, *HITS).add(number + 1)
            book.series(DNS_LOOKUP_DURATION).observe(number)
        books[2].series(CACHE_LOOKUPS, "dns", "miss").add()
        for book in books:
            self.assertEqual(self.read(book, CACHE_LOOKUPS), {HITS: [6.0], ("dns", "miss"): [1.0]})
            ((total, *counts),) = self.read(book, DNS_LOOKUP_DURATION).values()
            self.assertEqual((total, sum(counts)), (3.0, 3))

    def test_counts_outlive_a_process_and_its_successor_counts_on(self) -> None:
        reader, first = self.book(2), self.book(1)
        first.series(CACHE_LOOKUPS, *HITS).add(5)
        self.memory.free(1)
        self.assertEqual(self.read(reader, CACHE_LOOKUPS), {HITS: [5.0]})
        self.book(1).series(CACHE_LOOKUPS, *HITS).add(1)
        self.assertEqual(self.read(reader, CACHE_LOOKUPS), {HITS: [6.0]})

    def test_gauges_end_with_their_process(self) -> None:
        reader, first = self.book(2), self.book(1)
        reader.series(LIVE_STREAMS, "tracing").add(2)
        first.series(LIVE_STREAMS, "tracing").add(5)
        self.assertEqual(self.read(reader, LIVE_STREAMS), {("tracing",): [7.0]})
        self.memory.free(1)
        self.assertEqual(self.read(reader, LIVE_STREAMS), {("tracing",): [2.0]})
        successor = self.book(1)
        self.assertEqual(self.read(reader, LIVE_STREAMS), {("tracing",): [2.0]})
        successor.series(LIVE_STREAMS, "tracing").add(1)
        self.assertEqual(self.read(reader, LIVE_STREAMS), {("tracing",): [3.0]})

    def test_where_there_is_no_room_it_is_counted_alone(self) -> None:
        book, other = self.book(1), self.book(2)
        for number in range(2000):
            book.series(HTTP_REQUESTS, "GET", f"/{number}".ljust(300, "x"), "200").add()
        self.assertEqual(len(self.read(book, HTTP_REQUESTS)), 2000)
        self.assertLess(len(self.read(other, HTTP_REQUESTS)), SERIES_BYTES // 300)
        self.assertEqual(self.read(other, CACHE_LOOKUPS), {})

    def test_regions_do_not_touch_each_other(self) -> None:
        begins = sorted(self.memory.series(number) for number in range(4))
        self.assertEqual([later - begin for begin, later in pairwise(begins)], [SERIES_BYTES] * 3)
        self.assertEqual(begins[-1] + SERIES_BYTES, self.memory.figures(3))
        self.assertGreater(begins[0], self.memory.counters("dpop-odd")[1])

    def test_whatever_has_no_ascii_name(self) -> None:
        self.book(1).series(CACHE_LOOKUPS, "größe", "").add()
        self.assertEqual(self.read(self.book(3), CACHE_LOOKUPS), {("größe", ""): [1.0]})

    def test_process_that_dies_while_it_begins_a_series_leaves_the_others_readable(self) -> None:
        step = 1
        while True:
            memory = SharedMemory.create(2)
            shelf = SharedSeries(memory, 1)
            shelf.claim("first", ("a",), 3, "counter")
            died = killed_at(step, module, lambda shelf=shelf: shelf.claim("second", ("b",), 2, "counter"))
            names = [name for name, _, _ in SharedSeries(memory, 2).read()]
            self.assertIn(names, (["first"], ["first", "second"]))
            successor = SharedSeries(memory, 1)
            self.assertIsNotNone(successor.claim("second", ("b",), 2, "counter"))
            self.assertEqual([name for name, _, _ in successor.read()], ["first", "second"])
            memory.close()
            step += 1
            if not died:
                break
        self.assertGreater(step, 5)
