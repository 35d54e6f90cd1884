"""Figures reach the store once a minute: differences of what is counted, gauges as they are."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from stalwart.config.monitoring.history import MetricsStore
from stalwart.errors import Unavailable
from stalwart.store import MetricSearch
from stalwart.tasks.metric_history import AGE, INTERVAL, MOST_WAITING, PATIENCE, MetricHistory
from stalwart.telemetry.figures.families import Buckets, Family
from stalwart.telemetry.spans import moment_of
from tests.tasks.test_trace_history import FailingStore
from tests.tasks.world import NOW, TaskCase


class FakeFigures:
    """Figures that a test sets."""

    def __init__(self) -> None:
        self.counters: dict[str, float] = {}
        self.gauges: dict[str, float] = {}
        self.times: list[float] = []
        self.problem: Exception | None = None
        self.hanging: Deferred[Any] | None = None

    async def families(self) -> list[Family]:
        if self.problem is not None:
            raise self.problem
        if self.hanging is not None:
            await self.hanging
        found = [Family("stalwart_x", "counter", "", (({}, value),), id) for id, value in self.counters.items()]
        found += [Family("stalwart_y", "gauge", "", (({}, value),), id) for id, value in self.gauges.items()]
        buckets = Buckets((0.5,), (len(self.times), 0), sum(self.times))
        return [
            *found,
            Family("stalwart_z", "histogram", "", (({}, buckets),), "http.request-time", 1000.0),
            Family("stalwart_ours", "counter", "", (({}, 1.0),)),
        ]


class MetricHistoryTests(TaskCase):
    def setUp(self) -> None:
        super().setUp()
        self.done(self.settings.load())
        self.figures = FakeFigures()
        self.failing = FailingStore(self.store)
        self.history = self.begin()

    def begin(self) -> MetricHistory:
        store: Any = self.failing
        history = MetricHistory(store, self.settings, self.figures, self.telemetry, self.clock)
        self.addCleanup(history.close)
        return history

    def pass_minutes(self, count: int = 1) -> None:
        for _ in range(count):
            self.clock.advance(INTERVAL)

    def samples(self) -> list[tuple[str, str, int, int]]:
        """Metric, kind, count, sum of everything, the oldest first."""

        def work(tx: Any) -> Any:
            return tx.metric_samples.many(
                tx.metric_samples.search(MetricSearch(), descending=False, offset=0, limit=9999)
            )

        self.stored = self.successResultOf(self.store.read(work))
        return [(each.metric, each.kind, each.count, each.sum) for each in self.stored.values()]

    def test_counters_are_told_by_what_came_since(self) -> None:
        self.figures.counters = {"auth.failed": 1000.0, "auth.success": 5.0}
        self.history.start()
        self.assertEqual(self.samples(), [])
        self.figures.counters["auth.failed"] += 3
        self.pass_minutes()
        self.figures.counters["auth.failed"] += 4
        self.pass_minutes(2)
        self.assertEqual(self.samples(), [("auth.failed", "Counter", 3, 0), ("auth.failed", "Counter", 4, 0)])
        self.assertEqual([moment_of(id) for id in self.stored], [NOW + 60, NOW + 120])

    def test_gauges_are_told_as_they_are_each_time(self) -> None:
        self.figures.gauges = {"user.count": 3.0, "server.memory": 1e10}
        self.history.start()
        self.pass_minutes()
        expected = [("user.count", "Gauge", 3, 0), ("server.memory", "Gauge", 10**10, 0)]
        self.assertEqual(self.samples(), expected * 2)

    def test_histograms_are_told_in_the_units_of_the_reference(self) -> None:
        self.figures.times = [9.0]
        self.history.start()
        self.figures.times += [0.25, 0.5]
        self.pass_minutes(2)
        self.assertEqual(self.samples(), [("http.request-time", "Histogram", 2, 750)])

    def test_a_restart_counts_nothing_twice(self) -> None:
        self.figures.counters = {"auth.failed": 10.0}
        self.history.start()
        self.figures.counters["auth.failed"] = 12.0
        self.pass_minutes()
        self.history.close()
        self.figures.counters["auth.failed"] = 1.0
        self.begin().start()
        self.figures.counters["auth.failed"] = 2.0
        self.pass_minutes()
        self.assertEqual([count for _, _, count, _ in self.samples()], [2, 1])

    def test_what_shrinks_counts_for_nothing(self) -> None:
        self.figures.counters = {"auth.failed": 10.0}
        self.history.start()
        for value in (4.0, 6.0):
            self.figures.counters["auth.failed"] = value
            self.pass_minutes()
        self.assertEqual([count for _, _, count, _ in self.samples()], [2])

    def test_what_settings_allow_later_starts_there(self) -> None:
        self.history.start()
        self.figures.counters = {"auth.failed": 10.0}
        self.pass_minutes()
        self.figures.counters["auth.failed"] = 11.0
        self.pass_minutes()
        self.assertEqual([count for _, _, count, _ in self.samples()], [1])

    def test_odd_figures_do_no_harm(self) -> None:
        self.figures.gauges = {"user.count": float("nan"), "domain.count": -3.0, "queue.count": 1e300}
        self.history.start()
        self.assertEqual([count for _, _, count, _ in self.samples()], [0, 0, 1 << 53])

    def test_names_that_x_metric_does_not_have_are_left_out(self) -> None:
        self.figures.gauges = {"no.such-metric": 1.0}
        self.history.start()
        self.assertEqual(self.samples(), [])

    def test_one_write_a_minute(self) -> None:
        self.figures.gauges = {"user.count": 3.0}
        self.history.start()
        self.pass_minutes(5)
        self.assertEqual(self.failing.writes, 6)
        self.assertEqual(self.names().count("telemetry.metrics-stored"), 6)

    def test_history_has_a_day_and_a_number(self) -> None:
        self.figures.gauges = {"user.count": 3.0}
        self.history.start()
        self.pass_minutes()
        self.clock.advance(AGE - 30)
        self.assertEqual(len(self.samples()), 2)
        self.done(self.settings.change(MetricsStore, {"maxSamples": 1}))
        self.pass_minutes()
        self.assertEqual(len(self.samples()), 1)

    def test_disabled_nothing_is_read(self) -> None:
        self.figures.counters = {"auth.failed": 10.0}
        self.history.start()
        self.done(self.settings.change(MetricsStore, {"@type": "Disabled"}))
        self.figures.counters["auth.failed"] = 20.0
        self.pass_minutes(2)
        self.done(self.settings.change(MetricsStore, {"@type": "Default"}))
        self.pass_minutes()
        self.figures.counters["auth.failed"] = 21.0
        self.pass_minutes()
        self.assertEqual([count for _, _, count, _ in self.samples()], [1])

    def test_what_the_store_does_not_take_waits_with_its_moments(self) -> None:
        self.figures.gauges = {"user.count": 3.0}
        self.failing.problem = Unavailable("The disk is full.")
        self.history.start()
        self.pass_minutes(MOST_WAITING + 5)
        self.failing.problem = None
        self.pass_minutes()
        told = [(name, keys) for name, keys in self.events if name.startswith("telemetry.history")]
        error = ("telemetry.history-error", {"kind": "metrics", "reason": "The disk is full."})
        self.assertEqual(told, [error, ("telemetry.history-recovered", {"kind": "metrics", "dropped": 7})])
        self.assertEqual(len(self.samples()), MOST_WAITING)
        self.assertEqual([moment_of(id) for id in self.stored][::29], [NOW + 60 * 7, NOW + 60 * 36])

    def test_a_write_that_was_done_after_all_doubles_nothing(self) -> None:
        self.figures.gauges = {"user.count": 3.0}
        write = self.store.write
        self.patch(self.store, "write", lambda work: write(work).addCallback(lambda _: fail(Unavailable("late"))))
        self.history.start()
        self.patch(self.store, "write", write)
        self.pass_minutes()
        self.assertEqual(len(self.samples()), 2)

    def test_figures_that_fail_or_do_not_come_are_given_up(self) -> None:
        self.figures.problem = Unavailable("No counts.")
        self.history.start()
        self.figures.problem, self.figures.hanging = None, Deferred()
        self.pass_minutes()
        self.clock.advance(PATIENCE)
        self.assertEqual(self.names().count("telemetry.history-error"), 1)
        self.figures.hanging, self.figures.gauges = None, {"user.count": 3.0}
        self.clock.advance(INTERVAL - PATIENCE)
        self.assertEqual(len(self.samples()), 1)

    def test_close_gives_a_reading_up_in_silence(self) -> None:
        self.figures.hanging = Deferred()
        self.history.start()
        self.history.close()
        self.history.close()
        self.assertEqual((self.names(), self.clock.getDelayedCalls()), ([], []))
