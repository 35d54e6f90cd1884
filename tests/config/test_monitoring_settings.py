"""x:Metrics, x:Tracer, x:WebHook, x:Alert and the history: names, half logins, wrong kinds (settings C.10, telemetry
1).
"""

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.monitoring.alert import Alert
from stalwart.config.monitoring.counter_names import COUNTERS, GAUGES, HISTOGRAMS, named
from stalwart.config.monitoring.event_level import EventTracingLevel
from stalwart.config.monitoring.event_names import EVENT_TYPE
from stalwart.config.monitoring.history import Metric, MetricsStore, Trace, TracingStore
from stalwart.config.monitoring.levels import EVENT_POLICY, TRACING_LEVEL, TRACING_LEVEL_OPT
from stalwart.config.monitoring.log import Log
from stalwart.config.monitoring.metrics import METRIC_TYPE, Metrics
from stalwart.config.monitoring.tracer import Tracer
from stalwart.config.monitoring.webhook import WebHook
from stalwart.schema import ValidationFailed
from stalwart.telemetry import events
from stalwart.telemetry.events import Event, declared_events


class NameTests(SynchronousTestCase):
    def test_metrics_are_those_of_the_reference(self) -> None:
        self.assertEqual((len(COUNTERS), len(GAUGES), len(HISTOGRAMS)), (342, 10, 17))
        reference = {*COUNTERS, *GAUGES, *HISTOGRAMS}
        self.assertEqual(len(reference), 369)
        own = {event.id for event in declared_events()}
        self.assertEqual(set(METRIC_TYPE.names), reference | own)

    def test_names_are_read_from_lines(self) -> None:
        self.assertEqual(named("a-b: c d-e\n    f\n  g: h"), ("a-b.c", "a-b.d-e", "a-b.f", "g.h"))

    def test_last_name_of_every_category_is_there(self) -> None:
        wanted = "acme.token-not-found dkim.unsupported-version smtp.transfer-limit-exceeded tls.handshake-error"
        self.assertLessEqual(set(wanted.split()), set(COUNTERS))

    def test_every_event_of_the_server_can_be_chosen(self) -> None:
        emitted = {made.id for made in vars(events).values() if isinstance(made, Event)}
        self.assertLessEqual(emitted, set(EVENT_TYPE.names))

    def test_every_counter_counts_an_event(self) -> None:
        self.assertLessEqual(set(COUNTERS), set(EVENT_TYPE.names))

    def test_levels_and_policies(self) -> None:
        self.assertEqual(set(TRACING_LEVEL_OPT.names) - set(TRACING_LEVEL.names), {"disable"})
        self.assertEqual(set(EVENT_POLICY.names), {"include", "exclude"})


SECRET = {"@type": "Value", "secret": "hush"}

# What is wrong with a new object: type, members, path, what is said of it.
REFUSED: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "scraper_with_a_name_only": (
        Metrics,
        {"prometheus": {"@type": "Enabled", "authUsername": "x"}},
        "prometheus/authSecret",
        "needs a password",
    ),
    "scraper_with_a_password_only": (
        Metrics,
        {"prometheus": {"@type": "Enabled", "authSecret": SECRET}},
        "prometheus/authUsername",
        "needs a user name",
    ),
    "naming_that_does_not_exist": (
        Metrics,
        {"prometheus": {"@type": "Enabled", "naming": "graphite"}},
        "prometheus/naming",
        "Invalid value for enum",
    ),
    "metric_that_does_not_exist": (Metrics, {"metrics": {"no.such": True}}, "metrics", "Invalid key"),
    "report_without_a_collector": (Metrics, {"openTelemetry": {"@type": "Http"}}, "openTelemetry/endpoint", "Required"),
    "tracer_of_an_unknown_kind": (Tracer, {"@type": "Syslog"}, "", "Missing or invalid '@type'"),
    "log_without_a_folder": (Tracer, {"@type": "Log"}, "path", "Required"),
    "collector_without_an_address": (Tracer, {"@type": "OtelHttp"}, "endpoint", "Required"),
    "level_that_does_not_exist": (Tracer, {"@type": "Stdout", "level": "fatal"}, "level", "Invalid value for enum"),
    "event_that_does_not_exist": (EventTracingLevel, {"event": "no.such"}, "event", "Invalid value for enum"),
    "level_of_nothing": (EventTracingLevel, {}, "event", "Required"),
    "hook_without_an_address": (WebHook, {}, "url", "Required"),
    "hook_with_a_bad_header": (
        WebHook,
        {"url": "https://a.test/", "httpHeaders": {"X-A": "1\r\nX-B: 2"}},
        "httpHeaders/X-A",
        "Invalid value for string property",
    ),
    "line_from_outside": (Log, {"details": "x"}, "details", "Cannot modify server set property"),
    "trace_from_outside": (Trace, {"from": "a@x.test"}, "from", "Cannot modify server set property"),
    "metric_from_outside": (Metric, {"@type": "Gauge", "count": 1}, "count", "Cannot modify server set property"),
    "history_in_mysql": (TracingStore, {"@type": "MySql"}, "@type", "keeps traces in"),
    "history_of_no_length": (MetricsStore, {"@type": "Default", "maxSamples": 0}, "maxSamples", "MinValue"),
    "alert_without_a_condition": (Alert, {}, "condition", "Required"),
    "alert_about_a_variable": (Alert, {"condition": {"else": "queue > 3"}}, "condition", "queue"),
}


class RefusalTests(SynchronousTestCase):
    """One method a refusal."""


def _refused(type: Any, members: dict[str, Any], path: str, said: str) -> Callable[[RefusalTests], None]:
    def test(self: RefusalTests) -> None:
        (found,) = self.assertRaises(ValidationFailed, type.from_wire, members).violations
        self.assertEqual(found.path, path)
        self.assertIn(said, found.sentence())

    return test


for _name, _refusal in REFUSED.items():
    setattr(RefusalTests, f"test_{_name}_is_refused", _refused(*_refusal))


class MonitoringTests(SynchronousTestCase):
    def test_scraper_with_a_login(self) -> None:
        made = Metrics.from_wire({"prometheus": {"@type": "Enabled", "authUsername": "x", "authSecret": SECRET}})
        self.assertEqual(made.prometheus.auth_secret.secret, "hush")

    def test_alert_about_a_metric(self) -> None:
        made = Alert.from_wire({"condition": {"else": "metric('queue.count') > 1000"}})
        self.assertIsNotNone(made.condition.compiled)

    def test_collector_by_grpc_has_a_usual_address(self) -> None:
        self.assertIsNone(Tracer.from_wire({"@type": "OtelGrpc"}).endpoint)

    def test_trace_as_the_server_writes_it(self) -> None:
        value = {"value": {"0": {"value": "192.0.2.7", "@type": "IpAddr"}}, "@type": "List"}
        event = {
            "event": "http.connection-start",
            "timestamp": "2026-11-21T00:03:45Z",
            "keyValues": {"0": {"key": "remoteIp", "value": value}},
        }
        made = Trace.from_wire({"from": "a@x.test", "events": {"0": event}}, by_server=True)
        self.assertEqual(made.to_wire()["events"], {"0": event})

    def test_history_is_kept_in_the_data_store_within_bounds(self) -> None:
        traces, metrics = registry.defaults(TracingStore), registry.defaults(MetricsStore)
        self.assertEqual((traces.tag, traces.max_traces, traces.max_trace_events), ("Default", 10_000, 500))
        self.assertEqual((metrics.tag, metrics.max_samples), ("Default", 500_000))
