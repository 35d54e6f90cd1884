"""x:Metrics: which figures are collected, and who gets them (settings C.10, telemetry 1; ``naming``: design 8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stalwart.config.monitoring.counter_names import COUNTERS, GAUGES, HISTOGRAMS
from stalwart.config.monitoring.levels import EVENT_POLICY
from stalwart.schema import (
    REQUIRED,
    Duration,
    Enum,
    Enumeration,
    HttpAuth,
    Map,
    Nested,
    SecretKeyOptional,
    Set,
    Singleton,
    String,
    Union,
    Variant,
    Violation,
    prop,
)
from stalwart.telemetry.events import declared_events

METRIC_TYPE = Enumeration(
    "MetricType",
    lambda: sorted({*COUNTERS, *GAUGES, *HISTOGRAMS, *(event.id for event in declared_events())}),
    "Metrics, such as `http.active-connections`, and events that are counted.",
)
NAMING = Enumeration(
    "MetricsNaming",
    ("stalwart", "openmetrics"),
    "Names of exported metrics: those of the reference server, or with prefix, base units and `_total`.",
)


class Disabled(Variant):
    """Not offered."""


class Enabled(Variant):
    """Offered at `/metrics/prometheus`."""

    auth_secret: Variant = prop(
        Nested(SecretKeyOptional), {"@type": "None"}, "Password of the scraper (RFC 7617); none opens it to everybody."
    )
    auth_username: str | None = prop(
        String(nullable=True), None, "User name of the scraper; null opens it to everybody."
    )
    naming: str = prop(Enum(NAMING), "stalwart", "How metrics are named.")

    def check(self) -> Iterator[Violation]:
        """Half a login would leave the metrics open although somebody wanted to close them."""
        if self.auth_username is None and self.auth_secret.tag != "None":
            yield Violation("invalidProperties", "authUsername", "A password needs a user name.")
        if self.auth_username is not None and self.auth_secret.tag == "None":
            yield Violation("invalidProperties", "authSecret", "A user name needs a password.")


MetricsPrometheus = Union("MetricsPrometheus", Disabled, Enabled, doc="Metrics for Prometheus to fetch.")


class Http(Variant):
    """Sent to an OpenTelemetry collector by HTTP."""

    endpoint: str = prop(
        String("uri"), REQUIRED, "Address of the collector, with `/v1/metrics` added unless it ends so."
    )
    interval: int = prop(Duration(), 60_000, "Time between two reports.")
    timeout: int = prop(Duration(), 10_000, "Limit of one report.")
    http_auth: Variant = prop(
        Nested(HttpAuth), {"@type": "Unauthenticated"}, "Credentials.", label="HTTP authentication"
    )
    http_headers: Mapping[str, str] = prop(
        Map(String("headerName"), String("headerValue")), {}, "Further headers of each report.", label="HTTP headers"
    )


class Grpc(Variant):
    """Sent to an OpenTelemetry collector by gRPC: needs the extra package `stalwart-twisted[grpc]`."""

    endpoint: str | None = prop(String("uri", nullable=True), None, "Address of the collector; null is the usual one.")
    interval: int = prop(Duration(), 60_000, "Time between two reports.")
    timeout: int = prop(Duration(), 10_000, "Limit of one report.")


MetricsOtel = Union("MetricsOtel", Disabled, Http, Grpc, doc="Metrics sent to an OpenTelemetry collector.")


class Metrics(Singleton):
    """Which metrics are collected, and who gets them."""

    open_telemetry: Variant = prop(
        Nested(MetricsOtel),
        {"@type": "Disabled"},
        "Report to a collector.",
        label="OpenTelemetry",
    )
    prometheus: Variant = prop(Nested(MetricsPrometheus), {"@type": "Disabled"}, "Offer to Prometheus.")
    metrics: frozenset[str] = prop(Set(Enum(METRIC_TYPE)), {}, "Metrics that the policy is about.")
    metrics_policy: str = prop(
        Enum(EVENT_POLICY),
        "exclude",
        "`include`: only these are told; `exclude`: all but these are. Those that have no such name always are.",
    )

    def allows(self, id: str | None) -> bool:
        """Whether a figure may be told, by the reference's name or that of an event; one without a name always may."""
        return id is None or (id in self.metrics) == (self.metrics_policy == "include")
