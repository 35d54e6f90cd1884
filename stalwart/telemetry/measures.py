"""What is measured beside events: durations, answers, what waits. A new figure is a line here, and a call.

``name`` is what Prometheus and OpenTelemetry see, without the prefix ``stalwart_`` and without ``_total``; units are
base units. ``id`` is the reference's name for the same figure (telemetry 1.4), which counts milliseconds. Values of
labels come from small sets: routes, methods, outcomes; never from what strangers send.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen

MOST_SERIES = 2000
"""Series of one measure; those beyond share the labels ``other``."""
OTHER = "other"

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SHORT = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # telemetry 1.4
MEDIUM = (0.25, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 18000.0)
LONG = (1.0, 30.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0, 28800.0, 43200.0, 86400.0, 604800.0)
OCTETS = (1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0)
FINE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


@frozen(eq=False)
class Measure:
    """A figure: counters only grow, gauges are what is now, histograms count values by ``bounds`` (upper, inclusive).

    ``scale`` turns our unit into that of the reference.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    doc: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    id: str | None = None
    scale: float = 1.0

    @property
    def size(self) -> int:
        """Numbers that a series of it takes: for a histogram the sum, then a count for each bucket."""
        return len(self.bounds) + 2 if self.kind == "histogram" else 1


def _lasts(name: str, doc: str, bounds: tuple[float, ...], *labels: str, id: str | None = None) -> Measure:
    return Measure(f"{name}_duration_seconds", "histogram", doc, labels, bounds, id, 1000.0)


HTTP_REQUESTS = Measure("http_requests", "counter", "Answered requests", ("method", "route", "code"))
HTTP_REQUEST_DURATION = _lasts("http_request", "From a request's head to its answer", SECONDS, "method", "route")
HTTP_CONNECTION_DURATION = _lasts("http_connection", "How long connections lasted", MEDIUM, id="http.request-time")
SMTP_CONNECTION_DURATION = _lasts("smtp_connection", "How long SMTP connections lasted", MEDIUM, id="smtp.request-time")

JMAP_CALLS = Measure("jmap_calls", "counter", "JMAP method calls", ("method", "outcome"))
JMAP_CALL_DURATION = _lasts("jmap_call", "How long JMAP method calls took", SECONDS, "method")

STORE_READ_DURATION = _lasts(
    "store_data_read", "Read transactions, with their wait for a thread", SHORT, id="store.data-read-time"
)
STORE_WRITE_DURATION = _lasts(
    "store_data_write", "Write transactions, from the wish to the disk", SHORT, id="store.data-write-time"
)
BLOB_READ_DURATION = _lasts("store_blob_read", "Reading pieces of blobs", SHORT, id="store.blob-read-time")
BLOB_WRITE_DURATION = _lasts("store_blob_write", "Writing pieces of blobs", SHORT, id="store.blob-write-time")
QUERY_DURATION = _lasts("lookup_query", "Queries to SQL directories and look-up stores", SHORT)
STORE_WAITING = Measure("store_waiting", "gauge", "What runs or waits for a thread of a store", ("kind",))

DNS_LOOKUP_DURATION = _lasts("dns_lookup", "Looking names up, cached answers left out", SHORT, id="dns.lookup-time")
CACHE_LOOKUPS = Measure("cache_lookups", "counter", "Look-ups in caches", ("cache", "outcome"))

REACTOR_LATENCY = Measure(
    "reactor_latency_seconds", "histogram", "How late timers are: what blocks the reactor", (), FINE
)
LIVE_STREAMS = Measure("live_streams", "gauge", "Open live streams", ("kind",))
TASKS_WAITING = Measure("tasks_waiting", "gauge", "Background tasks that are due and not done")
MESSAGE_INGEST_DURATION = _lasts(
    "message_ingest", "From the end of a message to its being stored", SHORT, id="message-ingest.time"
)
MESSAGE_SIZE = Measure(
    "message_size_bytes", "histogram", "Octets of messages that were stored", (), OCTETS, "message.size"
)
AUTHENTICATED_SIZE = Measure(
    "authenticated_message_size_bytes",
    "histogram",
    "Octets of queued messages of people here",
    (),
    OCTETS,
    "message.authenticated-size",
)
REPORT_SIZE = Measure(
    "outgoing_report_size_bytes", "histogram", "Octets of reports that were queued", (), OCTETS, "outgoing-report.size"
)
DELIVERY_ATTEMPT_DURATION = _lasts(
    "delivery_attempt", "Attempts to deliver a queued message", MEDIUM, id="delivery.attempt-time"
)
DELIVERY_TOTAL_DURATION = _lasts(
    "delivery_total", "From the queue to the end of a message there", LONG, id="delivery.total-time"
)
TEXT_INDEX_WAITING = Measure("search_index_waiting", "gauge", "E-mails whose text is not indexed yet")
DIAGNOSIS_DURATION = _lasts("diagnosis", "How long delivery diagnoses took", SHORT, "verdict")


def declared_measures() -> tuple[Measure, ...]:
    """Every measure, by name."""
    found = (value for value in globals().values() if isinstance(value, Measure))
    return tuple(sorted(found, key=lambda measure: measure.name))
