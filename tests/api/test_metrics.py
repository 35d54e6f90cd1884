"""The live figures over HTTP (telemetry 3)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.api import metrics
from stalwart.api.metrics import LiveMetrics, Selection, interval, selection
from stalwart.telemetry.figures.families import Buckets, Family
from stalwart.telemetry.figures.gathering import Reading
from tests.api.streaming import StreamingCase, events_of
from tests.web.fakes import FakeDirectory

FAMILIES = (
    Family("stalwart_auth_success", "counter", "", (({}, 12.0),), "auth.success"),
    Family("stalwart_auth_failed", "counter", "", (({}, 0.0),), "auth.failed"),
    Family("stalwart_http_active_connections", "gauge", "", (({}, 3.0),), "http.active-connections"),
    Family("stalwart_queue_count", "gauge", "", (({}, 0.0),), "queue.count"),
    Family(
        "stalwart_http_connection_duration_seconds",
        "histogram",
        "",
        (({}, Buckets((0.25,), (40, 2), 5.12)),),
        "http.request-time",
        1000.0,
    ),
    Family("stalwart_dns", "histogram", "", (({}, Buckets((0.25,), (0, 0), 0.0)),), "dns.lookup-time", 1000.0),
    Family("stalwart_own", "gauge", "", (({}, 1.0),)),
)
EVERYTHING = [
    {"metric": "auth.success", "@type": "Counter", "count": 12},
    {"metric": "http.active-connections", "@type": "Gauge", "count": 3},
    {"metric": "queue.count", "@type": "Gauge", "count": 0},
    {"metric": "http.request-time", "@type": "Histogram", "count": 42, "sum": 5120},
]


class FakeFigures:
    """Tells ``FAMILIES``, after ``waiting`` if there is such."""

    def __init__(self) -> None:
        self.asked = 0
        self.waiting: Deferred[None] | None = None

    async def families(self) -> Any:
        self.asked += 1
        if self.waiting is not None:
            await self.waiting
        return list(FAMILIES)


class MetricsTests(StreamingCase):
    """The stream."""

    routes = (metrics.metrics, metrics.metrics_with_more)

    def setUp(self) -> None:
        super().setUp()
        self.figures: Any = FakeFigures()
        self.services["live_metrics"].made = LiveMetrics(self.figures, self.clock)

    def frames(self, path: str = "") -> list[Any]:
        events = events_of(self.answer("/api/live/metrics" + path).body)
        self.assertEqual({name for name, _ in events}, {"metrics"})
        return [data for _, data in events]

    def ids(self, path: str) -> list[str]:
        return [each["metric"] for each in self.frames(path)[0]]

    def test_first_frame_at_once_with_all_that_has_happened(self) -> None:
        self.assertEqual(self.frames(), [EVERYTHING])

    def test_frame_is_exact(self) -> None:
        self.assertIn(
            b'event: metrics\ndata: [{"metric":"auth.success","@type":"Counter","count":12},'
            b'{"metric":"http.active-connections","@type":"Gauge","count":3},',
            self.answer("/api/live/metrics").body,
        )

    def test_then_every_30_seconds(self) -> None:
        connected = self.begin("/api/live/metrics")
        self.after(29)
        self.assertNotIn(b"metrics", connected.received())
        self.after(31)
        self.assertEqual(connected.received().count(b"event: metrics"), 2)

    def test_interval_is_the_readers_choice(self) -> None:
        connected = self.begin("/api/live/metrics?interval=2")
        self.after(6)
        self.assertEqual(connected.received().count(b"event: metrics"), 3)

    def test_names_choose_counters_and_the_others_by_themselves(self) -> None:
        self.assertEqual(self.ids("?metrics=queue.count"), ["auth.success", "queue.count"])
        self.assertEqual(
            self.ids("?metrics=auth.failed"), ["http.active-connections", "queue.count", "http.request-time"]
        )
        self.assertEqual(self.ids("?metrics=auth.success,queue.count,nonsense"), ["auth.success", "queue.count"])

    def test_unknown_names_are_ignored(self) -> None:
        self.assertEqual(self.frames("?metrics=nonsense,,x"), [EVERYTHING])

    def test_further_segments_are_ignored(self) -> None:
        self.assertEqual(self.answer("/api/live/metrics/x/y").status, 200)

    def test_many_readers_are_gathered_for_once(self) -> None:
        opened = [self.begin("/api/live/metrics?interval=5") for _ in range(10)]
        self.assertEqual(self.figures.asked, 1)
        self.after(5)
        self.assertEqual(self.figures.asked, 2)
        self.assertTrue(all(b"event: metrics" in connected.received() for connected in opened))

    def test_those_who_ask_while_it_is_gathered_wait_for_the_same(self) -> None:
        self.figures.waiting = Deferred()
        opened = [self.open("/api/live/metrics") for _ in range(2)]
        opened[0].lose()
        self.figures.waiting.callback(None)
        self.assertIn(b"event: metrics", opened[1].received())
        self.assertEqual(self.figures.asked, 1)

    def test_reader_that_does_not_read_misses_frames_and_nothing_piles_up(self) -> None:
        connected = self.begin("/api/live/metrics?interval=1")
        connected.channel.pauseProducing()
        self.after(100)
        connected.channel.resumeProducing()
        self.assertEqual(connected.received().count(b"event: metrics"), 1)

    def test_nothing_is_left_when_the_client_leaves(self) -> None:
        connected = self.begin("/api/live/metrics")
        self.assertEqual(self.open_streams("metrics"), 1)
        connected.lose()
        self.assertEqual((self.open_streams("metrics"), self.clock.getDelayedCalls()), (0, []))

    def test_it_ends_before_the_next_frame_when_the_permission_is_gone(self) -> None:
        connected = self.begin("/api/live/metrics?interval=2")
        self.accounts.permissions.discard("liveMetrics")
        self.accounts.generation += 1
        self.after(2)
        self.assertEqual(connected.received(), b"0\r\n\r\n")

    def test_who_may_read(self) -> None:
        self.assertEqual(self.answer("/api/live/metrics", {}).status, 401)
        self.server.directory.alice = FakeDirectory(("authenticate", "liveTracing")).alice
        self.assertEqual(self.answer("/api/live/metrics").status, 403)

    def test_twenty_at_once_then_429(self) -> None:
        for _ in range(20):
            self.begin("/api/live/metrics")
        self.assertEqual(self.answer("/api/live/metrics").status, 429)


class ParameterTests(SynchronousTestCase):
    """What is read from the query."""

    def test_interval(self) -> None:
        given = ("5", "1", "0", "-3", "x", "", "1.5", "9" * 13, "999999")
        self.assertEqual([interval(text) for text in given], [5, 1, 30, 30, 30, 30, 30, 30, 86400])

    def test_selection(self) -> None:
        chosen = selection(" auth.success,queue.count , http.request-time,x")
        self.assertEqual(
            chosen, Selection(frozenset({"auth.success"}), frozenset({"queue.count", "http.request-time"}))
        )

    def test_counters_of_ours_can_be_named(self) -> None:
        self.assertTrue(selection("auth.token-issued").takes(Reading("auth.token-issued", "counter", 1)))
        self.assertFalse(selection("auth.token-issued").takes(Reading("auth.success", "counter", 1)))
