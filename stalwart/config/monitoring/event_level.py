"""x:EventTracingLevel: another severity for one kind of event (settings C.10)."""

from __future__ import annotations

from stalwart.config.monitoring.event_names import EVENT_TYPE
from stalwart.config.monitoring.levels import TRACING_LEVEL_OPT
from stalwart.schema import REQUIRED, Enum, Object, prop


class EventTracingLevel(Object, label="event"):
    """Another severity for one kind of event."""

    event: str = prop(
        Enum(EVENT_TYPE), REQUIRED, "Kind of event.", update="immutable", unique="EventTracingLevel.event"
    )
    level: str = prop(
        Enum(TRACING_LEVEL_OPT),
        "info",
        "Severity that it has instead; `disable` leaves it out everywhere but in counters.",
    )
