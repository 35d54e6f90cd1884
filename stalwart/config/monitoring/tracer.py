"""x:Tracer: where events are written: files, standard output, collectors, the journal (settings C.10).

``app.observing.tracers`` obeys the kinds Log, Stdout and Journal, ``app.observing.otlp`` OtelHttp and OtelGrpc.
"""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.config.monitoring.levels import enabled, events_policy, least_level, lossy, selected_events
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    HttpAuth,
    Map,
    Nested,
    String,
    Union,
    Value,
    Variant,
    prop,
)

ROTATION = Enumeration(
    "LogRotateFrequency", ("daily", "hourly", "minutely", "never"), "How often a new log file is begun."
)


class Log(Variant):
    """Log files. Nothing waits for the disk: what does not fit into 16 MiB of memory, 1 MiB if `lossy`, is dropped."""

    path: str = prop(String(), REQUIRED, "Folder of the files.")
    prefix: str = prop(String(), "stalwart", "What the names of the files begin with.")
    rotate: str = prop(Enum(ROTATION), "daily", "When a new file is begun.")
    ansi: bool = prop(Boolean(), True, "Colour the lines (ANSI escape codes).", label="Colours")
    multiline: bool = prop(Boolean(), False, "Spread an event over several lines.")
    json: bool = prop(Boolean(), False, "Write one JSON object a line, whatever the two before say.", label="JSON")
    enable: bool = enabled()
    level: str = least_level()
    lossy: bool = lossy()
    events: frozenset[str] = selected_events()
    events_policy: str = events_policy()


class Stdout(Variant):
    """Standard output of the server: how much it has, and in which form. Errors always are in it.

    The form is that of the first one enabled; where `twistd` was told to write elsewhere, its own form stays. Nothing
    waits to be written, so `lossy` makes no difference.
    """

    buffered: bool = prop(Boolean(), True, "Write the lines of a tenth of a second at once.")
    ansi: bool = prop(Boolean(), False, "Colour the lines (ANSI escape codes).", label="Colours")
    multiline: bool = prop(Boolean(), False, "Spread an event over several lines.")
    json: bool = prop(Boolean(), False, "Write one JSON object a line, whatever the two before say.", label="JSON")
    enable: bool = enabled()
    level: str = least_level()
    lossy: bool = lossy()
    events: frozenset[str] = selected_events()
    events_policy: str = events_policy()


class Collector(Value):
    """What both OpenTelemetry transports share."""

    http_auth: Variant = prop(
        Nested(HttpAuth), {"@type": "Unauthenticated"}, "Credentials.", label="HTTP authentication"
    )
    http_headers: Mapping[str, str] = prop(
        Map(String("headerName"), String("headerValue")), {}, "Further headers of each request.", label="HTTP headers"
    )
    timeout: int = prop(Duration(), 10_000, "Limit of one request.")
    throttle: int = prop(Duration(), 1_000, "Least time between two requests.")
    enable_log_exporter: bool = prop(Boolean(), True, "Send events as log records.", label="Send logs")
    enable_span_exporter: bool = prop(Boolean(), True, "Send connections and deliveries as spans.", label="Send spans")
    enable: bool = enabled()
    level: str = least_level()
    lossy: bool = lossy()
    events: frozenset[str] = selected_events()
    events_policy: str = events_policy()


class OtelHttp(Collector, Variant):
    """An OpenTelemetry collector, by HTTP. Nothing waits for it: of what it does not take the oldest is dropped."""

    endpoint: str = prop(
        String("uri"), REQUIRED, "Address of the collector, with `/v1/traces` and `/v1/logs` added unless it ends so."
    )


class OtelGrpc(Collector, Variant):
    """An OpenTelemetry collector, by gRPC: needs the extra package `stalwart-twisted[grpc]`."""

    endpoint: str | None = prop(String("uri", nullable=True), None, "Address of the collector; null is the usual one.")


class Journal(Variant):
    """The systemd journal: each value is a field of its entries. Nothing waits for it; what is dropped is told."""

    enable: bool = enabled()
    level: str = least_level()
    lossy: bool = lossy()
    events: frozenset[str] = selected_events()
    events_policy: str = events_policy()


Tracer = Union("Tracer", Log, Stdout, OtelHttp, OtelGrpc, Journal, doc="Where events are written.", ids="snowflake")
