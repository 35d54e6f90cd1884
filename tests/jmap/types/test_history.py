"""x:Trace and x:Metric: what a client sees of what the server has kept."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id, snowflake
from stalwart.config.monitoring.history import Metric, Trace
from stalwart.jmap.types import history
from stalwart.store import MetricSample
from stalwart.tasks.trace_history import store_traces
from stalwart.telemetry.events import AUTH_FAILED, DELIVERY_DIAGNOSIS_START, STORE_ERROR
from stalwart.telemetry.queue_events import DELIVERY_ATTEMPT_START
from stalwart.telemetry.tracing.collector import Finished, record_of
from tests.directory.world import NOW
from tests.jmap.registry.world import RegistryWorld

REFUSED = {"type": "forbidden", "description": "The history is written by the server only."}
EARLY, LATE = "2027-01-15T08:00:00Z", "2027-01-15T08:01:00Z"


def id_at(seconds: float, number: int = 0) -> int:
    """The number of what happened so many seconds after ``NOW``."""
    return snowflake(int((NOW + seconds) * 1000), number)


class HistoryCase(RegistryWorld):
    kind = "Metric"

    def query(self, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask(f"x:{self.kind}/query", arguments)
        return answer

    def found(self, given: dict[str, Any], **arguments: Any) -> list[str]:
        """The ids that a filter finds."""
        ids: list[str] = self.query(filter=given, **arguments)["ids"]
        return ids

    def unsupported(self, given: dict[str, Any]) -> str:
        """What the refusal of a filter says."""
        error = self.error(f"x:{self.kind}/query", {"filter": given})
        self.assertEqual(error["type"], "unsupportedFilter")
        return str(error["description"])


SAMPLES = [
    MetricSample(id_at(0), "user.count", "Gauge", 3),
    MetricSample(id_at(0.5), "auth.failed", "Counter", 2),
    MetricSample(id_at(60), "user.count", "Gauge", 4),
    MetricSample(id_at(60, 1), "http.request-time", "Histogram", 2, 750),
]
GAUGE, COUNTER, GAUGE_AGAIN, HISTOGRAM = (encode_id(each.id) for each in SAMPLES)


class MetricTests(HistoryCase):
    def setUp(self) -> None:
        super().setUp()
        self.successResultOf(self.store.write(lambda tx: tx.metric_samples.add(SAMPLES)))

    def test_wire_form(self) -> None:
        answer = self.ask("x:Metric/get", {"ids": [HISTOGRAM, GAUGE, "b", "!"]})
        gauge = {"metric": "user.count", "count": 3, "timestamp": EARLY, "@type": "Gauge", "id": GAUGE}
        histogram = {"metric": "http.request-time", "count": 2, "sum": 750, "timestamp": LATE, "@type": "Histogram"}
        self.assertEqual(answer["list"], [histogram | {"id": HISTOGRAM}, gauge])
        self.assertEqual(answer["notFound"], ["b", "!"])
        for each in answer["list"]:
            members = {name: value for name, value in each.items() if name != "id"}
            self.assertEqual(Metric.from_wire(members, by_server=True).to_wire(), members)

    def test_all_are_the_newest_first(self) -> None:
        found = [each["id"] for each in self.ask("x:Metric/get", {"ids": None})["list"]]
        self.assertEqual(found, [HISTOGRAM, GAUGE_AGAIN, COUNTER, GAUGE])

    def test_some_properties(self) -> None:
        found = self.ask("x:Metric/get", {"ids": [GAUGE], "properties": ["count"]})["list"]
        self.assertEqual(found, [{"count": 3, "id": GAUGE}])

    def test_order(self) -> None:
        newest = [HISTOGRAM, GAUGE_AGAIN, COUNTER, GAUGE]
        self.assertEqual(self.query()["ids"], newest)
        for name in ("timestamp", "id"):
            self.assertEqual(self.query(sort=[{"property": name, "isAscending": False}])["ids"], newest)
            self.assertEqual(self.query(sort=[{"property": name}])["ids"], newest[::-1])
        by_metric = [GAUGE_AGAIN, GAUGE, HISTOGRAM, COUNTER]
        self.assertEqual(self.query(sort=[{"property": "metric", "isAscending": False}])["ids"], by_metric)
        self.assertEqual(self.query(sort=[{"property": "metric"}])["ids"], by_metric[::-1])
        error = self.error("x:Metric/query", {"sort": [{"property": "count"}]})
        self.assertEqual(error["type"], "unsupportedSort")

    def test_pages(self) -> None:
        answer = self.query(position=1, limit=2, calculateTotal=True)
        self.assertEqual((answer["ids"], answer["position"]), ([GAUGE_AGAIN, COUNTER], 1))
        self.assertEqual((answer["total"], answer["limit"]), (4, 2))
        answer = self.query(anchor=GAUGE_AGAIN, anchorOffset=1, limit=9)
        self.assertEqual((answer["ids"], answer["position"]), ([COUNTER, GAUGE], 2))
        self.assertEqual(self.query(position=-1)["ids"], [GAUGE])
        for anchor in ("b", "!"):
            self.assertEqual(self.error("x:Metric/query", {"anchor": anchor})["type"], "anchorNotFound")

    def test_filter_by_metric_and_kind(self) -> None:
        self.assertEqual(self.found({"metric": "user.count"}), [GAUGE_AGAIN, GAUGE])
        self.assertEqual(self.found({"metric": "user.count", "timestampIsLessThan": LATE}), [GAUGE])
        self.assertEqual(self.found({"@type": "Counter"}), [COUNTER])
        self.assertEqual(self.found({"metric": "no.such"}), [])
        both = {"operator": "AND", "conditions": [{"metric": "user.count"}, {"metric": "auth.failed"}]}
        self.assertEqual(self.found(both), [])

    def test_filter_by_time(self) -> None:
        early, late = [COUNTER, GAUGE], [HISTOGRAM, GAUGE_AGAIN]
        for name, found in {
            "timestamp": early,
            "timestampIsLessThanOrEqual": early,
            "timestampIsLessThan": [],
            "timestampIsGreaterThan": late,
            "timestampIsGreaterThanOrEqual": late + early,
        }.items():
            self.assertEqual(self.found({name: EARLY}), found, name)
        span = {"timestampIsGreaterThanOrEqual": "2027-01-15T09:00:01+01:00", "timestampIsLessThan": LATE}
        self.assertEqual(self.found(span), [])

    def test_moments_that_no_id_has(self) -> None:
        for moment, after in {"1970-01-01T00:00:00Z": 4, "3000-01-01T00:00:00Z": 0}.items():
            self.assertEqual(len(self.found({"timestampIsGreaterThan": moment})), after)
            self.assertEqual(len(self.found({"timestampIsLessThan": moment})), 4 - after)
            self.assertEqual(self.found({"timestamp": moment}), [])

    def test_filters_that_are_refused(self) -> None:
        for given in (
            {"count": 3},
            {"metricIsGreaterThan": "a"},
            {"timestamp": "yesterday"},
            {"timestamp": None},
            {"timestamp": 7},
            {"metric": 7},
            {"metric": ["a"]},
            {"metric": "x" * 1001},
        ):
            self.assertIn(next(iter(given)), self.unsupported(given))
        self.assertIn("Supported: @type, metric, timestamp", self.unsupported({"count": 3}))

    def test_nothing_can_be_set(self) -> None:
        created = self.ask("x:Metric/set", {"create": {"a": {"@type": "Gauge"}}})["notCreated"]["a"]
        self.assertEqual(created, REFUSED)
        self.assertEqual(self.not_updated("Metric", GAUGE, count=7), REFUSED)
        self.assertEqual(self.not_destroyed("Metric", GAUGE), REFUSED)
        for id in ("b", "!"):
            self.assertEqual(self.not_destroyed("Metric", id)["type"], "notFound")
        self.assertEqual(self.get("Metric", GAUGE)["count"], 3)


class TraceTests(HistoryCase):
    kind = "Trace"

    def setUp(self) -> None:
        super().setUp()
        diagnosis = record_of(DELIVERY_DIAGNOSIS_START, {"domain": "A.test"}, NOW)
        failed = record_of(AUTH_FAILED, {"login": "alice", "remoteIp": "192.0.2.1"}, NOW + 61.5)
        error = record_of(STORE_ERROR, {"reason": "100% full_up"}, NOW + 62)
        finished = [
            Finished(id_at(0), (diagnosis,), 1),
            Finished(id_at(60), (failed, error), 1),
        ]
        self.diagnosis, self.connection = (encode_id(each.span) for each in finished)
        self.successResultOf(self.store.write(lambda tx: store_traces(tx, finished, 100, 100)))

    def test_wire_form(self) -> None:
        found = self.get("Trace", self.connection)
        login = {"key": "login", "value": {"@type": "String", "value": "alice"}}
        address = {"key": "remoteIp", "value": {"@type": "IpAddr", "value": "192.0.2.1"}}
        self.assertEqual(list(found), ["timestamp", "from", "to", "size", "events", "id"])
        self.assertEqual((found["timestamp"], found["from"], found["to"], found["size"]), (LATE, None, None, None))
        self.assertEqual(
            found["events"]["0"],
            {"event": "auth.failed", "timestamp": "2027-01-15T08:01:01Z", "keyValues": {"0": login, "1": address}},
        )
        self.assertEqual(found["events"]["1"]["event"], "store.unexpected-error")
        del found["id"]
        self.assertEqual(Trace.from_wire(found, by_server=True).to_wire(), found)

    def test_all_are_the_newest_first(self) -> None:
        found = [each["id"] for each in self.ask("x:Trace/get", {"ids": None})["list"]]
        self.assertEqual(found, [self.connection, self.diagnosis])
        self.assertEqual(self.ask("x:Trace/get", {"ids": ["b", self.diagnosis]})["notFound"], ["b"])

    def test_attempts_are_found_by_the_letter_that_they_are_about(self) -> None:
        letters = [id_at(1), id_at(2)]
        tried = [
            Finished(
                id_at(90 + n), (record_of(DELIVERY_ATTEMPT_START, {"queueId": encode_id(letters[n // 2])}, NOW),), 1
            )
            for n in range(3)
        ]
        self.successResultOf(self.store.write(lambda tx: store_traces(tx, tried, 100, 100)))
        first, second, third = (encode_id(each.span) for each in tried)
        self.assertEqual(self.found({"queueId": encode_id(letters[0])}), [second, first])
        self.assertEqual(self.found({"queueId": letters[1]}), [third])
        self.assertEqual(self.found({"queueId": str(letters[1]), "event": "delivery.attempt-start"}), [third])
        self.assertEqual(self.found({"queueId": letters[1] // 10}), [])
        self.assertEqual(self.found({"queueId": "!"}), [])

    def test_events_only_if_they_are_asked_for(self) -> None:
        self.patch(history, "MOST_BYTES", 10)
        found = self.ask("x:Trace/get", {"ids": [self.diagnosis, self.connection], "properties": ["to"]})["list"]
        self.assertEqual(found[0], {"to": "A.test", "id": self.diagnosis})
        self.assertEqual(len(found), 2)

    def test_too_much_at_once(self) -> None:
        self.patch(history, "MOST_BYTES", 10)
        error = self.error("x:Trace/get", {"ids": [self.diagnosis, self.connection]})
        self.assertEqual(error["type"], "requestTooLarge")
        self.assertEqual(len(self.ask("x:Trace/get", {"ids": [self.diagnosis]})["list"]), 1)
        self.assertEqual(len(self.ask("x:Trace/get", {"ids": None})["list"]), 1)

    def test_filters(self) -> None:
        for given, found in (
            ({"text": "alice"}, [self.connection]),
            ({"text": "ALI 192.0.2"}, [self.connection]),
            ({"text": "alice bob"}, []),
            ({"text": "100%"}, [self.connection]),
            ({"text": "l_u"}, [self.connection]),
            ({"text": "l_l"}, []),
            ({"text": "a.test"}, [self.diagnosis]),
            ({"event": "auth.failed"}, [self.connection]),
            ({"event": "failed"}, []),
            ({"event": "auth.failed", "text": "full"}, [self.connection]),
            ({"queueId": "a"}, []),
            ({"queueId": 7}, []),
            ({"timestamp": EARLY}, [self.diagnosis]),
            ({"timestampIsGreaterThan": EARLY}, [self.connection]),
        ):
            self.assertEqual(self.found(given), found, given)

    def test_pages(self) -> None:
        answer = self.query(filter={"timestampIsGreaterThanOrEqual": EARLY}, limit=1, calculateTotal=True)
        self.assertEqual((answer["ids"], answer["total"], answer["limit"]), ([self.connection], 2, 1))
        answer = self.query(anchor=self.connection, anchorOffset=1, sort=[{"property": "timestamp"}])
        self.assertEqual((answer["ids"], answer["position"]), ([], 2))

    def test_filters_that_are_refused(self) -> None:
        for given in ({"from": "a"}, {"textIsLessThan": "a"}, {"event": None}, {"text": 3}, {"size": 3}):
            self.assertIn(next(iter(given)), self.unsupported(given))
        for text in ("", " ", "\0", "a\x07"):
            self.unsupported({"text": text})
        self.assertIn("32 words", self.unsupported({"text": " ".join(map(str, range(33)))}))

    def test_nothing_can_be_set(self) -> None:
        self.assertEqual(self.not_created("Trace"), REFUSED)
        self.assertEqual(self.not_updated("Trace", self.diagnosis, size=7), REFUSED)
        self.assertEqual(self.not_destroyed("Trace", self.diagnosis), REFUSED)


class StoreTests(RegistryWorld):
    def test_a_change_of_the_stores_needs_no_restart(self) -> None:
        for name in ("TracingStore", "MetricsStore"):
            answer = self.ask(f"x:{name}/set", {"update": {"singleton": {"@type": "Disabled"}}})
            self.assertNotIn("restart", str(answer))
            self.assertIn("singleton", answer["updated"])
