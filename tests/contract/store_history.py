"""Figures over time and traces.

Tests ``stalwart.store.sql.history``.
"""

from __future__ import annotations

from typing import Any

from stalwart.store import MetricSample, MetricSearch, TraceRow, TraceSearch
from stalwart.store.store import Transaction
from tests.contract.store_case import StoreCase

SAMPLES = [
    MetricSample(10, "user.count", "Gauge", 3),
    MetricSample(11, "auth.failed", "Counter", 1),
    MetricSample(12, "http.request-time", "Histogram", 2, 340),
    MetricSample(20, "user.count", "Gauge", 4),
    MetricSample((1 << 63) - 1, "user.count", "Gauge", 5),
]


def trace(id: int, *kinds: str, words: str = "") -> TraceRow:
    return TraceRow(id, "a@x.test", None, None, f" {' '.join(kinds)} ", words, b"\x00\xff")


class HistoryContract(StoreCase):
    async def add_samples(self) -> None:
        await self.write(lambda tx: tx.metric_samples.add(SAMPLES))

    async def samples(self, search: MetricSearch = MetricSearch(), **page: Any) -> list[int]:
        page = {"descending": False, "offset": 0, "limit": 100} | page
        found: list[int] = await self.read(lambda tx: tx.metric_samples.search(search, **page))
        return found

    async def traces(self, search: TraceSearch = TraceSearch(), **page: Any) -> list[int]:
        page = {"descending": False, "offset": 0, "limit": 100} | page
        found: list[int] = await self.read(lambda tx: tx.traces.search(search, **page))
        self.assertEqual(await self.read(lambda tx: tx.traces.count(search)), len(found))
        return found

    async def test_samples_are_found_by_id_in_the_order_asked_for(self) -> None:
        await self.add_samples()
        found = await self.read(lambda tx: tx.metric_samples.many([20, 5, 12]))
        self.assertEqual(list(found.items()), [(20, SAMPLES[3]), (12, SAMPLES[2])])

    async def test_a_sample_that_is_there_stays(self) -> None:
        await self.add_samples()
        await self.write(lambda tx: tx.metric_samples.add([MetricSample(10, "auth.failed", "Counter", 9)]))
        self.assertEqual((await self.read(lambda tx: tx.metric_samples.many([10])))[10], SAMPLES[0])

    async def test_samples_are_searched_by_time_metric_and_kind(self) -> None:
        await self.add_samples()
        largest = SAMPLES[4].id
        self.assertEqual(await self.samples(), [10, 11, 12, 20, largest])
        self.assertEqual(await self.samples(descending=True, offset=1, limit=2), [20, 12])
        self.assertEqual(await self.samples(MetricSearch(11, 20)), [11, 12, 20])
        self.assertEqual(await self.samples(MetricSearch(11, metric="user.count")), [20, largest])
        self.assertEqual(await self.samples(MetricSearch(kind="Histogram")), [12])
        self.assertEqual(await self.samples(MetricSearch(metric="user.count", kind="Counter")), [])
        self.assertEqual(await self.read(lambda tx: tx.metric_samples.count(MetricSearch(metric="user.count"))), 3)

    async def test_samples_are_sorted_by_metric(self) -> None:
        await self.add_samples()
        search = MetricSearch(last=20, by_metric=True)
        self.assertEqual(await self.samples(search), [11, 12, 10, 20])
        self.assertEqual(await self.samples(search, descending=True), [20, 10, 12, 11])
        places = await self.read(
            lambda tx: [tx.metric_samples.position(search, id, descending=True) for id in (10, 11, 21)]
        )
        self.assertEqual(places, [1, 3, None])

    async def test_the_place_of_a_sample(self) -> None:
        await self.add_samples()
        gauges = MetricSearch(metric="user.count")

        def places(tx: Transaction) -> list[int | None]:
            return [
                tx.metric_samples.position(gauges, 20, descending=False),
                tx.metric_samples.position(gauges, 10, descending=True),
                tx.metric_samples.position(gauges, 11, descending=True),
                tx.metric_samples.position(gauges, -1, descending=True),
            ]

        self.assertEqual(await self.read(places), [1, 2, None, None])

    async def test_samples_are_trimmed_by_number_and_age_in_portions(self) -> None:
        await self.add_samples()
        self.assertEqual(await self.write(lambda tx: tx.metric_samples.trim(9, 0, 100)), 0)
        self.assertEqual(await self.write(lambda tx: tx.metric_samples.trim(4, 0, 100)), 1)
        self.assertEqual(await self.write(lambda tx: tx.metric_samples.trim(9, 20, 1)), 1)
        self.assertEqual(await self.samples(), [12, 20, SAMPLES[4].id])
        self.assertEqual(await self.write(lambda tx: tx.metric_samples.trim(1, 0, 100)), 2)
        self.assertEqual(await self.samples(), [SAMPLES[4].id])

    async def test_a_trace_is_replaced_by_its_longer_self(self) -> None:
        first, second = trace(7, "auth.failed"), trace(7, "auth.failed", "auth.success", words="alice")
        for each in (first, second):
            await self.write(lambda tx, each=each: tx.traces.put(each))
            self.assertEqual(await self.read(lambda tx: tx.traces.many([7, 8])), {7: each})

    async def test_traces_are_searched_by_time_events_and_words(self) -> None:
        rows = [
            trace(1, "auth.failed", words="alice 192.0.2.1"),
            trace(2, "auth.failed-twice", words="100% of a_b! äöü"),
            trace(3, "auth.failed", "limit.quota", words="alice bob"),
        ]
        await self.write(lambda tx: [tx.traces.put(each) for each in rows])
        self.assertEqual(await self.traces(descending=True), [3, 2, 1])
        self.assertEqual(await self.traces(TraceSearch(2, 3)), [2, 3])
        self.assertEqual(await self.traces(TraceSearch(kinds=("auth.failed",))), [1, 3])
        self.assertEqual(await self.traces(TraceSearch(kinds=("auth.failed", "limit.quota"))), [3])
        self.assertEqual(await self.traces(TraceSearch(texts=("lic", "bob"))), [3])
        for text, found in {"100%": [2], "%": [2], "a_b": [2], "_": [2], "!": [2], "öü": [2], "192_0": []}.items():
            self.assertEqual(await self.traces(TraceSearch(texts=(text,))), found, text)

    async def test_the_place_of_a_trace(self) -> None:
        await self.write(lambda tx: [tx.traces.put(trace(id, "auth.failed")) for id in (1, 2, 3)])
        places = await self.read(
            lambda tx: [tx.traces.position(TraceSearch(2), id, descending=True) for id in (1, 2, 3)]
        )
        self.assertEqual(places, [None, 1, 0])

    async def test_the_oldest_traces_go(self) -> None:
        await self.write(lambda tx: [tx.traces.put(trace(id, "auth.failed")) for id in range(1, 8)])
        self.assertEqual(await self.write(lambda tx: tx.traces.trim(3, 3)), 3)
        self.assertEqual(await self.write(lambda tx: tx.traces.trim(3, 3)), 1)
        self.assertEqual(await self.traces(), [5, 6, 7])
