"""What tracers and web hooks share: which events they want, at which level, and whether they may lose some
(settings C.10).
"""

from __future__ import annotations

from typing import Any

from stalwart.config.monitoring.event_names import EVENT_TYPE
from stalwart.schema import Boolean, Enum, Enumeration, Set, prop

_LEVELS = ("error", "warn", "info", "debug", "trace")

TRACING_LEVEL = Enumeration("TracingLevel", _LEVELS, "Severity of events.")
TRACING_LEVEL_OPT = Enumeration(
    "TracingLevelOpt", ("disable", *_LEVELS), "Severity of an event, or that it never happens."
)
EVENT_POLICY = Enumeration("EventPolicy", ("include", "exclude"), "Whether a set names what is wanted or what is not.")


def enabled() -> Any:
    """``enable``."""
    return prop(Boolean(), True, "Whether it is in use.", label="Enabled")


def least_level() -> Any:
    """``level``."""
    return prop(Enum(TRACING_LEVEL), "info", "Least severity of events that are taken.")


def lossy() -> Any:
    """``lossy``."""
    return prop(Boolean(), False, "Drop events rather than wait when they come faster than they can be written.")


def selected_events() -> Any:
    """``events``."""
    return prop(Set(Enum(EVENT_TYPE)), {}, "Events that the policy is about.")


def events_policy() -> Any:
    """``eventsPolicy``."""
    return prop(Enum(EVENT_POLICY), "exclude", "`include`: only these events are taken; `exclude`: all but these are.")
