"""x:Trace, x:Metric and where they are kept: what happened, and figures over time (settings C.10; limits: design 8).

Traces and metrics are written by the server and read when somebody asks; they are no rows of the settings. A list
or an event inside a trace holds plain values only.
"""

from __future__ import annotations

from stalwart.config.monitoring.event_names import EVENT_TYPE
from stalwart.config.monitoring.metrics import METRIC_TYPE
from stalwart.config.storage.data_store import PostgreSql
from stalwart.schema import (
    Boolean,
    Enum,
    Float,
    Integer,
    Nested,
    Object,
    ObjectList,
    Size,
    String,
    Union,
    Unsigned,
    UtcDateTime,
    Value,
    Variant,
    prop,
)


class Text(Variant, name="String"):
    """A text."""

    value: str = prop(String("text", may_be_empty=True), "", "The text.")


class UnsignedInt(Variant):
    """A whole number that is not negative."""

    value: int = prop(Unsigned(), 0, "The number.")


class SignedInt(Variant, name="Integer"):
    """A whole number."""

    value: int = prop(Integer(), 0, "The number.")


class Truth(Variant, name="Boolean"):
    """Yes or no."""

    value: bool = prop(Boolean(), False, "True is yes.")


class Fraction(Variant, name="Float"):
    """A number."""

    value: float = prop(Float(), 0.0, "The number.")


class Moment(Variant, name="UTCDateTime"):
    """A moment."""

    value: int = prop(UtcDateTime(), "1970-01-01T00:00:00Z", "The moment.")


class Span(Variant, name="Duration"):
    """A length of time."""

    value: int = prop(Unsigned(), 0, "Milliseconds.")


class IpAddr(Variant):
    """An address."""

    value: str = prop(String("ipAddress"), "::", "The address.")


class Null(Variant):
    """Nothing."""


_PLAIN = (Text, UnsignedInt, SignedInt, Truth, Fraction, Moment, Span, IpAddr, Null)

TraceScalar = Union("TraceScalar", *_PLAIN, doc="A plain value in a trace.")


class TraceScalarKeyValue(Value):
    """A named plain value."""

    key: str = prop(String(), None, "Name.", update="serverSet")
    value: Variant = prop(Nested(TraceScalar), {"@type": "Null"}, "Value.", update="serverSet")


class List(Variant):
    """Several values."""

    value: tuple[Variant, ...] = prop(ObjectList(TraceScalar), {}, "The values.")


class NestedEvent(Variant, name="Event"):
    """An event that led to this one."""

    event: str = prop(Enum(EVENT_TYPE), None, "Kind of event.", update="serverSet")
    value: tuple[TraceScalarKeyValue, ...] = prop(ObjectList(TraceScalarKeyValue), {}, "What is told of it.")


TraceValue = Union("TraceValue", *_PLAIN, List, NestedEvent, doc="A value in a trace.")


class TraceKeyValue(Value):
    """A named value."""

    key: str = prop(String(), None, "Name.", update="serverSet")
    value: Variant = prop(Nested(TraceValue), {"@type": "Null"}, "Value.", update="serverSet")


class TraceEvent(Value):
    """An event of a trace."""

    event: str = prop(Enum(EVENT_TYPE), None, "Kind of event.", update="serverSet")
    timestamp: int = prop(UtcDateTime(), None, "When it happened.", update="serverSet")
    key_values: tuple[TraceKeyValue, ...] = prop(
        ObjectList(TraceKeyValue), {}, "What is told of it.", update="serverSet"
    )


class Trace(Object, label="from", snapshot=False, stored=False):
    """A delivery diagnosis, or a connection on which something went wrong, event by event. Read only."""

    timestamp: int = prop(UtcDateTime(), None, "When it began.", update="serverSet", index="exact")
    sender: str | None = prop(
        String(nullable=True), None, "Sender of the message.", update="serverSet", name="from", index="words"
    )
    to: str | None = prop(
        String(nullable=True),
        None,
        "Recipients of the message; of a diagnosis the domain.",
        update="serverSet",
        index="words",
    )
    size: int | None = prop(Size(nullable=True), None, "Bytes of the message.", update="serverSet")
    events: tuple[TraceEvent, ...] = prop(ObjectList(TraceEvent), {}, "What happened.", update="serverSet")


class Counter(Variant):
    """How often something has happened."""

    metric: str = prop(Enum(METRIC_TYPE), None, "Which metric.", update="serverSet", index="exact")
    count: int = prop(Unsigned(), 0, "How often since the reading before.", update="serverSet")
    timestamp: int = prop(UtcDateTime(), None, "When it was read.", update="serverSet", index="exact")


class Gauge(Variant):
    """How much there is of something."""

    metric: str = prop(Enum(METRIC_TYPE), None, "Which metric.", update="serverSet", index="exact")
    count: int = prop(Unsigned(), 0, "How much.", update="serverSet")
    timestamp: int = prop(UtcDateTime(), None, "When it was read.", update="serverSet", index="exact")


class Histogram(Variant):
    """How often something was measured, and the sum of it."""

    metric: str = prop(Enum(METRIC_TYPE), None, "Which metric.", update="serverSet", index="exact")
    count: int = prop(Unsigned(), 0, "How often since the reading before.", update="serverSet")
    sum: int = prop(Unsigned(), 0, "Sum of what was measured since then.", update="serverSet")
    timestamp: int = prop(UtcDateTime(), None, "When it was read.", update="serverSet", index="exact")


Metric = Union(
    "Metric",
    Counter,
    Gauge,
    Histogram,
    doc="A metric at one moment. Read only: read once a minute, kept for a day.",
    ids="snowflake",
    label="metric",
    snapshot=False,
    stored=False,
)


class Disabled(Variant):
    """Nothing is kept."""


class DefaultTracing(Variant, name="Default"):
    """In the data store."""

    max_traces: int = prop(Unsigned(min=1), 10_000, "Traces kept; the oldest go first.")
    max_trace_events: int = prop(Unsigned(min=1), 500, "Events kept of one trace.")


class DefaultMetrics(Variant, name="Default"):
    """In the data store."""

    max_samples: int = prop(Unsigned(min=1), 500_000, "Values kept; the oldest go first.")


TracingStore = Union(
    "TracingStore",
    DefaultTracing,
    Disabled,
    PostgreSql,
    doc="Where traces are kept. With PostgreSql none are, it is stored only.",
    singleton=True,
    others="This server keeps traces in Default.",
)
MetricsStore = Union(
    "MetricsStore",
    DefaultMetrics,
    Disabled,
    PostgreSql,
    doc="Where metrics are kept. With PostgreSql none are, it is stored only.",
    singleton=True,
    others="This server keeps metrics in Default.",
)
